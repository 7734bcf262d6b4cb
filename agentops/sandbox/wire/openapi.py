"""OpenAPI v3 documents, good enough for ``kubectl explain`` and for clients that ask what a server validates.

Comes in: the catalog and the definitions. Goes out: the index, and one document for each group and version. kubectl
reads v2 as protobuf, only for kinds that v3 does not have: it gets the empty document, which is no bytes.

Must never: describe an operation that is not served.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agentops.sandbox.data import data
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.kinds import Catalog, Resource
from agentops.sandbox.wire.request import ApiRequest, Response, accepted_form, json_response
from agentops.sandbox.wire.schemas import Schema, definitions, schema_name, schema_of

_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
_WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "pretty")


def openapi(request: ApiRequest, catalog: Catalog) -> Response | None:
    """Return the document at an /openapi path; None when there is none."""
    parts = [part for part in request.path.split("/") if part][1:]
    if parts == ["v2"] and request.headers.get("accept", "").startswith(_PROTOBUF):
        # An "@" is not allowed in a Content-Type, so the real server answers with a dot, too.
        return Response(content_type=_PROTOBUF.replace("@", "."))
    accepted_form(request, {})
    if parts == ["v2"]:
        listed = {name: _as_v2(one) for name, one in definitions().items()}
        return json_response({"swagger": "2.0", "info": _info(), "paths": {}, "definitions": listed})
    if parts == ["v3"]:
        paths = {
            place: {"serverRelativeURL": f"/openapi/v3/{place}?hash={_info()['version']}"}
            for group, versions in catalog.groups().items()
            for place in (_place(group, version) for version in versions)
        }
        return json_response({"paths": paths})
    for group, versions in catalog.groups().items():
        for version in versions:
            if parts[:1] == ["v3"] and "/".join(parts[1:]) == _place(group, version):
                return json_response(_document(catalog, group, version))
    return None


def _info() -> dict[str, str]:
    return {"title": "Kubernetes", "version": data("served.yaml")["version"]["gitVersion"]}


def _place(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _as_v2(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_v2(one) for key, one in value.items()}
    return value.replace("#/components/schemas/", "#/definitions/") if isinstance(value, str) else value


def _document(catalog: Catalog, group: str, version: str) -> Obj:
    resources = [one for one in catalog.all() if (one.group, one.version) == (group, version)]
    schemas: dict[str, Schema] = {}
    paths: Obj = {}
    for resource in resources:
        name = _definition_name(resource)
        if resource.custom:
            identity = {"group": group, "version": version, "kind": resource.kind}
            schemas[name] = {**schema_of(resource), "x-kubernetes-group-version-kind": [identity]}
        elif name:
            schemas[name] = definitions()[name]
        paths.update(_paths(resource, name))
    todo = [one for schema in schemas.values() for one in _references(schema)]
    while todo:
        name = todo.pop()
        if name not in schemas:
            schemas[name] = definitions()[name]
            todo.extend(_references(schemas[name]))
    return {"openapi": "3.0.0", "info": _info(), "paths": paths, "components": {"schemas": schemas}}


def _definition_name(resource: Resource) -> str:
    if resource.custom:
        reverse = ".".join(reversed(resource.group.split(".")))
        return f"{reverse}.{resource.version}.{resource.kind}"
    return schema_name(resource.group, resource.version, resource.kind)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield reference.rpartition("/")[2]
        for one in schema.values():
            yield from _references(one)


def _paths(resource: Resource, name: str) -> Iterator[tuple[str, Obj]]:
    root = f"/{_place(resource.group, resource.version)}"
    collection = (
        f"{root}/namespaces/{{namespace}}/{resource.plural}" if resource.namespaced else f"{root}/{resource.plural}"
    )
    identity = {"group": resource.group, "version": resource.version, "kind": resource.kind}

    def operation(action: str, verb: str) -> Obj:
        parameters = [
            {"name": one, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for one in _WRITE_PARAMETERS
        ]
        answer = {"schema": {"$ref": f"#/components/schemas/{name}"}} if name else {}
        return {
            "operationId": f"{verb}{resource.kind}",
            "parameters": parameters,
            "responses": {"200": {"description": "OK", "content": {"application/json": answer}}},
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": identity,
        }

    # Method, action and verb, of the collection and of one object.
    on_collection = (("get", "list", "list"), ("post", "post", "create"))
    on_object = (("get", "get", "get"), ("put", "put", "update"), ("patch", "patch", "patch"), ("delete",) * 3)
    for path, methods in ((collection, on_collection), (f"{collection}/{{name}}", on_object)):
        served = {method: operation(action, verb) for method, action, verb in methods if verb in resource.verbs}
        if served or methods is on_object:
            yield path, served
