"""Declares an analyzer right above its code: ``@analyzer(...)`` makes one value of the declaration and the function.

Comes in: what the analyzer is called and the conditions that it reports. Goes out: a ``DeclaredAnalyzer``, which the
registry names. A declaration is data; the table of ``docs/triage.md`` and the weights of the ranking are made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from agentops.core.conditions import Condition, Trait, Weight
from agentops.core.finding import Problem
from agentops.providers.kubernetes.analysis.graph import Graph

Analyze: TypeAlias = Callable[[Graph], Iterable[Problem]]

UNDO = "kubernetes_rollout_undo"
PATCH = "kubernetes_patch"
EDIT_CONFIGMAP = "kubernetes_edit_configmap"
"""The tools of most known cures."""
OWNER = "owner workload"
"""What a condition of pods is reported on: the Deployment, Job ... that made them, or the pod that nothing made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredAnalyzer:
    """An analyzer with the conditions that it declares.

    Arguments:
        conditions: declared here and nowhere else.
        also: conditions that another analyzer declares and this one reports too.
    """

    name: str
    conditions: tuple[Condition, ...]
    also: tuple[Condition, ...]
    function: Analyze

    def condition(self, name: str) -> Condition:
        """Return a condition that the analyzer may report.

        Raises:
            KeyError: it declares none of that name.
        """
        return {one.name: one for one in (*self.conditions, *self.also)}[name]


def analyzer(
    name: str, *conditions: Condition, also: tuple[Condition, ...] = ()
) -> Callable[[Analyze], DeclaredAnalyzer]:
    """Return a decorator that joins a function to the conditions that it reports.

    Arguments:
        name: of the analyzer and of its file.
        conditions: see ``exact``, ``vague``, ``symptom`` and ``information``.
        also: conditions that another analyzer declares and this one reports too.
    """
    return lambda function: DeclaredAnalyzer(name=name, conditions=conditions, also=also, function=function)


def exact(
    name: str,
    resource: str,
    when: str,
    *traits: Trait,
    fields: tuple[str, ...] = (),
    remedies: tuple[str, ...] = (),
) -> Condition:
    """Declare a condition that needs no further explanation; the arguments are those of ``Condition``."""
    return _declared(Weight.EXACT, name, resource, when, traits, fields, remedies)


def vague(
    name: str,
    resource: str,
    when: str,
    *traits: Trait,
    fields: tuple[str, ...] = (),
    remedies: tuple[str, ...] = (),
) -> Condition:
    """Declare a condition that is wrong in itself, but that a deeper one may explain."""
    return _declared(Weight.VAGUE, name, resource, when, traits, fields, remedies)


def symptom(name: str, resource: str, when: str) -> Condition:
    """Declare a condition that is always something else's effect."""
    return _declared(Weight.SYMPTOM, name, resource, when)


def information(name: str, resource: str, when: str, *traits: Trait, remedies: tuple[str, ...] = ()) -> Condition:
    """Declare a condition that is never a cause."""
    return _declared(Weight.INFORMATION, name, resource, when, traits, (), remedies)


def _declared(
    weight: Weight,
    name: str,
    resource: str,
    when: str,
    traits: tuple[Trait, ...] = (),
    fields: tuple[str, ...] = (),
    remedies: tuple[str, ...] = (),
) -> Condition:
    return Condition(
        name=name,
        resource=resource,
        when=when,
        weight=weight,
        traits=frozenset(traits),
        fields=fields,
        remedies=remedies,
    )
