"""The simulator's own clusters are valid: what controllers made, the API would have taken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from agentops.sandbox.wire.kinds import Catalog


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("scenario", ["quota-exceeded", "unbound-pvc-chain", "two-faults"])
def test_every_object_can_be_written_back_unchanged(make_caller: Any, scenario: str) -> None:
    """A strict PUT of what is stored is accepted for every object and changes nothing."""
    cluster = Sandbox(load(scenario), ticking=False)
    cluster.start()
    store = cluster.simulation.store
    call, catalog = make_caller(store), Catalog(store)
    changed = []
    for obj in store.dump():
        resource = next(one for one in catalog.all() if (one.api_version, one.kind) == (obj["apiVersion"], obj["kind"]))
        root = f"/apis/{resource.api_version}" if resource.group else "/api/v1"
        scope = f"/namespaces/{obj['metadata']['namespace']}" if resource.namespaced else ""
        url = f"{root}{scope}/{resource.plural}/{obj['metadata']['name']}?dryRun=All&fieldValidation=Strict"
        response = call.send("PUT", url, obj)
        answer = json.loads(response.body)
        if response.code != 200 or without_nulls(answer) != without_nulls(obj):
            changed.append((url, answer.get("message")))
    cluster.stop()
    assert changed == []
