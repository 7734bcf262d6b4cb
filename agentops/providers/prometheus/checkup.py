"""The checks of ``agentops doctor`` for Prometheus and Alertmanager: do they answer, and as whom are they asked.

Comes in: what a run hands to providers. Goes out: one result for each that is configured. Reads only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from agentops.core.errors import AgentopsError
from agentops.core.provider import CheckResult, ProviderContext
from agentops.core.text import plural


def check_up(context: ProviderContext) -> Iterator[CheckResult]:
    """Yield what was found about Prometheus and Alertmanager; nothing about one that no setting names."""
    for name, look in (("prometheus", _prometheus), ("alertmanager", _alertmanager)):
        if context.options.get(f"{name}_url"):
            yield _tried(name, context, look)


def _tried(name: str, context: ProviderContext, look: Callable[[ProviderContext], str]) -> CheckResult:
    try:
        return CheckResult(name=name, state="ok", text=look(context))
    except AgentopsError as error:
        # A run goes on without it: metrics are a witness, no more.
        return CheckResult(name=name, state="warn", text=error.message, hint=error.hint)


def _prometheus(context: ProviderContext) -> str:
    from agentops.providers.monitoring.opening import endpoint_of
    from agentops.providers.prometheus.api.client import PrometheusClient

    client = PrometheusClient(endpoint_of("prometheus", context.options, os.environ, context.learn))
    answer = client.query("count(up)", context.clock())
    scraped = plural(round(answer.series[0].last) if answer.series else 0, "target")
    return f"{client.url} answers; {scraped} scraped"


def _alertmanager(context: ProviderContext) -> str:
    from agentops.providers.monitoring.opening import endpoint_of
    from agentops.providers.prometheus.api.client import AlertmanagerClient

    client = AlertmanagerClient(endpoint_of("alertmanager", context.options, os.environ, context.learn))
    return f"{client.url} answers; {plural(len(client.alerts()), 'alert')}"
