"""``--version`` and ``--help`` against the bare interpreter."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import ENVIRON, Row, best_of, row


def startup() -> Iterator[Row]:
    """Measure the two fastest answers."""
    program = str(Path(sys.executable).with_name("agentops"))
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        "version": [program, "--version"],
        "help": [program, "--help"],
    }
    best = best_of(40, commands, ENVIRON)
    yield row("`agentops --version`", best["version"], best["pass"], "at most 2")
    yield row("`agentops --help`", best["help"], best["pass"], "at most 2")
