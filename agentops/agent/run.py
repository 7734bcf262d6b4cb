"""``Run``: what one run of the loop holds between its turns.

Comes in: a model, a toolbox, the budget and the history. Goes out: the state that asking and answering share, and at
the end the ``LoopResult``. It asks nobody and runs no tool; once it is closing it never opens again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic

from agentops.agent.budget import Budget
from agentops.agent.history import MessageHistory
from agentops.agent.model import Model, Turn
from agentops.agent.prompt import filled
from agentops.agent.repetition import Repetition
from agentops.agent.result import LoopResult, Stop
from agentops.agent.review import R, Review
from agentops.agent.toolbox import Toolbox
from agentops.core.errors import ModelError
from agentops.core.progress import Progress, Stage, Step


@dataclass(slots=True, kw_only=True)
class Run(Generic[R]):
    """The state of one run.

    Arguments:
        closing: why the model has one turn left, for its report; empty while it has more.
        reminded: whether it was told already that a text is no report.
        cuts: how many of its messages were cut off at the output limit.
        texts: all that it said in text.
        refused: why its drafts and reports were refused, oldest first.
    """

    model: Model
    toolbox: Toolbox
    budget: Budget
    history: MessageHistory
    review: Review[R]
    progress: Progress
    repetition: Repetition = field(default_factory=Repetition)
    closing: str = ""
    reminded: bool = False
    cuts: int = 0
    texts: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def close_when_spent(self) -> None:
        """Begin to close when a limit of the budget is reached."""
        if not self.closing and (reason := self.budget.exhausted):
            self.close(reason)

    def close(self, reason: str) -> None:
        """Leave the model one turn, and ask it for its best report."""
        self.closing = reason
        self.progress(Step(stage=Stage.NOTICE, text=f"{reason}; asking for the best report so far"))
        self.history.say(filled("closing", reason=reason, report=self.review.ending.name))

    def shorten(self) -> bool:
        """Take back what did not fit into the context window, and close; False where there is nothing to take back."""
        if self.closing or not self.history.shorten():
            return False
        self.close("the conversation fills the model's context window")
        return True

    def take(self, turn: Turn) -> None:
        """Keep what the model said."""
        if turn.text:
            self.texts.append(turn.text)
        self.history.take(turn)

    def result(
        self, stop: Stop, reason: str, report: R | None = None, error: ModelError | None = None
    ) -> LoopResult[R]:
        """Return how the run ended, everything kept."""
        drafting = self.toolbox.drafting
        return LoopResult(
            report=report,
            stop=stop,
            reason=reason,
            usage=self.budget.spent,
            messages=self.history.end(),
            error=error,
            refused=tuple(self.refused),
            drafted=drafting.changes if drafting and report and report.supported else (),
        )
