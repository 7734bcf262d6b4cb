"""``Review``: what a run of the loop is for: the tool that ends it, and who accepts what the model reports.

Comes in: calls of that tool. Goes out: a report whose citations were checked, or what to tell the model. An
investigation ends with a finding (``finding_review.py``), a request with a reply (``reply_review.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from agentops.agent.model import BadAnswer
from agentops.core.text import one_line
from agentops.core.tool import ToolCall, ToolSpec


class Reported(Protocol):
    """What a run ends with; ``supported``: what it cites was observed."""

    @property
    def supported(self) -> bool:
        """Whether it rests on evidence; nothing else may feed a plan."""
        ...


R = TypeVar("R", bound=Reported)

_UNREADABLE_AT_MOST = 4
_IDS_NAMED = 40


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


def sent_back(
    what: str, wrong: Sequence[str], known: Collection[str], *, by: str, times: int, cited_wrongly: bool
) -> ReviewDecision[R]:
    """Return what tells the model that its report is not taken, and what there is to cite where that is what is wrong.

    Arguments:
        what: how its report is called: ``report``, ``reply``.
        times: how often one was sent back in this run, this time included.

    Raises:
        BadAnswer: that was often enough.
    """
    said = "; ".join(wrong)
    if times >= _UNREADABLE_AT_MOST:
        raise BadAnswer(
            f"{by} could not write a {what} that can be read: {one_line(said, 300)}",
            hint="Run it again, or with another --model.",
        )
    seen = f" Known evidence: {', '.join(list(known)[-_IDS_NAMED:]) or 'none'}." if cited_wrongly else ""
    return ReviewDecision(report=None, said=f"Not accepted: {said}.{seen} Correct it and report again.")


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
