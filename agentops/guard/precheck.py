"""Stage 1, precheck: may this change be tried out at all? Asked before anything is sent, even for a dry run.

Comes in: a proposed ``Change``. Goes out: ``Prechecked``. An unknown tool, a target in another context than the pinned
one and a credential in the arguments stop here.
"""

from __future__ import annotations

from agentops.core.errors import PolicyRefused, ToolInputError
from agentops.core.jsonable import to_json
from agentops.core.plan import Change
from agentops.core.policy import UNUSABLE
from agentops.core.text import one_line
from agentops.core.tool import Effect
from agentops.guard.policy_input import PolicyInput, ask_policy
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Prechecked


def precheck(
    services: GuardServices, log: StageLog, change: Change, *, step: int, policy_input: PolicyInput
) -> Prechecked:
    """Return the change as allowed to be previewed.

    Raises:
        ToolInputError: there is no such tool, or the change is for another place, or it carries a credential.
        PolicyRefused: policy denies it, or could not decide.
    """
    tool = services.tools.get(change.tool)
    if tool is None or tool.spec.effect is not Effect.CHANGE:
        known = ", ".join(sorted(services.tools))
        raise ToolInputError(f"there is no change tool {one_line(change.tool, 60)!r}", hint=f"The tools are {known}.")
    scope = services.scopes.get(change.target.origin)
    if scope is None or change.target.place != scope.place:
        pinned = ", ".join(one.place for one in services.scopes.values())
        raise ToolInputError(
            f"{one_line(str(change.target), 120)} is not in {pinned!r}, to which this run is pinned",
            hint="Run it again with the options that lead to that place, such as --context.",
        )
    arguments = to_json(dict(change.arguments))
    if services.redactor.value(arguments) != arguments:
        raise ToolInputError(
            f"the arguments of {change.tool} carry what looks like a credential",
            hint="Store it where your secrets are, and refer to that; a plan is shown, stored and signed.",
        )
    if services.read_only:
        raise PolicyRefused("agentops is read-only here: nothing may be changed", hint="Unset AGENTOPS_READ_ONLY.")
    if not policy_input.rollback and (too_powerful := services.too_powerful(change.target.origin)):
        why, hint = too_powerful
        raise PolicyRefused(why, hint=hint, code="too-powerful")
    if change.tool in services.disabled_tools and not policy_input.rollback:
        hint = "It stands in disabled_tools of config.toml, [safety]."
        raise PolicyRefused(f"{change.tool} is switched off here", hint=hint, code="tool-disabled")
    decision = ask_policy(services, policy_input, change, tool.spec)
    if not decision.allowed:
        log.failed("policy", decision.why, step=step, ruling=decision)
        if decision.why.startswith(UNUSABLE):
            raise PolicyRefused(decision.why, hint="See: agentops policy validate", code="policy-unusable")
        raise PolicyRefused(f"policy does not let {change.tool} on {change.target.short} be tried out: {decision.why}")
    log.passed("policy", decision.why, step=step, ruling=decision)
    return Prechecked(change=change, spec=tool.spec, decision=decision)
