"""Evictions against a running disruption budget: what it allows depends on pods that are ready, and on nothing else."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from agentops.sandbox.admission.writes import writer_for
from agentops.sandbox.objects import pod_ready
from agentops.sandbox.scenario import Scenario
from agentops.sandbox.simulation import Simulation
from agentops.sandbox.wire.api import Api, ApiServices
from agentops.sandbox.wire.request import ApiRequest
from tests.sandbox.silent import NoLogs
from tests.support.tables import read_yaml

_CASES = read_yaml(Path(__file__).parent / "cases.yaml")
_TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": "web:1"}]}}
_SELECTOR = {"matchLabels": {"app": "web"}}
_OBJECTS: tuple[dict[str, Any], ...] = (
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "t"},
        "spec": {"replicas": 3, "selector": _SELECTOR, "template": _TEMPLATE},
    },
    {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "t"},
        "spec": {"maxUnavailable": 1, "selector": _SELECTOR},
    },
)


def evict(simulation: Simulation, name: str) -> int:
    """Evict a pod through the API; the code of the answer, once the controllers have seen what came of it."""
    parts = ApiServices(store=simulation.store, logs=NoLogs(), writer=writer_for(simulation.store, Random(1)))
    body = json.dumps({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}).encode()
    path = f"/api/v1/namespaces/t/pods/{name}/eviction"
    code = (
        Api(parts, threading.Event()).handle(ApiRequest(method="POST", path=path, query={}, headers={}, body=body)).code
    )
    simulation.advance(0)
    return code


def ready(simulation: Simulation) -> list[str]:
    return [pod["metadata"]["name"] for pod in simulation.store.list("Pod", "t") if pod_ready(pod)]


def test_three_evictions_in_a_row_are_one_eviction() -> None:
    """As recorded: 201, 429, 429. Only when the replacement has become ready may the next pod go."""
    scenario = Scenario(
        name="case",
        title="case",
        difficulty="easy",
        history_s=120.0,
        manifests=(*_CASES["cluster"], *_OBJECTS),
        programs=tuple(_CASES["programs"]),
    )
    simulation = Simulation(scenario, now=datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    simulation.play()
    first, second, third = ready(simulation)
    codes = [evict(simulation, name) for name in (first, second, third)]
    budget = (simulation.get("PodDisruptionBudget", "t", "web") or {})["status"]
    simulation.advance(60)
    assert (codes, budget["currentHealthy"], budget.get("disruptedPods"), evict(simulation, second)) == (
        [201, 429, 429],
        2,
        None,
        201,
    )
