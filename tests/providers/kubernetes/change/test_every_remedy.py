"""Every remedy that a condition declares is tried: a world that leads to it, its dry run, the change, and the cure.

The worlds are data (``remedy_worlds.yaml``). A declared remedy without a world fails, and so does a remedy that is
found in a world or a case and is not declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.core.alert import Target
from agentops.core.finding import Problem
from agentops.core.plan import Change
from agentops.core.progress import no_progress
from agentops.providers.kubernetes.analyzers.analyze import analyze
from agentops.providers.kubernetes.analyzers.declaration import PATCH, UNDO
from agentops.providers.kubernetes.analyzers.registry import CONDITIONS
from agentops.providers.kubernetes.objects.snapshot import Snapshot
from agentops.providers.kubernetes.sweep.fetch import FetchResult
from agentops.providers.kubernetes.sweep.grants import read_grants
from agentops.providers.kubernetes.sweep.sweep import sweep
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.programs import seconds
from agentops.sandbox.scenario import Moment, Scenario, load
from tests.providers.kubernetes.analyzers.cases import CASES, read_case
from tests.providers.kubernetes.change.conftest import World, as_user, steady_now

WORLDS_FILE = Path(__file__).with_name("remedy_worlds.yaml")
WORLDS: list[dict[str, Any]] = yaml.safe_load(WORLDS_FILE.read_text(encoding="utf-8"))
DECLARED = {(name, tool) for name, condition in CONDITIONS.items() for tool in condition.remedies}
"""(condition, tool) of every known cure."""


def _scenario(world: dict[str, Any]) -> Scenario:
    if "scenario" in world:
        return load(world["scenario"])
    first = Moment(at_s=float("-inf"), steps=tuple(world.get("before", ())))
    broken = Moment(at_s=seconds(world.get("at", "-20m")), steps=tuple(world["do"]))
    return replace(load("bad-image-tag"), name=world["name"], history_s=7200.0, moments=(first, broken))


@contextmanager
def _begun(world: dict[str, Any], folder: Path) -> Iterator[World]:
    with Sandbox(_scenario(world), ticking=False, now=steady_now) as sandbox:
        yield as_user(sandbox, "sandbox", folder)


def _problems(here: World, world: dict[str, Any], namespace: str) -> list[Problem]:
    """Return what triage finds in what is there, with the words that the world says in place of the simulator's."""
    present = here.sandbox.simulation.present
    target = Target(namespace=namespace)
    found = sweep(here.cluster, target=target, namespaces=(), clock=lambda: present, progress=no_progress)
    grants = FetchResult()
    read_grants(here.cluster, found.logs, grants, progress=no_progress)
    return list(analyze(_said(replace(found, objects={**found.objects, **grants.objects}), world)))


def _said(snapshot: Snapshot, world: dict[str, Any]) -> Snapshot:
    objects: dict[str, tuple[Any, ...]] = {
        kind: tuple(_replaced(list(some), world.get("words", {}))) for kind, some in snapshot.objects.items()
    }
    for one in world.get("objects", ()):
        objects[one["kind"]] = (*objects.get(one["kind"], ()), one)
    return replace(snapshot, objects=objects)


def _replaced(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(one, words) for key, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, words) for one in value]
    if isinstance(value, str):
        for old, new in words.items():
            value = value.replace(old, new)
    return value


def _shown(problems: list[Problem], world: dict[str, Any]) -> list[tuple[Problem, Change]]:
    condition, where, tool = world["shows"]
    return [
        (problem, change)
        for problem in problems
        if problem.condition == condition and fnmatchcase(problem.resource.short, where)
        for change in problem.remedies
        if change.tool == tool
    ]


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world["name"])
def test_the_remedy_of_a_world_is_previewed_applied_and_cures(world: dict[str, Any], tmp_path: Path) -> None:
    """The dry run is accepted, what is applied is what was shown, and after a while the condition is gone."""
    namespace = world.get("namespace", "shop")
    with _begun(world, tmp_path) as here:
        problems = _problems(here, world, namespace)
        assert _pairs(problems) - DECLARED == set()
        found = _shown(problems, world)
        assert found, [(one.condition, one.resource.short, [c.tool for c in one.remedies]) for one in problems]
        problem, change = found[0]
        short = str(change.target).partition(f"{here.cluster.context}/")[2]
        preview = here.tools[change.tool].preview(change)
        here.appliers[change.tool].apply(preview)
        assert (here.shown(short, preview.objects[0]), bool(preview.objects[0].edits)) == (
            preview.objects[0].after,
            True,
        )
        if "cured_after" in world:
            here.sandbox.advance(seconds(world["cured_after"]))
            left = [one.summary for one in _problems(here, world, namespace) if _same(one, problem)]
            assert left == []


def _same(one: Problem, other: Problem) -> bool:
    return (one.resource, one.condition) == (other.resource, other.condition)


def _pairs(problems: Iterable[Problem]) -> set[tuple[str, str]]:
    return {
        (problem.condition, _cure(problem.condition, change.tool, change.target.kind))
        for problem in problems
        for change in problem.remedies
    }


def _cure(condition: str, tool: str, kind: str) -> str:
    """Return what a cure is declared as: a CronJob keeps no revisions, so the undo of its edit is a patch."""
    declared = CONDITIONS[condition].remedies
    return UNDO if (kind, tool) == ("CronJob", PATCH) and PATCH not in declared and UNDO in declared else tool


def test_every_declared_remedy_has_a_world() -> None:
    """A cure that nobody tried is no known cure; a world for one that is not declared is a slip of the pen."""
    shown = (world["shows"] for world in WORLDS)
    tried = {(name, _cure(name, tool, "CronJob" if "/CronJob/" in where else "")) for name, where, tool in shown}
    assert tried == DECLARED


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_no_case_leads_to_a_remedy_that_is_not_declared(path: Path) -> None:
    """Whatever an analyzer proposes, its condition says so."""
    assert _pairs(analyze(read_case(path).snapshot)) - DECLARED == set()
