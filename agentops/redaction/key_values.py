r"""Secrets that are recognised by the name in front of them: ``password: x``, ``--token x``, ``"apiKey": "x"``.

Comes in: a text. Goes out: the text without them. A name may stand in YAML, JSON, JSON inside JSON
(``\"k\":\"v\"``), an environment, a header, a command's flags or a sentence. The work is done only where a word of
``heuristics`` occurs, which is what keeps ordinary logs fast.
"""

from __future__ import annotations

import re
from enum import Enum

from agentops.core.secret_names import STRONG_WORDS, WEAK_WORDS, is_about, kind_of_secret
from agentops.redaction.heuristics import is_secret, looks_random

_KINDS = dict(STRONG_WORDS)
_WORDS = re.compile("|".join(re.escape(word) for word in sorted([*_KINDS, *WEAK_WORDS], key=len, reverse=True)))
# Every word of ``_WORDS`` holds one of these; fewer to look for in every text.
HINTS = ("pass", "pwd", "secret", "token", "key", "cred", "auth", "cookie", "sig", "salt", "dsn", "webhook",
          "sessionid", "session_id", "connectionstring", "connection_string",
          "connection-string")  # fmt: skip
_NAME_END = re.compile(
    r"([\w.\-]{0,40})(\\*[\"'`])?(\s{0,4}(?::=|=>|==|=|:)|,(?=\s*\\*[\"'])|)"
    r"([ \t]*(?:\[[ \t]*(?=\\*[\"']))?)(\\*[\"'`])?"
)
_MARKER = re.compile(r"\[redacted:[a-z0-9-]*\]")
_FLAG = re.compile(r"(?:^|[\s\"'\[,(])--?[\w-]{0,40}$")
_BEFORE = re.compile(r"[\w.\-]{0,40}$")
_BARE = re.compile(r"[^\s\"'`,;&<>(){}\[\]|]+")
_LINE_START = re.compile(r"[ \t]*(?:[-+>|*#][ \t]+|export[ \t]+|set[ \t]+|ENV[ \t]+)*[\"']?[\w.\-]*$")
_MORE_PAIRS = re.compile(r"\s[\w.\-]+=")
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|ApiKey|Digest|Negotiate|AWS4-HMAC-SHA256|Key)\s+", re.IGNORECASE)
# Values without upper case, or without lower: too like a digest to be hidden without a name right before them.
_ONE_CASE = re.compile(r"(?=(?:[^0-9]*[0-9]){3})(?=(?:[^A-Za-z]*[A-Za-z]){3})(?:[a-z0-9]{20,128}|[A-Z0-9]{20,128})")
_SPOKEN = ("token", "api-key", "password", "access-key")
_SENTENCE = re.compile(r"\s+(?:(?:is|was|are|of|as|to|value|with|using|set|=|-|:)\s+){0,2}[\"'`(]?([^\s\"'`,;)]{16,})")


class _ValueEnd(Enum):
    """How far an unquoted value runs."""

    WORD = "to the next space or separator"
    PAIR = "to the next pair or the end of the line"
    LINE = "to the end of the line"


def hide_key_values(text: str) -> str:
    """Return ``text`` without the values that the names in front of them give away; each line is looked at alone."""
    low = text.lower()
    if len(low) != len(text):  # a few letters grow in lower case; ASCII ones never do
        low = "".join(c.lower() if c.isascii() else c for c in text)
    pieces: list[str] = []
    done = 0
    for start, end in _promising_lines(low):
        pieces += (text[done:start], _hide_in_line(text[start:end], low[start:end]))
        done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def _promising_lines(low: str) -> list[tuple[int, int]]:
    """Return where the lines that hold a hint begin and end; searching for hints is a hundred times faster."""
    found: dict[int, int] = {}
    for hint in HINTS:
        at = low.find(hint)
        while at >= 0:
            start, end = low.rfind("\n", 0, at) + 1, low.find("\n", at)
            end = len(low) if end < 0 else end
            found[start] = end
            at = low.find(hint, end)
    return sorted(found.items())


def _hide_in_line(line: str, low: str) -> str:
    pieces: list[str] = []
    done = 0
    for found in _WORDS.finditer(low):
        if found.start() < done:
            continue
        span = _value_span(line, found)
        if span is None:
            continue
        start, end, kind = span
        pieces += (line[done:start], f"[redacted:{kind}]")
        done = end
    return "".join([*pieces, line[done:]]) if pieces else line


def _value_span(line: str, found: re.Match[str]) -> tuple[int, int, str] | None:
    """Return where the secret after this name begins and ends, and its kind."""
    kind = _KINDS.get(found.group(), "")
    name = _NAME_END.match(line, found.end())
    if name is None or (not kind and not _is_weak_name(line, found)):
        return None
    rest, closing, separator, gap, opening = name.groups()
    if (rest and is_about(rest)) or (separator == "," and not (closing and _is_flag(line, found.start()))):
        return None
    if not separator:
        return _after_space(line, found, kind, rest, gap)
    header = kind in ("authorization", "cookie") and separator.strip() == ":"
    value = _value(line, name.end(), opening, _reach(line, found.start(), header=header))
    if value is None:
        return None
    start, end = value
    if separator == ":" and not gap and not opening and (rest or not any(c.isdigit() for c in line[start:end])):
        return None  # ``token-service:1.2.3``, ``secret:volume``: no form of assignment
    return _judged(line, start, end, kind, bare=not opening)


def _judged(line: str, start: int, end: int, kind: str, *, bare: bool) -> tuple[int, int, str] | None:
    if kind == "authorization" and (scheme := _SCHEME.match(line, start, end)):
        start = scheme.end()
    value = line[start:end]
    if value.startswith("[redacted:") or not value:
        return None
    if not kind:
        return (start, end, "key") if looks_random(value) else None
    return (start, end, kind) if is_secret(kind, value, bare=bare) else None


def _is_weak_name(line: str, found: re.Match[str]) -> bool:
    """A weak word counts at the end of a name only: ``api.key``, ``authKey``, not ``keyspace`` or ``monkey``."""
    start, end = found.span()
    if end < len(line) and (line[end].isalnum() or line[end] in "_-."):
        return False
    return start == 0 or not line[start - 1].isalnum() or line[start].isupper()


def _after_space(line: str, found: re.Match[str], kind: str, rest: str, gap: str) -> tuple[int, int, str] | None:
    """``--token VALUE``, ``"--token", "VALUE"``, or a sentence that names what looks generated."""
    end = found.end() + len(rest)
    if kind and _is_flag(line, found.start()):
        if not gap or line[end + len(gap) : end + len(gap) + 1] in ("-", ""):
            return None
        value = _value(line, end + len(gap), None, _ValueEnd.WORD)
        return None if value is None else _judged(line, *value, kind, bare=True)
    told = _SENTENCE.match(line, end)
    if told is None or not kind:
        return None
    said = told.group(1).rstrip(".:")
    if not looks_random(said) and not (kind in _SPOKEN and _ONE_CASE.fullmatch(said)):
        return None
    return told.start(1), told.start(1) + len(said), kind


def _is_flag(line: str, start: int) -> bool:
    return _FLAG.search(line[max(start - 42, 0) : start]) is not None


def _reach(line: str, start: int, *, header: bool) -> _ValueEnd:
    """How far an unquoted value runs: to the end of the line in YAML, an environment and a header, else to a space."""
    if header:
        return _ValueEnd.LINE
    at_start = start < 120 and _LINE_START.fullmatch(line, 0, start)
    return _ValueEnd.PAIR if at_start else _ValueEnd.WORD


def _value(line: str, start: int, opening: str | None, reach: _ValueEnd) -> tuple[int, int] | None:
    if opening:
        return start, closing_quote(line, start, opening)
    if line.startswith("[redacted:", start):
        return None
    if reach is _ValueEnd.WORD:
        bare = _BARE.match(line, start)
        return bare.span() if bare else None
    end = len(line.rstrip())
    if reach is _ValueEnd.PAIR and (more := _MORE_PAIRS.search(line, start)):
        end = min(end, more.start())
    for quote in "\"'":
        if (at := line.find(quote, start, end)) > start and line.count(quote, 0, start) % 2:
            end = at  # the whole line stood in quotes: curl -H 'Authorization: ...'
    # After a colon these begin a structure, a block or an alias; after an equals sign they are the secret's own.
    structure = line[start : start + 1] in tuple("{[|>&*") and line[max(start - 8, 0) : start].rstrip().endswith(":")
    return (start, end) if end > start and not structure else None


def closing_quote(line: str, start: int, opening: str) -> int:
    r"""Return where a quoted value ends.

    At depth *n* of JSON inside JSON a quote that delimits carries 2^n - 1 backslashes (``opening`` shows how many), a
    quote inside the value 2^n more, and a backslash of the value is 2^(n+1) of them.
    """
    own = len(opening) - 1
    at = line.find(opening[-1], start)
    while at >= 0:
        before = at
        while before > start and line[before - 1] == "\\":
            before -= 1
        if (at - before) % (2 * own + 2) == own:
            return at - own
        at = line.find(opening[-1], at + 1)
    return len(line)


def kind_of_name(name: str) -> str:
    """Return the kind of secret that a whole name (``DB_PASSWORD``, ``client-secret``) speaks of, or an empty text."""
    return kind_of_secret(_MARKER.sub("", name))
