"""What an MCP server writes, fuzzed: lines of its output, whole and cut, to the values that the provider works with.

Comes in: bytes. What must be true of what was read is yielded, as in ``mcp_files.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from agentops.core.errors import ToolError
from agentops.providers.mcp.client.decode import result_of, tool_of
from agentops.providers.mcp.client.lines import CappedLines, message_of

CAP = 400
SECRET = "hunter2x9Q"


def answers() -> tuple[bytes, ...]:
    """Return good answers of a server, one a line."""
    tool = {"name": "log", "description": "Shows.", "inputSchema": {"type": "object", "properties": {"n": {}}}}
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": f"said \u20ac {SECRET}"},
        {"type": "image", "mimeType": "image/png", "data": "QUJD"},
        {"type": "resource", "resource": {"uri": "x://y", "text": "z", "mimeType": "text/plain"}},
        {"type": "resource_link", "uri": "x://z", "name": "z"},
    ]
    results = (
        {"tools": [tool, {**tool, "outputSchema": {}, "annotations": {"readOnlyHint": True}}], "nextCursor": "2"},
        {"content": parts, "structuredContent": {"n": [1, 2.5, None, "x" * 300]}, "isError": False},
        {"content": [{"type": "text", "text": "long " * 200}]},
    )
    lines = [{"jsonrpc": "2.0", "id": number, "result": result} for number, result in enumerate(results)]
    late = [{"result": result, "jsonrpc": "2.0", "id": number} for number, result in enumerate(results)]
    texts = [json.dumps(line).encode() for line in (*lines, *late)]
    return (*texts, b"Server ready\n" + b"\n".join(texts))


def heard(data: bytes) -> Iterator[tuple[bool, str]]:
    """Read an output; yield what must be true of it.

    Raises:
        ToolError: no line of it is a message.
    """
    lines = CappedLines(CAP)
    found = [*lines.feed(data), *filter(None, [lines.end()])]
    kept = sum(len(line.head) + line.dropped for line in found)
    yield kept == len(data) - data.count(b"\n"), "bytes were lost or made up"
    messages = [message for line in found if (message := message_of(line)) is not None]
    if not messages:
        raise ToolError("no line is a message")
    for message in messages:
        result = message.get("result")
        if not isinstance(result, dict):
            continue
        listed = result.get("tools")
        tools = filter(None, map(tool_of, listed if isinstance(listed, list) else []))
        yield all(map(_is_plain, (tool.fields for tool in tools))), "a tool holds what cannot be written"
        came = result_of(result, most_bytes=CAP, cut=0, hide=lambda text: text.replace(SECRET, "[hidden]"))
        said = [part.text for part in came.parts]
        yield sum(len(text.encode()) for text in said) <= CAP, "more text than the cap"
        yield _is_plain([said, came.structured]), "a result holds what cannot be written"
        yield not any(SECRET in text for text in said), "a secret was said"


def _is_plain(value: Any) -> bool:
    try:
        return bool(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())
    except ValueError:
        return False
