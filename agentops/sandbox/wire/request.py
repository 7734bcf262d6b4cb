"""One request and one response as values, and what a path and an Accept header mean.

Comes in: method, path, query, headers, body. Goes out: ``RequestTarget`` (which resource, object and subresource, and
the verb as RBAC names it) and ``Form`` (which representation the client wants).

Must never: look at the store.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from agentops.sandbox.data import data
from agentops.sandbox.wire.kinds import Catalog, Resource
from agentops.sandbox.wire.status import ApiRefusal, bad_request, not_allowed

_MAX_BODY_BYTES = 3 * 1024 * 1024
_PROTOBUF = "application/vnd.kubernetes.protobuf"
_ACCEPTED = f"application/json, application/yaml, {_PROTOBUF}"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who asks; ``uid`` may be empty. ``extra`` is what else is known of them, as a review shows it."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def as_info(self) -> dict[str, Any]:
        """Return the user as ``userInfo`` has it."""
        extra = {"extra": {key: list(values) for key, values in self.extra}} if self.extra else {}
        return {"username": self.name, "groups": list(self.groups), **extra}


ANONYMOUS = User(name="system:anonymous", groups=("system:unauthenticated",))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """An HTTP request, headers in lower case, ``query`` with the last value of each name."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    user: User = ANONYMOUS

    def flag(self, name: str) -> bool:
        """Return whether a boolean query parameter is set, as strconv.ParseBool reads it."""
        return self.query.get(name, "") in ("1", "t", "T", "true", "TRUE", "True")

    def number(self, name: str, default: int) -> int:
        """Return a numeric query parameter.

        Raises:
            ApiRefusal: it is not a whole number.
        """
        text = self.query.get(name, "")
        if not text:
            return default
        if not text.lstrip("-").isdigit():
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
        return int(text)

    @property
    def dry_run(self) -> bool:
        """Whether ``dryRun=All`` was asked for."""
        return self.query.get("dryRun", "") == "All"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What goes back: a body, or for watches and logs ``chunks`` that end when the stream ends.

    An empty chunk is a heartbeat: nothing is sent, the server looks whether the client is still there.
    """

    code: int = 200
    body: bytes = b""
    chunks: Iterator[bytes] | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(value: Any, code: int = 200, **headers: str) -> Response:
    """Return ``value`` as a JSON response."""
    return Response(code=code, body=msgspec.json.encode(value), headers=headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTarget:
    """What a resource request is about; ``name`` is empty for collections, ``namespace`` for all or cluster scope."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    verb: str = "get"


def route(request: ApiRequest, catalog: Catalog) -> RequestTarget | None:
    """Return what a path under /api or /apis points at; None when no such resource is served.

    Raises:
        ApiRefusal: the method is not one for this kind of path.
    """
    parts = [part for part in request.path.split("/") if part]
    if parts[:1] == ["api"]:
        group, version, rest = "", parts[1], parts[2:]
    else:
        group, version, rest = parts[1], parts[2], parts[3:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    resource = catalog.find(group, version, rest[0])
    if resource is None or (namespace and not resource.namespaced) or len(rest) > 3:
        return None
    name, subresource = (*rest[1:], "", "")[:2]
    if name and resource.namespaced and not namespace:
        return None
    return RequestTarget(
        resource=resource,
        namespace=namespace,
        name=name,
        subresource=subresource,
        verb=_verb(request, name),
    )


def _verb(request: ApiRequest, name: str) -> str:
    verb = data("served.yaml")["verbs"]["object" if name else "collection"].get(request.method)
    if verb is None:
        raise not_allowed()
    return "watch" if verb in ("get", "list") and request.flag("watch") else verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The representation asked for: ``kind`` is empty for plain objects, else Table, PartialObjectMetadata(List) ..."""

    kind: str = ""
    group: str = ""
    version: str = ""

    @property
    def content_type(self) -> str:
        """The Content-Type of an answer in this form."""
        if not self.kind:
            return "application/json"
        return f"application/json;g={self.group};v={self.version};as={self.kind}"


def accepted_form(request: ApiRequest, known: Mapping[str, tuple[str, ...]]) -> Form:
    """Return the first representation in the Accept header that can be served.

    Arguments:
        request: the request.
        known: the forms beside plain JSON: kind -> versions.

    Raises:
        ApiRefusal: none can, 406.
    """
    header = request.headers.get("accept", "") or "*/*"
    for entry in header.split(","):
        media, *parameters = (part.strip() for part in entry.split(";"))
        if media not in ("application/json", "application/yaml", "application/*", "*/*"):
            continue
        given = dict(part.split("=", 1) for part in parameters if "=" in part)
        kind = given.get("as", "")
        if not kind:
            return Form()
        if given.get("v") in known.get(kind, ()):
            return Form(kind=kind, group=given.get("g", ""), version=given["v"])
    raise ApiRefusal("NotAcceptable", f"406: Not Acceptable\n\nAvailable representations: {_ACCEPTED}", {})


def body_object(request: ApiRequest) -> dict[str, Any]:
    """Return the request body, JSON, YAML or protobuf, as an object.

    Raises:
        ApiRefusal: another media type (415), or not an object.
    """
    media = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if media not in ("application/json", "application/yaml", _PROTOBUF, ""):
        raise unsupported_media(_ACCEPTED)
    if media == "application/yaml":
        return _yaml_object(request.body)
    if media == _PROTOBUF:
        from agentops.sandbox.wire.protobuf import decode_protobuf  # only kubectl sends it, and it needs the schemas

        return decode_protobuf(request.body)
    try:
        value = json.loads(request.body)
    except ValueError as error:
        raise bad_request(f"the object provided is unrecognized: couldn't get version/kind; json: {error}") from error
    if not isinstance(value, dict):
        raise bad_request("the object provided is unrecognized (must be of type object)")
    return value


def _yaml_object(body: bytes) -> dict[str, Any]:
    import yaml  # only some clients send YAML

    try:
        value = yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise bad_request(f"error converting YAML to JSON: {error}") from error
    if not isinstance(value, dict):
        raise bad_request("the object provided is unrecognized (must be of type object)")
    return value


def unsupported_media(supported: str) -> ApiRefusal:
    """Return the refusal of a body that is in another encoding, protobuf first of all."""
    return ApiRefusal(
        "UnsupportedMediaType",
        f"the body of the request was in an unknown format - accepted media types include: {supported}",
    )


def check_size(length: int) -> None:
    """Refuse a body that a real API server would not read.

    Raises:
        ApiRefusal: over 3 MiB.
    """
    if length > _MAX_BODY_BYTES:
        raise ApiRefusal("RequestEntityTooLarge", f"ApiRequest entity too large: limit is {_MAX_BODY_BYTES}")
