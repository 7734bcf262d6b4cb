"""Asks policy about a change and what is known of it, and returns the decision. The one place where the guard calls the
engine."""

from __future__ import annotations

from dataclasses import dataclass

from agentops.core.plan import BlastRadius, Change, PolicyDecision, Preview
from agentops.core.policy_facts import decide_all, requests_for
from agentops.core.tool import ToolSpec
from agentops.guard.services import GuardServices


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyInput:
    """What is true of the run rather than of the change: a dry run, tainted by untrusted text, a rollback, who agreed.

    ``approvals`` is None before anybody was asked.
    """

    dry_run: bool
    tainted: bool = False
    rollback: bool = False
    approvals: tuple[str, ...] | None = None


def ask_policy(
    services: GuardServices,
    policy_input: PolicyInput,
    change: Change,
    spec: ToolSpec,
    preview: Preview | None = None,
    blast_radius: BlastRadius | None = None,
) -> PolicyDecision:
    """Return policy's decision on a change, with the facts that are known so far; absent facts are absent."""
    place = services.policy_context
    now = services.clock()
    requests = requests_for(
        change,
        spec,
        services.principal,
        services.object_facts,
        dry_run=policy_input.dry_run,
        environment=place.environment_of(change.target.place),
        protected=place.is_protected,
        frozen=place.is_frozen(now),
        now=now,
        tainted=policy_input.tainted,
        preview=preview,
        blast=blast_radius,
        rollback=policy_input.rollback,
        approvals=policy_input.approvals,
        asked_through=services.asked_through,
    )
    return decide_all(services.policy, requests)
