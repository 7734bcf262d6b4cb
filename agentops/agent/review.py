"""``Review``: what a run of the loop is for: the tool that ends it, and who accepts what the model reports.

Comes in: calls of that tool. Goes out: a report whose citations were checked, or what to tell the model. An
investigation ends with a finding (``finding_review.py``), a request with a reply (``reply_review.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from agentops.agent.model import BadAnswer
from agentops.core.tool import ToolCall, ToolSpec


class Reported(Protocol):
    """What a run ends with; ``supported``: what it cites was observed."""

    @property
    def supported(self) -> bool:
        """Whether it rests on evidence; nothing else may feed a plan."""
        ...


R = TypeVar("R", bound=Reported)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDecision(Generic[R]):
    """``report`` when it is taken, else None; ``said`` is the model's answer to its call."""

    report: R | None
    said: str


class Review(Protocol[R]):
    """Decides what becomes of the reports of one run, and counts how often they were sent back."""

    @property
    def ending(self) -> ToolSpec:
        """The tool that ends the run; it never runs, the loop itself takes the call."""
        ...

    @property
    def system(self) -> str:
        """The system prompt: the same bytes in every run of its kind."""
        ...

    def decide(
        self, call: ToolCall, known: Collection[str], *, last_chance: bool, said: Collection[str] = ()
    ) -> ReviewDecision[R]:
        """Return what becomes of a report.

        Arguments:
            call: of the tool that ends the run.
            known: ids of all evidence of the incident, oldest first.
            said: ids of what is only the alert's own words.
            last_chance: whether the model gets no other turn.

        Raises:
            BadAnswer: the model cannot write a report that can be read.
        """
        ...

    def from_text(self, texts: Sequence[str], reason: str) -> R:
        """Return the model's own words as a report that nothing supports.

        Raises:
            BadAnswer: it wrote none.
        """
        ...

    def early(self, report: R, reason: str) -> R:
        """Return a report with the warning that the run ended before its time."""
        ...


def longest_text(texts: Sequence[str], *, by: str, reason: str) -> str:
    """Return what a model that reported nothing wrote last, at the most length.

    Raises:
        BadAnswer: it wrote nothing.
    """
    if not texts:
        raise BadAnswer(
            f"{by} ended without a report and without a text: {reason}",
            hint="Run it again, or with another --model. What needs no model: agentops triage",
        )
    return max(texts[-2:], key=len)
