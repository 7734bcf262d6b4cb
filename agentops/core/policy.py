"""``PolicyRequest``: what policy is asked, made of computed facts only. Never a word of a model or of a tool's text.

Comes in: a change, its tool's declaration and, once it is measured, its preview and blast radius. Goes out: plain
values that ``policy`` turns into a Cedar request. A fact that is not known is absent, and policy must treat
absence as the worst: no default is ever filled in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from agentops.core.plan import Obligation, PolicyDecision
from agentops.core.resource import ResourceRef
from agentops.core.tool import ToolSpec

MUTATE = "mutate"
"""The action group of every change."""
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
        groups: the action's groups: ``mutate`` for every change; ``irreversible`` when nothing takes it back;
            ``rollback`` when it takes back an approved change.
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
