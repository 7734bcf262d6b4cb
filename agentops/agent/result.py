"""What a run of the loop comes to: ``LoopResult``, how it ended, and the exception by which it ends.

Values only. Whoever finds that a run is over raises ``RunEnded``; the loop makes the result of it, in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic

from agentops.agent.model import Message
from agentops.agent.review import R
from agentops.core.errors import ModelError
from agentops.core.plan import Change
from agentops.core.usage import Usage


class Stop(StrEnum):
    """How a run ended."""

    REPORTED = "reported"
    ANSWERED = "answered"
    EXHAUSTED = "exhausted"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopResult(Generic[R]):
    """What a run came to.

    Arguments:
        report: what the model reported, a finding or a reply, with its citations checked; None when it was interrupted
            or failed.
        stop: ``reported`` by the tool; ``answered`` in text only, so unsupported; ``exhausted``: a limit or a circle
            ended it, and ``report`` is the best there was; ``interrupted`` by the user; ``failed``: see ``error``.
        reason: one sentence part for people: which limit, what failed.
        usage: what was spent.
        messages: the whole history; give it to ``investigate`` as ``resume`` to go on.
        error: why it failed.
        refused: why drafts and reports of the model were refused, oldest first.
        drafted: the changes that the model drafted, in the order of the plan; empty without a report that evidence
            supports, because nothing else may feed a plan.
    """

    report: R | None
    stop: Stop
    reason: str
    usage: Usage
    messages: tuple[Message, ...]
    error: ModelError | None = None
    refused: tuple[str, ...] = ()
    drafted: tuple[Change, ...] = ()


class RunEnded(Exception):
    """The run is over, with a report: an exit of the loop, not a failure."""

    def __init__(self, stop: Stop, reason: str, report: Any) -> None:
        super().__init__(reason)
        self.stop = stop
        self.reason = reason
        self.report = report
