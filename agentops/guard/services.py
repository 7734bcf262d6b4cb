"""``GuardServices``: everything that the pipeline works with, all of it handed in.

The guard reaches nothing by itself: tools, policy, log, journal, clock and whoever is asked come from the composition
root. It must never catch an audit error: without the record nothing goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from agentops.core.approval import ApprovalTrust, Approver
from agentops.core.audit import AuditLog
from agentops.core.clock import Clock
from agentops.core.evidence import Redactor
from agentops.core.plan import Approval, Change, ChangePlan, Check, Note, Preview
from agentops.core.policy import ObjectFactsOf, Policy, Principal
from agentops.core.progress import Progress
from agentops.core.provider import HeldLease, NoRemedy, PlanGrant
from agentops.core.scope import Scope
from agentops.core.tool import Applier, ChangeTool


class ChangeJournal(Protocol):
    """Where changes are kept from their intent to their end; durable, and exclusive where it says so."""

    def claim(self, plan: ChangePlan, change_id: str) -> None:
        """Spend the plan's digest and keep the plan, atomically and durably.

        Raises:
            NotApproved: the digest was spent before; the message names the change that did.
            StoreError: it could not be written; nothing counts as spent.
        """
        ...

    def halt(self, report: Mapping[str, Any]) -> None:
        """Keep the report of a trial that had an effect; no change is begun until a person has looked at it.

        Raises:
            StoreError: it could not be written.
        """
        ...

    def holder(self) -> str:
        """Return who else is changing something now, in words; empty when nobody is.

        Raises:
            StoreError: it cannot be found out.
        """
        ...

    def close(self, change_id: str, result: Mapping[str, Any]) -> None:
        """Record how the change ended; after this it is not open any more.

        Raises:
            StoreError: it could not be written.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyContext:
    """What policy must know of the place: the environment of a place (``production``, ``development``,
    ``sandbox`` ...), whether a namespace is protected, and whether changes are frozen at a time."""

    environment_of: Callable[[str], str]
    is_protected: Callable[[str], bool]
    is_frozen: Callable[[datetime], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """What decides about changes, read anew.

    Arguments:
        changed: what differs from what the run began with, in words; empty when nothing does.
    """

    policy: Policy
    context: PolicyContext
    read_only: bool
    changed: str = ""


def _no_notes(_change: Change, _preview: Preview) -> tuple[tuple[Note, ...], tuple[str, ...]]:
    """Return nothing: a provider whose objects carry no notes."""
    return (), ()


def _nobody_asked(_scheme: str) -> tuple[str, str] | None:
    """Return nothing: identities without limits are no matter where this guard stands."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What is left of something that was unwell: ``why`` it still is (empty: it is gone), and whether it may pass."""

    why: str = ""
    may_pass: bool = False


def nobody_looked(check: Check) -> Symptom:
    """Return that a symptom was not looked at, which is no sign that it is gone."""
    return Symptom(why=f"it was not checked whether {check.target.short} is still {check.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardServices:
    """Everything that the pipeline works with.

    Arguments:
        tools: the change tools by name; none of them can write.
        appliers: what carries out the previews of each; only ``apply`` and ``rollback`` use them.
        missing_permissions: asks the provider what the caller may not do of a preview's calls.
        pause: waits so many seconds; the sandbox lets its own clock run instead.
        monotonic: seconds, for deadlines.
        nonce: a fresh random text for a plan.
        scopes: what the run is pinned to, by the origin of the resources there (``ResourceRef.origin``).
        object_facts: what a provider tells policy of a resource, and of what becomes of it.
        no_remedy: says why what becomes of an object silences an alert and cures nothing.
        notes_on: the notes of owners on what a change acts on, and whose could not be read.
        check: evaluates a success check beyond the tool's own observation: empty text when it passes, else why not.
        symptom: says what is left of a symptom of the alert, for checks of that kind.
        on_interrupt: Ctrl-C in the middle of a change: True rolls back, False stops where it is.
        renew: reads anew what decides: the policy's files, the settings; None where nothing can change, in a test.
        lease: the cluster's lease, held while a plan runs; None where no setting asks for one.
        grant: asks for a plan's own credential; None where no setting asks for one.
        wait_s: how long to wait for another run that is changing something; seconds.
        yes: approve without asking what policy asks nobody for.
        disabled_tools: the names of tools that a setting switches off; an undo may still use them.
        too_powerful: says why changes in a place (its origin) are refused to an identity that may do everything there,
            and what to do next.
        can_tell: a model is there to hear why a person says no.
        relayed: for which approvals the word of an MCP client counts that a person agreed; by default for none.
        asked_through: what policy is told of the door that the request came in by; empty at a terminal.
    """

    tools: Mapping[str, ChangeTool]
    appliers: Mapping[str, Applier]
    policy: Policy
    principal: Principal
    policy_context: PolicyContext
    audit: AuditLog
    journal: ChangeJournal
    approver: Approver
    trust: ApprovalTrust
    redactor: Redactor
    clock: Clock
    monotonic: Callable[[], float]
    pause: Callable[[float], None]
    nonce: Callable[[], str]
    progress: Progress
    scopes: Mapping[str, Scope]
    missing_permissions: Callable[[Change, Preview], tuple[str, ...]]
    object_facts: ObjectFactsOf
    no_remedy: NoRemedy
    check: Callable[[Check], str]
    on_interrupt: Callable[[], bool]
    notes_on: Callable[[Change, Preview], tuple[tuple[Note, ...], tuple[str, ...]]] = _no_notes
    symptom: Callable[[Check], Symptom] = nobody_looked
    renew: Callable[[], Renewed] | None = None
    lease: HeldLease | None = None
    grant: PlanGrant | None = None
    read_only: bool = False
    wait_s: float = 0.0
    yes: bool = False
    can_tell: bool = False
    disabled_tools: tuple[str, ...] = ()
    too_powerful: Callable[[str], tuple[str, str] | None] = _nobody_asked
    relayed: frozenset[Approval] = frozenset()
    asked_through: Mapping[str, Any] = field(default_factory=dict)

    @property
    def beside(self) -> str:
        """What agentops writes beside a plan while it runs, in words; empty where no setting asks for anything.

        It is part of the plan, so that whoever approves knows of it, and so that a run that would write something else
        does not run the plan.
        """
        return " and ".join(one.place for one in (self.lease, self.grant) if one is not None)

    @property
    def pinned(self) -> str:
        """What the run is pinned to, in words."""
        return ", ".join(f"{scope.place!r} on {scope.server}" for scope in self.scopes.values())

    def is_pinned_to(self, wanted: Sequence[Scope]) -> bool:
        """Return whether every wanted place is one that the run is pinned to; wanting none is no permission."""
        ours = tuple(self.scopes.values())
        return bool(wanted) and all(any(scope.is_same_place(one) for one in ours) for scope in wanted)

    @property
    def requester(self) -> str:
        """Who asks, as plans and records name them: the human behind an agent, ``human:ana``."""
        principal = self.principal
        return f"human:{principal.on_behalf_of}" if principal.on_behalf_of else f"{principal.kind}:{principal.name}"
