"""Stage 9, re-check: has anything changed since the plan was approved? If so: Stale, with what changed.

Comes in: ``Approved``, fresh or read from a file. Goes out: ``Rechecked``. What decides is read anew: the files of
policy, the settings, whose approvals count. Every step goes through stages 1 to 6 again on the live objects; calls,
identities, states before and after, the undo and the policy digest must be the same, and the blast radius no larger
than what was shown.
"""

from __future__ import annotations

from agentops.core.errors import NotApproved, PolicyRefused, Stale, ToolError
from agentops.guard.confirm import require_still_approved
from agentops.guard.renewal import renewed
from agentops.guard.revalidation import require_current
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Approved, Rechecked


def recheck(services: GuardServices, log: StageLog, state: Approved) -> Rechecked:
    """Return the plan as one that still holds.

    Raises:
        Stale: something moved; the message says what.
        PolicyRefused: policy denies it now.
        NotApproved: an approval does not count any more.
        ToolError: the live objects cannot be read.
    """
    log.say("checking that nothing has changed since it was shown", key="recheck")
    try:
        require_still_approved(services, state.plan, state.approvals)
        fresh, changed = renewed(services)
        people = tuple(approval.by for approval in state.approvals)
        steps = require_current(fresh, log, state.plan, approvals=people, changed=changed)
        before = tuple(services.tools[step.change.tool].observe(step.preview) for step in steps)
    except (Stale, PolicyRefused, NotApproved, ToolError) as error:
        log.failed("recheck", error.message, digest=state.plan.digest)
        raise
    log.passed("recheck", "live objects and policy are those that were approved", digest=state.plan.digest)
    log.say("nothing has changed since it was shown", key="recheck", done=True)
    return Rechecked(approved=state, steps=steps, before=before)
