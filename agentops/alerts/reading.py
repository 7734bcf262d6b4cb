"""From a decoded document to the alerts in it, whoever sent it and whatever it is wrapped in.

Comes in: plain JSON or YAML values. Goes out: a ``Payload``, or one ``AlertError`` that says what was seen. A document
of no known sender is never read as one of a known sender's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import AlertFormat
from agentops.alerts.envelopes import Opened, loosely_opened, opened
from agentops.alerts.grouping import Payload
from agentops.alerts.lookalikes import require_alert
from agentops.alerts.prometheus_alert import too_many
from agentops.alerts.prose import prose
from agentops.alerts.registry import FORMATS, senders
from agentops.alerts.states import standing_of
from agentops.alerts.stating import joined
from agentops.core.errors import AlertError
from agentops.core.text import one_line

MAX_ENVELOPES = 4
_NAMED = 10


def payload_of(document: Any, what: str, depth: int = 0) -> Payload:
    """Return the alerts of a document: of the format that knows it, of what it is wrapped around, of each item.

    Raises:
        AlertError: it is no alert, or of a form that is not known; the message says what was seen.
    """
    if document == []:
        raise AlertError(f"{what} holds an empty list: no alert is active", hint="Send an alert that fires.")
    require_alert(document, what)
    found = _inside(opened(document), what, depth)
    if found is not None:
        return found
    known = _known(document)
    if known is not None:
        return known.parse(document)
    if isinstance(document, list):
        return _each(document, what, depth)
    inner = (_inside(one, what, depth) for one in loosely_opened(document))
    found = next((one for one in inner if one is not None), None)
    if found is not None:
        return found
    if FORMATS[-1].recognises(document):
        return FORMATS[-1].parse(document)
    raise AlertError(
        f"{what} is JSON of a form that agentops does not know{_seen(document)}",
        hint=known_forms(),
    )


def _known(document: Any) -> AlertFormat | None:
    """Return the format of a known sender; the plain object takes what nobody knows, so it is asked last."""
    return next((one for one in FORMATS[:-1] if one.recognises(document)), None)


def _inside(wrapped: Opened | None, what: str, depth: int) -> Payload | None:
    """Return what an envelope's body says, when a known sender wrote it; None when nobody known did.

    Raises:
        AlertError: the envelope is known to hold something that is no alert.
    """
    if wrapped is None or depth >= MAX_ENVELOPES:
        return None
    body = wrapped.body
    if isinstance(body, str) and wrapped.required:
        return prose(body)
    if not (_is_known(body) or (isinstance(body, list) and bool(body) and all(map(_is_known, body)))):
        if wrapped.required:
            raise AlertError(wrapped.otherwise, hint="Send an alarm's notification.")
        return None
    found = payload_of(body, what, depth + 1)
    if wrapped.state:
        found = _standing(found, wrapped.state)
    return replace(found, notes=(*found.notes, f"it came inside {wrapped.name}"))


def _standing(found: Payload, state: str) -> Payload:
    """Return the alerts as the envelope says that they stand: it was told later than its body."""
    told = standing_of(state)
    alerts = tuple(replace(alert, status=told.status, state=told.state) for alert in found.alerts)
    return replace(found, alerts=alerts, notes=(*found.notes, *filter(None, (told.remark,))))


def _is_known(body: Any) -> bool:
    return _known(body) is not None or (isinstance(body, dict) and opened(body) is not None)


def _each(listed: list[Any], what: str, depth: int) -> Payload:
    """Return the alerts of a list whose items are each of a known form."""
    if depth >= MAX_ENVELOPES:
        raise AlertError(f"{what} holds lists in lists, and no alert that agentops knows", hint=known_forms())
    parts = []
    for n, item in enumerate(listed[: fields.MAX_ALERTS]):
        if not isinstance(item, dict):
            raise AlertError(f"{what} is a list that holds no alert: its item {n} is no object", hint=known_forms())
        parts.append(payload_of(item, f"item {n} of {what}", depth + 1))
    found = joined(parts)
    return replace(found, notes=(*found.notes, *too_many(listed)))


def known_forms() -> str:
    """Return the hint that says what is known."""
    first, rest = senders()[:_NAMED], senders()[_NAMED:]
    return (
        f"Known are {', '.join(first)} and {len(rest)} more (docs/alerts.md); what also works is an object "
        "with a 'title' and 'labels', or plain text."
    )


def _seen(document: Any) -> str:
    if not isinstance(document, dict):
        return ""
    return " (its members: " + one_line(", ".join(map(str, list(document)[:6])), 100) + ")"
