"""Makes an analyzer of each rule: its expression is asked of each object of its kind.

Comes in: rules. Goes out: ``DeclaredAnalyzer`` values like the built-in ones. An object of which an expression cannot
say (a field is not there) is no claim: that, and how often, is reported beside the problems. CEL
(https://cel.dev) has no side effects and no loops but over what an object holds; this is the only module that uses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any

from agentops.core.conditions import ANALYZER_FAILED, Condition, Weight
from agentops.core.errors import ConfigError
from agentops.core.finding import Fact, Problem
from agentops.core.resource import kubernetes_ref
from agentops.core.text import one_line, plural
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import DeclaredAnalyzer
from agentops.providers.kubernetes.analyzers.registry import CONDITIONS
from agentops.providers.kubernetes.objects.fields import key_of
from agentops.providers.kubernetes.rules.rule_files import OwnRule

BUDGET_S = 5.0
"""How long one rule may take over all objects of a sweep."""
_HOLE = re.compile(r"\{([^{}]+)\}")
_VALUE_CHARS = 120
# What the library raises for an expression that cannot say of an object.
_CANNOT_SAY = (
    KeyError, TypeError, ValueError, RuntimeError, ArithmeticError, IndexError, AttributeError, OverflowError,
)  # fmt: skip


def rule_analyzers(rules: Sequence[OwnRule], kind_of: Callable[[str], str]) -> tuple[DeclaredAnalyzer, ...]:
    """Return an analyzer for each rule.

    Arguments:
        kind_of: returns the kind that a rule's word for it means.

    Raises:
        ConfigError: an expression does not compile, or a condition is a built-in one's.
        NotFound: there is no such kind.
    """
    return tuple(_analyzer(rule, kind_of(rule.kind)) for rule in rules)


def _analyzer(rule: OwnRule, kind: str) -> DeclaredAnalyzer:
    if rule.condition in CONDITIONS:
        raise ConfigError(f"{rule.place}: {rule.condition} is a built-in condition", hint="Give it another name.")
    when = _compiled(rule.when, rule, "when")
    holes = {hole: _compiled(hole, rule, "summary") for hole in _HOLE.findall(rule.summary)}
    shown = {path: _compiled(f"object.{path}", rule, "show") for path in rule.show}
    condition = Condition(name=rule.condition, resource=kind, when=f"a rule says so: {rule.when}", weight=rule.weight)

    def look(graph: Graph) -> Iterable[Problem]:
        return _problems(graph, rule, kind, when, holes, shown)

    return DeclaredAnalyzer(name=f"rule:{rule.condition}", conditions=(condition,), also=(), function=look)


def _compiled(expression: str, rule: OwnRule, field: str) -> Any:
    import cel

    try:
        return cel.compile(expression)
    except _CANNOT_SAY as error:
        said = one_line(str(error).partition("ERROR: <input>:")[2] or str(error), 160)
        raise ConfigError(
            f"{rule.place}: {field} is not CEL: {said}", hint=f"It says: {one_line(expression, 160)}"
        ) from error


def _problems(
    graph: Graph, rule: OwnRule, kind: str, when: Any, holes: Mapping[str, Any], shown: Mapping[str, Any]
) -> Iterator[Problem]:
    ends, unsaid, first = monotonic() + BUDGET_S, 0, ""
    objects = graph.snapshot.whole.get(kind, ())
    for number, item in enumerate(objects):
        if monotonic() > ends:
            yield _failure(graph, rule, f"it took longer than {BUDGET_S:.0f} s; {number} of {len(objects)} were judged")
            break
        try:
            holds = _value(when, graph, item)
        except _CANNOT_SAY as error:
            unsaid, first = unsaid + 1, first or f"{subject(key_of(item))}: {_said(error)}"
            continue
        if holds is True:
            yield _problem(graph, rule, dict(item), holes, shown)
        elif holds is not False:
            unsaid, first = unsaid + 1, first or f"{subject(key_of(item))}: it gives {type(holds).__name__}, not a bool"
    if unsaid:
        yield _failure(graph, rule, f"it could not say of {plural(unsaid, 'object')}; first {first}")


def _problem(
    graph: Graph, rule: OwnRule, item: dict[str, Any], holes: Mapping[str, Any], shown: Mapping[str, Any]
) -> Problem:
    summary = _HOLE.sub(lambda hole: _quoted_value(holes[hole[1]], graph, item), rule.summary)
    facts = [quote(graph, item, path, _quoted_value(program, graph, item)) for path, program in shown.items()]
    return Problem(
        resource=graph.ref(item),
        condition=rule.condition,
        summary=f"{subject(key_of(item))}: {quoted(summary)}",
        severity=rule.severity,
        analyzer=f"rule:{rule.condition}",
        facts=tuple(facts) or (quote(graph, item, "rule", rule.when),),
        advice=rule.advice,
        root=rule.weight in (Weight.EXACT, Weight.VAGUE),
    )


def _value(program: Any, graph: Graph, item: Mapping[str, Any]) -> Any:
    import cel

    return program.execute(cel.Context(variables={"object": item, "now": graph.now}))


def _quoted_value(program: Any, graph: Graph, item: Mapping[str, Any]) -> str:
    try:
        value = _value(program, graph, item)
    except _CANNOT_SAY:
        return "(not there)"
    return quoted(str(value).lower() if isinstance(value, bool) else str(value), _VALUE_CHARS)


def _said(error: Exception) -> str:
    return f"there is no {one_line(str(error), 80)}" if isinstance(error, KeyError) else one_line(str(error), 120)


def _failure(graph: Graph, rule: OwnRule, why: str) -> Problem:
    from agentops.core.alert import Severity

    ref = kubernetes_ref(graph.snapshot.context or "-", None, "Analyzer", f"rule:{rule.condition}")
    return Problem(
        resource=ref,
        condition=ANALYZER_FAILED,
        summary=f"rule {rule.condition} could not finish: {quoted(why)}",
        severity=Severity.INFO,
        analyzer=f"rule:{rule.condition}",
        facts=(Fact(resource=ref, path="when", value=one_line(rule.when, 200)),),
        advice="Ask with has(...) whether a field is there before using it; what the rule looks at was not checked.",
        root=False,
    )
