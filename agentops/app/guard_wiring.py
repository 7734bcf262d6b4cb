"""Wires the guard of one run: tools of the open providers, policy, journal, trust, the run's time, and who is asked.

Comes in: an ``App``, the open providers, and whoever is to be asked. Goes out: ``GuardServices``. It decides nothing.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING

from agentops.app.actor import current_actor
from agentops.app.approvers import trust_of
from agentops.app.changes import journal_of, require_own_journal
from agentops.app.plan_grants import PlanGrants
from agentops.app.providers import object_facts
from agentops.app.served_sandboxes import require_not_gone
from agentops.core.approval import Approver
from agentops.core.errors import UsageError
from agentops.core.plan import Approval, Check
from agentops.core.scope import options_to

if TYPE_CHECKING:
    from agentops.app.connections import Connections
    from agentops.app.deciding import Deciding
    from agentops.app.fixing.checks import Checking
    from agentops.app.run import App
    from agentops.config import Settings
    from agentops.core.provider import Connection, HeldLease, PlanGrant
    from agentops.guard.services import GuardServices
    from agentops.policy import PolicySettings
    from agentops.store.changes import ChangeRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalOptions:
    """Who is asked in this run, and how.

    Arguments:
        on_interrupt: asked once when a change is interrupted; True means roll back what was done.
        yes: take policy's own approval where it asks for nobody.
        wait_s: how long another run that is changing something is waited for.
    """

    approver: Approver
    on_interrupt: Callable[[], bool]
    yes: bool = False
    wait_s: float = 0.0


def guard_services(
    app: App, connections: Connections, checks: Checking | None, asking: ApprovalOptions
) -> GuardServices:
    """Return the guard, wired to the places that the run is pinned to.

    Arguments:
        checks: judges the success checks of plans; None where a plan has none: rolling a change back is judged by the
            objects and their health alone.
    """
    from agentops.app.deciding import Deciding
    from agentops.guard.services import GuardServices, nobody_looked

    settings, services = app.settings, app.services
    require_own_journal(settings.folders.data)
    deciding = Deciding(settings, app.providers, partial(_environment, app, connections))
    # Nothing of a mere witness can be changed, so no plan is pinned to it.
    opened = {one.provider.origin: one for one in connections.opened if one.provider.stands_alone}
    return GuardServices(
        tools={name: tool for one in connections.opened for name, tool in one.changer.change_tools().items()},
        appliers={name: applier for one in connections.opened for name, applier in one.changer.appliers().items()},
        policy=deciding.policy,
        principal=app.principal,
        policy_context=deciding.context,
        renew=deciding.renew,
        audit=app.log,
        journal=journal_of(settings, services.clock),
        approver=asking.approver,
        trust=replace(trust_of(settings), clock=services.clock),
        redactor=services.redactor,
        clock=services.clock,
        monotonic=app.pace.monotonic,
        pause=app.pace.pause,
        nonce=lambda: secrets.token_hex(8),
        progress=services.progress,
        scopes={origin: one.reader.scope for origin, one in opened.items()},
        missing_permissions=lambda change, preview: opened[change.target.origin].changer.missing_permissions(preview),
        notes_on=lambda change, preview: opened[change.target.origin].changer.notes_on(change, preview),
        object_facts=lambda ref, item: object_facts(ref, item, app.providers),
        no_remedy=lambda changes, result: opened[result.ref.origin].provider.no_remedy(changes, result),
        check=_nothing_more if checks is None else checks.failing,
        symptom=nobody_looked if checks is None else checks.symptom,
        on_interrupt=asking.on_interrupt,
        read_only=settings.read_only,
        yes=asking.yes,
        lease=_lease(app, connections),
        grant=_grants(opened),
        wait_s=asking.wait_s,
        disabled_tools=settings.disabled_tools,
        too_powerful=cache(lambda origin: _too_powerful(deciding, opened[origin])),
        relayed=relayed(settings),
        asked_through=app.client.facts if app.client is not None else {},
    )


def relayed(settings: Settings) -> frozenset[Approval]:
    """Return for which approvals the word of an agent's own program counts that a person agreed; by default none."""
    upto = {"none": (Approval.NONE,), "one": (Approval.NONE, Approval.ONE)}
    return frozenset(upto.get(settings.confirm_in_band, ()))


def guard_for_change(app: App, record: ChangeRecord, asking: ApprovalOptions) -> GuardServices:
    """Return the guard for rolling back or judging a change that was made before, in the place that it was made in.

    Raises:
        UsageError: the run is pinned to another place, whose objects say nothing about this change.
    """
    plan = record.plan
    require_not_gone(app.settings.folders, plan.scopes, f"change {record.short_id}")
    guard = guard_services(app, app.services.connector.for_scopes(plan.scopes), None, asking)
    if not guard.is_pinned_to(plan.scopes):
        raise UsageError(
            f"change {record.id} was made in context {plan.places!r} on {plan.servers}; this run is pinned to "
            f"{guard.pinned}",
            hint=f"Run it with {options_to(plan.scopes) or 'the options that lead there'}",
        )
    return guard


def _environment(app: App, connections: Connections, rules: PolicySettings, place: str) -> str:
    """Return the environment of an open place, by what its connection proves, and not by its name."""
    found = [one for one in connections.opened if one.reader.scope.place == place]
    # Of two places of one name, neither is taken for the other.
    proof = found[0].identity if len(found) == 1 else None
    identity = proof.key if proof is not None else ""
    own = app.sandbox.identity if app.sandbox is not None else None
    ours = own is not None and bool(identity) and identity == own.key
    return rules.judged(place, identity, simulated=ours).environment


def _grants(opened: Mapping[str, Connection]) -> PlanGrant | None:
    """Return what asks for a plan's own credentials in the open places; None where no setting asks for one."""
    found = {origin: grant for origin, one in opened.items() if (grant := one.changer.grant()) is not None}
    return PlanGrants(found) if found else None


def _too_powerful(deciding: Deciding, place: Connection) -> tuple[str, str] | None:
    """Return why nothing is changed in a place by who may do everything there, and what to do; None where it is.

    It is where nobody's production is, or where the config file allows it by what proves the place: a name in a
    kubeconfig is anybody's to choose.

    Raises:
        ToolError: the provider cannot say what this identity may do.
    """
    name = place.reader.scope.place
    if deciding.context.environment_of(name) not in ("production", "staging"):
        return None
    proof = place.identity.key if place.identity is not None else ""
    if (proof and proof in deciding.settings.allow_cluster_admin) or not place.changer.is_unlimited():
        return None
    hint = "Use an identity with fewer rights (docs/least-privilege.md)"
    if proof:
        hint += f", or allow it in config.toml, [safety]: allow_cluster_admin = [{json.dumps(proof)}]"
    return f"the identity of {name!r} may do everything there; changes are not made with it", hint


def _lease(app: App, connections: Connections) -> HeldLease | None:
    """Return the lease of the first place that has one, where a setting asks for it.

    Raises:
        UsageError: the setting is no group's (namespace's) name.
    """
    group = app.settings.cluster_lease
    if not group:
        return None
    who = f"{current_actor()} pid {os.getpid()} on {socket.gethostname()}"
    leases = (one.changer.lease(group, who) for one in connections.opened)
    return next((lease for lease in leases if lease is not None), None)


def _nothing_more(_check: Check) -> str:
    """Pass: taking a change back is judged by the objects and their health alone."""
    return ""
