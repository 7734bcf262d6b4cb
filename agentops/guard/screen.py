"""Stage 1, screen: may this change be tried out at all? Asked before anything is sent, even for a dry run.

Comes in: a proposed ``Change``. Goes out: ``Allowed``. An unknown tool, a target in another context than the pinned one
and a credential in the arguments stop here.
"""

from __future__ import annotations

from agentops.core.errors import PolicyRefused, ToolInputError
from agentops.core.jsonable import to_json
from agentops.core.plan import Change
from agentops.core.text import one_line
from agentops.core.tool import Effect
from agentops.guard.inquiry import Inquiry, ask
from agentops.guard.parts import GuardParts, Trail
from agentops.guard.states import Allowed


def screen(parts: GuardParts, trail: Trail, change: Change, *, step: int, inquiry: Inquiry) -> Allowed:
    """Return the change as allowed to be previewed.

    Raises:
        ToolInputError: there is no such tool, or the change is for another place, or it carries a credential.
        PolicyRefused: policy denies it, or could not decide.
    """
    tool = parts.tools.get(change.tool)
    if tool is None or tool.spec.effect is not Effect.CHANGE:
        known = ", ".join(sorted(parts.tools))
        raise ToolInputError(f"there is no change tool {one_line(change.tool, 60)!r}", hint=f"The tools are {known}.")
    if change.target.scheme == "k8s" and change.target.context != parts.context:
        raise ToolInputError(
            f"{one_line(str(change.target), 120)} is not in context {parts.context!r}, to which this run is pinned",
            hint="Run it again with --context for that cluster.",
        )
    arguments = to_json(dict(change.arguments))
    if parts.redactor.value(arguments) != arguments:
        raise ToolInputError(
            f"the arguments of {change.tool} carry what looks like a credential",
            hint="Put it in a Secret and refer to that; a plan is shown, stored and signed.",
        )
    if parts.read_only:
        raise PolicyRefused("agentops is read-only here: nothing may be changed", hint="Unset AGENTOPS_READ_ONLY.")
    ruling = ask(parts, inquiry, change, tool.spec)
    if not ruling.allowed:
        trail.failed("policy", ruling.why, step=step, ruling=ruling)
        raise PolicyRefused(f"policy does not let {change.tool} on {change.target.short} be tried out: {ruling.why}")
    trail.passed("policy", ruling.why, step=step, ruling=ruling)
    return Allowed(change=change, spec=tool.spec, screening=ruling)
