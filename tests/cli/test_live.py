"""Progress on stderr without a terminal: finished steps, a line each."""

from __future__ import annotations

import io

from agentops.cli.live import Live
from agentops.core.progress import Stage, Step

_STEPS = (
    Step(stage=Stage.SWEEP, text="reading shop", key="sweep"),
    Step(stage=Stage.SWEEP, text="Pod in shop: 41", key="pods", done=True),
    Step(stage=Stage.REASONING, text="perhaps the "),
    Step(stage=Stage.REASONING, text="probe\nor not"),
    Step(stage=Stage.SWEEP, text="read 41 pods\x1b[2J", key="sweep", done=True),
)


def _lines(verbose: int) -> list[str]:
    stream = io.StringIO()
    with Live(stream, verbose=verbose) as live:
        for step in _STEPS:
            live(step)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_without_a_terminal_finished_steps_are_plain_lines() -> None:
    """No reasoning, no starts, no single lists, no escape sequences."""
    assert _lines(0) == ["▸ read 41 pods\\u{1b}[2J"]


def test_verbose_adds_starts_and_reasoning() -> None:
    """With -v the stream of reasoning is shown too, line by line."""
    assert _lines(1) == [
        "▸ reading shop",
        "▸ Pod in shop: 41",
        "  perhaps the probe",
        "  or not",
        "▸ read 41 pods\\u{1b}[2J",
    ]
