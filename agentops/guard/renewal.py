"""What decides, read anew between an approval and what is sent: a person thinks for minutes, and files change.

Comes in: the guard's services. Goes out: the same ones with what decides as it is now, and what differs. It must never
let something be sent under a policy, a setting or an approval that holds no more.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.core.errors import Stale
from agentops.guard.confirm import require_still_approved
from agentops.guard.services import GuardServices
from agentops.guard.staleness import STALE_HINT
from agentops.guard.states import Journaled


def renewed(services: GuardServices) -> tuple[GuardServices, str]:
    """Return the services with policy and settings as they are now, and what of them differs, in words."""
    if services.renew is None:
        return services, ""
    now = services.renew()
    if not now.changed:
        return services, ""
    fresh = replace(services, policy=now.policy, policy_context=now.context, read_only=now.read_only)
    return fresh, now.changed


def require_unchanged(services: GuardServices, state: Journaled) -> None:
    """Raise where what decides changed after the re-check; asked before each step is sent.

    Raises:
        Stale: policy or settings are not what they were at the re-check.
        NotApproved: an approval does not count any more.
    """
    _, changed = renewed(services)
    if changed:
        raise Stale(f"since the plan was shown, {changed}", hint=STALE_HINT)
    require_still_approved(services, state.plan, state.rechecked.approved.approvals)
