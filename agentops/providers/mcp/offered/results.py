"""What a call gave, as a ``Reading``: text, and for everything else what it is. Untrusted, like every reading.

Comes in: a tool, its arguments, a ``ForeignResult``. Goes out: a ``Reading`` whose summary is ours alone: a server's
words stand in its body, which is shown in a fence.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

from agentops.core.evidence import Reading
from agentops.core.foreign_documents import read_json
from agentops.core.foreign_yaml import YamlError, read_yaml
from agentops.core.text import clip, one_line, plural
from agentops.providers.mcp.objects.tool import ForeignResult, Part
from agentops.providers.mcp.offered.offer import Offer

_TEXT_CHARS = 20_000


def reading_of(offer: Offer, result: ForeignResult) -> Reading:
    """Return the reading."""
    body = "\n".join(filter(None, (_shown(part) for part in result.parts)))
    if not body and result.structured is not None:
        body = json.dumps(result.structured, indent=1, ensure_ascii=False)
    lines = body.count("\n") + 1 if body else 0
    what = "an error" if result.is_error else plural(lines, "line")
    return Reading(
        body=body or "(nothing)",
        summary=f"{offer.tool} of MCP server {offer.server}: {what}",
        footer=f"The server's answer was cut: {result.cut:,} bytes are not here." if result.cut else "",
        resources=(offer.ref,),
    )


def data_of(result: ForeignResult) -> Any:
    """Return an answer as data where it is some, as JSON or YAML; else its text."""
    if result.structured is not None:
        return result.structured
    texts = [part.text or part.sha256 for part in result.parts]
    if len(texts) > 1:
        # Servers that answer with rows often send a text for each.
        with contextlib.suppress(ValueError):
            return [read_json(text) for text in texts]
    text = "\n".join(texts)
    for reader in (read_json, read_yaml):
        try:
            found = reader(text)
        except (ValueError, YamlError):
            continue
        if isinstance(found, dict | list):
            return found
    return clip(text, _TEXT_CHARS)


def _shown(part: Part) -> str:
    if part.kind == "text":
        return part.text
    what = " ".join(filter(None, (part.kind, one_line(part.mime, 80), one_line(part.uri, 300))))
    if part.sha256:
        return f"[{what}: {part.size:,} bytes, sha256 {part.sha256}]"
    return f"[{what}] {part.text}".rstrip()
