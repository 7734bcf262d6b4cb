"""No object stops the controllers: whatever admission lets in, time goes on and everything else is looked after."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentops.sandbox.admission.writes import writer_for
from agentops.sandbox.controllers.runtime import Controller, Runtime, itself
from agentops.sandbox.manifests import resource_of, with_defaults
from agentops.sandbox.scenario import Scenario
from agentops.sandbox.simulation import Simulation
from agentops.sandbox.store import Key, copy_json
from agentops.sandbox.wire.api import Api, ApiServices
from agentops.sandbox.wire.request import ApiRequest
from agentops.sandbox.wire.schemas import items, resolve, schema_of
from tests.sandbox.silent import NoLogs
from tests.support.tables import read_yaml

CASES = read_yaml(Path(__file__).parent / "cases.yaml")
OBJECTS = read_yaml(Path(__file__).parent / "objects.yaml")
WEB = next(one for one in OBJECTS if one["kind"] == "Deployment")
WORDS = (
    "web",
    "w",
    "t",
    "n1",
    "fast",
    "ghost",
    "1",
    "0",
    "-1",
    "50%",
    "half",
    "",
    "In",
    "Is",
    "Never",
    "5m",
    "2Gi",
    "a=b",
)
NUMBERS = (0, 1, 2, -1, 3, 30)


def cluster() -> Simulation:
    """Two nodes, a namespace ``t`` and two storage classes."""
    manifests, programs = tuple(CASES["cluster"]), tuple(CASES["programs"])
    scenario = Scenario(name="x", title="x", difficulty="easy", history_s=120.0, manifests=manifests, programs=programs)
    simulation = Simulation(scenario, now=datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    simulation.play()
    return simulation


def odd_value(random: Random, schema: dict[str, Any], depth: int = 0) -> Any:
    """A value of the right type, but hardly of the right meaning."""
    schema = resolve(schema)
    kind = schema.get("type")
    if kind == "array":
        return [odd_value(random, items(schema), depth + 1) for _ in range(random.choice((0, 1, 1, 2)))]
    if kind == "integer" or schema.get("format") == "int-or-string":
        return random.choice(NUMBERS)
    if kind in ("string", "number", None) and "properties" not in schema:
        return random.choice(schema.get("enum") or WORDS)
    if kind == "boolean":
        return random.random() < 0.5
    if "properties" in schema:
        names = sorted(schema["properties"])
        chosen = random.sample(names, min(len(names), random.choice((0, 1, 2, 3)) if depth < 4 else 0))
        required = [name for name in schema.get("required", ()) if random.random() < 0.9]
        return {name: odd_value(random, schema["properties"][name], depth + 1) for name in {*chosen, *required}}
    return {random.choice(WORDS): random.choice(WORDS) for _ in range(random.choice((0, 1)))}


def spoil(random: Random, value: Any, schema: dict[str, Any], whole: bool = False) -> Any:
    """The value with something at a random place in it gone, or of another meaning."""
    schema = resolve(schema)
    if isinstance(value, dict) and schema.get("properties") and (whole or random.random() < 0.85):
        known = [name for name in schema["properties"] if name not in ("apiVersion", "kind", "metadata", "status")]
        there = [name for name in known if name in value]
        name = random.choice(there if there and random.random() < 0.7 else known or ["kind"])
        if name not in known:
            return value
        if random.random() < 0.15:
            return {field: one for field, one in value.items() if field != name}
        return {**value, name: spoil(random, value.get(name), schema["properties"][name])}
    if isinstance(value, list) and value and random.random() < 0.8:
        place = random.randrange(len(value))
        return [spoil(random, one, items(schema)) if at == place else one for at, one in enumerate(value)]
    return odd_value(random, schema)


def post(api: Api, obj: dict[str, Any]) -> int:
    """Create an object through the API; the code of the answer."""
    resource = resource_of(obj)
    assert resource is not None
    root = f"/apis/{resource.api_version}" if resource.group else "/api/v1"
    path = f"{root}{'/namespaces/t' if resource.namespaced else ''}/{resource.plural}"
    sent = {"user-agent": "tester/1"}
    answer = api.handle(ApiRequest(method="POST", path=path, query={}, headers=sent, body=json.dumps(obj).encode()))
    assert isinstance(json.loads(answer.body), dict)
    return answer.code


def api_of(simulation: Simulation) -> Api:
    store = simulation.store
    return Api(ApiServices(store=store, logs=NoLogs(), writer=writer_for(store, Random(1))), threading.Event())


def make_of(random: Random) -> dict[str, Any]:
    """An object of some kind with one to three places spoiled."""
    obj = copy_json(random.choice(OBJECTS))
    resource = resource_of(obj)
    assert resource is not None
    for _ in range(random.choice((1, 1, 2, 3))):
        obj = spoil(random, obj, schema_of(resource), whole=True)
    obj["metadata"] = {**obj["metadata"], "name": f"{obj['metadata']['name']}{random.choice(('', '-2'))}"}
    return obj


@pytest.mark.slow
@settings(max_examples=60)
@given(random=st.randoms(use_true_random=False))
def test_no_object_that_admission_lets_in_breaks_a_controller(random: Random) -> None:
    """Every request is answered, no controller fails, and an ordinary Deployment gets its pods beside all of it."""
    simulation = cluster()
    api = api_of(simulation)
    answers = []
    for _ in range(8):
        answers.append(post(api, make_of(random)))
        simulation.advance(random.choice((0, 1, 20)))
    simulation.advance(400)
    after = {**WEB, "metadata": {"name": "after", "namespace": "t"}}
    assert (post(api, after), {code for code in answers if code >= 500 and code != 501}) == (201, set())
    simulation.advance(60)
    assert dict(simulation.failures) == {}
    assert (simulation.get("Deployment", "t", "after") or {})["status"]["replicas"] == 1


def _fails_once_in_a_while(world: Any, key: Key) -> datetime | None:
    """A control loop that cannot do anything with one object, and with every other says that it was there."""
    if key.name == "broken":
        raise KeyError("metrics")
    world.edit(key, lambda obj: obj["metadata"].setdefault("labels", {}).update(seen="yes"))
    return None


def test_what_fails_for_one_object_is_logged_and_tried_again_later(caplog: pytest.LogCaptureFixture) -> None:
    """The clock and the other objects go on; the failing one is tried at growing intervals and is logged once."""
    simulation = cluster()
    runtime = Runtime(
        simulation.world, [Controller(name="odd", watches={"ConfigMap": itself}, reconcile=_fails_once_in_a_while)]
    )
    for name in ("broken", "sound"):
        simulation.store.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "t"}})
    attempts = []
    for _ in range(12):
        runtime.run_until(simulation.clock.now() + timedelta(seconds=1))
        attempts.append(runtime.failures[("odd", Key("", "ConfigMap", "t", "broken"))].times)
    sound = simulation.store.peek(Key("", "ConfigMap", "t", "sound")) or {}
    assert (attempts, sound["metadata"]["labels"]) == ([2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4], {"seen": "yes"})
    assert [one.getMessage() for one in caplog.records] == [
        "sandbox: odd controller failed for ConfigMap t/broken and tries again: KeyError('metrics')"
    ]


def test_two_controllers_that_undo_each_other_do_not_stop_the_clock() -> None:
    """An object that never settles is put off; everything else goes on."""
    simulation = cluster()

    def flip(world: Any, key: Key) -> datetime | None:
        world.edit(key, lambda obj: obj.update(data={"a": "2" if obj.get("data") == {"a": "1"} else "1"}))
        return None

    runtime = Runtime(simulation.world, [Controller(name="flip", watches={"ConfigMap": itself}, reconcile=flip)])
    place = {"name": "restless", "namespace": "t"}
    simulation.store.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": place})
    runtime.run_until(simulation.clock.now() + timedelta(seconds=1))
    assert "does not settle" in str(runtime.failures[("flip", Key("", "ConfigMap", "t", "restless"))].error)


def test_an_autoscaler_without_metrics_scales_by_cpu_and_stops_nobody() -> None:
    """A stored autoscaler whose metrics are gone is judged by the default; the Deployment beside it is looked after."""
    simulation = cluster()
    scaler = copy_json(next(one for one in OBJECTS if one["kind"] == "HorizontalPodAutoscaler"))
    del scaler["spec"]["metrics"]
    simulation.store.load([with_defaults(WEB), scaler])
    simulation.advance(120)
    found = simulation.get("HorizontalPodAutoscaler", "t", "web") or {}
    assert (dict(simulation.failures), found["status"]["currentReplicas"]) == ({}, 1)


def test_a_selector_with_an_unknown_operator_selects_nothing() -> None:
    """It is in the store all the same, say from an older version: nothing fails over it."""
    budget = copy_json(next(one for one in OBJECTS if one["kind"] == "PodDisruptionBudget"))
    budget["spec"]["selector"] = {"matchExpressions": [{"key": "app", "operator": "Is", "values": ["web"]}]}
    simulation = cluster()
    simulation.store.load([with_defaults(WEB), budget])
    simulation.advance(60)
    found = simulation.get("PodDisruptionBudget", "t", "web") or {}
    assert (dict(simulation.failures), found["status"]["expectedPods"]) == ({}, 0)


def test_a_request_that_fails_inside_is_answered() -> None:
    """500 with a Status, as a real server answers; the connection is not dropped."""
    simulation = cluster()
    parts = ApiServices(store=simulation.store, logs=NoLogs(), writer=lambda *_: _FailingWriter())
    request = ApiRequest(method="POST", path="/api/v1/namespaces/t/configmaps", query={}, headers={}, body=b"{}")
    answer = Api(parts, threading.Event()).handle(request)
    assert (answer.code, json.loads(answer.body)["message"]) == (
        500,
        "Internal error occurred: ZeroDivisionError: division by zero",
    )


class _FailingWriter:
    def write(self, *_: Any) -> Any:
        raise ZeroDivisionError("division by zero")


def test_a_watch_that_fails_half_way_ends_with_an_error_event() -> None:
    """The headers are out already, so the stream says it, and ends as a stream does."""
    simulation = cluster()
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "odd", "namespace": "t"},
        "data": {"a": object()},
    }
    simulation.store.load([body])
    query = {"watch": "1", "timeoutSeconds": "1"}
    request = ApiRequest(method="GET", path="/api/v1/namespaces/t/configmaps", query=query, headers={}, body=b"")
    chunks = api_of(simulation).handle(request).chunks
    events = [json.loads(line) for line in b"".join(chunks or ()).splitlines()]
    assert [(one["type"], one["object"]["code"]) for one in events] == [("ERROR", 500)]
