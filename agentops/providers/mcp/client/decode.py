"""What a server's answers hold, as this provider's values. Nothing is believed, and nothing that is odd is refused.

Comes in: results as they were on the wire. Goes out: ``ForeignTool``, ``ForeignResult`` and ``ServerFacts`` of bounded
size, in which every number is finite and every string can be written to a file. Pure.

Must never: keep bytes, or raise for what a server wrote.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agentops.core.text import clip
from agentops.providers.mcp.objects.tool import ForeignResult, ForeignTool, Part, ServerFacts

_MOST_PARTS = 200
_MOST_DEPTH = 40
_MOST_NUMBER = 2**64
_NAME_CHARS = 200
_INSTRUCTION_CHARS = 20_000
_UNKNOWN_CHARS = 4_000
# No prose is so long without a space.
_BASE64_CHARS, _BASE64 = 512, re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_TOO_DEEP = "[nested too deep]"

Hide = Callable[[str], str]
"""Returns text without the secrets that the server was given."""


def tool_of(raw: object) -> ForeignTool | None:
    """Return one entry of ``tools/list``; None where it is none: without a name nobody can call it."""
    name = raw.get("name") if isinstance(raw, Mapping) else None
    if not isinstance(raw, Mapping) or not isinstance(name, str) or not name:
        return None
    output = raw.get("outputSchema")
    return ForeignTool(
        name=_text(name),
        title=_text(raw.get("title")),
        description=_text(raw.get("description")),
        input_schema=_mapping(raw.get("inputSchema")),
        output_schema=_mapping(output) if isinstance(output, Mapping) else None,
        annotations=_mapping(raw.get("annotations")),
    )


def result_of(raw: Mapping[str, Any], *, most_bytes: int, cut: int, hide: Hide) -> ForeignResult:
    """Return what a call gave.

    Arguments:
        most_bytes: of all texts together, and of what is structured.
        cut: bytes that were left out already.
    """
    room = _Room(most_bytes, cut)
    content = raw.get("content")
    entries = content if isinstance(content, list) else [] if content is None else [content]
    parts = [room.fit(_part(entry, hide)) for entry in entries[:_MOST_PARTS]]
    for entry in entries[_MOST_PARTS:]:
        room.cut += len(json.dumps(entry, default=str))
    return ForeignResult(
        parts=tuple(parts),
        structured=room.structured(raw.get("structuredContent"), hide),
        # Anything but a plain "no" is a failure.
        is_error=raw.get("isError", False) is not False,
        cut=room.cut,
    )


def facts_of(info: object, protocol: object, instructions: object) -> ServerFacts:
    """Return what a server says of itself."""
    return ServerFacts(
        name=clip(_text(getattr(info, "name", "")), _NAME_CHARS),
        version=clip(_text(getattr(info, "version", "")), _NAME_CHARS),
        protocol=clip(_text(protocol), _NAME_CHARS),
        instructions=clip(_text(instructions), _INSTRUCTION_CHARS),
    )


class _Room:
    """How much of a result is still to be kept, and what was not."""

    def __init__(self, most_bytes: int, cut: int) -> None:
        self._most, self._left, self.cut = most_bytes, most_bytes, cut

    def fit(self, part: Part) -> Part:
        """Return a part with no more text than there is room for."""
        size = len(part.text.encode())
        if size <= self._left:
            self._left -= size
            return part
        kept = part.text.encode()[: self._left].decode("utf-8", "ignore")
        self.cut += size - len(kept.encode())
        self._left = 0
        return Part(kind=part.kind, text=kept, mime=part.mime, uri=part.uri, size=part.size, sha256=part.sha256)

    def structured(self, raw: object, hide: Hide) -> Mapping[str, Any] | None:
        """Return what is structured, whole or not at all: half of it would be something else."""
        if raw is None:
            return None
        value = _without_bytes(_clean(raw, hide))
        size = len(json.dumps(value).encode())
        if size > self._most:
            self.cut += size
            return None
        return value if isinstance(value, dict) else {"result": value}


def _part(raw: object, hide: Hide) -> Part:
    if not isinstance(raw, Mapping):
        return _unknown(raw, hide)
    match raw:
        case {"type": "text", "text": str() as text}:
            return Part(kind="text", text=hide(_text(text)))
        case {"type": "image" | "audio" as kind, "data": str() as data}:
            return _bytes(str(kind), data, raw, "")
        case {"type": "resource_link"}:
            words = (_text(raw.get(key)) for key in ("title", "name", "description"))
            return Part(
                kind="link",
                text=hide(" ".join(filter(None, words))),
                mime=_short(raw.get("mimeType")),
                uri=hide(_short(raw.get("uri"))),
            )
        case {"type": "resource", "resource": Mapping() as resource}:
            uri = hide(_short(resource.get("uri")))
            if isinstance(said := resource.get("text"), str):
                return Part(kind="resource", text=hide(_text(said)), mime=_short(resource.get("mimeType")), uri=uri)
            return _bytes("resource", _text(resource.get("blob")), resource, uri)
    return _unknown(raw, hide)


def _bytes(kind: str, data: str, said: Mapping[Any, Any], uri: str) -> Part:
    size, digest = _measured(data)
    return Part(kind=kind, mime=_short(said.get("mimeType")), uri=uri, size=size, sha256=digest)


def _measured(data: str) -> tuple[int, str]:
    """Return the size and the digest of bytes that are written as base64; of the text, where they are not."""
    try:
        found = base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError):
        found = data.encode("utf-8", "replace")
    return len(found), hashlib.sha256(found).hexdigest()


def _unknown(raw: object, hide: Hide) -> Part:
    return Part(kind="unknown", text=clip(json.dumps(_clean(raw, hide), ensure_ascii=False), _UNKNOWN_CHARS))


def _short(value: object) -> str:
    return clip(_text(value), _NAME_CHARS * 10)


def _text(value: object) -> str:
    """Return a string that can be encoded; anything else is no text."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _mapping(value: object) -> dict[str, Any]:
    cleaned = _clean(value, str)
    return cleaned if isinstance(cleaned, dict) else {}


def _clean(value: object, hide: Hide, depth: int = 0) -> Any:
    """Return a JSON value in which every number is finite, every string can be encoded, and nothing is too deep."""
    if isinstance(value, str):
        return hide(_text(value))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _MOST_NUMBER else f"{value:e}" if abs(value) < 1e300 else "[too large]"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth >= _MOST_DEPTH:
        return _TOO_DEEP
    if isinstance(value, Mapping):
        return dict(_pairs(value, hide, depth))
    if isinstance(value, list | tuple):
        return [_clean(one, hide, depth + 1) for one in value]
    return str(value)


def _pairs(value: Mapping[Any, Any], hide: Hide, depth: int) -> Iterator[tuple[str, Any]]:
    for key, one in value.items():
        yield hide(_text(str(key))), _clean(one, hide, depth + 1)


def _without_bytes(value: Any) -> Any:
    """Return a clean value in which bytes, which servers write as base64, are their size and digest."""
    if isinstance(value, dict):
        return {key: _without_bytes(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_bytes(one) for one in value]
    if isinstance(value, str) and len(value) >= _BASE64_CHARS and _BASE64.fullmatch(value):
        size, digest = _measured(value)
        return f"[{size} bytes, sha256 {digest}]"
    return value
