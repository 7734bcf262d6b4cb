"""Tells the model what came of its plan, and lets it go on in the same conversation.

Comes in: the conversation so far and how the plan ended. Goes out: one more run of the loop, with an empty plan. What
a person declined or policy refused is closed for it before it gets a turn. How many rounds there are is the caller's to
bound; nothing here asks anybody, applies anything or decides whether a plan was any good.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentops.agent.drafting import Blocked, declined, refused
from agentops.agent.fence import neutral
from agentops.agent.history import Keep, forget
from agentops.agent.loop import investigate
from agentops.agent.model import Message, Model
from agentops.agent.prompt import filled, prompt
from agentops.agent.result import LoopResult
from agentops.agent.toolbox import Toolbox
from agentops.core.finding import Finding
from agentops.core.jsonable import to_json
from agentops.core.outcome import Status
from agentops.core.plan import Change
from agentops.core.progress import Progress
from agentops.core.resource import Home
from agentops.core.text import clip, one_line
from agentops.core.threads import Monotonic
from agentops.core.usage import Limits

GOES_ON = (Status.APPLIED, Status.ROLLED_BACK, Status.DECLINED, Status.REFUSED, Status.NOTHING_TO_DO)
"""How a plan may end for the model to be told. After any other end (in doubt, stopped) a person is needed first."""
_WHY_CHARS = 1_500
_SEEN_CHARS = 6_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFeedback:
    """How a plan of the model's ended.

    Arguments:
        status: one of ``GOES_ON``.
        changes: what the status is about: the steps that ran; for a refusal, those that were refused.
        skipped: steps that a person took out of the plan before it ran.
        why: the reason: policy's decision, the failed check, the person's words; may quote the cluster.
        seen: what triage sees now; quotes the cluster.
    """

    status: Status
    changes: tuple[Change, ...]
    skipped: tuple[Change, ...] = ()
    why: str = ""
    seen: str = ""


def continue_after(
    feedback: PlanFeedback,
    *,
    messages: Sequence[Message],
    model: Model,
    toolbox: Toolbox,
    home: Home,
    limits: Limits,
    progress: Progress,
    monotonic: Monotonic,
    keep: Keep = forget,
) -> LoopResult[Finding]:
    """Begin the next round of the toolbox's ``Drafting``, and run the loop on from ``messages``.

    Arguments:
        messages: of the round before; ``LoopResult.messages``.
        limits: what this round may spend.
        others: as of ``loop.investigate``.

    Raises:
        ValueError: the toolbox drafts nothing, or the plan ended in a way after which nobody may go on.
        AuditError, StoreError: as ``loop.investigate``.
    """
    if toolbox.drafting is None or feedback.status not in GOES_ON:
        raise ValueError(f"there is nothing to go on with after {feedback.status}")
    toolbox.drafting.begin_round(closed_by(feedback))
    return investigate(
        model=model,
        toolbox=toolbox,
        opening=told(feedback, toolbox),
        home=home,
        limits=limits,
        progress=progress,
        monotonic=monotonic,
        resume=messages,
        keep=keep,
    )


def closed_by(feedback: PlanFeedback) -> tuple[Blocked, ...]:
    """Return the ways that the end of the plan closes for the rest of the run."""
    blocked = [declined(change) for change in feedback.skipped]
    if feedback.status is Status.DECLINED:
        blocked += [declined(change) for change in feedback.changes]
    if feedback.status is Status.REFUSED:
        blocked += [refused(change) for change in feedback.changes]
    return tuple(blocked)


def told(feedback: PlanFeedback, toolbox: Toolbox) -> str:
    """Return what the model is told; what quotes the cluster or a person is redacted and fenced."""
    parts = [("why", feedback.why, _WHY_CHARS), ("triage now", feedback.seen, _SEEN_CHARS)]
    quoted = [toolbox.fence.wrap(clip(toolbox.redactor.text(text), most), label) for label, text, most in parts if text]
    outcome = prompt(f"outcome_{feedback.status.value}")
    if feedback.skipped:
        outcome += f"\n\nOf these changes:\n{_listed(feedback.skipped)}\n{prompt('outcome_declined')}"
    return filled("outcome", steps=_listed(feedback.changes), outcome=outcome, quoted="\n".join(quoted)).rstrip()


def _listed(changes: Sequence[Change]) -> str:
    return "\n".join(_lines(changes))


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    for number, change in enumerate(changes, 1):
        arguments = one_line(json.dumps(to_json(dict(change.arguments)), ensure_ascii=False), 300)
        yield neutral(f"{number}. {change.tool} on {change.target.short} with {arguments}")
