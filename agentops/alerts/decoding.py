"""From bytes to an alert group, by content alone: JSON, YAML or words, whoever sent them.

Comes in: bytes and what to call them in messages. Goes out: an ``AlertGroup``, or one ``AlertError`` that says what is
wrong with them. Arbitrary bytes never raise anything else, run any code, or take unbounded time or memory.
"""

from __future__ import annotations

import json
import re
from typing import Any

from agentops.alerts.envelopes import opened
from agentops.alerts.grouping import group
from agentops.alerts.kubectl_text import kubectl_page
from agentops.alerts.lookalikes import require_alert
from agentops.alerts.prose import prose
from agentops.alerts.reading import known_forms, payload_of
from agentops.alerts.registry import FORMATS
from agentops.core.alert import AlertGroup
from agentops.core.errors import AlertError
from agentops.core.foreign_documents import json_decoder, read_json, require_depth
from agentops.core.foreign_yaml import YamlError, read_documents
from agentops.core.text import one_line

MAX_BYTES = 10 * 1024 * 1024
MAX_YAML_CHARS = 256 * 1024
MAX_YAML_DOCUMENTS = 200
MAX_DEPTH = 64
MAX_PROSE_LINES = 400
MAX_PROSE_CHARS = 64 * 1024
_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)\n?```", re.DOTALL)
_LIST_START = re.compile(r"\[\s*(?:[\[{\"\]]|$)")
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
    text = _unfenced(_text(data, what))
    if not text.strip():
        raise AlertError(f"{what} is empty", hint="Send the alert's payload, or describe it in words.")
    if _is_json(text):
        return group(payload_of(_json(text, what), what))
    _require_no_scalar(text.strip(), what)
    document = _yaml(text, what)
    if document is None:
        _require_brief(text, what)
        return group(kubectl_page(text) or prose(text))
    return group(payload_of(document, what))


def _unfenced(text: str) -> str:
    """Return what stands between the fences of a code block, where the whole text is one."""
    found = _FENCED.fullmatch(text.strip())
    return found.group(1) if found else text


def _is_json(text: str) -> bool:
    """Return whether a text is meant to be JSON: ``[FIRING:1] ...`` and ``[ALERT] ...`` are words."""
    start = text.lstrip()
    return start[0] == "{" or (start[0] == "[" and (_LIST_START.match(start) is not None or _parses(start)))


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


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
        document = read_json(text, odd_numbers_as_text=True, unique_names=False, most_depth=MAX_DEPTH)
    except json.JSONDecodeError as error:
        listed = _by_lines(text) if error.msg == "Extra data" else None
        if listed is not None:
            _check_depth(listed, what)
            return listed
        where = f"line {error.lineno} column {error.colno}"
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        raise AlertError(
            f"{what} is cut off: its JSON ends inside an object, at {where}"
            if cut
            else f"{what} is not valid JSON: {error.msg} at {where}",
            hint="Give the payload as its sender made it.",
        ) from error
    except ValueError as error:
        raise AlertError(
            f"{what} is not usable JSON: {error}", hint="Give the payload as its sender made it."
        ) from error
    return document


def _by_lines(text: str) -> list[Any] | None:
    """Return the documents of a text that holds one after another, as ``kubectl get events -o json -w`` prints them."""
    decoder, found, at = json_decoder(odd_numbers_as_text=True), list[Any](), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        try:
            document, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return None
        found.append(document)
    return found


def _yaml(text: str, what: str) -> Any:
    """Return the document when the text is YAML of an alert, None when it is words."""
    if not _YAML_START.match(text.lstrip()):
        return None
    if len(text) > MAX_YAML_CHARS:
        return None
    try:
        document = _loaded(text)
    except YamlError as error:
        if error.is_yaml:
            hint = "Write the values out, or send JSON."
            raise AlertError(f"{what} is YAML that cannot be used: {error}", hint=hint) from error
        return None
    if isinstance(document, dict):
        document = {str(key): value for key, value in document.items()}
    is_known = any(one.recognises_yaml(document) for one in FORMATS)
    if isinstance(document, list) and not is_known and not _all_known(document):
        raise AlertError(
            f"{what} is a YAML list of a form that agentops does not know",
            hint=known_forms(),
        )
    if not is_known and not isinstance(document, list) and opened(document) is None:
        require_alert(document, what)
        return None
    return document


def _loaded(text: str) -> Any:
    """Return the one document of a stream, or the list of several."""
    documents = read_documents(text, odd_numbers_as_text=True, most_depth=MAX_DEPTH, most_documents=MAX_YAML_DOCUMENTS)
    found = [one for one in documents if one is not None]
    return found[0] if len(found) == 1 else found or None


def _all_known(listed: list[Any]) -> bool:
    return bool(listed) and all(any(one.recognises_yaml(item) for one in FORMATS) for item in listed)


def _check_depth(document: Any, what: str) -> None:
    try:
        require_depth(document, MAX_DEPTH)
    except ValueError as error:
        raise AlertError(f"{what} cannot be used: {error}", hint="Give the payload as its sender made it.") from error
