"""The registry of analyzers: each condition is declared once, beside the code that reports it, and has a case."""

from __future__ import annotations

from collections import Counter
from functools import cache

from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analyzers.registry import ANALYZERS, CONDITIONS, FAILED
from agentops.sandbox.scenario import all_scenarios, load
from tests.providers.kubernetes.analyzers.cases import CASES, DECLARED, read_case


@cache
def _reported() -> frozenset[tuple[str, str]]:
    """Return (analyzer, condition) of everything that the analyzers report of the cases' objects."""
    graphs = [Graph(read_case(path).snapshot) for path in CASES]
    return frozenset((one.name, problem.condition) for one in ANALYZERS for g in graphs for problem in one.function(g))


def test_every_analyzer_stands_in_the_file_of_its_name():
    """``services`` is the function of ``services.py``: name and code are joined where they are written."""
    found = [(one.function.__module__.rpartition(".")[2], one.function.__name__) for one in ANALYZERS]
    assert found == [(one.name, one.name) for one in ANALYZERS]


def test_no_two_analyzers_declare_the_same_condition():
    """What another analyzer declares is reported with ``also``, so that weight and words are written once."""
    declared = Counter(condition.name for one in ANALYZERS for condition in one.conditions)
    assert [name for name, times in declared.items() if times > 1] == []


def test_what_an_analyzer_also_reports_is_declared_by_another():
    """``also`` repeats no declaration and makes none."""
    borrowed = [(one, condition) for one in ANALYZERS for condition in one.also]
    assert [(o.name, c.name) for o, c in borrowed if c in o.conditions or CONDITIONS.get(c.name) != c] == []


def test_no_analyzer_reports_an_undeclared_condition():
    """Over all cases, what an analyzer reports is what it declares."""
    assert _reported() - DECLARED == set()


def test_every_condition_has_a_case_or_a_scenario():
    """No declaration is a promise that nothing keeps."""
    causes = {c.condition for s in all_scenarios() for full in [load(s.name)] for c in (*full.causes, *full.also)}
    shown = {condition for _, condition in _reported()} | causes | {FAILED.name}
    assert sorted(CONDITIONS.keys() - shown) == []
