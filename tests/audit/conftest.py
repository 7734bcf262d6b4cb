"""A clock that ticks, and a chain of six records to work on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from agentops.audit.log import open_log

START = datetime(2026, 11, 22, 16, 0, 0, tzinfo=UTC)


@pytest.fixture
def ticking() -> Callable[[], datetime]:
    """A clock that moves on by one second each time it is read."""
    ticks = count()
    return lambda: START + timedelta(seconds=next(ticks))


@pytest.fixture
def chain(tmp_path: Path, ticking: Callable[[], datetime]) -> Path:
    """A folder with a chain: its first record and five more of run r1, actor human:ana."""
    folder = tmp_path / "audit"
    with open_log(folder, run="r1", actor="human:ana", clock=ticking, sign_every=0) as log:
        for n in range(5):
            log.append("tool_call", {"n": n, "text": "é\n\x1b[31m"})
    return folder
