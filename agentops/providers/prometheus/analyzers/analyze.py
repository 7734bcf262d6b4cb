"""From series beyond a limit to problems of the objects that their labels name. Pure: nothing is read.

Comes in: what a sweep brought back, and where objects of the cluster stand. Goes out: problems, one for each object and
condition, from its worst series. Labels are untrusted text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agentops.core.chart import number_text
from agentops.core.conditions import Weight
from agentops.core.finding import Fact, Problem
from agentops.core.resource import Home, ResourceRef, placed_ref
from agentops.core.text import one_line
from agentops.providers.prometheus.analyzers.checks import CHECKS
from agentops.providers.prometheus.objects.metric_check import MetricAnswers, MetricCheck
from agentops.providers.prometheus.objects.series import Series

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_LABEL_CHARS = 120


def analyze_metrics(
    answers: MetricAnswers, *, own: Home, cluster: Home | None, checks: Sequence[MetricCheck] = CHECKS
) -> tuple[Problem, ...]:
    """Return what is wrong, worst first.

    Arguments:
        own: where things stand that no object of the cluster is named for.
        cluster: where the objects stand that labels name; None where no cluster is open.
    """
    found: dict[tuple[ResourceRef, str], tuple[float, Problem]] = {}
    for check in checks:
        for query, series in _wrong(check, answers):
            problem = _problem(check, query, series, _resource(check, series, own, cluster))
            key = (problem.resource, problem.condition)
            badness = series.last if check.above is not None else -series.last
            if key not in found or badness > found[key][0]:
                found[key] = (badness, problem)
    return tuple(sorted((problem for _, problem in found.values()), key=lambda one: one.severity.rank))


def _wrong(check: MetricCheck, answers: MetricAnswers) -> Iterator[tuple[str, Series]]:
    for query in check.asked:
        yield from ((query, one) for one in answers.series.get(query, ()) if check.is_wrong(one.last))


def _resource(check: MetricCheck, series: Series, own: Home, cluster: Home | None) -> ResourceRef:
    """Return the object of the cluster that the labels name; where they name none, a thing of Prometheus' own."""
    labels = series.labels
    for subject in check.subjects if cluster is not None else ():
        name, group = labels.get(subject.label, ""), labels.get(subject.namespace, "")
        if _NAME.fullmatch(name) and (not subject.namespace or _NAME.fullmatch(group)) and cluster is not None:
            return cluster.ref(group if subject.namespace else None, subject.kind, name)
    name = labels.get(check.own_label) or labels.get("instance") or series.title or "unnamed"
    return placed_ref(own.scheme, own.place, None, check.own_kind, one_line(name, _LABEL_CHARS))


def _problem(check: MetricCheck, query: str, series: Series, resource: ResourceRef) -> Problem:
    value = _value_text(check, series.last)
    said = _filled(check.says, value, series)
    return Problem(
        resource=resource,
        condition=check.name,
        summary=f"{resource.subject}: {said}",
        severity=check.severity_of(series.last),
        analyzer="metrics",
        facts=(Fact(resource=resource, path=query, value=f"{number_text(series.last)} {series.title}"),),
        root=check.condition.weight is not Weight.SYMPTOM,
    )


def _filled(says: str, value: str, series: Series) -> str:
    """Return the sentence with the value and labels in it; a label that is not there is a dash."""

    def filled(found: re.Match[str]) -> str:
        name = found[1]
        return value if name == "value" else one_line(series.labels.get(name, "-"), _LABEL_CHARS)

    return re.sub(r"\{(\w+)\}", filled, says)


def _value_text(check: MetricCheck, value: float) -> str:
    if check.percent:
        return f"{value:.0%}" if value >= 0.01 else f"{value:.1%}"
    if check.seconds:
        days = abs(value) / 86_400
        long = f"{days:.1f} days" if days >= 1 else f"{number_text(round(abs(value)))} s"
        return f"{long} (ago)" if value < 0 else long
    return number_text(value)
