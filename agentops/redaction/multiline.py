r"""Secrets whose name stands on another line: block scalars, nested values, ``kind: Secret`` objects.

Comes in: a text, YAML or JSON or a mixture, and a place in it. Goes out: where the values stand. Works on lines,
indentation and braces, because what a tool returns is often cut, wrapped or quoted, and no parser would take it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

from agentops.redaction.quotes import closing_quote
from agentops.redaction.spans import SecretSpan

_BLOCK_MARK = re.compile(r"[|>][+-]?[0-9]?[+-]?[ \t]*(?:#[^\n]*)?\r?$")
_VALUE_LINE = re.compile(
    r"[ \t]*(?:- )?[\"']?(?:value|plain(?:text)?|plainValue|data|string|default|current|"
    r"raw)[\"']?[ \t]*[:=][ \t]*[\"']?([^\s\"'{][^\n\"']{0,4095})"
)
_INLINE_VALUE = re.compile(
    r"\{\s{0,80}(?:\\{0,32}[\"']?[\w-]{1,40}\\{0,32}[\"']?\s{0,4}[:=]\s{0,4}\\{0,32}[\"']?[^\"',{}\n]{0,80}\\{0,32}[\"']?[,\n]\s{0,80}){0,4}?"
    r"\\{0,32}[\"']?(?:value|plain(?:text)?|plainValue|data|string|default|current|raw)\\{0,32}[\"']?\s{0,4}[:=]\s{0,4}\\{0,32}[\"']?([^\s\"',}\\]{1,4096})"
)
# "Use the following password:", an empty line, and the password.
_LONELY = re.compile(r"[ \t]*([A-Za-z0-9+/_=-]{16,512})[ \t]*\r?")
# A reference to a secret, or where it is mounted.
_REFERENCE = re.compile(
    r"\r?\n[ \t-]*(?:secretName|name|secretKeyRef|key|optional|items|defaultMode|path|expirationSeconds|sources):"
)
_UNDERLINE = re.compile(r"[ \t]*-{4}\r?")
_ITEM_LINE = re.compile(r"[ \t]*-[ \t]+[\"']?([^\s\"'#:{\[][^\s\"':]{0,4095})[\"']?[ \t]*\r?$")
_ALONE = re.compile(r"[ \t]+[\"']?([^\s\"'#:{\[\-][^\s\"':]{5,4095})[\"']?[ \t]*\r?$")
_MOST_BLOCK_LINES, _MOST_ITEMS, _MOST_FIELDS = 2000, 20, 2
_LONGEST_LINE = 8192
_SECRET_KIND = re.compile(r"^([ \t]*)(- )?kind:[ \t]*[\"']?Secret[\"']?[ \t]*\r?$", re.MULTILINE)
_KIND_LINE = re.compile(r"[ \t]*(?:- )?kind:")
_DATA_LINE = re.compile(r"[ \t]*[\"']?[\w.\-]+[\"']?:[ \t]*(\S.*)")
_DATA_HEAD = re.compile(r"(?:- )?(?:data|stringData):[ \t]*(\{.*)?")
_JSON_PARTS = re.compile(
    r"[{}]|\\{0,32}\"kind\\{0,32}\"\s{0,4}:\s{0,4}\\{0,32}\"Secret\\{0,32}\"|\\{0,32}\"(?:data|stringData)\\{0,32}\"\s{0,4}:\s{0,4}\{"
)
_JSON_KEY = re.compile(r"\\{0,32}\"[^\"\\]{0,253}\\{0,32}\"\s{0,4}:\s{0,4}(\\{0,32}\")")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _lines(text: str, end: int) -> Iterator[tuple[int, int]]:
    """Yield where each line after the one that ends at ``end`` begins and ends."""
    while end < len(text):
        start = end + 1
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end


def _level(text: str, place: int) -> int:
    """Return the column in which the key at ``place`` begins."""
    return place - (text.rfind("\n", max(place - 400, 0), place) + 1 or max(place - 400, 0))


def block_lines(text: str, name: int, mark: int, stop: int) -> list[tuple[int, int]]:
    """Return the lines of a block scalar (``password: |``), empty when none begins at ``mark``."""
    if not _BLOCK_MARK.match(text, mark, stop):
        return []
    head = text.rfind("\n", max(name - 400, 0), name) + 1
    level, found = _indent(text[head : head + 400]), []
    for number, (start, end) in enumerate(_lines(text, stop)):
        line = text[start : min(end, start + 65_536)]
        if line.strip():
            if _indent(line) <= level or number > _MOST_BLOCK_LINES:
                break
            found.append((start + _indent(line), end - (1 if line.endswith("\r") else 0)))
    return found


def inline_value(text: str, brace: int) -> list[tuple[int, int]]:
    """Return the value of ``{value: x}``, whose brace stands at ``brace``."""
    found = _INLINE_VALUE.match(text, brace)
    return [found.span(1)] if found else []


def nested_values(text: str, name: int, stop: int) -> list[tuple[int, int]]:
    """Return the values below a name with none beside it: ``value: x``, list items, a word on the next line."""
    if _REFERENCE.match(text, stop):
        return []
    lines = _lines(text, stop)
    first = next(lines, None)
    if first is None:
        return []
    line = text[first[0] : min(first[1], first[0] + _LONGEST_LINE)]
    if not line.strip():
        start, end = next(lines, (0, 0))
        alone = _LONELY.fullmatch(text, start, min(end, start + _LONGEST_LINE))
        return [alone.span(1)] if alone else []
    if _UNDERLINE.fullmatch(line):
        return list(_underlined(text, lines))
    return _indented(text, name, chain([first], lines))


def _underlined(text: str, lines: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the lines of a value as ``kubectl describe configmap`` shows it, up to an empty one."""
    for start, end in islice(lines, _MOST_BLOCK_LINES):
        line = text[start:end]
        if not line.strip():
            return
        yield start + _indent(line), start + len(line.rstrip())


def _indented(text: str, name: int, lines: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    head = text.rfind("\n", max(name - 400, 0), name) + 1
    level, values = _indent(text[head : head + 400]), list[tuple[int, int]]()
    for number, (start, end) in enumerate(lines):
        line = text[start : min(end, start + _LONGEST_LINE)]
        is_item = line.lstrip().startswith("- ")
        if (
            not line.strip()
            or number > _MOST_ITEMS
            or _indent(line) < level
            or (_indent(line) == level and not is_item)
        ):
            break
        found = _VALUE_LINE.match(line) or (_ITEM_LINE if is_item else _ALONE).match(line)
        if found:
            values.append((start + found.start(1), start + len(line[: found.end(1)].rstrip())))
        if not is_item if found else (is_item or number > _MOST_FIELDS):
            break
    return values


def secret_objects(text: str) -> Iterator[SecretSpan]:
    """Yield every value under ``data`` and ``stringData`` of objects that are Secrets, in YAML and in JSON."""
    done = 0
    for found in _SECRET_KIND.finditer(text):
        level = len(found.group(1)) + len(found.group(2) or "")
        if not found.group(2):
            yield from _data_before(text, found.start(), level, done)
        yield from _data_after(text, found.end(), level)
        done = found.end()
    yield from _json_objects(text)


def _data_after(text: str, end: int, level: int) -> Iterator[SecretSpan]:
    for start, stop in _lines(text, end):
        line = text[start : min(stop, start + 400)]
        if not line.strip():
            continue
        starts_item = line.lstrip().startswith("- ") and _indent(line) + 2 == level
        if (
            line.startswith("---")
            or _indent(line) < level
            or starts_item
            or (_KIND_LINE.match(line) and _indent(line) == level)
        ):
            return
        if _indent(line) == level and _DATA_HEAD.fullmatch(line.strip()):
            yield from _blanked(text, start, stop, level)


def _data_before(text: str, start: int, level: int, done: int) -> Iterator[SecretSpan]:
    """Walk back from ``kind: Secret`` to the beginning of its object, not beyond ``done``."""
    stop = start - 1
    while stop > done:
        begin = text.rfind("\n", done, stop) + 1
        line = text[begin : min(stop, begin + 400)]
        if line.strip():
            starts_item = line.lstrip().startswith("- ") and _indent(line) + 2 == level
            own = _indent(line) in (level, level - 2)
            if (
                line.startswith("---")
                or (_indent(line) < level and not starts_item)
                or (_KIND_LINE.match(line) and own)
            ):
                return
            if own and _DATA_HEAD.fullmatch(line.strip()):
                yield from _blanked(text, begin, stop, level)
            if starts_item:
                return
        if begin == 0:
            return
        stop = begin - 1


def _blanked(text: str, start: int, stop: int, level: int) -> Iterator[SecretSpan]:
    """Yield the values of the lines below a ``data:`` line; where they stand on the line itself, its rest."""
    head = text[start:stop]
    if "{" in head:
        for item in re.finditer(r":[ \t]*[\"']?([^\s\"',}]+)", head[head.index("{") :]):
            at = start + head.index("{")
            yield SecretSpan(at + item.start(1), at + item.end(1), "secret")
        return
    for first, last in _lines(text, stop):
        line = text[first:last].rstrip("\r")
        if not line.strip():
            continue
        if _indent(line) <= level:
            return
        found = _DATA_LINE.fullmatch(line)
        begin = found.start(1) if found else _indent(line)
        yield SecretSpan(first + begin, first + len(line.rstrip()), "secret")


@dataclass(slots=True)
class _Frame:
    """One pair of braces: whether it is a Secret, and where its data stands."""

    start: int = 0
    is_secret: bool = False
    is_data: bool = False
    data: list[tuple[int, int]] = field(default_factory=list)


def _json_objects(text: str) -> Iterator[SecretSpan]:
    """Walk over the braces of a text once; what is cut off at either end is taken as if it were there."""
    if '"Secret' not in text:
        return
    frames, found = [_Frame()], list[tuple[int, int]]()
    for part in _JSON_PARTS.finditer(text):
        sign = part.group()[-1]
        if sign == "{":
            frames.append(_Frame(start=part.end(), is_data=len(part.group()) > 1))
        elif sign == "}":
            _close(frames, part.start(), found)
        else:
            frames[-1].is_secret = True
    while frames:
        _close(frames, len(text), found)
        if frames == [_Frame()]:
            break
    done = 0
    for start, end in sorted(found):
        yield from _json_values(text, max(start, done), end)
        done = max(done, end)


def _close(frames: list[_Frame], end: int, found: list[tuple[int, int]]) -> None:
    """Close the innermost frame; the data of a Secret goes to ``found``."""
    frame = frames.pop() if len(frames) > 1 else frames[0]
    if frame.is_secret:
        found += frame.data
    if frame is frames[0]:
        frame.data, frame.is_secret = [], False
    elif frame.is_data:
        frames[-1].data.append((frame.start, end))


def _json_values(text: str, start: int, stop: int) -> Iterator[SecretSpan]:
    at = start
    while found := _JSON_KEY.search(text, at, stop):
        end = closing_quote(text, found.end(), found.group(1), stop)
        if end > found.end() and not text.startswith("[redacted:", found.end()):
            yield SecretSpan(found.end(), end, "secret")
        at = max(end, found.end()) + 1
