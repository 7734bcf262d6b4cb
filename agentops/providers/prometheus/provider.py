"""The Prometheus provider: what metrics tell of the resources of other providers, and which alerts fire.

A witness: no alert is about a resource of it, and a run never depends on it. It is opened where the setting
``prometheus_url`` says where it is, costs nothing where it does not, and can change nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agentops.core.alert import Alert, Target
from agentops.core.analysis import Analysis, ResolvedTarget
from agentops.core.evidence import ALERT_EXPRESSION, Reading
from agentops.core.progress import Progress
from agentops.core.provider import CheckResult, Connection, ProviderContext
from agentops.core.resource import Home
from agentops.core.tool import ReadTool, ToolCall, ToolSpec
from agentops.core.unchanging import Unchanging
from agentops.core.witness_reader import WitnessReader
from agentops.providers.monitoring.witness import Witness, refuse_boundary, server_scope

if TYPE_CHECKING:
    from agentops.providers.prometheus.api.client import PrometheusClient
    from agentops.providers.prometheus.sweep.sweep import MetricSweep

NAME, SCHEME = "prometheus", "prom"


class PrometheusProvider(Witness):
    """See ``core.provider.Provider``."""

    name = NAME
    scheme = SCHEME
    title = "Prometheus"
    tells = "metrics"

    def read_specs(self) -> Sequence[ToolSpec]:
        """Return what its read tools declare."""
        from agentops.providers.prometheus.read.registry import SPECS

        return SPECS

    def connect(self, context: ProviderContext) -> Connection:
        """Open the server of the settings; nothing is sent yet.

        Raises:
            UsageError: no setting says where it is, or the credential cannot be had.
        """
        client = open_prometheus(context.options, context.learn)
        return Connection(
            provider=self,
            reader=PrometheusReader(client, context),
            changer=Unchanging("nothing of Prometheus can be changed"),
        )

    def check_up(self, context: ProviderContext) -> Iterator[CheckResult]:
        """Yield what ``agentops doctor`` tells of it; nothing where it is not configured."""
        from agentops.providers.prometheus.checkup import check_up

        return check_up(context)


def open_prometheus(options: Mapping[str, Any], learn: Callable[[str], None]) -> PrometheusClient:
    """Return what asks the Prometheus of the settings.

    Raises:
        UsageError: no setting says where it is, the credential cannot be had, or only some namespaces may be read.
    """
    from agentops.providers.monitoring.opening import endpoint_of
    from agentops.providers.prometheus.api.client import PrometheusClient

    refuse_boundary(options, "metrics")
    return PrometheusClient(endpoint_of("prometheus", options, os.environ, learn))


class PrometheusReader(WitnessReader):
    """See ``core.provider.Reader``."""

    def __init__(self, client: PrometheusClient, context: ProviderContext) -> None:
        super().__init__(PrometheusProvider.title, server_scope(NAME, client.url))
        self._client = client
        self._clock = context.clock
        self._cluster = next((home for home in context.beside if home.scheme == "k8s"), None)

    def sweep(self, target: Target, *, groups: tuple[str, ...], progress: Progress, settled: bool) -> MetricSweep:  # noqa: ARG002
        """Ask the queries of all checks.

        After a change nothing is asked: a rate over five minutes tells of the time before it.
        """
        from agentops.providers.prometheus.analyzers.checks import CHECKS
        from agentops.providers.prometheus.sweep.sweep import MetricSweep, sweep_metrics

        now = self._clock()
        return MetricSweep(at=now) if settled else sweep_metrics(self._client, CHECKS, now, groups)

    def analyze(self, snapshot: MetricSweep, alert: Alert | None) -> Analysis:  # noqa: ARG002
        """Return what metrics show to be wrong; that something is well, they never say."""
        from agentops.providers.prometheus.analyzers.analyze import analyze_metrics
        from agentops.providers.prometheus.analyzers.checks import CONDITIONS

        found = analyze_metrics(snapshot.answers, own=Home(SCHEME, self._scope.place), cluster=self._cluster)
        return Analysis(
            provider=PrometheusProvider.title,
            place=self._scope.place,
            observed_at=snapshot.at,
            target=ResolvedTarget(refs=(), how="", exact=False),
            problems=tuple(
                one for one in found if not snapshot.groups or one.resource.namespace in ("", *snapshot.groups)
            ),
            gaps=snapshot.gaps,
            conditions=CONDITIONS,
            not_checked=tuple(f"{gap.what}: {gap.reason}" for gap in snapshot.gaps),
            sighted=False,
        )

    def alert_readings(self, alert: Alert) -> Sequence[tuple[ToolCall, Reading]]:
        """Return what the alert's own expression comes to, now and round its start; nothing where none is known.

        Raises:
            ToolError: it does not answer, or cannot take the expression.
        """
        from agentops.providers.prometheus.read.alert_expression import alert_expression

        found = alert_expression(self._client, self._clock, alert)
        return () if found is None else ((ToolCall(id="alert-expression", name=ALERT_EXPRESSION), found),)

    def read_tools(self) -> Sequence[ReadTool]:
        """Return the read tools."""
        from agentops.providers.prometheus.read.registry import read_tools

        return read_tools(self._client, self._clock)

    def outline(self) -> Reading:
        """Return what is scraped, in figures, and which alerts fire.

        Raises:
            ToolError: it does not answer.
        """
        tools = {tool.spec.name: tool for tool in self.read_tools()}
        found = [tools[name].read({"limit": 10}) for name in ("prometheus_alerts", "prometheus_targets")]
        body = "\n\n".join(f"{one.summary}\n{one.body}" for one in found)
        return Reading(body=body, summary="; ".join(one.summary for one in found))
