"""No body makes the simulator fail: whatever is sent, the answer is an object or a Status."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentops.sandbox.wire.kinds import built_in

pytestmark = pytest.mark.slow

BODIES: tuple[Any, ...] = (
    {},
    [],
    {"metadata": None},
    {"metadata": []},
    {"metadata": {"name": 5}},
    {"metadata": {"name": "x"}},
    {"metadata": {"name": "x"}, "spec": None},
    {"metadata": {"name": "x"}, "spec": []},
    {"metadata": {"name": "x", "labels": None, "finalizers": None, "ownerReferences": [{}]}, "spec": {"template": {}}},
    {"metadata": {"name": "x", "managedFields": [{}]}, "spec": {"selector": {}, "template": {"spec": {}}}},
    {"metadata": {"name": "x"}, "spec": {"template": {"metadata": None, "spec": {"containers": [{}]}}}},
    {"metadata": {"name": "x"}, "spec": {"containers": [None], "ports": [None], "strategy": None}},
    {"metadata": {"name": "x"}, "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{}]}}}}}},
    {"metadata": {"name": "x"}, "roleRef": None, "subjects": [None], "rules": [None], "webhooks": [{}]},
)
PATCHES = ("merge-patch+json", "strategic-merge-patch+json", "json-patch+json", "apply-patch+yaml")


@pytest.mark.parametrize("resource", built_in(), ids=lambda one: one.qualified)
def test_any_body_is_answered(make_call: Any, resource: Any) -> None:
    """Create, apply, update, every patch, every subresource and delete, then a Table of what is there."""
    root = f"/apis/{resource.api_version}" if resource.group else "/api/v1"
    collection = f"{root}{'/namespaces/shop' if resource.namespaced else ''}/{resource.plural}"
    places = [f"{collection}/x", *(f"{collection}/x/{name}" for name in resource.subresources)]
    codes = set()
    for body in BODIES:
        call = make_call()
        responses = [call.send("POST", f"{collection}{query}", body) for query in ("?dryRun=All", "")]
        for place in places:
            for media in PATCHES:
                headers = {"content-type": f"application/{media}"}
                responses.append(call.send("PATCH", f"{place}?fieldManager=a", body, headers))
            responses += [call.send(method, place, body) for method in ("PUT", "POST")]
        responses.append(
            call.send("GET", collection, headers={"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"})
        )
        responses += [call.send("DELETE", places[0], body or None), call.send("DELETE", collection)]
        for response in responses:
            assert isinstance(json.loads(response.body), dict)
            codes.add(response.code)
    assert codes <= {200, 201, 400, 403, 404, 405, 406, 409, 415, 422, 500, 501}
