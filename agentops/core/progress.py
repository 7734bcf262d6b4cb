"""Progress as values: each part reports what it is doing, and one renderer shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias


class Stage(StrEnum):
    """What a step of progress is about."""

    ALERT = "alert"
    SWEEP = "sweep"
    PROBLEM = "problem"
    MODEL = "model"
    REASONING = "reasoning"
    ANSWER = "answer"
    TOOL = "tool"
    EVIDENCE = "evidence"
    RETRY = "retry"
    NOTICE = "notice"
    CHANGE = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened.

    ``text`` is a line for people, untrusted where it quotes; for ``REASONING`` and ``ANSWER`` it is a streamed
    fragment without a newline of its own. ``done`` closes the step of the same ``key``.
    """

    stage: Stage
    text: str
    key: str = ""
    done: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)


Progress: TypeAlias = Callable[[Step], None]
"""Takes one step; must be quick, must not raise, may be called from several threads."""


def no_progress(_step: Step) -> None:
    """Show nothing; the ``Progress`` of whoever is not watched."""
