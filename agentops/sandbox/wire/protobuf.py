"""Bodies in protobuf, as kubectl 1.32 and later send them for ``create``, ``autoscale`` and ``auth``.

Comes in: the bytes of a ``k8s\\0`` envelope, the numbers of fields (``schema/fields.json``) and the OpenAPI definitions
that say what each field is. Goes out: the same object as JSON would have brought it. Answers are JSON; clients take it.

Needed by: kubectl, the client that everybody has. Must never: leave out a field that it does not know; that is 501.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from agentops.sandbox.data import data
from agentops.sandbox.store import Obj, timestamp
from agentops.sandbox.wire.schemas import Schema, items, name_of, resolve, schema_name
from agentops.sandbox.wire.status import bad_request, not_simulated

_MAGIC = b"k8s\x00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Value: TypeAlias = int | bytes
_VARINT, _BYTES = 0, 2
_WIDTHS = {1: 8, 5: 4}
# Strings whose being empty says something.
_TELLING = frozenset({"storageClassName"})


def decode_protobuf(body: bytes) -> Obj:
    """Return the object in a protobuf body.

    Raises:
        Refusal: 400 for what is no such body; 501 for a kind or a field that the table does not have.
    """
    if not body.startswith(_MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        envelope = dict(_parse(body[len(_MAGIC) :]))
        kind = {number: _text(value) for number, value in _parse(_bytes(envelope.get(1, b"")))}
        api_version, name = kind.get(1, ""), kind.get(2, "")
        group, _, version = api_version.rpartition("/")
        definition = schema_name(group, version, name)
        if definition not in data("fields.json"):
            raise not_simulated(f"protobuf of {api_version}, Kind={name}")
        obj = _message(definition, {"$ref": f"#/components/schemas/{definition}"}, _bytes(envelope.get(2, b"")))
    except (IndexError, KeyError, ValueError) as error:
        raise bad_request(f"unable to decode the protobuf body: {error}") from error
    return {"kind": name, "apiVersion": api_version, **obj}


def _message(name: str, schema: Schema, body: bytes) -> Obj:
    """Return a message as an object; ``name`` is the table's entry, ``schema`` what its fields mean."""
    full = resolve(schema)
    found: Obj = {}
    for number, value in _parse(body):
        field = data("fields.json")[name].get(str(number), "")
        if field.startswith("*"):
            found |= _message(field[1:], schema, _bytes(value))
        elif field:
            _add(found, field, full["properties"][field], value)
            if _says_nothing(name, field, found[field], required=field in full.get("required", ())):
                del found[field]
        else:
            raise not_simulated(f"field {number} of {name.rpartition('.')[2]} in a protobuf body")
    return found


def _says_nothing(name: str, field: str, value: Any, *, required: bool) -> bool:
    if value is None:
        return True
    # In a status, all are written.
    plain_zero = value in (0, False) and (field in data("values.yaml")["plain"] or name.endswith("Status"))
    return not required and (plain_zero or (value == "" and field not in _TELLING))


def _add(found: Obj, field: str, schema: Schema, value: _Value) -> None:
    """Put one value where it belongs: at the end of a list, under its key in a map, or as the field itself."""
    full = resolve(schema)
    kind = full.get("type")
    if kind == "array":
        found.setdefault(field, []).append(_single(items(full), value))
    elif kind == "object" and isinstance(full.get("additionalProperties"), dict):
        entry = dict(_parse(_bytes(value)))
        found.setdefault(field, {})[_text(entry.get(1, b""))] = _single(full["additionalProperties"], entry.get(2, b""))
    else:
        found[field] = _single(schema, value)


def _single(schema: Schema, value: _Value) -> Any:
    name, full = name_of(schema), resolve(schema)
    special = _SPECIAL.get(name.rpartition(".")[2]) if name.startswith("io.k8s.apimachinery") else None
    if special is not None:
        return special(dict(_parse(_bytes(value))))
    kind = full.get("type")
    if kind == "array":  # a list that is a map's value is wrapped in a message of its own
        return [_single(items(full), one) for _, one in _parse(_bytes(value))]
    if kind == "string":
        raw = _bytes(value)
        return base64.b64encode(raw).decode() if full.get("format") == "byte" else raw.decode()
    if kind == "boolean":
        return bool(value)
    if kind == "integer":
        return _signed(value)
    if name in data("fields.json"):
        return _message(name, schema, _bytes(value))
    raise not_simulated(f"{name or kind or 'such a field'} in a protobuf body")


def _time(parts: dict[int, _Value]) -> str | None:
    return timestamp(_EPOCH + timedelta(seconds=_signed(parts.get(1, 0)))) if parts.get(1) else None


def _int_or_string(parts: dict[int, _Value]) -> int | str:
    return _text(parts.get(3, b"")) if parts.get(1) else _signed(parts.get(2, 0))


def _quantity(parts: dict[int, _Value]) -> str:
    return _text(parts.get(1, b""))


def _managed(parts: dict[int, _Value]) -> Any:
    return json.loads(_bytes(parts.get(1, b"{}")))


_SPECIAL: dict[str, Callable[[dict[int, _Value]], Any]] = {
    "Quantity": _quantity,
    "Time": _time,
    "IntOrString": _int_or_string,
    "FieldsV1": _managed,
}


def _parse(body: bytes) -> Iterator[tuple[int, _Value]]:
    """Yield number and value of each field of a message."""
    at = 0
    while at < len(body):
        tag, at = _varint(body, at)
        wire = tag & 7
        if wire == _VARINT:
            number, at = _varint(body, at)
            yield tag >> 3, number
            continue
        size, at = _varint(body, at) if wire == _BYTES else (_WIDTHS[wire], at)
        if at + size > len(body):
            raise ValueError("unexpected EOF")
        yield tag >> 3, body[at : at + size]
        at += size


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _signed(value: _Value) -> int:
    if not isinstance(value, int):
        raise ValueError("a number was expected")
    return value - (1 << 64) if value >= 1 << 63 else value


def _bytes(value: _Value) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("bytes were expected")
    return value


def _text(value: _Value) -> str:
    return _bytes(value).decode()
