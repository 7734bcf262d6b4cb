"""The first thing a write meets: is the body this kind at all, and are its fields known and of the right type.

Comes in: a decoded object and its schema. Goes out: the object without unknown fields, and warnings; or the refusal
in the decoder's words. ``fieldValidation`` Strict refuses unknown fields, Warn (the default) warns, Ignore drops them.

Must never: let an unknown field through into the store, where a real server would have dropped it.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable
from typing import Any

from agentops.sandbox.store import Obj
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.request import ApiRequest
from agentops.sandbox.wire.schemas import Schema, child, is_open, items, name_of, resolve, schema_of
from agentops.sandbox.wire.status import bad_request

_QUANTITY = re.compile(r"[+-]?(\d+|\d+\.\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}|\s)*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*")
_QUANTITY_WORDS = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_GO_TYPES = {"int32": "int32", "int64": "int64", "double": "float64", "float": "float32", "byte": "[]uint8"}


def decode(resource: Resource, body: Obj) -> Obj:
    """Return the body as an object of this kind, apiVersion and kind filled in.

    Raises:
        Refusal: it says that it is something else, or a field has the wrong type.
    """
    for field, wanted in (("apiVersion", resource.api_version), ("kind", resource.kind)):
        given = body.get(field, wanted)
        if given != wanted:
            what = "API version" if field == "apiVersion" else "kind"
            raise bad_request(f"the {what} in the data ({given}) does not match the expected {what} ({wanted})")
    given_fields = {name: value for name, value in body.items() if value is not None}
    obj: Obj = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": {}, **given_fields}
    wrong = type_error(resource, obj)
    if wrong:
        raise bad_request(cannot_be_handled(resource, wrong))
    return obj


def type_error(resource: Resource, obj: Obj) -> str:
    """Return the decoder's complaint about the first field of a wrong type; empty when there is none."""
    return _wrong_type(schema_of(resource), obj, [], resource.kind)


def cannot_be_handled(resource: Resource, why: str) -> str:
    """Return the decoder's sentence about an object that is not of its kind."""
    return f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}'


def drop_unknown(resource: Resource, obj: Obj) -> tuple[Obj, list[str]]:
    """Return the object without unknown fields and nulls, and a sentence for each unknown field."""
    unknown: list[str] = []
    kept: Obj = _known(schema_of(resource), obj, "", unknown)
    return kept, [f'unknown field "{path}"' for path in sorted(unknown)]


def duplicate_fields(body: bytes) -> list[str]:
    """Return a sentence for each key that stands twice in a JSON object; empty for what is no JSON."""
    found: list[str] = []

    def kept(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                found.append(key)
            seen[key] = value
        return seen

    with contextlib.suppress(ValueError):
        whole = json.loads(body, object_pairs_hook=kept)
        return [f'duplicate field "{_place(whole, key)}"' for key in found]
    return []


def _place(value: Any, wanted: str, path: str = "") -> str:
    """Return the first place in which a key stands."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        here = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}".lstrip(".")
        found = here if key == wanted else _place(one, wanted, here)
        if found:
            return found
    return ""


def field_validation(request: ApiRequest) -> str:
    """Return Strict, Warn or Ignore."""
    return request.query.get("fieldValidation") or "Warn"


def _known(schema: Schema, value: Any, path: str, unknown: list[str]) -> Any:
    if isinstance(value, list):
        item = items(schema)
        # A null item is the zero value of its type.
        empty: Any = {} if "properties" in resolve(item) else None
        return [
            _known(item, empty if one is None else one, f"{path}[{index}]", unknown) for index, one in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    kept = {}
    for field, one in value.items():
        inner = child(schema, field)
        place = f"{path}.{field}" if path else field
        if inner is None:
            unknown.append(place)
        elif one is not None:  # null means unset
            kept[field] = _known(inner, one, place, unknown)
    return kept


def _wrong_type(schema: Schema, value: Any, path: list[str], owner: str) -> str:
    """Return the decoder's complaint about the first value of a wrong type; empty when there is none."""
    full = resolve(schema)
    if value is None or (is_open(full) and "type" not in full and "oneOf" not in full):
        return ""
    wrong = _wrong_text(schema, full, value) if isinstance(value, str) else ""
    if wrong:
        return wrong
    if not _fits(full, value):
        where = f"{owner}.{'.'.join(path)}"
        found = _go_value(full, value)
        return f"json: cannot unmarshal {found} into Go struct field {where} of type {_go_type(schema)}"
    owner = name_of(schema).rpartition(".")[2] or owner
    inside: Iterable[str] = ()
    if isinstance(value, dict):
        inside = (_wrong_field(full, field, one, path, owner) for field, one in value.items())
    elif isinstance(value, list):
        inside = (_wrong_type(items(full), one, path, owner) for one in value)
    return next(filter(None, inside), "")


def _wrong_field(full: Schema, field: str, value: Any, path: list[str], owner: str) -> str:
    inner = child(full, field)
    # The decoder names the field that is a map, not the key in it.
    place = [*path, field] if field in full.get("properties", ()) else path
    return _wrong_type(inner, value, place, owner) if inner else ""


def _wrong_text(schema: Schema, full: Schema, value: str) -> str:
    if name_of(schema).endswith("resource.Quantity") and not _QUANTITY.fullmatch(value):
        return _QUANTITY_WORDS
    if full.get("format") == "byte" and not _BASE64.fullmatch(value):
        return "illegal base64 data at input byte 0"
    return ""


def _go_value(full: Schema, value: Any) -> str:
    """Return what the decoder calls a value; it shows a number only where an integer was expected."""
    named = {dict: "object", list: "array", str: "string", bool: "bool"}.get(type(value))
    if named is not None:
        return named
    return f"number {value}" if full.get("type") == "integer" else "number"


def _fits(full: Schema, value: Any) -> bool:
    if "oneOf" in full:
        return any(_fits(one, value) for one in full["oneOf"])
    wanted = full.get("type")
    if wanted == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    python = {"string": str, "boolean": bool, "object": dict, "array": list}.get(str(wanted))
    return python is None or isinstance(value, python)


def _go_type(schema: Schema) -> str:
    full = resolve(schema)
    name = name_of(schema).split(".")
    if full.get("format") in _GO_TYPES:
        return _GO_TYPES[full["format"]]
    simple = {"string": "string", "boolean": "bool", "integer": "int64", "number": "float64"}.get(full.get("type", ""))
    if simple:
        return simple
    if full.get("type") == "array":
        return f"[]{_go_type(items(full))}"
    if len(name) > 1:
        return f"{name[-2]}.{name[-1]}"
    return f"map[string]{_go_type(full['additionalProperties'])}" if full.get("additionalProperties") else "object"
