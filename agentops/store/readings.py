"""What is kept of a redacted reading, whoever keeps it: the bytes that its digest names, and the excerpt a model sees.

Comes in: a reading and what was asked. Goes out: the ``Evidence`` of it, not numbered yet. Nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agentops.core.digest import digest_bytes
from agentops.core.evidence import Evidence, Reading


def evidence_of(
    reading: Reading, *, tool: str, arguments: Mapping[str, Any], at: datetime, excerpt_chars: int
) -> tuple[Evidence, bytes]:
    """Return the evidence of a redacted reading, whose ``id`` is empty until it is numbered, and its body as bytes.

    Arguments:
        tool, arguments: the call that it answers.
        at: when it was read, in UTC.
        excerpt_chars: how many characters of the body a model gets to see at once.
    """
    data = reading.body.encode("utf-8", "surrogatepass")
    evidence = Evidence(
        id="",
        tool=tool,
        arguments=dict(arguments),
        observed_at=at,
        digest=digest_bytes(data),
        summary=reading.summary,
        excerpt=excerpt(reading.body, excerpt_chars),
        size_bytes=len(data),
        truncated=len(reading.body) > excerpt_chars,
        footer=reading.footer,
        resources=reading.resources,
    )
    return evidence, data


def excerpt(body: str, limit: int) -> str:
    """Return at most ``limit`` characters of ``body``: its head and its tail, cut at line ends, and what is between.

    The head gets two thirds: tables and objects begin with what matters; logs end with it.
    """
    if len(body) <= limit:
        return body
    note = f"\n... {len(body):,} characters in all; the middle is left out here and stored whole ...\n"
    room = limit - len(note)
    if room < 40:
        return body[:limit]
    head, tail = body[: room * 2 // 3], body[len(body) - room // 3 :]
    head = head[: head.rfind("\n")] if "\n" in head[len(head) // 2 :] else head
    tail = tail[tail.find("\n") + 1 :] if "\n" in tail[: len(tail) // 2] else tail
    return head + note + tail
