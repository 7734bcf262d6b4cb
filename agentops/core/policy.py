"""``PolicyRequest``: what policy is asked, made of computed facts only; it holds no text of a model or of a tool.

Comes in: a change, its tool's declaration and, once it is measured, its preview and blast radius. Goes out: plain
values that ``policy`` turns into a Cedar request. A fact that is not known is absent, and policy must treat
absence as the worst: no default is ever filled in here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from agentops.core.plan import ObjectChange, Obligation, PolicyDecision
from agentops.core.resource import ResourceRef
from agentops.core.tool import ToolSpec

UNUSABLE = "the policy cannot be loaded, so every change is refused"
"""How the reason of a denial begins that no request can change: the policy's file must be mended first."""
MUTATE = "mutate"
"""The action group of every change."""
FACETS: Mapping[str, str] = {
    "namespace": "the namespace that a call names",
    "database": "the database that a call names",
    "schema": "the schema of a database that a call names",
    "table": "the table that a call names",
    "repository": "the repository that a call names",
    "channel": "the channel that a call names",
    "service": "the service that a call names",
    "region": "the region that a call names",
    "project": "the project that a call names",
}
"""What policy may be told of a call besides its tool: each is the text of one argument; see ``ToolSpec.facets``."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks: ``kind`` is ``agent`` or ``human``; ``on_behalf_of`` is the human behind an agent, else empty.

    With one, policy is asked twice, as the agent and as the human, and both must be permitted.
    """

    kind: str
    name: str
    on_behalf_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRequest:
    """One question to policy.

    Arguments:
        action: the change tool's name (``kubernetes_scale``).
        groups: the action's groups: ``mutate`` for every change; ``irreversible`` when nothing undoes it;
            ``rollback`` when it rolls back an approved change.
        resource: what is changed.
        attributes: of the resource, from a fresh read: ``labels`` (map of text), ``replicas`` (int), ``exists`` (bool).
        context: the facts, by the names of the policy schema: ``dryRun``, ``reversible``, ``tainted``, ``risk``,
            ``affectedPods``, ``affectedPct``, ``objects``, ``stateful``, ``dataLoss``, ``reverts``, ``environment``,
            ``protected``, ``frozen``, ``hour``, ``weekday``, ``rollback``, ``scalesToZero``, ``approvals``.
    """

    principal: Principal
    action: str
    groups: tuple[str, ...]
    resource: ResourceRef
    attributes: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """What a provider says of a resource, and of what becomes of it, for policy; worked out from the preview alone.

    Arguments:
        group: the group whose protection holds for it: the one that it stands in, or the one that it is.
        writes_secrets: whether secrets are written to it; None where that cannot be known before the preview.
        labels: its labels as they are before the change; of a new resource its own.
        replicas: how many instances it asks for before the change; None where that is not said.
        replicas_after: the same after it.
        scales_to_zero: what runs will be asked to run nothing.
        grows_only: the change lets more run than before, and does nothing else.
        adds_only: nothing that is there loses anything.
    """

    group: str = ""
    writes_secrets: bool | None = False
    labels: Mapping[str, str] = field(default_factory=dict)
    replicas: int | None = None
    replicas_after: int | None = None
    scales_to_zero: bool = False
    grows_only: bool = False
    adds_only: bool = False


ObjectFactsOf = Callable[[ResourceRef, ObjectChange | None], ObjectFacts]
"""A provider's answer about one resource; without a change of it where none was previewed, or it is not touched."""


class Policy(Protocol):
    """The policy engine. An error inside it is a deny with the error in ``PolicyDecision.errors``."""

    @property
    def digest(self) -> str:
        """``sha256:`` over everything that decides: policies of every layer, schema, settings."""
        ...

    def decide(self, request: PolicyRequest) -> PolicyDecision:
        """Return the decision; never raises, and never allows what it cannot evaluate."""
        ...

    def could_allow(self, spec: ToolSpec, principal: Principal, facts: Mapping[str, Any]) -> bool:
        """Return False only when a change by this tool is denied whatever the facts are that are not given."""
        ...


def strictest(obligations: Iterable[Obligation]) -> Obligation:
    """Return the strictest of ``obligations`` in each part: most approval, least time; the default when none."""
    every = tuple(obligations) or (Obligation(),)
    return Obligation(
        approval=max((one.approval for one in every), key=lambda approval: approval.rank),
        ttl_s=min(one.ttl_s for one in every),
        verify_s=min(one.verify_s for one in every),
    )
