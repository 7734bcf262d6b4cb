"""``MetricCheck``: one thing that metrics can show to be wrong, as data: what is asked, and from which value on.

Comes in: nothing. Goes out: declarations. The same limit stands in the query, so that the server sends only what is
beyond it, and in the check of what came back. Where a metric does not exist, no series comes back and nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentops.core.alert import Severity
from agentops.core.conditions import Condition
from agentops.providers.prometheus.objects.series import Series

MOST_SERIES = 100
"""How many series of a query are looked at, the worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a series is about: an object of ``kind`` that ``label`` names, in the namespace of ``namespace``.

    ``namespace`` is empty for a kind that stands in none. A series without the label is about the next subject.
    """

    kind: str
    label: str
    namespace: str = "namespace"


POD = Subject(kind="Pod", label="pod")
NODE = Subject(kind="Node", label="node", namespace="")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricCheck:
    """One check.

    Arguments:
        queries: PromQL without the limit; several where exporters name it differently.
        above, below: beyond which value something is wrong; one of them.
        subjects: the first whose labels a series has.
        own_kind: what it is called where no object of the cluster is named.
        own_label: the label that names it then.
        says: of the value, with ``{value}`` and labels in braces: ``is throttled in {value} of its periods``.
        percent: the value is a share, and is told in percent.
        only_where: PromQL that must hold for the same labels besides; empty for none.
        seconds: the value is a time in seconds, and is told in days where it is long.
        worse: beyond this value it is critical.
        source: where the exporter says how its metrics are called; empty where that was not looked up.
    """

    condition: Condition
    queries: tuple[str, ...]
    says: str
    severity: Severity
    subjects: tuple[Subject, ...]
    above: float | None = None
    below: float | None = None
    own_kind: str = "Target"
    own_label: str = "instance"
    percent: bool = False
    seconds: bool = False
    only_where: str = ""
    worse: float | None = None
    source: str = ""

    @property
    def name(self) -> str:
        """The name of its condition."""
        return self.condition.name

    @property
    def asked(self) -> tuple[str, ...]:
        """What is sent: the worst series of each query that are beyond the limit."""
        sign, limit, pick = (">", self.above, "topk") if self.above is not None else ("<", self.below, "bottomk")
        more = f" and {self.only_where}" if self.only_where else ""
        return tuple(f"{pick}({MOST_SERIES}, ({query}) {sign} {limit:g}{more})" for query in self.queries)

    def is_wrong(self, value: float) -> bool:
        """Return whether a value is beyond the limit; what is no number is not."""
        return value > self.above if self.above is not None else self.below is not None and value < self.below

    def severity_of(self, value: float) -> Severity:
        """Return how bad a value is."""
        if self.worse is None:
            return self.severity
        is_worse = value > self.worse if self.above is not None else value < self.worse
        return Severity.CRITICAL if is_worse else self.severity


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAnswers:
    """What a sweep brought back: by the query that was sent, the series that are beyond its limit."""

    series: Mapping[str, tuple[Series, ...]] = field(default_factory=dict)
