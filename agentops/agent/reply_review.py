"""Reviews the model's reply to a request: accepts it, sends it back with reasons, or at last takes it with warnings.

Comes in: a call of the tool that ends the run. Goes out: a ``RequestReply`` whose citations were checked, or what to
tell the model. "Planned" without a plan, and a plan beside another verdict, contradict themselves and are sent back as
well; a reply that still does so is taken as unsupported, and no plan comes of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from agentops.agent.citation import marked_reply, unsupported_reply
from agentops.agent.drafting import Drafting
from agentops.agent.prompt import prompt
from agentops.agent.reply import ANSWER_SPEC, REQUEST_SPEC, read_reply
from agentops.agent.review import ReviewDecision, longest_text, sent_back
from agentops.core.request import ReplyVerdict, RequestReply
from agentops.core.text import plural
from agentops.core.tool import ToolCall, ToolSpec

_SENT_BACK = 2


class ReplyReview:
    """Counts how often replies of one run were sent back; see ``review.Review``.

    Arguments:
        by: the model's name.
        wants_change: the request is one for a change; else a question.
        drafting: the plan as it is drafted; None where nothing can be drafted.
    """

    def __init__(self, *, by: str, wants_change: bool, drafting: Drafting | None) -> None:
        self.ending: ToolSpec = REQUEST_SPEC if wants_change else ANSWER_SPEC
        self.system = prompt("system_request" if wants_change else "system_question")
        self._by = by
        self._drafting = drafting
        self._sent_back = 0

    def decide(
        self, call: ToolCall, known: Collection[str], *, last_chance: bool, said: Collection[str] = ()
    ) -> ReviewDecision[RequestReply]:
        """Return what becomes of a reply; see ``review.Review.decide``.

        Raises:
            BadAnswer: the model cannot write a reply that can be read.
        """
        read = read_reply(self.ending, call.arguments, by=self._by)
        doubts = (*unsupported_reply(read.reply, known, said), *self._contradictions(read.reply)) if read.reply else ()
        wrong = (*read.wrong, *doubts)
        if read.reply and not wrong:
            return ReviewDecision(report=read.reply, said="Accepted.")
        if read.reply and (last_chance or self._sent_back >= _SENT_BACK):
            reply = marked_reply(read.reply, known, doubts) if doubts else read.reply
            return ReviewDecision(report=_warned(reply, read.wrong), said="Accepted with warnings.")
        self._sent_back += 1
        return sent_back("reply", wrong, known, by=self._by, times=self._sent_back, cited_wrongly=bool(doubts))

    def from_text(self, texts: Sequence[str], reason: str) -> RequestReply:
        """Return the model's own words as a reply that nothing supports.

        Raises:
            BadAnswer: it wrote none.
        """
        return RequestReply(
            verdict=ReplyVerdict.NOT_POSSIBLE,
            text=longest_text(texts, by=self._by, reason=reason),
            by=self._by,
            supported=False,
            warnings=(f"Not supported by evidence: nothing was reported, this is the model's text ({reason}).",),
        )

    def early(self, report: RequestReply, reason: str) -> RequestReply:
        """Return a reply with the warning that the run ended before its time."""
        return _warned(report, (f"it ended early, {reason}",))

    def _contradictions(self, reply: RequestReply) -> Iterator[str]:
        steps = len(self._drafting.changes) if self._drafting is not None else 0
        planned = reply.verdict is ReplyVerdict.PLANNED
        if planned and not steps:
            yield "the verdict is planned and the plan is empty: draft what was asked for first, or report otherwise"
        if steps and not planned:
            yield (
                f"the verdict is {reply.verdict.value} and the plan has {plural(steps, 'step')}: withdraw what does "
                "not belong with drop_change, or report planned"
            )


def _warned(reply: RequestReply, wrong: Sequence[str]) -> RequestReply:
    return replace(reply, warnings=(*reply.warnings, *(f"The reply is incomplete: {item}." for item in wrong)))
