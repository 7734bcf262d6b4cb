"""What each controller does, case by case, on a cluster of two nodes; the cases are in ``cases.yaml``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agentops.core.errors import UsageError
from agentops.sandbox.changes import find, read_path
from agentops.sandbox.objects import pod_ready
from agentops.sandbox.programs import seconds
from agentops.sandbox.scenario import Scenario
from agentops.sandbox.simulation import Simulation
from tests.support.tables import read_yaml

_DATA = read_yaml(Path(__file__).parent / "cases.yaml")
_NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def cluster(case: Mapping[str, Any]) -> Simulation:
    scenario = Scenario(
        name="case",
        title="case",
        difficulty="easy",
        history_s=120.0,
        manifests=(*_DATA["cluster"], *case.get("objects", ())),
        programs=(*_DATA["programs"], *case.get("programs", ())),
    )
    simulation = Simulation(scenario, now=_NOW)
    simulation.play()
    return simulation


def pods(simulation: Simulation, prefix: str) -> list[dict[str, Any]]:
    return [one for one in simulation.store.list("Pod", "t") if one["metadata"]["name"].startswith(prefix)]


def seen(simulation: Simulation, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The same shape as ``wanted``, filled with what is there."""

    def value(reference: str, path: str) -> Any:
        try:
            obj = find(simulation.world, reference)
        except UsageError:
            return "gone"
        for one in (obj.get("status") or {}).get("conditions") or ():
            one["name"] = one["type"]  # so that a path can name it
        return read_path(obj, path)

    def there(prefix: str) -> list[int]:
        return [len(pods(simulation, prefix)), sum(map(pod_ready, pods(simulation, prefix)))]

    events = {one["reason"] for one in simulation.store.list("Event", "t")}
    readers: dict[str, Callable[[Any], Any]] = {
        "is": lambda refs: {ref: {path: value(ref, path) for path in paths} for ref, paths in refs.items()},
        "pods": lambda prefixes: {prefix: there(prefix) for prefix in prefixes},
        "names": lambda prefixes: {p: [one["metadata"]["name"] for one in pods(simulation, p)] for p in prefixes},
        "gone": lambda refs: [ref for ref in refs if value(ref, "metadata.name") == "gone"],
        "volumes": lambda _: len(simulation.store.list("PersistentVolume")),
        "events": lambda reasons: [reason for reason in reasons if reason in events],
    }
    return {what: readers[what](expected) for what, expected in wanted.items() if what != "during"}


def watched(simulation: Simulation, bounds: Mapping[str, Any], wait_s: float) -> dict[str, Any]:
    """Let time pass second by second; say how many pods there were at most, and how few were ready at least."""
    extremes = {prefix: {"most": 0, "fewest_ready": 1000} for prefix in bounds}
    for _ in range(int(wait_s)):
        simulation.advance(1)
        for prefix, extreme in extremes.items():
            there = pods(simulation, prefix)
            extreme["most"] = max(extreme["most"], len(there))
            extreme["fewest_ready"] = min(extreme["fewest_ready"], sum(map(pod_ready, there)))
    return {prefix: {name: extreme[name] for name in bounds[prefix]} for prefix, extreme in extremes.items()}


@pytest.mark.parametrize("case", _DATA["cases"], ids=lambda case: case["case"])
def test_controllers_do_what_the_real_ones_do(case: dict[str, Any]) -> None:
    """After each step and its wait, objects, pods and events are as the case says."""
    simulation = cluster(case)
    for stage in case["stages"]:
        simulation.perform(stage.get("do", ()))
        wait_s = seconds(stage.get("wait", "0s"))
        during = watched(simulation, stage.get("during", {}), wait_s) if "during" in stage else {}
        if "during" not in stage:
            simulation.advance(wait_s)
        wanted = {name: stage[name] for name in stage if name not in ("do", "wait")}
        found = seen(simulation, wanted) | ({"during": during} if during else {})
        assert found == wanted
