"""Asks the queries of all checks at one moment, a few at a time; what cannot be had is a gap.

Comes in: a client and the checks. Goes out: a ``MetricSweep``. Reads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from agentops.core.analysis import Gap
from agentops.core.errors import ToolError
from agentops.core.text import plural
from agentops.core.threads import Job, run_in_order
from agentops.providers.prometheus.api.client import PrometheusClient
from agentops.providers.prometheus.objects.metric_check import MOST_SERIES, MetricAnswers, MetricCheck
from agentops.providers.prometheus.objects.series import QueryAnswer, Series

_THREADS = 4
_PATIENCE_S = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSweep:
    """What was read at one moment, and what could not be; ``groups``: only these namespaces are of interest."""

    at: datetime
    groups: tuple[str, ...] = ()
    answers: MetricAnswers = MetricAnswers()
    gaps: tuple[Gap, ...] = ()


def sweep_metrics(
    client: PrometheusClient, checks: Sequence[MetricCheck], at: datetime, groups: tuple[str, ...] = ()
) -> MetricSweep:
    """Return what all queries of the checks come to at one moment."""
    asked = [(check, query) for check in checks for query in check.asked]
    jobs: list[Job[int, QueryAnswer]] = [
        Job(key=number, work=partial(client.query, query, at), timeout_s=_PATIENCE_S)
        for number, (_, query) in enumerate(asked)
    ]
    series: dict[str, tuple[Series, ...]] = {}
    failed: dict[str, list[str]] = {}
    gaps = []
    for done, (check, query) in zip(run_in_order(jobs, threads=_THREADS), asked, strict=True):
        if done.value is not None:
            series[query] = done.value.series
            if len(done.value.series) >= MOST_SERIES:
                gaps.append(Gap(what=f"metrics for {check.name}", reason=f"only the worst {MOST_SERIES} were read"))
            continue
        if not isinstance(done.error, ToolError | TimeoutError):
            raise done.error or RuntimeError("a query returned nothing")
        reason = done.error.message if isinstance(done.error, ToolError) else str(done.error)
        failed.setdefault(reason, []).append(check.name)
    # A server that is away fails each query alike: that is one gap.
    away = "" if series else "Prometheus"
    gaps += [Gap(what=_what(dict.fromkeys(names)), reason=why, provider=away) for why, names in failed.items()]
    return MetricSweep(at=at, groups=groups, answers=MetricAnswers(series=series), gaps=tuple(gaps))


def _what(names: dict[str, None]) -> str:
    return f"metrics for {', '.join(names)}" if len(names) <= 2 else f"metrics for {plural(len(names), 'check')}"
