"""``Request``: what a person asked for in their own words; ``RequestReply``: what came of it, with evidence by id.

The words of a request are the only text that is an instruction to a model: whole, and the person's who runs the
command. Everything that is read on the way stays data. A reply's citations are checked by code before anyone sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agentops.core.errors import UsageError
from agentops.core.text import one_line

MOST_CHARS = 16_000
REQUEST, QUESTION = "request", "question"
REQUESTED = "requested"
"""The verdict of an intent whose reason is a person's own words, and no finding."""
NO_MODEL_HINT = (
    "Set ANTHROPIC_API_KEY, or name another with --model. What needs no model: agentops triage, investigate and fix."
)
_TITLE_CHARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A person's own words. ``wants_change``: something is to be done; else a question is to be answered."""

    words: str
    wants_change: bool

    @property
    def kind(self) -> str:
        """``request`` or ``question``."""
        return REQUEST if self.wants_change else QUESTION

    @property
    def title(self) -> str:
        """Its beginning, on one line."""
        return one_line(self.words, _TITLE_CHARS)


def request_of(words: str, *, wants_change: bool) -> Request:
    """Return the request that somebody typed or piped in.

    Raises:
        UsageError: there are no words, or more than are taken; they are never cut.
    """
    command = "do" if wants_change else "ask"
    if not words.strip():
        example = "scale web to 3" if wants_change else "what runs here?"
        raise UsageError(
            "there are no words", hint=f'Say what you want: agentops {command} "{example}"', code="no-words"
        )
    if len(words) > MOST_CHARS:
        raise UsageError(
            f"the words are {len(words):,} characters long; at most {MOST_CHARS:,} are taken, and none is ever cut",
            hint="Say it shorter, or in several requests.",
            code="too-many-words",
        )
    return Request(words=words.strip(), wants_change=wants_change)


class ReplyVerdict(StrEnum):
    """What a reply to a request says."""

    PLANNED = "planned"
    """A plan was drafted; what came of it is the reply's ``outcome``."""
    ALREADY_SO = "already-so"
    ANSWERED = "answered"
    NOT_POSSIBLE = "not-possible"


DONE = "done"
"""The outcome of a request that was done as asked: its plan was applied and verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReply:
    """What a model replied to a request, and what came of its plan.

    Arguments:
        text: the answer, or what the plan does, in the model's words.
        by: the model's name.
        because: why it is not possible, one sentence.
        evidence: ids that it cites, each of which was observed.
        supported: False when it cites what was never observed, or nothing where something must be cited; such a reply
            is no answer and feeds no plan.
        outcome: what came of its plan: ``done``, or how the plan ended; empty where there is none.
    """

    verdict: ReplyVerdict
    text: str
    by: str
    because: str = ""
    evidence: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    supported: bool = True
    warnings: tuple[str, ...] = ()
    outcome: str = ""

    @property
    def standing(self) -> str:
        """How the request stands, in one word: the outcome of its plan, else the verdict."""
        if not self.supported:
            return "unsupported"
        return self.outcome or self.verdict.value
