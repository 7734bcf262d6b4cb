r"""Secrets whose name stands on another line: environment pairs, block scalars, arguments, ``kind: Secret`` objects.

Comes in: a whole text, YAML or JSON or a mixture. Goes out: the text with the same lines, values replaced. Works on
lines and indentation, because what a tool returns is often cut, wrapped or quoted, and no parser would take it.
"""

from __future__ import annotations

import re

from agentops.redaction.heuristics import is_secret
from agentops.redaction.key_values import closing_quote, kind_of_name

_ENV_PAIR = re.compile(
    r"(name\\*[\"']?\s{0,4}:\s{0,4}\\*[\"']?)([\w.\-]{1,120})"
    r"(\\*[\"']?\s{0,4},?\s{0,200}(?:-\s)?\\*[\"']?value\\*[\"']?\s{0,4}:[ \t]{0,4})"
    r"(\\*[\"']?)([^\n]*)",
)
_BLOCK_SCALAR = re.compile(r"^([ \t]*)(?:- )?[\"']?([\w.\-]{1,120})[\"']?:[ \t]*[|>][+-]?[0-9]?[ \t]*$", re.MULTILINE)
_ARGUMENT = re.compile(r"^([ \t]*- [\"']?--?)([\w.\-]{1,80})([\"']?\n[ \t]*- [\"']?)([^\n\"']+)", re.MULTILINE)
_SECRET_KIND = re.compile(r"^([ \t]*)(- )?kind:[ \t]*[\"']?Secret[\"']?[ \t]*$", re.MULTILINE)
_KIND_LINE = re.compile(r"[ \t]*(?:- )?kind:")
_SECRET_JSON = re.compile(r"\\*\"kind\\*\"\s*:\s*\\*\"Secret\\*\"")
_DATA_JSON = re.compile(r"(\\*\"(?:data|stringData)\\*\"\s*:\s*\{)([^{}]*)(\})")
_PAIR_JSON = re.compile(r"((\\*\")(?:[^\"\\]|\\(?!\\*\"))*?\2\s*:\s*)(\\*\")((?:(?!\3).)*)(\3)", re.DOTALL)
_DATA_LINE = re.compile(r"([ \t]*)([\"']?[\w.\-]+[\"']?:[ \t]*)(\S.*)")


def hide_multiline(text: str) -> str:
    """Return ``text`` without the secrets whose name stands on another line."""
    if "value" in text and "name" in text:
        text = _ENV_PAIR.sub(_hide_pair, text)
    if "- -" in text or '- "-' in text or "- '-" in text:
        text = _ARGUMENT.sub(_hide_argument, text)
    if ": |" in text or ": >" in text:
        text = _hide_scalars(text)
    if "Secret" in text:
        if _SECRET_KIND.search(text):
            text = _hide_secret_objects(text)
        if _SECRET_JSON.search(text):
            text = _DATA_JSON.sub(_hide_json_data, text)
    return text


def _hide_pair(found: re.Match[str]) -> str:
    head, name, middle, opening, rest = found.groups()
    kind = kind_of_name(name)
    end = closing_quote(rest, 0, opening) if opening else len(rest.rstrip().rstrip(",}]"))
    if not kind or rest.startswith("[redacted:") or not is_secret(kind, rest[:end], bare=not opening):
        return found.group()
    return f"{head}{name}{middle}{opening}[redacted:{kind}]{rest[end:]}"


def _hide_argument(found: re.Match[str]) -> str:
    head, name, middle, value = found.groups()
    kind = kind_of_name(name)
    if not kind or value.startswith("-") or not is_secret(kind, value, bare=True):
        return found.group()
    return f"{head}{name}{middle}[redacted:{kind}]"


def _hide_scalars(text: str) -> str:
    """``password: |`` and the deeper lines after it: each of them is the secret."""
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        found = _BLOCK_SCALAR.match(lines[number])
        number += 1
        kind = kind_of_name(found.group(2)) if found else ""
        if not found or not kind:
            continue
        while number < len(lines) and (not lines[number].strip() or _indent(lines[number]) > len(found.group(1))):
            if lines[number].strip():
                lines[number] = " " * _indent(lines[number]) + f"[redacted:{kind}]"
            number += 1
    return "\n".join(lines)


def _hide_secret_objects(text: str) -> str:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        found = _SECRET_KIND.match(line)
        if found:
            level = len(found.group(1)) + len(found.group(2) or "")
            for step in (1, -1):
                _hide_data(lines, number, level, step)
    return "\n".join(lines)


def _hide_data(lines: list[str], number: int, level: int, step: int) -> None:
    """From ``kind: Secret`` walk over the lines of the same object, and blank its ``data`` and ``stringData``."""
    while 0 <= (number := number + step) < len(lines):
        line = lines[number]
        if not line.strip():
            continue
        starts_item = line.lstrip().startswith("- ") and _indent(line) + 2 == level
        if (
            line.startswith("---")
            or (_indent(line) < level and not (starts_item and step < 0))
            or (starts_item and step > 0)
            or (_KIND_LINE.match(line) and _indent(line) in (level, level - 2))
        ):
            return
        if re.fullmatch(r"(?:- )?(?:data|stringData):", line.strip()) and _indent(line) in (level, level - 2):
            _blank(lines, number + 1, level)
        if starts_item:
            return


def _blank(lines: list[str], number: int, level: int) -> None:
    while number < len(lines) and (not lines[number].strip() or _indent(lines[number]) > level):
        found = _DATA_LINE.fullmatch(lines[number])
        if found:
            lines[number] = f"{found.group(1)}{found.group(2)}[redacted:secret]"
        elif lines[number].strip():
            lines[number] = " " * _indent(lines[number]) + "[redacted:secret]"
        number += 1


def _hide_json_data(found: re.Match[str]) -> str:
    return found.group(1) + _PAIR_JSON.sub(r"\1\3[redacted:secret]\5", found.group(2)) + found.group(3)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
