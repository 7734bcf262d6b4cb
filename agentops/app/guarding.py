"""Wires the guard: change tools on the pinned cluster, policy from its layers, the journal, trust, and the run's time.

Comes in: an ``App`` and whoever is to be asked. Goes out: ``GuardServices``, and the runs that need them. A policy that
cannot be loaded becomes one that refuses every change; reads go on.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.providers import PROVIDERS, change_specs, read_specs
from agentops.app.recorded import require_recorded
from agentops.core.approval import Approver, SignedApproval
from agentops.core.clock import Clock
from agentops.core.errors import ConfigError, InDoubt, UsageError
from agentops.core.jsonable import to_json
from agentops.core.outcome import Status
from agentops.core.plan import ChangePlan, Check
from agentops.core.scope import options_to
from agentops.core.text import one_line, plural

if TYPE_CHECKING:
    from agentops.app.checks import Checking
    from agentops.app.connections import Connections
    from agentops.app.fix import FixResult
    from agentops.app.run import App
    from agentops.app.services import Investigation
    from agentops.config import Settings
    from agentops.core.provider import HeldLease, Provider
    from agentops.guard.pipeline_result import PipelineResult
    from agentops.guard.recovery import Situation
    from agentops.guard.services import GuardServices
    from agentops.policy import CedarPolicy, UnavailablePolicy
    from agentops.store.changes import ChangeRecord, Changes, Halt


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalOptions:
    """Who is asked, and how: ``yes`` takes policy's own approval where it asks for nobody; ``wait_s``: how long another
    run that is changing something is waited for."""

    approver: Approver
    on_interrupt: Callable[[], bool]
    yes: bool = False
    wait_s: float = 0.0


def open_changes(settings: Settings, clock: Clock) -> Changes:
    """Return the journal of changes."""
    from agentops.app.run import current_actor
    from agentops.store.changes import Changes

    return Changes(settings.folders.data / "changes", clock, current_actor())


def load_settled_policy(
    settings: Settings, providers: Sequence[Provider] = PROVIDERS
) -> CedarPolicy | UnavailablePolicy:
    """Return the policy of this run, or one that refuses every change and says why."""
    from agentops.policy import UnavailablePolicy, policy_or_refusal, read_layers, settings_of

    try:
        rules = settings_of(settings.policy, read_only=settings.read_only)
        layers = read_layers(settings.folders.config, environ=os.environ, directory=Path.cwd())
    except ConfigError as error:
        return UnavailablePolicy(error)
    return policy_or_refusal(layers, tools=(*read_specs(providers), *change_specs(providers)), settings=rules)


def guard_services(
    app: App, connections: Connections, checks: Checking | None, asking: ApprovalOptions
) -> GuardServices:
    """Return the guard, wired to the places that the run is pinned to.

    Arguments:
        checks: judges the success checks of plans; None where a plan has none: rolling a change back is judged by the
            objects and their health alone.
    """
    from agentops.approvals.trust import Trust
    from agentops.core.policy import Principal
    from agentops.guard.services import GuardServices, PolicyContext, nobody_looked
    from agentops.policy import settings_of

    settings, services = app.settings, app.services
    rules = settings_of(settings.policy, read_only=settings.read_only)
    opened = {one.provider.scheme: one for one in connections.opened}
    return GuardServices(
        tools={name: tool for one in connections.opened for name, tool in one.changer.change_tools().items()},
        appliers={name: applier for one in connections.opened for name, applier in one.changer.appliers().items()},
        policy=load_settled_policy(settings, app.providers),
        principal=Principal(kind="agent", name="agentops", on_behalf_of=app.user),
        policy_context=PolicyContext(
            environment_of=lambda where: rules.environment_of(where, simulated=app.sandbox is not None),
            is_protected=rules.is_protected,
            is_frozen=rules.is_frozen,
        ),
        audit=app.log,
        journal=open_changes(settings, services.clock),
        approver=asking.approver,
        trust=Trust(path=settings.folders.approvers, clock=services.clock),
        redactor=services.redactor,
        clock=services.clock,
        monotonic=app.pace.monotonic,
        pause=app.pace.pause,
        nonce=lambda: secrets.token_hex(8),
        progress=services.progress,
        scopes={scheme: one.reader.scope for scheme, one in opened.items()},
        missing_permissions=lambda change, preview: opened[change.target.scheme].changer.missing_permissions(preview),
        notes_on=lambda change, preview: opened[change.target.scheme].changer.notes_on(change, preview),
        no_remedy=lambda changes, result: opened[result.ref.scheme].provider.no_remedy(changes, result),
        check=_nothing_more if checks is None else checks.failing,
        symptom=nobody_looked if checks is None else checks.symptom,
        on_interrupt=asking.on_interrupt,
        read_only=settings.read_only,
        yes=asking.yes,
        lease=_lease(app, connections),
        wait_s=asking.wait_s,
    )


def _lease(app: App, connections: Connections) -> HeldLease | None:
    """Return the lease of the first place that has one, where a setting asks for it.

    Raises:
        UsageError: the setting is no group's (namespace's) name.
    """
    group = app.settings.cluster_lease
    if not group:
        return None
    from agentops.app.run import current_actor

    who = f"{current_actor()} pid {os.getpid()} on {socket.gethostname()}"
    leases = (one.changer.lease(group, who) for one in connections.opened)
    return next((lease for lease in leases if lease is not None), None)


def _nothing_more(_check: Check) -> str:
    """Pass: taking a change back is judged by the objects and their health alone."""
    return ""


def prepare_drafting(app: App, asking: ApprovalOptions) -> None:
    """Let the model of this run draft changes, if it has one."""
    from agentops.app.conversation import drafting_for

    if app.services.model is not None:
        make = drafting_for(
            change_specs(app.providers),
            lambda opened: guard_services(app, opened, None, asking),
            app.services.refused_changes,
        )
        app.services = replace(app.services, drafting=make)


def fix(app: App, found: Investigation, asking: ApprovalOptions, *, stop_at_plan: bool) -> FixResult:
    """Plan and, unless it is to stop there, carry out what the finding proposes.

    Raises:
        InDoubt: an earlier change is open.
        as ``copilot.fixing.fix``.
    """
    from agentops.app.fix import fix as fix_found

    require_nothing_open(app)
    return fix_found(
        app.services,
        lambda opened, checks: guard_services(app, opened, checks, asking),
        found,
        stop_at_plan=stop_at_plan,
    )


def run_saved(app: App, plan: ChangePlan, given: Sequence[SignedApproval], asking: ApprovalOptions) -> PipelineResult:
    """Run a saved plan exactly as it is.

    Raises:
        InDoubt: an earlier change is open.
        Stale, PolicyRefused, ToolError: it does not hold any more; nothing was changed.
    """
    from agentops.app.checks import checking_saved
    from agentops.guard.pipeline import execute_saved

    require_nothing_open(app)
    connections = app.services.connector.for_scopes(plan.scopes)
    guard = guard_services(app, connections, checking_saved(app.services, connections), asking)
    return execute_saved(guard, plan, given)


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingToRollBack:
    """A change of which nothing is left to take back; ``words`` say what was seen of each step."""

    change_id: str
    words: tuple[str, ...]


def roll_back(
    app: App, change_id: str, asking: ApprovalOptions, *, stop_at_plan: bool
) -> PipelineResult | NothingToRollBack:
    """Take back what stands of a change that was applied, as a plan of its own.

    Raises:
        UsageError: there is no such change, or it is not one that stands.
        NotApproved: the audit log does not know it.
        ToolInputError: nothing takes it back.
    """
    from agentops.guard.pipeline import execute, make_plan
    from agentops.guard.rollback_plan import proposal_to_undo, standing

    require_nothing_open(app)
    journal = open_changes(app.settings, app.services.clock)
    record = journal.find(change_id)
    status = (record.result or {}).get("status")
    if status != Status.APPLIED.value:
        raise UsageError(
            f"change {record.id} does not stand: it ended as {status}", hint="agentops changes lists them."
        )
    require_recorded(app.settings.folders.audit, record.digest, record.id)
    guard = guard_services(app, app.services.connector.for_scopes(record.plan.scopes), None, asking)
    _require_its_scopes(record, guard)
    indexes, gone = standing(guard, record.plan)
    app.log.append("way_back", {"change": record.id, "standing": [index + 1 for index in indexes], "gone": list(gone)})
    if not indexes:
        return NothingToRollBack(change_id=record.id, words=gone)
    proposal = proposal_to_undo(record.plan, record.id, indexes)
    if gone:
        words = f"{proposal.intent.words}; {'; '.join(gone)}"
        proposal = replace(proposal, intent=replace(proposal.intent, words=words))
    if record.plan.rolls_back:
        # It would make the first change again, and policy is to look at that as at any change: what is milder is the
        # way back, and there and back again would be a way round two people, a freeze and the limits.
        proposal = replace(proposal, rolls_back="")
    return make_plan(guard, proposal) if stop_at_plan else execute(guard, proposal)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryResult:
    """What became of one open change; ``ending`` is None when a person must still decide."""

    record: ChangeRecord
    situation: Situation
    ending: Status | None
    result: PipelineResult | None = None
    kept: bool = False


def recover(app: App, asking: ApprovalOptions, *, change_id: str | None, decision: str) -> tuple[RecoveryResult, ...]:
    """Look at every open change and close those whose end is plain.

    Arguments:
        change_id: only this one; None means all.
        decision: for those that are not plain: ``""`` leaves them, ``roll-back`` takes them back through the guard,
            ``keep`` closes them as they are.

    Raises:
        AgentopsError: another process is changing something now (code ``busy``).
    """
    from agentops.guard.recovery import look

    journal = open_changes(app.settings, app.services.clock)
    found = []
    # Held from the look to the end: what another process has just begun would look like something left behind.
    with journal.alone():
        wanted = journal.open_ones() if change_id is None else (journal.find(change_id),)
        for record in (one for one in wanted if one.is_open):
            connections = app.services.connector.for_scopes(record.plan.scopes)
            guard = replace(guard_services(app, connections, None, asking), journal=journal)
            _require_its_scopes(record, guard)
            situation = look(guard, record.plan)
            seen = {"change": record.id, "states": to_json(situation.states), "words": situation.words}
            app.log.append("recovery", seen)
            found.append(_settle(app, journal, guard, record, situation, decision))
    return tuple(found)


def close_halts(app: App, *, keep: bool) -> tuple[tuple[Halt, ...], bool]:
    """Return the dry runs that had an effect and that no person has closed, and whether they are closed now.

    Arguments:
        keep: a person has looked at the objects: close the reports.
    """
    journal = open_changes(app.settings, app.services.clock)
    found = journal.halted()
    for halt in found if keep else ():
        app.log.append("halt_closed", {"report": halt.path.name, "what": halt.report.get("what")})
        journal.resume(halt)
    return found, keep


def _require_its_scopes(record: ChangeRecord, guard: GuardServices) -> None:
    """Raise unless the run is pinned to the places that the change was made on.

    Raises:
        UsageError: it is another one, whose objects say nothing about this change.
    """
    plan = record.plan
    if guard.is_pinned_to(plan.scopes):
        return
    raise UsageError(
        f"change {record.id} was made in context {plan.places!r} on {plan.servers}; this run is pinned to "
        f"{guard.pinned}",
        hint=f"Run it with {options_to(plan.scopes)}",
    )


def _settle(
    app: App, journal: Changes, guard: GuardServices, record: ChangeRecord, situation: Situation, decision: str
) -> RecoveryResult:
    from agentops.guard.pipeline import execute
    from agentops.guard.rollback_plan import proposal_to_undo

    ending, result, why = situation.ending, None, "recovered: " + "; ".join(situation.words)
    if ending is None and decision == "keep":
        ending, why = Status.APPLIED, "kept as it is by a person; " + why
    elif ending is None and decision == "roll-back":
        require_recorded(app.settings.folders.audit, record.digest, record.id)
        result = execute(guard, proposal_to_undo(record.plan, record.id, situation.to_undo))
        ending = Status.ROLLED_BACK if result.outcome.status is Status.APPLIED else None
    if ending is not None:
        closing = {"change": record.id, "status": ending.value, "why": one_line(why, 500), "digest": record.digest}
        app.log.append("change_closed", closing)
        journal.close(record.id, closing)
    kept = ending is not None and situation.ending is None and decision == "keep"
    return RecoveryResult(record=record, situation=situation, ending=ending, result=result, kept=kept)


def require_nothing_open(app: App) -> None:
    """Return when no earlier change is open.

    Raises:
        InDoubt: one is; nothing new is begun on top of it.
    """
    halted = open_changes(app.settings, app.services.clock).halted()
    if halted:
        raise InDoubt(
            f"an earlier dry run changed the cluster: {one_line(str(halted[0].report.get('what')), 300)}",
            hint=f"Look at the object; how it was stands in {halted[0].path}. Then close it: agentops recover --keep",
            code="preview-wrote",
        )
    words = open_words(app.settings, app.services.clock)
    if words:
        raise InDoubt(words, hint="See what was changed and close it: agentops recover", code="open-change")


def open_words(settings: Settings, clock: Clock) -> str:
    """Return what is open, in one sentence; empty when nothing is, or when it is being worked on right now."""
    journal = open_changes(settings, clock)
    found = journal.open_ones()
    if not found or journal.is_busy():
        return ""
    names = ", ".join(record.id for record in found[:3])
    return f"{plural(len(found), 'change')} begun and not ended: {names}"
