"""The Loki provider: log lines of pods that are gone, of containers that were restarted, and of long ago.

A witness, as Prometheus is: opened where the setting ``loki_url`` says where it is, beside another provider, never
depended on, and unable to change anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from agentops.core.alert import Alert, Target
from agentops.core.analysis import Analysis, ResolvedTarget
from agentops.core.errors import AgentopsError
from agentops.core.evidence import Reading
from agentops.core.progress import Progress
from agentops.core.provider import CheckResult, Connection, ProviderContext
from agentops.core.resource import check_name
from agentops.core.tool import ReadTool, ToolCall, ToolSpec
from agentops.core.unchanging import Unchanging
from agentops.core.witness_reader import WitnessReader
from agentops.providers.monitoring.witness import Witness, refuse_boundary, server_scope

if TYPE_CHECKING:
    from agentops.providers.loki.client import LokiClient

NAME, SCHEME = "loki", "loki"
_BEFORE, _AFTER = timedelta(minutes=10), timedelta(minutes=5)
_LINES = 40
_PODS_OF = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")
_LABELS = (
    ("namespace", "pod"),
    ("k8s_namespace_name", "k8s_pod_name"),
    ("kubernetes_namespace_name", "kubernetes_pod_name"),
    ("namespace_name", "pod_name"),
    ("namespace", "pod_name"),
)
"""How collectors call namespace and pod: Promtail and Alloy, OpenTelemetry, Fluent Bit, Vector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSweep:
    """What a sweep of Loki holds: nothing. Lines are read for one alert, or when they are asked for."""

    at: datetime


class LokiProvider(Witness):
    """See ``core.provider.Provider``."""

    name = NAME
    scheme = SCHEME
    title = "Loki"
    tells = "logs"

    def read_specs(self) -> Sequence[ToolSpec]:
        """Return what its read tools declare."""
        from agentops.providers.loki.tools import SPECS

        return SPECS

    def connect(self, context: ProviderContext) -> Connection:
        """Open the server of the settings; nothing is sent yet.

        Raises:
            UsageError: no setting says where it is, the credential cannot be had, or only some namespaces may be read.
        """
        client = open_loki(context.options, context.learn)
        return Connection(
            provider=self, reader=LokiReader(client, context), changer=Unchanging("nothing of Loki can be changed")
        )

    def check_up(self, context: ProviderContext) -> Iterator[CheckResult]:
        """Yield what ``agentops doctor`` tells of it; nothing where it is not configured."""
        if not self.is_configured(context.options):
            return
        try:
            client = open_loki(context.options, context.learn)
            now = context.clock()
            names = client.labels(now - timedelta(hours=1), now)
            yield CheckResult(name=NAME, state="ok", text=f"{client.url} answers; streams have {len(names)} labels")
        except AgentopsError as error:
            yield CheckResult(name=NAME, state="warn", text=error.message, hint=error.hint)


def open_loki(options: Mapping[str, Any], learn: Callable[[str], None]) -> LokiClient:
    """Return what asks the Loki of the settings.

    Raises:
        UsageError: no setting says where it is, the credential cannot be had, or only some namespaces may be read.
    """
    from agentops.providers.loki.client import LokiClient
    from agentops.providers.monitoring.opening import endpoint_of

    refuse_boundary(options, "logs of Loki")
    return LokiClient(endpoint_of("loki", options, os.environ, learn))


class LokiReader(WitnessReader):
    """See ``core.provider.Reader``."""

    def __init__(self, client: LokiClient, context: ProviderContext) -> None:
        super().__init__(LokiProvider.title, server_scope(NAME, client.url))
        self._client = client
        self._clock = context.clock

    def sweep(self, target: Target, *, groups: tuple[str, ...], progress: Progress, settled: bool) -> LogSweep:  # noqa: ARG002
        """Read nothing: lines without a question are noise."""
        return LogSweep(at=self._clock())

    def analyze(self, snapshot: LogSweep, alert: Alert | None) -> Analysis:  # noqa: ARG002
        """Return that nothing was looked at."""
        return Analysis(
            provider=LokiProvider.title,
            place=self._scope.place,
            observed_at=snapshot.at,
            target=ResolvedTarget(refs=(), how="", exact=False),
            problems=(),
            sighted=False,
        )

    def alert_readings(self, alert: Alert) -> Sequence[tuple[ToolCall, Reading]]:
        """Return the lines of the alert's target round its start, which the cluster may no longer have.

        Raises:
            ToolError: it does not answer.
        """
        from agentops.providers.loki.tools import QUERY_SPEC, lines_reading

        now = self._clock()
        start = (alert.started_at or now) - _BEFORE
        end = min((alert.started_at or now) + _AFTER, now)
        expression = self._selector(alert.target, start, end) if start < end else ""
        if not expression:
            return ()
        streams = self._client.query(expression, start, end, _LINES)
        if not any(one.lines for one in streams):
            return ()
        call = ToolCall(id="alert-logs", name=QUERY_SPEC.name, arguments={"query": expression, "limit": _LINES})
        return ((call, lines_reading(streams, expression, start, end, _LINES)),)

    def _selector(self, target: Target, start: datetime, end: datetime) -> str:
        """Return the LogQL that selects the pods of a target; empty where it has none, or no label is known."""
        if not target.namespace or not target.name or target.kind not in ("Pod", *_PODS_OF):
            return ""
        try:
            check_name(target.namespace, "namespace")
            check_name(target.name, "name")
        except AgentopsError:
            return ""
        known = set(self._client.labels(start, end))
        pair = next((pair for pair in _LABELS if known.issuperset(pair)), None)
        if pair is None:
            return ""
        name = target.name.replace(".", "[.]")
        pods = f'="{target.name}"' if target.kind == "Pod" else f'=~"{name}-.+"'
        return f'{{{pair[0]}="{target.namespace}",{pair[1]}{pods}}}'

    def read_tools(self) -> Sequence[ReadTool]:
        """Return the read tools."""
        from agentops.providers.loki.tools import read_tools

        return read_tools(self._client, self._clock)

    def outline(self) -> Reading:
        """Return which labels streams have.

        Raises:
            ToolError: it does not answer.
        """
        (found,) = (tool.read({}) for tool in self.read_tools() if tool.spec.name == "loki_labels")
        return found
