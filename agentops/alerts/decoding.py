"""From bytes to an alert group, by content alone: JSON, YAML or words, whoever sent them.

Comes in: bytes and what to call them in messages. Goes out: an ``AlertGroup``, or one ``AlertError`` that says what is
wrong with them. Arbitrary bytes never raise anything else, run any code, or take unbounded time or memory.
"""

from __future__ import annotations

import json
import re
from typing import Any

from agentops.alerts.grouping import Payload, group
from agentops.alerts.prose import prose
from agentops.alerts.registry import FORMATS, senders
from agentops.core.alert import AlertGroup
from agentops.core.errors import AlertError
from agentops.core.text import one_line

MAX_BYTES = 10 * 1024 * 1024
MAX_YAML_CHARS = 256 * 1024
MAX_DEPTH = 64
MAX_PROSE_LINES = 400
MAX_PROSE_CHARS = 64 * 1024
_YAML_START = re.compile(r"(?:---|#|%YAML|- |[\"']?[A-Za-z][\w .-]{0,60}[\"']?:(?:\s|$))")


def decode(data: bytes, what: str) -> AlertGroup:
    """Return the alerts that ``data`` holds.

    Arguments:
        what: how messages call the data: ``alert.json``, ``standard input``.

    Raises:
        AlertError: it cannot be used; the message says why in one line.
    """
    if len(data) > MAX_BYTES:
        raise AlertError(
            f"{what} is larger than {MAX_BYTES // 1024 // 1024} MB, more than any alert",
            hint="Send the alert itself, not a log or a dump.",
        )
    text = _text(data, what)
    if not text.strip():
        raise AlertError(f"{what} is empty", hint="Send the alert's payload, or describe it in words.")
    if text.lstrip()[0] in "{[":
        return group(_recognised(_json(text, what), what))
    _require_no_scalar(text.strip(), what)
    document = _yaml(text, what)
    if document is None:
        _require_brief(text, what)
        return group(prose(text))
    return group(_recognised(document, what))


def _text(data: bytes, what: str) -> str:
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16")
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AlertError(f"{what} is not text: byte {error.start} is not UTF-8") from error
    if "\0" in text:
        raise AlertError(f"{what} is not text: it holds a NUL byte")
    return text


def _require_no_scalar(text: str, what: str) -> None:
    """Refuse ``null``, ``42`` and the like: JSON without an alert in it, and no words either."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    said = "an empty text" if value == "" else f"only {one_line(text, 40)}"
    raise AlertError(f"{what} holds {said}, no alert", hint="Send the alert's payload, or describe it in words.")


def _require_brief(text: str, what: str) -> None:
    """Refuse a log or a dump: an object that is guessed out of so many words would be chance."""
    lines = text.count("\n") + 1
    if lines > MAX_PROSE_LINES or len(text) > MAX_PROSE_CHARS:
        raise AlertError(
            f"{what} is {lines:,} lines of text, too many to be an alert",
            hint="Describe the alert in a sentence or two; logs are read from the cluster.",
        )


def _json(text: str, what: str) -> Any:
    try:
        document = json.loads(text, parse_constant=str)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        raise AlertError(
            f"{what} is cut off: its JSON ends inside an object, at {where}"
            if cut
            else f"{what} is not valid JSON: {error.msg} at {where}",
            hint="Give the payload as its sender made it.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise AlertError(f"{what} is not usable JSON: nested too deep, or a number without end") from error
    _check_depth(document, what)
    return document


def _yaml(text: str, what: str) -> Any:
    """Return the document when the text is YAML of an alert, None when it is words."""
    if not _YAML_START.match(text.lstrip()):
        return None
    if len(text) > MAX_YAML_CHARS:
        return None
    import yaml

    from agentops.alerts.plain_yaml import PlainLoader

    try:
        document = PlainLoader(text).get_single_data()
    except AlertError as error:
        raise AlertError(f"{what} {error.message}", hint=error.hint) from error
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, AttributeError, TypeError):
        return None
    if isinstance(document, dict):
        document = {str(key): value for key, value in document.items()}
    if isinstance(document, list) and not any(one.recognises_yaml(document) for one in FORMATS):
        raise AlertError(
            f"{what} is a YAML list of a form that agentops does not know",
            hint=f"Known are {', '.join(senders())}, or plain text.",
        )
    if not any(one.recognises_yaml(document) for one in FORMATS):
        return None
    _check_depth(document, what)
    return document


def _recognised(document: Any, what: str) -> Payload:
    if document == []:
        raise AlertError(f"{what} holds an empty list: no alert is active", hint="Send an alert that fires.")
    for one in FORMATS:
        if one.recognises(document):
            return one.parse(document)
    raise AlertError(
        f"{what} is JSON of a form that agentops does not know{_seen(document)}",
        hint=f"Known are {', '.join(senders())}, or plain text.",
    )


def _check_depth(document: Any, what: str) -> None:
    level = [document]
    for _depth in range(MAX_DEPTH):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise AlertError(f"{what} is nested deeper than {MAX_DEPTH} levels, more than any alert")


def _seen(document: Any) -> str:
    if not isinstance(document, dict):
        return ""
    return " (its members: " + one_line(", ".join(map(str, list(document)[:6])), 100) + ")"
