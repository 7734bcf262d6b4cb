"""Stage 2, prediction: what the change would do, from reads alone, judged by policy before anything is tried.

Comes in: ``Prechecked``. Goes out: ``Predicted``. A change that policy or a static rule refuses ends here, and the
provider never hears of it, not even by a dry run. What passes is judged once more by the provider's own answer. The
prediction is never shown, stored or applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agentops.core.errors import PolicyRefused, ToolError
from agentops.core.plan import Preview
from agentops.guard.credentials import without_credentials
from agentops.guard.decision import REFUSED_HINT, decide_undo, taken_back
from agentops.guard.policy_input import PolicyInput, ask_policy
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Prechecked, Predicted


def predict(
    services: GuardServices,
    log: StageLog,
    state: Prechecked,
    *,
    step: int,
    policy_input: PolicyInput,
    earlier: Sequence[Preview] = (),
) -> Predicted:
    """Return the change as one that may be tried on the provider.

    Arguments:
        earlier: the predictions of the steps before it.

    Raises:
        ToolInputError: the arguments do not fit what is there.
        ToolError: the provider cannot be read, or the caller may not do what the change needs.
        PolicyRefused: policy denies the change or its undo as it is predicted.
    """
    change = state.change
    try:
        tool = services.tools[change.tool]
        predicted = tool.predict(change, earlier) if earlier else tool.predict(change)
        prediction = without_credentials(services, predicted, change.tool)
        missing = services.missing_permissions(change, prediction)
        reach = services.tools[change.tool].blast_radius(prediction) if prediction.objects else None
    except ToolError as error:
        log.failed("prediction", error.message, step=step, change=change)
        raise
    if missing:
        log.failed("prediction", "permissions are missing", step=step, missing=missing)
        raise ToolError(
            f"you may not do what {change.tool} needs: {'; '.join(missing)}",
            hint="Ask for these permissions, or use an identity that has them.",
            code="forbidden",
        )
    if reach is not None:
        full = replace(policy_input, dry_run=False)
        decision = ask_policy(services, full, change, state.spec, prediction, reach)
        if not decision.allowed:
            log.failed("prediction", decision.why, step=step, ruling=decision)
            what = f"{change.tool} on {change.target.short}"
            raise PolicyRefused(f"policy refuses {what}: {decision.why}{taken_back(prediction)}", hint=REFUSED_HINT)
        decide_undo(services, log, prediction, reach, step=step, policy_input=replace(full, rollback=True))
    log.passed("prediction", "nothing that can be read speaks against it", step=step)
    return Predicted(prechecked=state, prediction=prediction)
