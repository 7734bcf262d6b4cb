"""No stage can be skipped: who may call ``apply``, and who may make which state, read from the source itself."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import agentops
from agentops.guard import states

ROOT = Path(agentops.__file__).parent
MADE_IN = {
    "Prechecked": {"guard/precheck.py"},
    "Predicted": {"guard/prediction.py"},
    "Previewed": {"guard/dry_run.py"},
    "Diffed": {"guard/diff.py"},
    "Measured": {"guard/blast_radius.py"},
    "Decided": {"guard/decision.py"},
    "Planned": {"guard/planning.py"},
    "Approved": {"guard/confirm.py"},
    "Rechecked": {"guard/recheck.py"},
    "Journaled": {"guard/intent.py"},
    "Applied": {"guard/apply.py"},
    "Verified": {"guard/verify.py"},
}
MAY_APPLY = {"guard/apply.py", "guard/rollback.py"}


@cache
def sources() -> tuple[tuple[str, ast.AST], ...]:
    """Return every module of the package with its syntax tree."""
    paths = sorted(ROOT.rglob("*.py"))
    # A million nodes stay: the collector would look at all of them again and again, and take most of the time.
    gc.disable()
    try:
        return _parsed(paths)
    finally:
        gc.enable()
        gc.freeze()


def _parsed(paths: list[Path]) -> tuple[tuple[str, ast.AST], ...]:
    return tuple((one.relative_to(ROOT).as_posix(), ast.parse(one.read_text(encoding="utf-8"))) for one in paths)


@cache
def called(tree: ast.AST) -> tuple[tuple[str, ast.Call], ...]:
    """Return the last part of the name of everything that is called, with the call."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [(node.func, node) for node in calls]
    return tuple(
        (function.id if isinstance(function, ast.Name) else function.attr, node)
        for function, node in names
        if isinstance(function, ast.Name | ast.Attribute)
    )


def test_only_the_guard_calls_apply() -> None:
    """Nothing calls a tool's ``apply`` but the stage for it and the rollback."""
    found = {
        name
        for name, tree in sources()
        for what, node in called(tree)
        if what == "apply" and isinstance(node.func, ast.Attribute)
    }
    assert found == MAY_APPLY


def test_only_change_tools_send_writes() -> None:
    """The writer's ``send`` is called by change tools, and by the lease, whose calls the guard hands to it.

    At AWS one applier sends for all of them.
    """
    found = {
        name for name, tree in sources() for what, node in called(tree) if what == "send" and _is_on(node, "writer")
    }
    elsewhere = {name for name in found if not name.startswith("providers/kubernetes/change/")}
    assert elsewhere == {"providers/kubernetes/api/lease.py", "providers/aws/change/change_tool.py"}


def test_only_the_guard_takes_the_lease() -> None:
    """A lease's ``send`` is called by the stage that has recorded the call, and by nobody else."""
    found = {
        name for name, tree in sources() for what, node in called(tree) if what == "send" and _is_on(node, "lease")
    }
    assert found == {"guard/lease.py"}


def _is_on(node: ast.Call, what: str) -> bool:
    return isinstance(node.func, ast.Attribute) and what in ast.unparse(node.func.value)


@pytest.mark.parametrize("state", sorted(MADE_IN))
def test_state_is_made_in_its_own_stage_only(state: str) -> None:
    """A guard state is constructed in the file of its stage and nowhere else, copies with changes included."""
    assert {name for name, tree in sources() for what, _ in called(tree) if what == state} == MADE_IN[state]


def test_no_state_is_copied_with_changes() -> None:
    """``replace`` on a state would make one without its stage; the guard uses it on plain values only."""
    for name, tree in sources():
        if not name.startswith("guard/"):
            continue
        for what, node in called(tree):
            if what == "replace" and isinstance(node.func, ast.Name):
                assert not any(word in ast.unparse(node.args[0]) for word in ("state", "planned", "approved")), name


def test_every_state_has_its_stage() -> None:
    """The table above names every state that there is."""
    made = {
        name for name, value in vars(states).items() if isinstance(value, type) and value.__module__ == states.__name__
    }
    assert made == MADE_IN.keys()


def test_model_and_triage_cannot_reach_the_guard() -> None:
    """Neither the loop nor triage imports the guard, a writer or a change tool's code."""
    wrong = ("agentops.guard", "agentops.providers", "agentops.app", "agentops.app")
    found = [
        (name, module)
        for name, tree in sources()
        if name.startswith(("agent/", "triage/"))
        for module in _imports(tree)
        if module.startswith(wrong)
    ]
    assert found == []


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
