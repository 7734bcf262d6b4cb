"""The use case ``policy explain``: which policy decides a request, and the clause that decided it.

Comes in: settings, and a request as a person writes it, or a saved plan. Goes out: each request with today's decision
and the account of it. Nothing is read of any system: a fact that is not given counts as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentops.app.connecting import provider_options
from agentops.app.mcp_providers import providers_of
from agentops.app.policy_loading import PolicySources, policy_sources
from agentops.app.providers import object_facts
from agentops.core.clock import utc_now
from agentops.core.errors import UsageError
from agentops.core.jsonable import to_json
from agentops.core.plan import ChangePlan, PolicyDecision
from agentops.core.policy import PolicyRequest
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.policy import CedarPolicy
    from agentops.policy.explain import Account

GIVEN, SETTINGS, ASSUMED, RECORDED = "--fact", "settings, tool, clock", "assumed (--harmless)", "the plan"
"""Who says a fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request as a person writes it.

    Arguments:
        principal: ``agent:NAME`` or ``human:NAME``.
        on_behalf_of: the human that the agent works for.
        facts, labels: ``NAME=VALUE`` each.
        harmless: unknown facts take their least dangerous value.
        simulated: the target is in a simulated world.
    """

    tool: str
    target: str
    principal: str
    on_behalf_of: str = ""
    facts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    harmless: bool = False
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFact:
    """One fact that the policy was given, and who says it."""

    name: str
    value: Any
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One request's ruling and why, for each principal that was asked about, and the facts that it was decided on."""

    title: str
    ruling: PolicyDecision
    accounts: tuple[Account, ...]
    facts: tuple[KnownFact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanations:
    """What the policy in force says of some requests."""

    policy_digest: str
    requests: tuple[Explained, ...]

    @property
    def allowed(self) -> bool:
        """Whether every one of them is allowed."""
        return all(one.ruling.allowed for one in self.requests)


def explain_question(settings: Settings, question: Question) -> Explanations:
    """Return what the policy says of one request, with what the settings say of its place.

    Raises:
        ConfigError: the policy cannot be loaded.
        UsageError: there is no such tool, or a fact, a label or the target cannot be read.
    """
    sources = policy_sources(settings)
    policy = sources.policy()
    identity = _identity(settings, question)
    request = _request(sources, question, identity)
    unassumed = _request(sources, replace(question, harmless=False), identity).context
    given = {pair.partition("=")[0] for pair in question.facts}

    def source(name: str) -> str:
        return GIVEN if name in given else SETTINGS if name in unassumed else ASSUMED

    explained = _explained(policy, request, f"{request.action} on {request.resource.short}", source)
    return Explanations(policy_digest=policy.digest, requests=(explained,))


def explain_plan(settings: Settings, path: Path) -> Explanations:
    """Return what the policy says now of every request that was asked when a saved plan was made.

    Raises:
        ConfigError: the policy cannot be loaded.
        UsageError, NotApproved: the file is no plan, or was changed after it was made.
    """
    from agentops.store.plans import load_plan

    policy = policy_sources(settings).policy()
    requests = _requests_of(load_plan(path))
    explained = tuple(_explained(policy, request, title, lambda _name: RECORDED) for title, request in requests)
    return Explanations(policy_digest=policy.digest, requests=explained)


def _requests_of(plan: ChangePlan) -> Iterator[tuple[str, PolicyRequest]]:
    """Yield the requests of each step and of its undo, with what they are called."""
    from agentops.policy.replay import recorded_requests

    for number, step in enumerate(plan.steps, start=1):
        rulings = [("", step.ruling), *((("the undo of ", step.undo_ruling),) if step.undo_ruling else ())]
        for prefix, ruling in rulings:
            for request in recorded_requests(ruling.request):
                yield f"{prefix}step {number}: {request.action} on {request.resource.short}", request


def _explained(policy: CedarPolicy, request: PolicyRequest, title: str, source: Callable[[str], str]) -> Explained:
    ruling = policy.decide(request)
    facts = tuple(
        KnownFact(name=name, value=to_json(value), source=source(name))
        for name, value in sorted(request.context.items())
    )
    accounts = () if ruling.errors else policy.explain(request)
    return Explained(title=title, ruling=ruling, accounts=accounts, facts=facts)


def _identity(settings: Settings, question: Question) -> str:
    """Return what proves the place of the target, as the kubeconfig has it; nothing is sent."""
    from agentops.core.resource import parse_ref

    ref = parse_ref(question.target)
    provider = next((one for one in providers_of(settings) if one.origin == ref.origin), None)
    found = provider.identify(provider_options(settings, None), ref.place) if provider else None
    return found.key if found else ""


def _request(sources: PolicySources, question: Question, identity: str) -> PolicyRequest:
    from agentops.core.resource import parse_ref
    from agentops.policy.questions import draft, parse_facts, principal_of

    by_name = {spec.name: spec for spec in sources.tools}
    if question.tool not in by_name:
        hint = f"The tools are {', '.join(by_name)}."
        raise UsageError(f"there is no tool {one_line(question.tool, 60)!r}", hint=hint)
    return draft(
        by_name[question.tool],
        parse_ref(question.target),
        principal_of(question.principal, question.on_behalf_of),
        parse_facts(question.facts),
        facts_of=object_facts,
        settings=sources.rules,
        now=utc_now(),
        identity=identity,
        simulated=question.simulated,
        harmless=question.harmless,
        labels=dict(map(_pair, question.labels)),
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{one_line(text, 60)!r} is not NAME=VALUE", hint="For example: --label tier=critical")
    return name, value
