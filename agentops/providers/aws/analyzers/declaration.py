"""Declares an analyzer right above its code: ``@aws_analyzer(NAME, exact(...), ...)``.

Comes in: what it is called and which conditions it can report. Goes out: a ``DeclaredAwsAnalyzer``, which the registry
names. An analyzer takes a snapshot and yields problems. It is pure: it reads nothing and knows no clock but the
snapshot's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from agentops.core.alert import Severity
from agentops.core.conditions import Condition, Trait, Weight
from agentops.core.finding import Fact, Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.aws.objects.snapshot import AwsSnapshot

AwsAnalyze: TypeAlias = Callable[[AwsSnapshot], Iterator[Problem]]
_VALUE_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredAwsAnalyzer:
    """An analyzer with what it can report."""

    name: str
    conditions: tuple[Condition, ...]
    function: AwsAnalyze


def aws_analyzer(name: str, *conditions: Condition) -> Callable[[AwsAnalyze], DeclaredAwsAnalyzer]:
    """Return a decorator that joins a function to the declaration of the analyzer that it is."""
    return lambda function: DeclaredAwsAnalyzer(name=name, conditions=conditions, function=function)


def exact(name: str, resource: str, when: str, *traits: Trait) -> Condition:
    """Return a condition that needs no further explanation."""
    return Condition(name=name, resource=resource, when=when, weight=Weight.EXACT, traits=frozenset(traits))


def vague(name: str, resource: str, when: str, *traits: Trait) -> Condition:
    """Return a condition that something else often brings about."""
    return Condition(name=name, resource=resource, when=when, weight=Weight.VAGUE, traits=frozenset(traits))


def symptom(name: str, resource: str, when: str) -> Condition:
    """Return a condition that something else always brings about."""
    return Condition(name=name, resource=resource, when=when, weight=Weight.SYMPTOM)


def information(name: str, resource: str, when: str) -> Condition:
    """Return a condition that is no trouble by itself."""
    return Condition(name=name, resource=resource, when=when, weight=Weight.INFORMATION)


def problem(
    ref: ResourceRef,
    condition: str,
    summary: str,
    *facts: tuple[str, object],
    severity: Severity = Severity.HIGH,
    affects: tuple[ResourceRef, ...] = (),
    since: datetime | None = None,
    advice: str = "",
    root: bool = True,
) -> Problem:
    """Return a problem; its facts are paths and values of the thing that it is about.

    The analyzer's name is filled in by whoever calls it.
    """
    return Problem(
        resource=ref,
        condition=condition,
        summary=summary,
        severity=severity,
        analyzer="",
        facts=tuple(Fact(resource=ref, path=path, value=one_line(str(value), _VALUE_CHARS)) for path, value in facts),
        affects=affects,
        since=since,
        advice=advice,
        root=root,
    )
