"""Rows of the benchmark table, and timing of processes."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""The environment of every measured process: with bytecode, as it is on a user's machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison: what was measured, against what, and what we aim for."""

    name: str
    value: str
    baseline: str
    ratio: str
    aim: str


def row(name: str, measured_s: float, baseline_s: float, aim: str) -> Row:
    """Return a row of two times in seconds."""
    return Row(
        name=name,
        value=f"{measured_s * 1000:,.0f} ms",
        baseline=f"{baseline_s * 1000:,.0f} ms",
        ratio=f"{measured_s / baseline_s:.2f}",
        aim=aim,
    )


def run_s(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """Return the wall seconds that a command takes.

    Raises:
        CalledProcessError: it failed; a time of a failure means nothing.
    """
    begun = time.perf_counter()
    subprocess.run(command, env=dict(environ), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.perf_counter() - begun


def best_of(rounds: int, commands: Mapping[str, Sequence[str]], environ: Mapping[str, str]) -> dict[str, float]:
    """Return the best time of each command, run in turns so that each sees the same machine."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(run_s(command, environ))
    return {name: min(taken) for name, taken in times.items()}
