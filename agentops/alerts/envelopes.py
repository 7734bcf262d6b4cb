"""Envelopes around a body that another format reads: queues, functions, automation, and CloudEvents.

Comes in: a decoded document. Goes out: what it was wrapped around, and what people call the wrapping. An envelope says
nothing of the alert itself, but for the few that keep a state of their own (Grafana OnCall's alert group).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agentops.alerts import fields
from agentops.core.errors import AlertError
from agentops.core.foreign_documents import read_json
from agentops.core.text import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was inside, and how people call what it was inside of.

    ``required``: the envelope is known well, so a body that is no alert is refused, and ``otherwise`` says what it is.
    ``state``: how the envelope itself says that the alert stands.
    """

    body: Any
    name: str
    required: bool = False
    otherwise: str = ""
    state: str = ""


_LOOSE = (
    "alert_payload", "payload", "body", "data", "event", "message", "detail", "content", "request", "json", "value",
    "original", "raw", "object", "alert", "_source", "result", "Message",
)  # fmt: skip
_SNS_HINT = "Confirm the subscription first, then send an alarm's notification."


def opened(document: Any) -> Opened | None:
    """Return what a known envelope holds; None when it is none.

    Raises:
        AlertError: it is one that never holds an alert, such as a subscription.
    """
    if not isinstance(document, dict):
        return None
    return next((found for open_ in _KNOWN if (found := open_(document)) is not None), None)


def loosely_opened(document: Any) -> list[Opened]:
    """Return what an unknown object may be wrapped around, the likeliest first; whoever asks must know the body."""
    if not isinstance(document, dict):
        return []
    bodies = ((key, _decoded(document.get(key))) for key in _LOOSE)
    return [
        Opened(body=body, name=f"the member {one_line(key, 40)!r}")
        for key, body in bodies
        if isinstance(body, dict | list) and body
    ]


def _sns(document: Mapping[str, Any]) -> Opened | None:
    if "TopicArn" not in document or "Type" not in document:
        return None
    kind = fields.text(document, "Type")
    if kind != "Notification":
        raise AlertError(f"the SNS message is of the type {one_line(kind, 40)!r}, not an alarm", hint=_SNS_HINT)
    body = _decoded(document.get("Message"))
    known = isinstance(body, dict | list)
    return Opened(
        body=body if known else _words(document.get("Message")),
        name="an SNS message",
        required=True,
        otherwise="the SNS message holds no CloudWatch alarm",
    )


def _words(message: Any) -> Any:
    """Return the text of a message that Alertmanager or Grafana wrote for people; None when it is another's."""
    is_alert = isinstance(message, str) and message.lstrip().startswith(("[FIRING", "[RESOLVED", "Alerts Firing"))
    return message if is_alert else None


def _records(document: Mapping[str, Any]) -> Opened | None:
    records = document.get("Records")
    if not isinstance(records, list) or not records:
        return None
    bodies = []
    for record in records[: fields.MAX_ALERTS]:
        if not isinstance(record, dict):
            return None
        body = record.get("Sns") or record.get("body") or fields.inside(record, "kinesis").get("data")
        bodies.append(_decoded(body))
    return Opened(body=bodies if len(bodies) > 1 else bodies[0], name="a function's records", required=True,
                  otherwise="the records hold no alert that agentops knows")  # fmt: skip


def _cloud_event(document: Mapping[str, Any]) -> Opened | None:
    if "specversion" not in document or "type" not in document:
        return None
    body = _decoded(document.get("data", document.get("data_base64")))
    return Opened(body=body, name="a CloudEvent") if isinstance(body, dict | list) else None


def _oncall(document: Mapping[str, Any]) -> Opened | None:
    if not isinstance(document.get("alert_group"), dict) or not isinstance(document.get("alert_payload"), dict):
        return None
    state = fields.first_text(document["alert_group"], "state")
    return Opened(body=document["alert_payload"], name="an alert group of Grafana OnCall", state=state)


def _pub_sub(document: Mapping[str, Any]) -> Opened | None:
    message = document.get("message")
    if not isinstance(message, dict) or "data" not in message or "subscription" not in document:
        return None
    return Opened(body=_decoded(message["data"]), name="a Pub/Sub message")


_KNOWN: tuple[Callable[[Mapping[str, Any]], Opened | None], ...] = (_sns, _records, _cloud_event, _oncall, _pub_sub)


def _decoded(value: Any) -> Any:
    """Return the document that a text is, plain or in base64; other values as they are."""
    if not isinstance(value, str):
        return value
    written = value.strip()
    if not written.startswith(("{", "[")):
        try:
            written = base64.b64decode(written, validate=True).decode()
        except (binascii.Error, ValueError, UnicodeDecodeError):
            return value
    try:
        return read_json(written, odd_numbers_as_text=True, unique_names=False)
    except ValueError:
        return value
