"""What the shipped permits ask for, and how obligations add up: the strictest of all that are satisfied."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import yaml

from agentops.core.plan import Approval, Obligation
from agentops.core.policy import PolicyRequest, strictest
from agentops.core.tool import Effect, ToolSpec
from agentops.policy import CedarPolicy, load_policy
from agentops.policy.shipped import shipped
from agentops.policy.table import read_cases, run_cases
from tests.support.policies import TOOLS, layer, limits

Ask = Callable[..., PolicyRequest]
Loaded = Callable[..., CedarPolicy]


def test_the_shipped_tests_pass_on_the_shipped_policy(policy: CedarPolicy) -> None:
    """The table that `policy init` hands out holds for the policy that it hands out."""
    results = run_cases(policy, read_cases(yaml.safe_load(shipped("default-tests.yaml"))))
    assert [(one.name, one.problems) for one in results if not one.passed] == []


def test_the_shipped_tests_name_every_shipped_policy_but_read_only_mode() -> None:
    """No permit or forbid of the default is without a case, and none of the kernel but what a setting switches."""
    cases = read_cases(yaml.safe_load(shipped("default-tests.yaml")))
    policy = load_policy([], tools=TOOLS, settings=limits())
    named = {name for result in run_cases(policy, cases) for name in result.policies}
    assert set(policy.loaded.rules) - named == {"kernel-read-only", "reads"}


ROUTINE: dict[str, Any] = {"environment": "development", "risk": "low"}
OBLIGATIONS: list[tuple[dict[str, Any], str, Obligation]] = [
    ({"dryRun": True, "reverts": None}, "dry-runs", Obligation(approval=Approval.NONE)),
    (ROUTINE, "routine", Obligation(approval=Approval.NONE, ttl_s=600, verify_s=300)),
    ({"environment": "staging"}, "change", Obligation(ttl_s=900, verify_s=300)),
    ({}, "production-change", Obligation(ttl_s=900, verify_s=300)),
    ({"risk": "high"}, "production-high-risk", Obligation(approval=Approval.TWO_PERSON, ttl_s=900, verify_s=300)),
    (
        {"environment": "staging", "affectedPods": 21, "purpose": "restores"},
        "change over-the-limits-to-mend",
        Obligation(approval=Approval.TWO_PERSON, ttl_s=900, verify_s=300),
    ),
    ({"rollback": True, "environment": "sandbox"}, "rollback-in-development", Obligation(approval=Approval.NONE)),
    ({"rollback": True}, "rollback", Obligation()),
]


@pytest.mark.parametrize(("facts", "name", "asks"), OBLIGATIONS, ids=[row[1] for row in OBLIGATIONS])
def test_a_permit_asks_for_what_it_says(
    facts: dict[str, Any], name: str, asks: Obligation, policy: CedarPolicy, ask: Ask
) -> None:
    """Each shipped permit hands out its own obligation; of two that are satisfied the stricter counts."""
    ruling = policy.decide(ask(**facts))
    assert (ruling.allowed, " ".join(ruling.policies), ruling.obligation) == (True, name, asks)


@pytest.mark.parametrize("fact", ["environment", "protected", "risk", "reverts"])
@pytest.mark.parametrize("place", ["production", "staging", "development", "sandbox"])
def test_no_permit_for_a_change_is_satisfied_by_a_missing_fact(
    fact: str, place: str, policy: CedarPolicy, ask: Ask
) -> None:
    """What every permit needs to know is refused when nobody knows it, wherever it is."""
    assert not policy.decide(ask(**{"environment": place, fact: None})).allowed


@pytest.mark.parametrize("fact", ["reversal", "objects", "affectedPods", "tainted"])
def test_routine_is_nothing_of_which_a_fact_is_missing(fact: str, policy: CedarPolicy, ask: Ask) -> None:
    """Where a fact that makes a change routine is missing, somebody is asked or it is refused."""
    ruling = policy.decide(ask(**{**ROUTINE, fact: None}))
    assert "routine" not in ruling.policies


@pytest.mark.parametrize("risk", ["low", "medium", "high"])
@pytest.mark.parametrize("place", ["production", "staging"])
def test_nothing_is_pre_approved_where_it_matters(risk: str, place: str, policy: CedarPolicy, ask: Ask) -> None:
    """Outside development every change needs somebody, however small."""
    ruling = policy.decide(ask(environment=place, risk=risk, growsOnly=True, objects=0, affectedPods=0))
    assert (ruling.allowed, ruling.obligation.approval is not Approval.NONE) == (True, True)


PLACES = ("production", "staging", "development", "sandbox")
TABLE = list(
    product(PLACES, ("low", "medium", "high"), ("exact", "compensating"), (5, 6), (1, 2), *[(False, True)] * 3)
)


def _permit(*row: Any) -> str:
    """Return the one permit that fits a row of the table, as docs/policy.md says it in words."""
    place, risk, reversal, pods, objects, protected, tainted, grows = row
    if place == "production" or protected:
        return "production-high-risk" if risk == "high" else "production-change"
    small = reversal == "exact" and pods <= 5 and objects <= 1 and (risk == "low" or (risk == "medium" and grows))
    trusted = place == "sandbox" or (place == "development" and not tainted)
    return "routine" if small and trusted else "change"


def test_every_change_that_is_possible_has_exactly_one_permit(policy: CedarPolicy, ask: Ask) -> None:
    """The whole table of places, risks and sizes, held against the words of the page."""
    names = ("environment", "risk", "reversal", "affectedPods", "objects", "protected", "tainted", "growsOnly")
    found = {row: policy.decide(ask(**dict(zip(names, row, strict=True)))).policies for row in TABLE}
    assert found == {row: (_permit(*row),) for row in TABLE}


def test_every_way_back_has_exactly_one_permit(policy: CedarPolicy, ask: Ask) -> None:
    """Whatever its risk; protected namespaces count as production."""
    found = {
        (place, protected): policy.decide(
            ask(environment=place, protected=protected, rollback=True, risk="high")
        ).policies
        for place, protected in product(PLACES, (False, True))
    }
    free = {("development", False), ("sandbox", False)}
    assert found == {key: ("rollback-in-development" if key in free else "rollback",) for key in found}


def test_the_strictest_of_all_satisfied_permits_counts(loaded: Loaded, ask: Ask) -> None:
    """Most approval, shortest time to live and shortest time to verify, each from wherever it is said."""
    text = """
        @id("a") @approval("none") @verify("20") permit (principal, action, resource);
        @id("b") @approval("two-person") @ttl("3600") permit (principal, action, resource);
        @id("c") @requireApproval @ttl("1200") @verify("600") permit (principal, action, resource);
        @id("not-satisfied") @ttl("1") permit (principal, action, resource) when { context.readOnly };
    """
    ruling = loaded(layer(text)).decide(ask())
    wanted = Obligation(approval=Approval.TWO_PERSON, ttl_s=1200, verify_s=20)
    assert (ruling.policies, ruling.obligation) == (("a", "b", "c"), wanted)


@pytest.mark.parametrize("note", ["", "@requireApproval", '@approval("one")'])
def test_a_permit_that_says_nothing_asks_for_one(note: str, loaded: Loaded, ask: Ask) -> None:
    """Silence is not a pre-approval."""
    ruling = loaded(layer(f'@id("quiet") {note} permit (principal, action, resource);')).decide(ask())
    assert (ruling.allowed, ruling.obligation) == (True, Obligation())


def test_the_strictest_of_no_obligations_is_the_default() -> None:
    """Nothing said is one approval and the usual times."""
    assert strictest([]) == Obligation()


def test_the_same_question_has_the_same_answer(policy: CedarPolicy, ask: Ask) -> None:
    """A ruling depends on nothing but the policy and the request."""
    assert policy.decide(ask()) == policy.decide(ask())


def test_change_windows_can_be_written_with_the_clock(loaded: Loaded, ask: Ask) -> None:
    """A policy may compare times and weekdays; both are facts of the request."""
    text = """
        @id("window") permit (principal, action, resource)
        when {
          context has now && context.now < datetime("2026-12-24T00:00:00Z") &&
          context has weekday && !["sat", "sun"].contains(context.weekday) && context has hour && context.hour >= 8
        };
    """
    policy = loaded(layer(text))
    monday, sunday, holiday = (
        {"now": "2026-11-23T09:00:00.000Z", "weekday": "mon", "hour": 9},
        {"now": "2026-11-22T09:00:00.000Z", "weekday": "sun", "hour": 9},
        {"now": "2026-12-24T09:00:00.000Z", "weekday": "thu", "hour": 9},
    )
    assert [policy.decide(ask(**facts)).allowed for facts in (monday, sunday, holiday)] == [True, False, False]


def test_policies_may_speak_of_places_labels_and_approvers(loaded: Loaded, ask: Ask) -> None:
    """Namespace, cluster, environment, a label and who has approved so far decide as a team writes it."""
    text = """
        @id("pay-team")
        permit (principal, action in Ops::Action::"kubernetes", resource in Ops::Namespace::"prod-eu/pay")
        when {
          resource in Ops::Cluster::"prod-eu" && resource in Ops::Environment::"production" &&
          resource.hasTag("team") && resource.getTag("team") == "pay" &&
          context has approvals && context.approvals.contains("human:ana")
        };
    """
    policy = loaded(layer(text))
    labelled = {"labels": {"team": "pay"}}
    target = "k8s://prod-eu/pay/Deployment/web"
    asked = [
        ask(target=target, attributes=labelled, approvals=["human:ana"]),
        ask(target=target, attributes=labelled, approvals=["human:bob"]),
        ask(target=target, attributes={}, approvals=["human:ana"]),
        ask(target=target, attributes=labelled, approvals=["human:ana"], environment="staging"),
        ask(attributes=labelled, approvals=["human:ana"]),
    ]
    assert [policy.decide(request).allowed for request in asked] == [True, False, False, False, False]


def test_a_new_tool_is_an_action_without_an_edit(ask: Ask) -> None:
    """A tool that is declared can be ruled on, and be named in a policy."""
    spec = ToolSpec(name="mcp_tickets_close", description="", schema={}, effect=Effect.CHANGE)
    text = '@id("tickets") permit (principal, action == Ops::Action::"mcp_tickets_close", resource is Ops::Tool);'
    policy = load_policy([layer(text)], tools=[*TOOLS, spec], settings=limits())
    target = "mcp://tickets/close"
    found = [policy.decide(ask(action=action, target=target)).allowed for action in (spec.name, "mcp_call")]
    assert found == [True, False]
