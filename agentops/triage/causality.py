"""Which problem brings about which: cause and effect between the problems of one snapshot.

Three classes. *Exact*: a problem that needs no further explanation (a tag that does not exist). *Vague*: something that
is wrong in itself but is often brought about by something else (a crash loop, a failing probe). *Symptom*: always
brought about by something else (``root`` is False).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from agentops.core.alert import Severity
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.triage.catalogue import Weight, of_weight
from agentops.triage.fields import Key
from agentops.triage.routes import Routes, key_of_ref

VAGUE = of_weight(Weight.VAGUE)
"""Conditions that a deeper problem may explain; every other root condition is exact."""

_BYSTANDERS = frozenset({"HpaAtMaximum", "HpaCannotScale", "NodeConditionAbnormal", "PdbBlocksDisruption", "QuotaFull"})
"""They touch a workload without making its pods fail, so they explain none of its problems."""

_NO_DEPENDENCY = frozenset(
    {
        "Evicted", "HpaAtMaximum", "HpaCannotScale", "InsufficientCpu", "InsufficientMemory", "InsufficientResource",
        "PodRejected", "PodSandboxFailed", "TooManyPods", "Unschedulable", "VolumeMountFailed",
    }
)  # fmt: skip
"""Vague, but never brought about by an application that the workload depends on."""

_ORDER_SLACK = timedelta(minutes=5)
_PREFERENCE = (
    "DependencyHostUnknown",
    "DependencyPortMismatch",
    "MissingVariable",
    "ExternalDependencyFailing",
    "DependencyUnreachable",
)


def is_exact(problem: Problem) -> bool:
    """Return whether the problem needs no further explanation."""
    return problem.root and problem.condition not in VAGUE


def is_beside(problem: Problem) -> bool:
    """Return whether the problem is of a kind that stands beside a failing workload more often than behind it."""
    return problem.condition in _BYSTANDERS or problem.severity is Severity.WARNING


def undone_by_rollback(problem: Problem) -> bool:
    """Return whether an analyzer blamed the last rollout for the problem."""
    changes = (*problem.remedies, *(one.change for one in problem.withheld))
    return any(change.tool == "kubernetes_rollout_undo" for change in changes)


def explains(cause: Problem, effect: Problem, routes: Routes, unwell: frozenset[Key]) -> bool:
    """Return whether ``cause`` brings ``effect`` about, directly or down a chain of unwell objects."""
    if cause is effect or not cause.root or is_exact(effect) or cause.condition in _BYSTANDERS:
        return False
    if cause.resource == effect.resource:
        return _stronger(cause, effect)
    if effect.resource in cause.affects:
        return _in_order(cause, effect) and not (effect.root and undone_by_rollback(effect) and not is_exact(cause))
    return _down_the_chain(cause, effect, routes, unwell)


def _stronger(cause: Problem, effect: Problem) -> bool:
    """On one object: the exact explains the vague, the root the symptom, and a named dependency a crash."""
    if is_exact(cause) or not effect.root:
        return True
    return cause.condition in _PREFERENCE and effect.condition not in _PREFERENCE


def _down_the_chain(cause: Problem, effect: Problem, routes: Routes, unwell: frozenset[Key]) -> bool:
    if effect.condition in _NO_DEPENDENCY or not _in_order(cause, effect):
        return False
    if effect.root and undone_by_rollback(effect) and effect.condition != "DependencyUnreachable":
        return False  # it came with its own rollout: what it depends on is another matter
    reach = routes.reach([key_of_ref(effect.resource)], unwell).get(key_of_ref(cause.resource))
    return reach is not None and reach.broken and len(reach.path) > 1


def _in_order(cause: Problem, effect: Problem) -> bool:
    return cause.since is None or effect.since is None or cause.since <= effect.since + _ORDER_SLACK


MOST_EFFECTS = 1500
"""Beyond so many problems nobody reads the links; the first ones are the worst."""


def links(problems: Sequence[Problem], routes: Routes, unwell: frozenset[Key]) -> tuple[tuple[int, int], ...]:
    """Return ``(cause, effect)`` index pairs among ``problems``.

    Only causes that can matter are asked: on the same object, with the effect's object among what they affect, or below
    it; so the work grows with what depends on what, not with the square of the problems.
    """
    at: dict[Key, list[int]] = {}
    affecting: dict[ResourceRef, list[int]] = {}
    for index, problem in enumerate(problems):
        if problem.root:
            at.setdefault(key_of_ref(problem.resource), []).append(index)
            for ref in problem.affects:
                affecting.setdefault(ref, []).append(index)
    found: list[tuple[int, int]] = []
    effects = [(index, problem) for index, problem in enumerate(problems) if not is_exact(problem)]
    for effect_index, effect in effects[:MOST_EFFECTS]:
        key = key_of_ref(effect.resource)
        causes = {*at.get(key, ()), *affecting.get(effect.resource, ())}
        if effect.condition not in _NO_DEPENDENCY:
            causes.update(index for below in routes.reach([key], unwell) for index in at.get(below, ()))
        right = (index for index in sorted(causes) if explains(problems[index], effect, routes, unwell))
        found.extend((index, effect_index) for index in right)
    return tuple(found)
