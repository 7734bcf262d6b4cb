"""Asking policy: from a change and what is known of it to a ruling. The one place where the guard calls the engine."""

from __future__ import annotations

from dataclasses import dataclass

from agentops.core.plan import BlastRadius, Change, Preview, Ruling
from agentops.core.tool import ToolSpec
from agentops.guard.parts import GuardParts
from agentops.guard.policy.facts import requests_for, rule_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is true of the run rather than of the change: a dry run, tainted by untrusted text, a way back, who agreed.

    ``approvals`` is None before anybody was asked.
    """

    dry_run: bool
    tainted: bool = False
    rollback: bool = False
    approvals: tuple[str, ...] | None = None


def ask(
    parts: GuardParts,
    inquiry: Inquiry,
    change: Change,
    spec: ToolSpec,
    preview: Preview | None = None,
    blast_radius: BlastRadius | None = None,
) -> Ruling:
    """Return policy's ruling on a change, with the facts that are known so far; absent facts are absent."""
    place = parts.surroundings
    now = parts.clock()
    requests = requests_for(
        change,
        spec,
        parts.principal,
        dry_run=inquiry.dry_run,
        environment=place.environment,
        protected=place.is_protected,
        frozen=place.is_frozen(now),
        now=now,
        tainted=inquiry.tainted,
        preview=preview,
        blast=blast_radius,
        rollback=inquiry.rollback,
        approvals=inquiry.approvals,
    )
    return rule_all(parts.policy, requests)
