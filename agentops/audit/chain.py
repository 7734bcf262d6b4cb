"""The form of the chain: encode a record as a line, decode a line, and hash a line for the ``prev`` of the next one.

Comes in: bytes and ``AuditRecord`` values. Goes out: the same, or ``MalformedRecord`` with the reason. Pure: no file,
no clock. A line is hashed as the bytes that were written and never re-encoded, so there is nothing to canonicalise and
nothing that two implementations could disagree about. The form is specified in ``docs/audit.md``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any

from agentops.core.audit import AuditRecord
from agentops.core.jsonable import to_json

FORM_VERSION = 1
GENESIS_PREV = "0" * 64
MAX_LINE_BYTES = 4 * 1024 * 1024
LARGEST_INTEGER = 2**53
_HEAD_CHARS = 64 * 1024
_MAX_DEPTH = 64
_KEYS = ("prev", "seq", "v", "time", "run", "actor", "event", "payload")
_TEXTS = ("prev", "time", "run", "actor", "event")
_HEX = frozenset("0123456789abcdef")
_compact = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False).encode


class MalformedRecord(ValueError):
    """A line is not a record of the chain; the message says why."""


def link(line: bytes) -> str:
    """Return what the next record's ``prev`` must be: the SHA-256 of the line, newline excluded, in hex."""
    return hashlib.sha256(line).hexdigest()


def opening(prev: str, seq: int) -> bytes:
    """Return how the line of record ``seq`` begins, in this version of the form."""
    return b'{"prev":"%b","seq":%d,"v":1,' % (prev.encode("ascii"), seq)


def encode(record: AuditRecord) -> bytes:
    """Return the record's line without its newline: ASCII JSON, keys in the form's order, ``prev`` first.

    The payload is one that ``writable`` made; it is not looked at again, because appending is paid for in microseconds.
    """
    return assemble(record, as_json(record.run), as_json(record.actor), as_json(record.payload))


def assemble(record: AuditRecord, run: bytes, actor: bytes, payload: bytes) -> bytes:
    """Return the record's line from parts that are JSON already, as a log has them at hand."""
    times = b'"time":"%b","run":%b,"actor":%b,' % (record.time.encode("ascii"), run, actor)
    return b'%b%b"event":%b,"payload":%b}' % (opening(record.prev, record.seq), times, _name(record.event), payload)


def as_json(value: Any) -> bytes:
    """Return ``value`` as the form writes JSON: ASCII, no spaces."""
    return _compact(value).encode("ascii")


@lru_cache(maxsize=256)
def _name(event: str) -> bytes:
    return as_json(event)


def decode(line: bytes) -> AuditRecord:
    """Return the record that a line holds.

    Raises:
        MalformedRecord: not UTF-8 or JSON, a duplicate key, a float, NaN, an integer beyond 2**53, a missing, unknown
            or mistyped field, another order of the first fields, a line that is too long or nested too deep.
    """
    if len(line) > MAX_LINE_BYTES:
        raise MalformedRecord(f"the line is longer than {MAX_LINE_BYTES} bytes")
    try:
        found = json.loads(
            line.decode("utf-8"),
            object_pairs_hook=_distinct,
            parse_float=_refuse,
            parse_constant=_refuse,
            parse_int=_exact,
        )
    except UnicodeDecodeError as error:
        raise MalformedRecord(f"not UTF-8 at byte {error.start} of the line") from error
    except RecursionError as error:
        raise MalformedRecord("nested too deep") from error
    except json.JSONDecodeError as error:
        raise MalformedRecord(f"not JSON: {error.msg} at byte {error.pos} of the line") from error
    return _record(found)


def writable(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``payload`` in what the form can hold.

    Core values become plain JSON, floats and integers beyond 2**53 their decimal text, lone surrogates ``?``, what is
    nested deeper than 64 levels a remark. A payload whose line would be too long is replaced by its SHA-256, its size
    and its first 64 Ki characters, and says so.
    """
    return written(payload)[0]


def written(payload: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return ``payload`` as ``writable`` does, and its JSON."""
    fit = _fit_members(payload, 0)
    body = as_json(fit)
    if len(body) < MAX_LINE_BYTES - 4096:
        return fit, body
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    head = body[:_HEAD_CHARS].decode("ascii")
    short = {"oversize": True, "digest": digest, "size_bytes": len(body), "head": head}
    return short, as_json(short)


def _fit_members(payload: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    # What fits as it is, which most is, is passed on here without a call: every record is paid for in microseconds.
    fit: dict[str, Any] = {}
    for name, value in payload.items():
        key = name if type(name) is str and name.isascii() else _fit(str(name), 0)
        kind = type(value)
        plain = value.isascii() if kind is str else value is None or kind is bool
        fit[key] = value if plain else _fit(value, depth + 1)
    return fit


def _fit(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if depth > _MAX_DEPTH:
        return "[nested too deep to be recorded]"
    if kind is dict or isinstance(value, Mapping):
        return _fit_members(value, depth)
    if kind is list or isinstance(value, list | tuple | set | frozenset):
        return [_fit(item, depth + 1) for item in value]
    if value is None or kind is bool:
        return value
    if isinstance(value, int) and not isinstance(value, Enum):
        return _fit_integer(value)
    return str(value) if kind is float else _fit(to_json(value), depth + 1)


def _fit_integer(value: int) -> int | str:
    if abs(value) <= LARGEST_INTEGER:
        return int(value)
    return str(value) if value.bit_length() < 10_000 else hex(value)  # beyond 4300 digits Python refuses decimal text


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedRecord("an object has the same key twice")
    return found


def _refuse(value: Any) -> Any:
    raise MalformedRecord(
        f"the form has no {type(value).__name__ if not isinstance(value, str) else 'number like ' + value}"
    )


def _exact(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > LARGEST_INTEGER:
        raise MalformedRecord("an integer is beyond 2**53")
    return int(text)


def _record(found: Any) -> AuditRecord:
    if not isinstance(found, dict):
        raise MalformedRecord("not a JSON object")
    keys = tuple(found)
    if keys[:3] != _KEYS[:3]:
        raise MalformedRecord("a record begins with prev, seq, v")
    # A later form may add fields; what this program knows of it stays readable.
    if not set(_KEYS) <= found.keys() or (found["v"] == FORM_VERSION and keys != _KEYS):
        raise MalformedRecord("the fields are not " + ", ".join(_KEYS) + " in this order")
    for key in _TEXTS:
        if not isinstance(found[key], str):
            raise MalformedRecord(f"{key} is not text")
    for key in ("seq", "v"):
        if type(found[key]) is not int or found[key] < 0:
            raise MalformedRecord(f"{key} is not a number from 0 up")
    if len(found["prev"]) != 64 or not _HEX.issuperset(found["prev"]):
        raise MalformedRecord("prev is not 64 hex digits")
    if not isinstance(found["payload"], dict):
        raise MalformedRecord("payload is not an object")
    return AuditRecord(
        prev=found["prev"],
        seq=found["seq"],
        time=found["time"],
        run=found["run"],
        actor=found["actor"],
        event=found["event"],
        payload=found["payload"],
        version=found["v"],
    )
