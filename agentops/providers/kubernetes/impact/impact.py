"""``Impact``: what one part of a change gets at, before it is added up to a ``BlastRadius``.

Comes in: nothing. Goes out: values. Must never hold a figure that nobody read: None is 'not known'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.plan import Purpose
from agentops.core.resource import ResourceRef
from agentops.core.risk import Risk, highest_risk
from agentops.providers.kubernetes.objects.fields import Object, labels_of, namespace_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One workload's part: ``pods`` of ``total`` concerned, ``out`` of ``ready`` missing at the worst moment."""

    workload: ResourceRef
    pods: int | None = 0
    total: int | None = 0
    ready: int | None = 0
    out: int | None = 0
    purpose: Purpose = Purpose.NONE

    @property
    def is_hit(self) -> bool:
        """Whether any pod of it is concerned or out, or may be."""
        return self.pods != 0 or self.out != 0

    @property
    def percent(self) -> int | None:
        """The share of the ready pods that is out, rounded up; 0 when none was ready; None when not known."""
        if self.out is None or self.ready is None:
            return None
        return -(-100 * self.out // self.ready) if self.ready else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What one part of a change gets at.

    ``concerned`` are the label sets, with their namespace, of the pods that it is about: budgets, Services and
    Ingresses are found by them. ``by_budget`` says that disruption budgets hold it up (evictions) or have no say in it
    because no pod goes; False for rollouts and deletes. ``counted`` is False when its pods could not be counted;
    ``unknown`` then says why. ``risk`` raises the risk of the change where what was measured makes it graver than its
    fields alone do.
    """

    shares: tuple[Share, ...] = ()
    concerned: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    dependents: tuple[ResourceRef, ...] = ()
    namespaces: tuple[str, ...] = ()
    stateful: bool = False
    data_loss: bool = False
    unknown: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    by_budget: bool = True
    risk: Risk = Risk.LOW
    counted: bool = True

    @property
    def passes_budgets(self) -> bool:
        """Whether pods are concerned and disruption budgets are not asked."""
        return not self.by_budget and any(share.pods for share in self.shares)

    def plus(self, other: Impact) -> Impact:
        """Return both parts as one; shares of one workload stand side by side."""
        return Impact(
            shares=(*self.shares, *other.shares),
            concerned=(*self.concerned, *other.concerned),
            dependents=(*self.dependents, *other.dependents),
            namespaces=(*self.namespaces, *other.namespaces),
            stateful=self.stateful or other.stateful,
            data_loss=self.data_loss or other.data_loss,
            unknown=(*self.unknown, *other.unknown),
            reasons=(*self.reasons, *other.reasons),
            by_budget=not (self.passes_budgets or other.passes_budgets),
            risk=highest_risk(self.risk, other.risk),
            counted=self.counted and other.counted,
        )


def not_known(why: str, *, reasons: Sequence[str] = (), namespaces: tuple[str, ...] = ()) -> Impact:
    """Return the impact of something whose pods cannot be told, with the reason."""
    return Impact(unknown=(why,), counted=False, reasons=tuple(reasons), namespaces=namespaces)


def concerned(pods: Iterable[Object]) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Return the distinct label sets of pods, with their namespaces."""
    found = {(namespace_of(pod), tuple(sorted(labels_of(pod).items()))): labels_of(pod) for pod in pods}
    return tuple((namespace, labels) for (namespace, _), labels in found.items())
