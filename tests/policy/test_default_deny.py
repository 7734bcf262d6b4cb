"""Nothing is permitted that no permit names; whatever cannot be evaluated is denied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.plan import Approval
from agentops.core.policy import PolicyRequest, Principal
from agentops.policy import CedarPolicy
from tests.support.policies import CHANGES, HUMAN, PERMITTED, READS, WEB, layer

Ask = Callable[..., PolicyRequest]
Loaded = Callable[..., CedarPolicy]

TARGETS = {"kubernetes": WEB, "aws": "aws://123/eu-1/ec2/instance/i-1", "mcp": "mcp://files/write", "evidence": WEB}


def _target(action: str) -> str:
    return TARGETS[action.partition("_")[0]]


@pytest.mark.parametrize("action", [*CHANGES, *READS])
def test_an_empty_policy_permits_no_action(action: str, loaded: Loaded, ask: Ask) -> None:
    """With a base that holds nothing, every action is denied for want of a permit."""
    request = PolicyRequest(
        principal=HUMAN,
        action=action,
        groups=(),
        resource=ask(target=_target(action)).resource,
        context=ask().context if action in CHANGES else {},
    )
    ruling = loaded(layer("")).decide(request)
    assert (ruling.allowed, ruling.policies, ruling.errors) == (False, (), ())


@pytest.mark.parametrize("action", CHANGES)
def test_the_default_permits_no_change_of_which_nothing_is_known(action: str, policy: CedarPolicy, ask: Ask) -> None:
    """A change without a single fact is denied, by whatever tool."""
    request = PolicyRequest(
        principal=HUMAN, action=action, groups=("mutate",), resource=ask(target=_target(action)).resource
    )
    ruling = policy.decide(request)
    assert (ruling.allowed, ruling.errors) == (False, ())


@pytest.mark.parametrize("action", READS)
def test_the_default_permits_every_read(action: str, policy: CedarPolicy, ask: Ask) -> None:
    """Reads need no facts and no approval."""
    request = PolicyRequest(principal=HUMAN, action=action, groups=("read",), resource=ask().resource)
    ruling = policy.decide(request)
    assert (ruling.allowed, ruling.policies, ruling.obligation.approval) == (True, ("reads",), Approval.NONE)


READ_FACTS = {"tainted", "environment", "protected", "now", "hour", "weekday"}


@pytest.mark.parametrize("fact", sorted(PERMITTED))
def test_a_read_has_the_facts_of_its_place_and_time_alone(fact: str, policy: CedarPolicy, ask: Ask) -> None:
    """Where, when, and whether the run is tainted; a fact of a change does not fit a read."""
    context = {fact: PERMITTED[fact]}
    request = PolicyRequest(
        principal=HUMAN, action="kubernetes_list", groups=("read",), resource=ask().resource, context=context
    )
    assert policy.decide(request).allowed is (fact in READ_FACTS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"action": "kubernetes_exec"}, "does not exist"),
        ({"affectedPct": "many"}, "is not valid for"),
        ({"affectedPct": 1.5}, "did not match"),
        ({"invented": True}, "should not exist"),
        ({"maxPct": 100}, "only the settings"),
        ({"now": "yesterday"}, "date pattern"),
        ({"who": Principal(kind="robot", name="x")}, "not a kind of principal"),
        ({"who": Principal(kind="human", name="")}, "no name"),
        ({"attributes": {"replicas": "three"}}, "replicas"),
        ({"attributes": {"labels": {"app": 1}}}, "app"),
        ({"attributes": {"owner": "ana"}}, "owner"),
        ({"action": "aws_reboot"}, "not valid for"),
        ({"kinds": {"Deployment"}}, "not JSON serializable"),
    ],
)
def test_what_does_not_fit_the_schema_is_denied_with_an_error(
    changes: dict[str, Any], said: str, policy: CedarPolicy, ask: Ask
) -> None:
    """An undeclared action, a fact of the wrong type, an unknown attribute: denied, and the error says what."""
    ruling = policy.decide(ask(**changes))
    assert (ruling.allowed, ruling.policies, said in " ".join(ruling.errors)) == (False, (), True)


def test_an_error_in_one_policy_denies_what_another_permits(loaded: Loaded, ask: Ask) -> None:
    """A forbid that cannot be evaluated is not skipped: the request is denied with the forbid's name."""
    text = """
        @id("all") permit (principal, action, resource);
        @id("overflows") forbid (principal, action in Ops::Action::"mutate", resource)
        when { context has objects && context.objects + 9223372036854775807 > 5 };
    """
    ruling = loaded(layer(text)).decide(ask())
    assert (ruling.allowed, ruling.policies, "overflows" in " ".join(ruling.errors)) == (False, ("all",), True)


def test_an_agent_for_a_human_needs_both_to_be_permitted(loaded: Loaded, ask: Ask) -> None:
    """The strictest of both sets of permits counts when both are permitted; neither can lend the other a right."""
    text = """
        @id("for-agents") @approval("none") @ttl("60") permit (principal is Ops::Agent, action, resource);
        @id("for-ana") @approval("two-person") @ttl("90") permit (principal == Ops::Human::"ana", action, resource);
        @id("for-bob") permit (principal == Ops::Human::"bob", action == Ops::Action::"kubernetes_scale", resource);
    """
    policy = loaded(layer(text))
    asked = {
        name: policy.decide(ask(who=Principal(kind=kind, name="x" if kind == "agent" else name, on_behalf_of=behalf)))
        for name, kind, behalf in (
            ("agent for ana", "agent", "ana"),
            ("agent for bob", "agent", "bob"),
            ("bob", "human", ""),
            ("agent", "agent", ""),
        )
    }
    found = {name: (ruling.allowed, ruling.policies, ruling.obligation.approval) for name, ruling in asked.items()}
    assert found == {
        "agent for ana": (True, ("for-agents", "for-ana"), Approval.TWO_PERSON),
        "agent for bob": (False, (), Approval.ONE),
        "bob": (False, (), Approval.ONE),
        "agent": (True, ("for-agents",), Approval.NONE),
    }
    assert asked["agent for ana"].obligation.ttl_s == 60


def test_the_human_alone_does_not_carry_the_agent(loaded: Loaded, ask: Ask) -> None:
    """A human who may does not lend an agent what the agent may not."""
    text = '@id("for-humans") permit (principal is Ops::Human, action, resource);'
    ruling = loaded(layer(text)).decide(ask(who=Principal(kind="agent", name="x", on_behalf_of="ana")))
    assert (ruling.allowed, ruling.policies) == (False, ())


@pytest.mark.parametrize("depth", [100, 2_000, 100_000])
@pytest.mark.parametrize("where", ["fact", "label", "attribute"])
def test_a_value_that_is_nested_deep_is_denied(where: str, depth: int, policy: CedarPolicy, ask: Ask) -> None:
    """What an object holds is passed on as it is; it ends neither the process nor the port's promise not to raise."""
    value: object = "x"
    for _ in range(depth):
        value = {"a": value}
    given: dict[str, Any] = {
        "fact": {"objects": value},
        "label": {"attributes": {"labels": {"a": value}}},
        "attribute": {"attributes": {"replicas": value}},
    }[where]
    ruling = policy.decide(ask(**given))
    assert (ruling.allowed, bool(ruling.errors)) == (False, True)
