"""The bodies of writes: a whole object, a patch in one of four formats, or an applied configuration.

Comes in: a request and, for patches, the live object. Goes out: the object that is to be stored, before defaulting and
admission. Must never: let through an object that is not of its kind.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from agentops.sandbox.admission.apply import server_side_apply
from agentops.sandbox.admission.decoding import (
    cannot_be_handled,
    decode,
    drop_unknown,
    duplicate_fields,
    field_validation,
    type_error,
)
from agentops.sandbox.admission.fields import undeclared
from agentops.sandbox.admission.patches import json_patch, merge_patch, strategic_merge
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.request import ApiRequest, RequestTarget, unsupported_media
from agentops.sandbox.wire.schemas import schema_of
from agentops.sandbox.wire.status import MODIFIED, ApiRefusal, bad_request, conflict, wrong_name, wrong_namespace

_PATCHES = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}


@dataclass(slots=True)
class Warnings:
    """What the server has to say about a request that it carries out all the same."""

    texts: list[str] = field(default_factory=list)

    def headers(self) -> dict[str, str]:
        """Return the Warning header (RFC 7234), or none."""
        escaped = [text.replace("\\", "\\\\").replace('"', '\\"') for text in self.texts]
        return {"Warning": ", ".join(f'299 - "{text}"' for text in escaped)} if escaped else {}


def decoded(target: RequestTarget, request: ApiRequest, body: Obj, warnings: Warnings) -> Obj:
    """Return a body as this kind, unknown fields dropped, warned of or refused.

    Raises:
        ApiRefusal: it is not of this kind, or has unknown fields and is to be Strict.
    """
    obj, unknown = drop_unknown(target.resource, decode(target.resource, body))
    mode = field_validation(request)
    if mode != "Ignore":
        unknown = [*unknown, *duplicate_fields(request.body)]
    if unknown and mode == "Strict":
        why = "strict decoding error: " + ", ".join(unknown)
        raise bad_request(cannot_be_handled(target.resource, why))
    if mode == "Warn":
        warnings.texts += unknown
    return obj


def patched(target: RequestTarget, request: ApiRequest, live: Obj, kind: str, warnings: Warnings) -> Obj:
    """Return the live object with the patch in the request applied.

    Raises:
        ApiRefusal: the patch cannot be read or applied, or makes something that is not of this kind.
    """
    patch = patch_body(request)
    if kind == "json":
        changed = json_patch(live, patch)
    elif not isinstance(patch, dict):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        )
    elif kind == "strategic":
        if target.resource.custom:
            raise unsupported_media(
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
            )
        changed = strategic_merge(schema_of(target.resource), live, patch)
    else:
        changed = merge_patch(live, patch)
    shown = _go_map(patch) if kind == "strategic" else json.dumps(changed, separators=(",", ":"))
    wrong = type_error(target.resource, changed)
    if wrong:
        unrecognized = f"unrecognized type: {wrong.rpartition(' ')[2]}"
        raise _bad_patch(shown, unrecognized if kind == "strategic" and wrong.startswith("json:") else wrong)
    obj, unknown = drop_unknown(target.resource, decode(target.resource, changed))
    mode = field_validation(request)
    if unknown and mode == "Strict":
        raise _bad_patch(shown, f"strict decoding error: {', '.join(unknown)}")
    warnings.texts += unknown if mode == "Warn" else []
    return obj


def applied(target: RequestTarget, request: ApiRequest, live: Obj | None, entry: Obj) -> Obj:
    """Return the live object with the applied configuration in the request merged in, managedFields included.

    Raises:
        ApiRefusal: 409 with the owners of contested fields; or unknown fields, a stale resourceVersion.
    """
    config = patch_body(request)
    if not isinstance(config, dict):
        raise bad_request("error decoding YAML: the configuration is not an object")
    if (config.get("metadata") or {}).get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    if not config.get("kind") or not config.get("apiVersion"):
        raise bad_request("invalid object type: /, Kind=")
    config = decode(target.resource, config)
    place_in(target, config)
    config["metadata"].setdefault("name", target.name)
    known, unknown = drop_unknown(target.resource, config)
    if unknown:
        places = [f"{path}: field not declared in schema" for path in undeclared(schema_of(target.resource), config)]
        paths = places[0] if len(places) == 1 else "errors:\n" + "\n".join(f"  {place}" for place in places)
        kind = f"{target.resource.group}/{target.resource.version}, Kind={target.resource.kind}"
        which = f"({target.namespace}/{target.name}; {kind})"
        raise ApiRefusal("Unknown", f"failed to create typed patch object {which}: {paths}")
    _check_version(target, live, known)
    known["metadata"].pop("resourceVersion", None)
    force = request.flag("force")
    return server_side_apply(schema_of(target.resource), live, known, entry, force=force)


def patch_body(request: ApiRequest) -> Any:
    """Return a patch body, JSON or for apply YAML.

    Raises:
        ApiRefusal: it is neither.
    """
    try:
        return json.loads(request.body)
    except ValueError as error:
        if patch_kind(request) != "apply":
            raise bad_request(_json_words(request, error)) from error
    import yaml  # only for apply, which is YAML by its media type

    try:
        return yaml.safe_load(request.body)
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from error


def _json_words(request: ApiRequest, error: ValueError) -> str:
    at_end = isinstance(error, json.JSONDecodeError) and error.pos >= len(request.body.rstrip())
    words = "unexpected end of JSON input" if at_end else f"invalid JSON: {error}"
    return f"error decoding patch: {words}" if patch_kind(request) == "json" else words


def patch_kind(request: ApiRequest) -> str:
    """Return json, merge, strategic or apply.

    Raises:
        ApiRefusal: 415, another media type.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip()
    if media not in _PATCHES:
        raise ApiRefusal("UnsupportedMediaType", "415: Unsupported Media Type", {})
    return _PATCHES[media]


def place_in(target: RequestTarget, obj: Obj) -> None:
    """Give an object the namespace of the URL.

    Raises:
        ApiRefusal: it says that it belongs elsewhere, or has another name.
    """
    given = obj["metadata"].get("namespace")
    if given and given != target.namespace:
        raise wrong_namespace()
    if target.resource.namespaced:
        obj["metadata"]["namespace"] = target.namespace
    name = obj["metadata"].get("name")
    if target.name and name and name != target.name:
        raise wrong_name(name, target.name)


def _check_version(target: RequestTarget, live: Obj | None, config: Obj) -> None:
    wanted = config["metadata"].get("resourceVersion")
    if live is not None and wanted and wanted != live["metadata"]["resourceVersion"]:
        raise conflict(target.resource, target.name, MODIFIED)


def _bad_patch(shown: str, why: str) -> ApiRefusal:
    words = f"Invalid value: {json.dumps(shown)}: {why}"
    causes = [{"reason": "FieldValueInvalid", "message": words, "field": "patch"}]
    return ApiRefusal("Invalid", f' "" is invalid: patch: {words}', {"causes": causes})


def _go_map(value: Any) -> str:
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_go_map(one)}" for key, one in sorted(value.items())) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_go_map, value)) + "]"
    if isinstance(value, bool) or value is None:
        return "<nil>" if value is None else str(value).lower()
    return str(value)
