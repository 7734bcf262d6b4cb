"""Stage 2, prediction: what the change would do, from reads alone, judged by policy before anything is tried.

Comes in: ``Allowed``. Goes out: ``Predicted``. A change that policy or a static rule refuses ends here, and the
provider never hears of it, not even by a dry run. What passes is judged once more by the provider's own answer. The
prediction is never shown, stored or applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from agentops.core.errors import PolicyRefused, ToolError
from agentops.core.plan import Preview
from agentops.guard.credentials import without_credentials
from agentops.guard.inquiry import Inquiry, ask
from agentops.guard.parts import GuardParts, Trail
from agentops.guard.ruling import REFUSED_HINT, rule_on_undo
from agentops.guard.states import Allowed, Predicted


def predict(
    parts: GuardParts,
    trail: Trail,
    state: Allowed,
    *,
    step: int,
    inquiry: Inquiry,
    earlier: Sequence[Preview] = (),
) -> Predicted:
    """Return the change as one that may be tried on the provider.

    Arguments:
        earlier: the predictions of the steps before it.

    Raises:
        ToolInputError: the arguments do not fit what is there.
        ToolError: the provider cannot be read, or the caller may not do what the change needs.
        PolicyRefused: policy denies the change or its way back as it is predicted.
    """
    change = state.change
    try:
        tool = parts.tools[change.tool]
        predicted = tool.predict(change, earlier) if earlier else tool.predict(change)
        prediction = without_credentials(parts, predicted, change.tool)
        missing = parts.missing_permissions(prediction)
        reach = parts.tools[change.tool].blast_radius(prediction) if prediction.objects else None
    except ToolError as error:
        trail.failed("prediction", error.message, step=step, change=change)
        raise
    if missing:
        trail.failed("prediction", "permissions are missing", step=step, missing=missing)
        raise ToolError(
            f"you may not do what {change.tool} needs: {'; '.join(missing)}",
            hint="Ask for these permissions, or use an identity that has them.",
            code="forbidden",
        )
    if reach is not None:
        full = replace(inquiry, dry_run=False)
        ruling = ask(parts, full, change, state.spec, prediction, reach)
        if not ruling.allowed:
            trail.failed("prediction", ruling.why, step=step, ruling=ruling)
            what = f"{change.tool} on {change.target.short}"
            raise PolicyRefused(f"policy refuses {what}: {ruling.why}", hint=REFUSED_HINT)
        rule_on_undo(parts, trail, prediction, reach, step=step, inquiry=replace(full, rollback=True))
    trail.passed("prediction", "nothing that can be read speaks against it", step=step)
    inherited = {item.name: getattr(state, item.name) for item in fields(Allowed)}
    return Predicted(**inherited, prediction=prediction)
