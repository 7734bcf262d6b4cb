"""Discovery and OpenAPI: the three forms agree, and every reference leads somewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from agentops.sandbox.wire.kinds import built_in

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


def test_groups_resources_and_aggregate_agree(call: Any) -> None:
    """Walking the groups finds exactly the resources, verbs and subresources of the aggregated documents."""
    walked = set()
    groups = call.get("/apis")["groups"]
    places = ["/api/v1", *(f"/apis/{version['groupVersion']}" for group in groups for version in group["versions"])]
    for place in places:
        listing = call.get(place)
        for row in listing["resources"]:
            walked.add((listing["groupVersion"], row["name"], row["kind"], tuple(row["verbs"])))
    aggregated = set()
    for root in ("/api", "/apis"):
        for group in call.get(root, accept=AGGREGATED)["items"]:
            for version in group["versions"]:
                name = f"{group['metadata']['name']}/{version['version']}".lstrip("/")
                for row in version["resources"]:
                    aggregated.add((name, row["resource"], row["responseKind"]["kind"], tuple(row["verbs"])))
                    for sub in row.get("subresources", ()):
                        sub_name = f"{row['resource']}/{sub['subresource']}"
                        aggregated.add((name, sub_name, sub["responseKind"]["kind"], tuple(sub["verbs"])))
    assert walked == aggregated
    assert {name for _, name, _, _ in walked if "/" not in name} == {one.plural for one in built_in()}


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rpartition("/")[2]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_every_openapi_document_is_closed(call: Any) -> None:
    """Each group's document holds every schema that it refers to, and describes each kind that is served."""
    index = call.get("/openapi/v3")["paths"]
    missing, kinds = set(), set()
    for place in index:
        document = call.get(f"/openapi/v3/{place}")
        schemas = document["components"]["schemas"]
        missing |= {name for name in references(document) if name not in schemas}
        kinds |= {one["kind"] for s in schemas.values() for one in s.get("x-kubernetes-group-version-kind", ())}
    assert (missing, {one.kind for one in built_in()} - kinds) == (set(), set())


def test_openapi_v2_is_json_or_the_empty_protobuf_document(call: Any) -> None:
    """A JSON client gets definitions with references that resolve; kubectl's protobuf form is empty."""
    document = call.get("/openapi/v2", accept="application/json")
    assert set(references(document)) <= set(document["definitions"])
    accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    response = call.send("GET", "/openapi/v2", headers={"accept": accept})
    assert (response.body, response.content_type) == (b"", accept.replace("@", "."))


def test_version_says_that_it_is_a_sandbox(call: Any) -> None:
    """Nobody can take the simulator for a real cluster."""
    assert json.dumps(call.get("/version")).count("agentops-sandbox") == 1
