"""What is never offered: tools whose every change is refused already, and only those."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentops.core.errors import ConfigError
from agentops.core.policy import PolicyRequest, Principal
from agentops.core.resource import parse_ref
from agentops.core.risk import Reversal, Risk
from agentops.core.tool import Effect, ToolSpec
from agentops.policy import CedarPolicy, UnavailablePolicy
from agentops.policy.offers import never_allowed
from agentops.providers.kubernetes.change.registry import CHANGE_SPECS
from tests.policy.test_laws import CHANGED, POLICY
from tests.support.policies import AGENT, HUMAN, WEB, layer

Loaded = Callable[..., CedarPolicy]


def tool(name: str, risk: Risk = Risk.MEDIUM, reversal: Reversal = Reversal.EXACT) -> ToolSpec:
    """Return a change tool's declaration."""
    return ToolSpec(name=name, description="", schema={}, effect=Effect.CHANGE, risk=risk, reversal=reversal)


PATCH, SCALE, RESIZE = (
    tool("kubernetes_patch"),
    tool("kubernetes_scale"),
    tool("kubernetes_patch", Risk.MEDIUM, Reversal.NONE),
)
GRAVE = tool("kubernetes_delete", Risk.CRITICAL)


def never(policy: Any, *specs: ToolSpec, who: Principal = AGENT, **place: Any) -> set[str]:
    """Return what is never allowed in production, to a run that read untrusted text."""
    told = {"environment": "production", "frozen": False, "tainted": True, **place}
    return set(never_allowed(policy, specs, who, **told))


def test_the_shipped_default_offers_all_change_tools(policy: CedarPolicy) -> None:
    """Making a claim larger among them: a person may agree to it."""
    assert never(policy, *CHANGE_SPECS) == set()


def test_during_a_freeze_and_in_read_only_mode_nothing_is_offered(policy: CedarPolicy, loaded: Loaded) -> None:
    """No change can pass, so none is drafted."""
    every = {PATCH.name, SCALE.name}
    assert (never(policy, PATCH, SCALE, frozen=True), never(loaded(read_only=True), PATCH, SCALE)) == (every, every)


def test_without_a_policy_nothing_is_offered() -> None:
    """A policy that cannot be loaded refuses every change."""
    assert never(UnavailablePolicy(ConfigError("broken")), PATCH) == {PATCH.name}


def test_what_is_critical_by_its_declaration_is_not_offered(policy: CedarPolicy) -> None:
    """Risk only ever rises."""
    assert never(policy, GRAVE, PATCH) == {GRAVE.name}


PERMIT = '@id("all") permit (principal, action, resource);'
FORBIDS: dict[str, tuple[str, bool]] = {
    "the tool": ('forbid (principal, action == Ops::Action::"kubernetes_patch", resource);', True),
    "the tool among others": (
        'forbid (principal, action in [Ops::Action::"kubernetes_patch", Ops::Action::"aws_reboot"], resource);', True,
    ),
    "another tool": ('forbid (principal, action == Ops::Action::"kubernetes_scale", resource);', False),
    "its provider": ('forbid (principal, action in Ops::Action::"kubernetes", resource is Ops::Object);', True),
    "another kind of resource": ('forbid (principal, action, resource is Ops::Tool);', False),
    "one namespace": ('forbid (principal, action, resource in Ops::Namespace::"prod/pay");', False),
    "this environment": ('forbid (principal, action, resource in Ops::Environment::"production");', True),
    "another environment": ('forbid (principal, action, resource in Ops::Environment::"staging");', False),
    "agents": ('forbid (principal is Ops::Agent, action, resource);', True),
    "this agent": ('forbid (principal == Ops::Agent::"agentops", action, resource);', True),
    "another agent": ('forbid (principal == Ops::Agent::"x", action, resource);', False),
    "what is tainted": ("forbid (principal, action, resource) when { context has tainted && context.tainted };", True),
    "what is not tainted": (
        "forbid (principal, action, resource) unless { context has tainted && context.tainted };", False,
    ),
    "an environment in a set": (
        'forbid (principal, action, resource) when { context has environment && '
        '["production", "staging"].contains(context.environment) };', True,
    ),
    "what nobody knows yet": (
        "forbid (principal, action, resource) when { context has affectedPct && context.affectedPct > 5 };", False,
    ),
    "a limit of the settings": ("forbid (principal, action, resource) when { context.maxPct < 60 };", True),
    "a limit that is not so": ("forbid (principal, action, resource) when { context.maxPct >= 60 };", False),
    "low risk": ('forbid (principal, action, resource) when { context has risk && context.risk == "low" };', False),
    "medium and more": (
        'forbid (principal, action, resource) when { context has risk && context.risk != "low" };', True,
    ),
    "by the hour": ("forbid (principal, action, resource) when { context has hour && context.hour < 24 };", False),
    "one name": ('forbid (principal, action, resource) when { resource.name == "web" };', False),
    "a pattern": ('forbid (principal, action, resource) when { resource.name like "w*" };', False),
    "either of two": (
        'forbid (principal, action, resource) when { resource.name == "web" || context has tainted };', True,
    ),
    "a choice": (
        "forbid (principal, action, resource) when { if context.readOnly then false else true };", True,
    ),
    "the environment as an entity": (
        'forbid (principal, action, resource) when { resource in Ops::Environment::"production" };', True,
    ),
    "the type in a clause": ('forbid (principal, action, resource) when { resource is Ops::Object };', True),
    "the principal in a clause": (
        'forbid (principal, action, resource) when { principal == Ops::Agent::"agentops" };', True,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("forbid", "decided"), FORBIDS.values(), ids=FORBIDS)
def test_a_forbid_that_holds_whatever_comes_takes_the_tool_away(forbid: str, decided: bool, loaded: Loaded) -> None:
    """Only then: what depends on a fact that is not known yet is offered."""
    found = never(loaded(layer(f'{PERMIT}\n@id("no") {forbid}')), PATCH)
    assert found == ({PATCH.name} if decided else set())


def test_a_tool_that_no_permit_can_reach_is_not_offered(loaded: Loaded) -> None:
    """Default deny: what is permitted elsewhere, or for another tool, is not permitted here."""
    policy = loaded(
        layer(
            '@id("scale") permit (principal, action == Ops::Action::"kubernetes_scale", resource);'
            '@id("dev") permit (principal, action, resource in Ops::Environment::"development");'
        )
    )
    assert never(policy, PATCH, SCALE) == {PATCH.name}


def test_a_human_behind_an_agent_must_be_permitted_too(loaded: Loaded) -> None:
    """What is never allowed to the one is never allowed to both."""
    policy = loaded(layer(f'{PERMIT}\n@id("no") forbid (principal == Ops::Human::"ana", action, resource);'))
    both = Principal(kind="agent", name="agentops", on_behalf_of="ana")
    assert [never(policy, PATCH, who=who) for who in (AGENT, HUMAN, both)] == [set(), {PATCH.name}, {PATCH.name}]


def test_what_nothing_takes_back_may_be_forbidden_for_all_of_a_tool(loaded: Loaded) -> None:
    """A declaration that says so decides before anything is drafted."""
    clause = "context has reversible && !context.reversible"
    text = f'{PERMIT}\n@id("no") forbid (principal, action, resource) when {{ {clause} }};'
    assert (never(loaded(layer(text)), RESIZE), never(loaded(layer(text)), PATCH)) == ({RESIZE.name}, set())


KNOWN = ("environment", "frozen", "tainted", "dryRun", "rollback")


@settings(max_examples=300, deadline=None)
@given(CHANGED, st.sampled_from([AGENT, HUMAN]))
def test_whatever_is_allowed_was_offered(facts: dict[str, Any], who: Principal) -> None:
    """A law: no change that policy allows is of a tool that it was said never to allow."""
    told = {**facts, "dryRun": False, "rollback": False}
    request = PolicyRequest(principal=who, action=PATCH.name, groups=("mutate",), resource=parse_ref(WEB), context=told)
    if POLICY.decide(request).allowed:
        known = {name: told[name] for name in KNOWN} | {"risk": told["risk"]}
        assert POLICY.could_allow(PATCH, who, known)
