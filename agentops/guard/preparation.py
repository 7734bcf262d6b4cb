"""Stages 1 to 6, for each change of a plan: precheck, prediction, dry run, diff, blast radius, decision.

Comes in: a ``Proposal``. Goes out: a ``Decided`` for each of its changes, in their order. The same stages make a new
plan and look at an approved one again. Nothing of them has an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

from agentops.core.plan import Change, Preview
from agentops.guard.blast_radius import measure
from agentops.guard.decision import decide
from agentops.guard.diff import diff
from agentops.guard.dry_run import dry_run
from agentops.guard.policy_input import PolicyInput
from agentops.guard.precheck import precheck
from agentops.guard.prediction import predict
from agentops.guard.proposal import Proposal
from agentops.guard.remediation_rules import require_remediation
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Decided, Predicted


def prepare_steps(
    services: GuardServices,
    log: StageLog,
    proposal: Proposal,
    *,
    is_remediation: bool,
    approvals: tuple[str, ...] | None = None,
    each: Callable[[int], AbstractContextManager[object]] = nullcontext,
) -> Iterator[Decided]:
    """Yield every change of the proposal as it comes out of its stages.

    Arguments:
        is_remediation: hold the whole plan to being one, before any of it is tried.
        approvals: who has agreed already, for policy.
        each: entered with the number of the step, from 1, round the stages of each; may turn one error into another.

    Raises:
        ToolInputError, ToolError: a change does not fit, or the provider refuses it.
        PolicyRefused: policy refuses one, or it is no cure.
        PreviewWrote: a trial had an effect; everything stops.
        AuditError: it could not be recorded.
    """
    policy_input = PolicyInput(
        dry_run=True, tainted=proposal.tainted, rollback=bool(proposal.rolls_back), approvals=approvals
    )
    # All of the plan is judged by what can be read before any of it is tried on the provider.
    predicted: list[Predicted] = []
    for number, change in enumerate(proposal.changes, 1):
        earlier = [one.prediction for one in predicted]
        with each(number):
            predicted.append(predict_step(services, log, change, policy_input, step=number, earlier=earlier))
    if is_remediation:
        require_remediation(services.no_remedy, [(one.change, one.prediction) for one in predicted])
    previews: list[Preview] = []
    for number, one in enumerate(predicted, 1):
        with each(number):
            step = prepare_step(services, log, one, policy_input, step=number, earlier=previews)
        previews.append(step.preview)
        yield step


def predict_step(
    services: GuardServices,
    log: StageLog,
    change: Change,
    policy_input: PolicyInput,
    *,
    step: int,
    earlier: Sequence[Preview] = (),
) -> Predicted:
    """Return one change as one that nothing readable speaks against; nothing but reads is sent.

    Arguments:
        step: its number, from 1.
        earlier: the predictions of the steps before it.

    Raises:
        as ``prepare_steps``.
    """
    prechecked = precheck(services, log, change, step=step, policy_input=policy_input)
    return predict(services, log, prechecked, step=step, policy_input=policy_input, earlier=earlier)


def prepare_step(
    services: GuardServices,
    log: StageLog,
    predicted: Predicted,
    policy_input: PolicyInput,
    *,
    step: int,
    earlier: Sequence[Preview] = (),
) -> Decided:
    """Return one predicted change, tried on the provider, measured and decided on.

    Arguments and errors are those of ``predict_step``; ``earlier`` are the previews.
    """
    previewed = dry_run(services, log, predicted, step=step, earlier=tuple(earlier))
    diffed = diff(log, previewed, step=step)
    measured = measure(services, log, diffed, step=step)
    decided = decide(services, log, measured, step=step, policy_input=policy_input)
    what = f"{decided.change.tool} on {decided.change.target.short}"
    log.say(f"{what}: {decided.decision.why}", key=f"step-{step}", done=True)
    return decided
