"""What a container's last lines say about why it failed: patterns that real runtimes and libraries print.

Comes in: log lines, untrusted, any language. Goes out: ``Clue`` values with the line quoted. A log line can name a
host, a variable or an error; it can never change a verdict by asserting one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agentops.providers.kubernetes.analysis.log_patterns import (
    BAD_VALUE,
    ERROR,
    PLAIN,
    REFUSED,
    SUSPICIOUS,
    TIMED_OUT,
    UNKNOWN_HOST,
    VARIABLE,
)
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.objects.snapshot import LogTail

_LINE_CHARS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One telling line: ``kind`` of clue, the ``subject`` that it names (host, variable, path), ``port`` or 0."""

    kind: str
    subject: str
    port: int
    line: str
    container: str
    previous: bool


def clues(tails: Iterable[LogTail]) -> Iterator[Clue]:
    """Yield what the lines tell, newest line first within each tail; one clue per kind and subject."""
    seen: set[tuple[str, str, int, str]] = set()
    for tail in tails:
        for raw in reversed(tail.lines):
            for kind, subject, port in _read(raw[:_LINE_CHARS]):
                mark = (kind, subject, port, tail.container)
                if mark not in seen:
                    seen.add(mark)
                    yield Clue(
                        kind=kind, subject=subject, port=port, line=quoted(raw, 240), container=tail.container,
                        previous=tail.previous,
                    )  # fmt: skip


def _read(line: str) -> Iterator[tuple[str, str, int]]:
    """Yield ``(kind, subject, port)``; a line about a connection is about nothing else."""
    connection = _connection(line)
    if connection is not None:
        yield connection
        return
    for kind, forms in (("missing-variable", VARIABLE), ("bad-value", BAD_VALUE)):
        named = (match.group(1) for form in forms if (match := form.search(line)))
        name = next((name for name in named if name.isupper()), "")
        if name:
            yield kind, name, 0
    for kind, forms in PLAIN:
        if any(form.search(line) for form in forms):
            yield kind, "", 0


def _connection(line: str) -> tuple[str, str, int] | None:
    for pattern in UNKNOWN_HOST:
        match = pattern.search(line)
        if match:
            return "unknown-host", match.group(1).lower(), 0
    for kind, forms in (("refused", REFUSED), ("timeout", TIMED_OUT)):
        for pattern in forms:
            match = pattern.search(line)
            if match:
                port = int(match.group(2)) if len(match.group(2)) < 6 else 0
                return kind, (match.group(1) or "").lower(), port
    return None


def last_error(tails: Iterable[LogTail]) -> str:
    """Return the last line that reads like an error (else the last line), quoted, or the empty string."""
    for tail in tails:
        lines = [line for line in tail.lines if line.strip()]
        wrong = [line for line in lines if ERROR.search(line[:_LINE_CHARS]) and not is_suspicious(line)]
        if wrong:
            return quoted(wrong[-1], 240)
        calm = [line for line in lines if not is_suspicious(line)]
        if calm and tail.previous:
            return quoted(calm[-1], 240)
    return ""


def is_suspicious(line: str) -> bool:
    """Return whether a line reads like an instruction to whoever reads the log."""
    return any(pattern.search(line[:_LINE_CHARS]) for pattern in SUSPICIOUS)
