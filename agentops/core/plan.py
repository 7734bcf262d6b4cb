"""``Change`` and ``ChangePlan``: what is proposed, what it would do, its blast radius, and how it is undone; data only.

``Change`` is what triage or a model proposes. A change tool turns it into a ``Preview`` (exact API calls, the objects
before and after); the guard measures it, asks policy and assembles a ``ChangePlan``, whose digest covers all of it.
Every value here survives ``to_json``/``from_json``, so a plan can be saved, approved elsewhere, and run later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from agentops.core.digest import digest
from agentops.core.jsonable import to_json
from agentops.core.request import REQUESTED
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal, Risk
from agentops.core.scope import Scope

PLAN_VERSION = 3
_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32: no letter that is read as another
_CODE_LENGTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One proposed mutation: ``tool`` with ``arguments`` on ``target``, and why.

    ``reason`` and ``evidence`` may be the model's own words and are never read by policy.
    ``tool`` is a change tool's name, e.g. ``kubernetes_rollout_undo``, ``kubernetes_patch``.
    """

    tool: str
    target: ResourceRef
    arguments: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One exact request to a provider's API, as it will be sent; a dry run adds only what makes it one.

    ``verb`` is the provider's own word for the permission (``patch``, ``create``, ``delete``); ``body`` is plain JSON
    or None. Preconditions (uid, resourceVersion, old values) stand in the body.
    """

    verb: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    content_type: str = ""
    body: Any = None


class Verb(StrEnum):
    """What happens to an object."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One field that differs: ``path`` for people; ``old`` and ``new`` are JSON values, None stands for absent."""

    path: str
    old: Any = None
    new: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChange:
    """What a change does to one object.

    ``before`` and ``after`` are the object as its owner writes it: without status, managedFields, resourceVersion,
    generation and timestamps; None where there is no object. ``uid`` and ``resource_version`` are the live object's
    when it was read, empty for one that does not exist yet. The digests are over the unredacted forms, without what
    ``chosen`` names: fields that somebody else sets (an autoscaler, a webhook that draws a name), by paths as
    ``guard/diff.py`` writes them. They are shown as they are and never compared.
    ``partial``: ``after`` is what is asked for and not yet the provider's answer, which fills in the rest.
    """

    ref: ResourceRef
    verb: Verb
    uid: str = ""
    resource_version: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    before_digest: str = ""
    after_digest: str = ""
    edits: tuple[Edit, ...] = ()
    chosen: tuple[str, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Somebody else writes this field or object: ``by`` (``argocd``, ``helm``, ``hpa/web``, ``kubectl``).

    ``reverts`` says that the change will be undone by its owner; ``where`` is where to make it instead, if known.
    """

    by: str
    what: str
    reverts: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What an owner wrote on an object for whoever comes to change it; see ``core.notes``.

    ``value`` is one line, cut, and foreign text: it may hold back or warn, never permit. ``objects`` says that it
    speaks against the change that it is shown with.
    """

    resource: ResourceRef
    key: str
    value: str = ""
    objects: bool = False

    @property
    def words(self) -> str:
        """``KEY: “VALUE”``, as a quotation; the key alone when it has no value."""
        return f"{self.key}: “{self.value}”" if self.value else self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a change would do, as the provider's own dry run says.

    ``validated`` is False where the provider could not validate it. ``undo`` is the change (of the same kind of tool)
    that undoes it, in order of execution; empty when ``reversal`` is NONE. ``residue`` says what the undo does not
    bring back, one sentence each. ``risk`` and ``reversal`` are of this very call, never milder than the tool's.
    ``notes`` are what owners wrote on the objects that it acts on, what speaks against it first. ``rests_on`` are the
    numbers of the earlier steps of its plan that it was worked out upon: it is tried again right before it is sent.
    """

    calls: tuple[Call, ...]
    objects: tuple[ObjectChange, ...]
    validated: bool
    risk: Risk
    reversal: Reversal
    undo: tuple[Change, ...] = ()
    residue: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    owners: tuple[Ownership, ...] = ()
    notes: tuple[Note, ...] = ()
    rests_on: tuple[int, ...] = ()


class Purpose(StrEnum):
    """What instances are touched for, where the objects themselves say so; ``NONE`` is any change.

    RESTORES: a workload that is not whole goes back to an earlier revision of its own. MENDS: one of which half or more
    is out already is rolled out anew. SHRINKS: fewer are asked for, and those that stay are ready.
    """

    NONE = "none"
    RESTORES = "restores"
    MENDS = "mends"
    SHRINKS = "shrinks"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlastRadius:
    """What a change reaches, computed from what is there, never taken from a model.

    ``instances`` of ``instances_total`` (what serves: pods, tasks, hosts; ``unit`` is the provider's word for one) are
    replaced, stopped or newly made by it; ``percent`` is the share of the ready capacity that is out at the worst
    moment, 0 to 100, rounded up, of the workload that it hits hardest: a lone database is not diluted by fifty web
    servers. None: not known, and policy treats that as the worst. ``unknown`` says what could not be read. ``reasons``
    say which rule gave each figure.

    ``groups`` are those of the resources that it reaches (``group_unit`` is one in words: namespace), ``fronts`` what
    stands in front of the instances (services, load balancers), ``controllers`` what decides how many there are
    (autoscalers), ``dependents`` what needs them. ``detail`` is what only this provider knows: a heading in the
    singular, and a line for each thing under it.

    ``purpose`` is what all instances that are touched are touched for. ``risk`` is what was measured says of the
    change; it only ever raises the preview's.
    """

    objects: int = 0
    instances: int | None = None
    instances_total: int | None = None
    unit: str = "instance"
    percent: int | None = None
    groups: tuple[str, ...] = ()
    group_unit: str = "group"
    fronts: tuple[ResourceRef, ...] = ()
    controllers: tuple[ResourceRef, ...] = ()
    dependents: tuple[ResourceRef, ...] = ()
    detail: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stateful: bool = False
    data_loss: bool = False
    purpose: Purpose = Purpose.NONE
    risk: Risk = Risk.LOW
    unknown: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class Approval(StrEnum):
    """Who must agree, least strict first."""

    NONE = "none"
    ONE = "one"
    TWO_PERSON = "two-person"

    @property
    def rank(self) -> int:
        """0 for the least strict."""
        return list(Approval).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What a permit asks for: whose approval, for how long an approved plan holds, how long a rollout may take."""

    approval: Approval = Approval.ONE
    ttl_s: int = 900
    verify_s: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDecision:
    """What policy says of one request.

    ``policies`` are the ids that decided (the forbids of a deny, the permits of an allow; empty: nothing permits it).
    ``why`` says it in one sentence for people, with the clause; ``because`` is why an allow asks for the approval that
    it asks for, where the policy says it. ``request`` is what was asked, as plain JSON, so that the ruling can be
    evaluated again from the record; ``policy_digest`` names the policy set that answered.
    """

    allowed: bool
    policies: tuple[str, ...] = ()
    why: str = ""
    because: str = ""
    obligation: Obligation = Obligation()
    policy_digest: str = ""
    request: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A success check after a change.

    ``kind`` is ``healthy`` (the target's rollout is complete and ready), ``field`` (``path`` of the target holds
    ``value``), ``condition`` (triage sees no ``value`` on the target any more; else the change is rolled back) or
    ``symptom`` (the same of what the alert is about; while it lasts the change counts as not verified). ``seen`` says
    that triage saw the condition there before: the absence of one that nobody saw proves nothing.
    """

    kind: str
    target: ResourceRef
    path: str = ""
    value: Any = None
    seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One change of a plan with everything that was found out about it; ``undo_ruling`` is policy's on the undo."""

    change: Change
    preview: Preview
    blast_radius: BlastRadius
    ruling: PolicyDecision
    undo_ruling: PolicyDecision | None = None
    checks: tuple[Check, ...] = ()

    @property
    def risk(self) -> Risk:
        """The risk of this very call, or what its blast radius says of it if that is higher."""
        return max(self.preview.risk, self.blast_radius.risk, key=lambda risk: risk.rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Why a plan was made. ``words`` are the proposer's (``by`` a model or ``triage``): quoted, never obeyed.

    ``verdict``, ``confidence``, ``not_checked`` and ``next_steps`` are those of the finding that it rests on, for
    whoever decides. Where a person asked for it, ``verdict`` is ``requested`` and ``alert`` has the person's own words.
    """

    by: str
    words: str = ""
    incident: str = ""
    alert: str = ""
    evidence: tuple[str, ...] = ()
    verdict: str = ""
    confidence: str = ""
    not_checked: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()

    @property
    def is_requested(self) -> bool:
        """Whether a person's own words are the reason, and no finding. Of a plan from a file, only the file's word."""
        return self.verdict == REQUESTED


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePlan:
    """Everything that will run, in order, and what binds it. What was shown is what was approved is what runs.

    ``nonce`` makes two plans of the same content different, so that an approval serves once. ``requester`` is the
    actor who asked for it (``human:ana``); ``scopes`` are the places of every provider that it touches, and it runs
    there only. ``tainted`` says that a model proposed it after reading untrusted text. ``lease`` is what is
    written beside it while it runs: the object by which runs see each other, its entry among the approved plans; empty
    where nothing is.
    """

    nonce: str
    created_at: datetime
    expires_at: datetime
    requester: str
    scopes: tuple[Scope, ...]
    intent: Intent
    steps: tuple[PlanStep, ...]
    obligation: Obligation
    policy_digest: str
    tainted: bool = False
    rolls_back: str = ""
    lease: str = ""
    version: int = PLAN_VERSION

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` over the whole plan."""
        return digest(to_json(self))

    @property
    def places(self) -> str:
        """The places that it changes, as people name them: the context, the account."""
        return ", ".join(scope.place for scope in self.scopes)

    @property
    def servers(self) -> str:
        """What tells these places from others of the same name."""
        return ", ".join(scope.server for scope in self.scopes)

    @property
    def code(self) -> str:
        """The first 40 bits of the digest as 8 characters that a person can read out and type: ``7Q4M0ZKD``."""
        return code_of(self.digest)

    @property
    def risk(self) -> Risk:
        """The highest risk of its steps."""
        return max((step.risk for step in self.steps), key=lambda risk: risk.rank, default=Risk.LOW)

    @property
    def reversal(self) -> Reversal:
        """How far the whole can be undone: as far as its least reversible step."""
        return max((step.preview.reversal for step in self.steps), key=lambda r: r.rank, default=Reversal.EXACT)


def code_of(plan_digest: str) -> str:
    """Return the code of a plan by its digest: the first 40 bits, as 8 characters."""
    bits = int(plan_digest.removeprefix("sha256:")[:10], 16)
    return "".join(_CODE_ALPHABET[bits >> 5 * place & 31] for place in reversed(range(_CODE_LENGTH)))
