"""Chains of several segments for the tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from agentops.audit.log import open_log
from agentops.audit.segments.retention import Retention
from agentops.audit.segments.segment import closed_segments, opened

Clock = Callable[[], datetime]


def grow(
    folder: Path, clock: Clock, *, sign_every: int = 1000, compress: bool = False, runs: int = 3, days: int = 0
) -> None:
    """Put runs of five notes each into the chain, and close a segment after each run but the last."""
    retention = Retention(compress=compress, retention_days=days)
    for run in range(runs):
        with open_log(
            folder, run=f"r{run}", actor="human:ana", clock=clock, sign_every=sign_every, retention=retention
        ) as log:
            log.append_all([("note", {"n": n}) for n in range(5)])
            if run < runs - 1:
                log.close_segment()


def names(folder: Path) -> list[str]:
    """Return the names of the chain's segments as they are, oldest first."""
    with opened(folder) as files:
        return [segment.path.name for segment in files.all]


def lines(folder: Path) -> list[bytes]:
    """Return every line of the chain, without newlines."""
    found: list[bytes] = []
    with opened(folder) as files:
        for segment in files.all:
            with segment.reading() as file:
                found += file.read().splitlines()
    return found


def closed(folder: Path) -> list[Path]:
    """Return the closed segments' files, oldest first."""
    return [segment.path for segment in closed_segments(folder)]
