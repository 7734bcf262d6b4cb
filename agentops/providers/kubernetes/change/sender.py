"""Carries out a preview: its calls, exactly as they were shown, in order.

Comes in: a ``Preview``. Goes out: a ``Receipt`` with the new identity of each object. It must never send anything that
does not stand in the preview, nor go on after a call that did not succeed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import unquote

from agentops.core.clock import Clock
from agentops.core.errors import AgentopsError
from agentops.core.outcome import Receipt
from agentops.core.plan import Call, Preview
from agentops.core.resource import ResourceRef
from agentops.providers.kubernetes.api.writer import ClusterWriter

Sender: TypeAlias = Callable[[ClusterWriter, Preview, Clock], Receipt]


def send_all(writer: ClusterWriter, preview: Preview, clock: Clock) -> Receipt:
    """Send the calls of ``preview`` in order and return what was written.

    Raises:
        Stale: an object has changed since it was previewed; the refused call and those after it changed nothing.
        InDoubt: the answer to a call was lost.
        ToolError: the server refused a call.
    """
    written: dict[str, tuple[str, str]] = {}
    notes: list[str] = []
    for position, call in enumerate(preview.calls):
        try:
            answer = writer.send(call)
        except AgentopsError as error:
            # Nothing was sent yet: the error speaks for itself.
            if not position:
                raise
            words = f"{error.message} (call {position + 1} of {len(preview.calls)}; those before it were applied)"
            raise type(error)(words, hint=error.hint, code=error.code) from error
        ref = _ref_of(preview, position, call)
        if ref is not None:
            written[str(ref)] = _identity(call, answer)
        notes += answer.warnings
    return Receipt(at=clock(), objects=written, notes=tuple(dict.fromkeys(notes)))


def _ref_of(preview: Preview, position: int, call: Call) -> ResourceRef | None:
    if len(preview.objects) == len(preview.calls):
        return preview.objects[position].ref
    names = {unquote(part) for part in call.path.split("/")}
    return next((one.ref for one in preview.objects if one.ref.name in names), None)


def _identity(call: Call, answer: Mapping[str, Any]) -> tuple[str, str]:
    metadata = answer.get("metadata") or {}
    if call.verb == "delete":
        return "", ""
    return str(metadata.get("uid") or ""), str(metadata.get("resourceVersion") or "")
