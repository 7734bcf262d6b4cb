"""The loop: from an opening message to a report, by way of tool calls. ``until_end`` is the whole cycle.

Comes in: a model, a toolbox, the opening message, limits. Goes out: a ``LoopResult`` with a report, or with the reason
why there is none. Each turn is in the audit chain before a tool of it runs. The loop itself runs no tool, changes
nothing, and lets nothing that a model or a tool says change its limits.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentops.agent.answers import answer_calls, answer_cut, answer_text
from agentops.agent.budget import Budget
from agentops.agent.finding_review import FindingReview
from agentops.agent.history import Keep, MessageHistory, forget
from agentops.agent.model import Message, Model
from agentops.agent.model_turn import CUT, ask_model
from agentops.agent.prompt import prompt
from agentops.agent.result import LoopResult, RunEnded, Stop
from agentops.agent.review import R, Review
from agentops.agent.run import Run
from agentops.agent.toolbox import Toolbox
from agentops.core.errors import ModelError
from agentops.core.finding import Finding
from agentops.core.progress import Progress
from agentops.core.resource import Home
from agentops.core.threads import Monotonic
from agentops.core.usage import Limits


def until_end(run: Run[R], opening: str) -> LoopResult[R]:
    """Take turns until one of them ends the run. The history only grows; every exit is an exception.

    Raises:
        AuditError, StoreError: as ``converse``.
    """
    try:
        run.history.open(opening)
        while True:
            # A budget that is spent leaves the model one turn, for its report.
            run.close_when_spent()
            turn = ask_model(run)
            run.take(turn)
            if turn.stop_reason in CUT:
                answer_cut(run, turn)
            elif turn.calls:
                answer_calls(run, turn)
            elif turn.stop_reason != "pause_turn" or run.closing:
                answer_text(run)
    except RunEnded as end:
        return run.result(end.stop, end.reason, end.report)
    except KeyboardInterrupt:
        return run.result(Stop.INTERRUPTED, "stopped by the user")
    except ModelError as error:
        return run.result(Stop.FAILED, error.message, error=error)


def converse(
    *,
    model: Model,
    toolbox: Toolbox,
    opening: str,
    review: Review[R],
    limits: Limits,
    progress: Progress,
    monotonic: Monotonic,
    resume: Sequence[Message] = (),
    keep: Keep = forget,
) -> LoopResult[R]:
    """Run the loop to its end; failures of the model and Ctrl-C are results too, so that nothing is lost.

    Arguments:
        model: takes the turns.
        toolbox: runs the calls; its audit log gets the turns as well. With ``drafting``, the run may end in a fix.
        opening: the first user message; with ``resume``, what to say before going on, or empty.
        review: says what ends the run, and accepts it.
        limits: what may be spent from now on.
        progress: told turns, reasoning, answers, calls and evidence.
        monotonic: measures wall time.
        resume: messages of an earlier run of the same incident; tool calls left open in them are closed as not run.
        keep: given messages as they become final, each exactly once and in order; those of ``resume`` never.

    Raises:
        AuditError: a turn or call could not be recorded.
        StoreError: evidence or a message could not be kept.
    """
    run = Run(
        model=model,
        toolbox=toolbox,
        budget=Budget(limits, monotonic),
        history=MessageHistory(resume, keep),
        review=review,
        progress=progress,
    )
    if resume and toolbox.drafting and not toolbox.drafting.changes:
        opening = f"{opening}\n\n{prompt('plan_empty')}".lstrip()
    return until_end(run, opening)


def investigate(
    *,
    model: Model,
    toolbox: Toolbox,
    opening: str,
    home: Home,
    limits: Limits,
    progress: Progress,
    monotonic: Monotonic,
    resume: Sequence[Message] = (),
    keep: Keep = forget,
) -> LoopResult[Finding]:
    """Run the loop to a finding.

    Arguments:
        home: where resources stand that the model names shortly.
        others: as of ``converse``.

    Raises:
        AuditError, StoreError: as ``converse``.
    """
    return converse(
        model=model,
        toolbox=toolbox,
        opening=opening,
        review=FindingReview(home=home, by=model.name, drafts=toolbox.drafting is not None),
        limits=limits,
        progress=progress,
        monotonic=monotonic,
        resume=resume,
        keep=keep,
    )
