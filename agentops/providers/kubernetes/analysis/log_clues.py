"""What a container's last lines say about why it failed: patterns that real runtimes and libraries print.

Comes in: log lines, untrusted, any language. Goes out: ``Clue`` values with the line quoted. A log line can name a
host, a variable or an error; it can never change a verdict by asserting one. A clue that is not ``certain`` names
something that only resembles a host or a variable: whoever uses it must know the name from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agentops.providers.kubernetes.analysis.log_patterns import (
    ANSWERS,
    BAD_VALUE,
    CALM_LEVEL,
    ERROR,
    FRAME,
    LOUD_LEVEL,
    MISSING_VARIABLE,
    NOT_HOSTS,
    PLAIN,
    PYTHON_ENVIRONMENT,
    QUIET,
    REFUSED,
    SOURCE_FILE,
    SUSPICIOUS,
    TIMED_OUT,
    UNKNOWN_HOST,
    LogForm,
)
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.objects.snapshot import LogTail

_LINE_CHARS = 2000
_FRAMES_BACK = 8
SAID_CHARS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One telling line: ``kind`` of clue, the ``subject`` that it names (host, variable, path), ``port`` or 0.

    ``certain`` says whether the line alone proves that the subject is a host, or a variable of the environment.
    """

    kind: str
    subject: str
    port: int
    line: str
    container: str
    previous: bool
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LineClue:
    """What one form reads in one line."""

    kind: str
    subject: str = ""
    port: int = 0
    certain: bool = True


def clues(tails: Iterable[LogTail]) -> Iterator[Clue]:
    """Yield what the lines tell, newest line first within each tail; one clue per kind and subject."""
    seen: set[tuple[str, str, int, str]] = set()
    for tail in tails:
        for at in range(len(tail.lines) - 1, -1, -1):
            for found in _in_context(tail.lines, at):
                mark = (found.kind, found.subject, found.port, tail.container)
                if mark not in seen:
                    seen.add(mark)
                    yield Clue(
                        kind=found.kind, subject=found.subject, port=found.port,
                        line=quoted(tail.lines[at], SAID_CHARS), container=tail.container, previous=tail.previous,
                        certain=found.certain,
                    )  # fmt: skip


def _in_context(lines: Sequence[str], at: int) -> Iterator[LineClue]:
    """Yield what line ``at`` tells. A KeyError is about a variable where the frames before it read the environment."""
    for found in read_line(lines[at][:_LINE_CHARS]):
        if found.kind == "missing-variable" and not found.certain and "KeyError" in lines[at]:
            frames = (line[:_LINE_CHARS] for line in lines[max(0, at - _FRAMES_BACK) : at])
            if any(PYTHON_ENVIRONMENT.search(line) for line in frames):
                found = LineClue(kind=found.kind, subject=found.subject)
        yield found


def read_line(line: str) -> Iterator[LineClue]:
    """Yield what one line tells; a line about a connection is about nothing else."""
    connection = _first(line, (*UNKNOWN_HOST, *REFUSED, *TIMED_OUT))
    if connection is not None:
        yield connection
        return
    for forms in (MISSING_VARIABLE, BAD_VALUE):
        named = _first(line, forms)
        if named is not None:
            yield named
    for form in (*PLAIN, *ANSWERS):
        if form.pattern.search(line):
            yield LineClue(kind=form.kind)


def _first(line: str, forms: Sequence[LogForm]) -> LineClue | None:
    return next((found for form in forms if (found := apply_form(form, line)) is not None), None)


def apply_form(form: LogForm, line: str) -> LineClue | None:
    """Return what one form reads in a line, or None: also where what it caught is no host and no variable."""
    match = form.pattern.search(line)
    if match is None:
        return None
    groups = match.groupdict()
    if "name" in groups:
        return LineClue(kind=form.kind, subject=match["name"], certain=form.certain)
    if "host" not in groups:
        return LineClue(kind=form.kind)
    host, port = (match["host"] or "").lower(), match.groupdict().get("port") or ""
    if not form.certain and not _is_address(host, match["before"]):
        return None
    if host in NOT_HOSTS:
        return None
    # One bare word before a colon and a number may be anything: it is a host where the configuration names it as one.
    certain = form.certain or "." in host or match["before"] in "/@"
    return LineClue(kind=form.kind, subject=host, port=int(port) if port and int(port) < 65536 else 0, certain=certain)


_QUAD = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")


def _is_address(host: str, before: str) -> bool:
    """Return whether ``host:number`` in loose text is an address: no clock time, no file and line, no logfmt key."""
    if host[:1].isdigit() and not _QUAD.fullmatch(host) and not re.search(r"[a-z]", host):
        return False
    return before in "/@" or not SOURCE_FILE.search(host)


def last_error(tails: Iterable[LogTail]) -> str:
    """Return the last line that reads like an error (else the last line), quoted, or the empty string."""
    for tail in tails:
        lines = [line for line in tail.lines if line.strip() and not is_suspicious(line)]
        wrong = [line for line in lines if is_error(line)]
        if wrong:
            return quoted(wrong[-1], SAID_CHARS)
        if lines and tail.previous:
            return quoted(lines[-1], SAID_CHARS)
    return ""


def last_line(tails: Iterable[LogTail]) -> str:
    """Return the very last line that says something (no frame of a stack), quoted, or the empty string."""
    for tail in tails:
        lines = [line for line in tail.lines if not FRAME.search(line) and not is_suspicious(line)]
        if lines:
            return quoted(lines[-1], SAID_CHARS)
    return ""


def is_error(line: str) -> bool:
    """Return whether a line reads like an error, and does not merely count none of them."""
    cut = line[:_LINE_CHARS]
    return ERROR.search(cut) is not None and QUIET.search(cut) is None


def is_loud(line: str) -> bool:
    """Return whether the program itself calls the line an error, or it records an answer that is one."""
    cut = line[:_LINE_CHARS]
    if QUIET.search(cut):
        return False
    kinds = {found.kind for found in read_line(cut)}
    if kinds & {"http-5xx", "grpc-error", "slow-answer", "refused", "timeout", "unknown-host"}:
        return True
    return LOUD_LEVEL.search(cut) is not None and CALM_LEVEL.search(cut) is None


@lru_cache(maxsize=16_384)
def is_suspicious(line: str) -> bool:
    """Return whether a line reads like an instruction to whoever reads the log."""
    return any(pattern.search(line[:_LINE_CHARS]) for pattern in SUSPICIOUS)
