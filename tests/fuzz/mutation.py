"""Makes inputs from good ones: bytes spoilt, JSON spoilt where it has a place, good inputs spliced."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

_WORDS: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, 2**70, 1.5, 1e308, "", "x", "\x00", "\ud83d", "9" * 40, "../x", [], {}, [None],
    {"": 0}, [[]], "2026-11-22T21:00:00Z", "9999-12-31T23:59:59Z", "firing", "sha256:00", "E1", "\u202e\u200b",
    "x" * 5000,
)  # fmt: skip
_BYTES = (
    b"\x00", b"\xff\xfe", b"\n", b"\r\n", b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b"'", b"#", b"\x1b[31m",
    b"\xc2\x85", b"null", b"NaN", b"1e999", b"-0", b"&a", b"*a", b"!!python/object:os.system", b"<<: ", b"- ", b"\t",
    b"\xed\xa0\x80", b'"a":1,"a":2', b"((((", b"[" * 200, b'{"a":' * 200, b"forbid (principal, action, resource);",
)  # fmt: skip


def mutated(seeds: tuple[bytes, ...], rng: random.Random) -> bytes:
    """Return a new input."""
    data = rng.choice(seeds)
    if rng.random() < 0.5:
        spoilt = _in_json(data, rng)
        if spoilt is not None:
            return spoilt
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        data = _in_bytes(data, seeds, rng)
    return data[:200_000]


def _in_bytes(data: bytes, seeds: tuple[bytes, ...], rng: random.Random) -> bytes:
    at, end = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
    near = min(end, at + rng.choice((1, 2, 8, 64)))
    match rng.randrange(8):
        case 0:
            return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        case 1:
            return data[:at] + data[near:]
        case 2:
            return data[:at] + rng.choice(_BYTES) + data[at:]
        case 3:
            return data[:at] + rng.choice(_BYTES) + data[near:]
        case 4:
            return data[:at] + data[at:near] * rng.choice((2, 3, 50)) + data[near:]
        case 5:
            other = rng.choice(seeds)
            return data[:at] + other[rng.randint(0, len(other)) :]
        case 6:
            return data[:at]
        case _:
            lines = data.split(b"\n")
            rng.shuffle(lines)
            return b"\n".join(lines)


def _in_json(data: bytes, rng: random.Random) -> bytes | None:
    try:
        document = json.loads(data)
    except ValueError:
        return None
    for _ in range(rng.choice((1, 1, 2, 5))):
        paths = list(_paths(document))
        path = rng.choice(paths) if paths else ()
        if not path:
            document = copy.deepcopy(rng.choice(_WORDS))
            continue
        parent = document
        for step in path[:-1]:
            parent = parent[step]
        _spoil(parent, path[-1], rng)
    return json.dumps(document).encode("utf-8", "surrogatepass")


def _spoil(parent: Any, last: Any, rng: random.Random) -> None:
    match rng.randrange(4):
        case 0:
            del parent[last]
        case 1 if isinstance(parent, dict):
            parent[rng.choice(("x", "", "kind", "name", "items"))] = copy.deepcopy(parent[last])
        case 2:
            parent[last] = [parent[last]] if rng.random() < 0.5 else {"a": parent[last]}
        case _:
            parent[last] = copy.deepcopy(rng.choice(_WORDS))


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Any:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in entries:
        yield (*path, step)
        yield from _paths(inner, (*path, step))
