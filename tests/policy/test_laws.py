"""Laws of the shipped policy that hold for every request, not only for those that somebody thought of."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agentops.core.plan import Approval
from agentops.core.policy import PolicyRequest, Principal
from agentops.core.resource import parse_ref
from agentops.policy import load_policy, replay
from tests.support.policies import TOOLS, limits

POLICY = load_policy([], tools=TOOLS, settings=limits())
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **{
        name: st.booleans()
        for name in (
            "dryRun",
            "rollback",
            "reversible",
            "tainted",
            "protected",
            "frozen",
            "deletes",
            "scalesToZero",
            "growsOnly",
            "addsOnly",
            "ifEmpty",
            "secretData",
            "reverts",
            "dataLoss",
        )
    },
    "risk": st.sampled_from(["low", "medium", "high", "critical"]),
    "reversal": st.sampled_from(["exact", "compensating", "none"]),
    "environment": st.sampled_from(["production", "staging", "development", "sandbox"]),
    "affectedPods": st.sampled_from([0, 5, 6, 20, 21]),
    "affectedPct": st.sampled_from([0, 50, 51, 100]),
    "objects": st.sampled_from([0, 1, 2]),
    "purpose": st.sampled_from(["none", "restores", "mends", "shrinks"]),
}
TARGETS = (
    "k8s://c/shop/Deployment/web",
    "k8s://c/shop/Pod/web-1",
    "k8s://c/shop/Secret/token",
    "k8s://c/-/Node/n1",
    "k8s://c/-/ClusterRole/edit",
    "k8s://c/kube-system/Deployment/coredns",
    "aws://1/eu/ec2/instance/i-1",
    "mcp://files/write",
)
ACTIONS = {"k8s": "kubernetes_patch", "aws": "aws_reboot", "mcp": "mcp_call"}
# Mostly harmless, so that many requests are permitted and there is something to lose.
HARMLESS: dict[str, Any] = {
    "dryRun": False,
    "reversible": True,
    "frozen": False,
    "deletes": False,
    "scalesToZero": False,
    "secretData": False,
    "reverts": False,
    "dataLoss": False,
    "risk": "low",
    "affectedPods": 1,
    "affectedPct": 0,
    "environment": "development",
    "protected": False,
    "reversal": "exact",
    "objects": 1,
    "tainted": False,
    "rollback": False,
    "growsOnly": False,
    "addsOnly": False,
    "ifEmpty": False,
    "purpose": "none",
}
CHANGED = st.fixed_dictionaries({}, optional=VALUES).map(lambda changed: {**HARMLESS, **changed})
PRINCIPALS = st.sampled_from(
    [
        Principal(kind="human", name="ana"),
        Principal(kind="agent", name="x"),
        Principal(kind="agent", name="x", on_behalf_of="ana"),
    ]
)


def _request(target: str, facts: dict[str, Any], who: Principal) -> PolicyRequest:
    ref = parse_ref(target)
    return PolicyRequest(principal=who, action=ACTIONS[ref.scheme], groups=("mutate",), resource=ref, context=facts)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TARGETS), CHANGED, st.sets(st.sampled_from(sorted(VALUES))), PRINCIPALS)
def test_knowing_less_never_permits_more(target: str, facts: dict[str, Any], lost: set[str], who: Principal) -> None:
    """Whatever facts are lost: what was refused stays refused, and no milder approval is asked for.

    A dry run asks nobody for good, so for one that stays a dry run only the first half says anything.
    """
    kept = {name: value for name, value in facts.items() if name not in lost}
    whole, less = POLICY.decide(_request(target, facts, who)), POLICY.decide(_request(target, kept, who))
    if less.allowed:
        milder = less.obligation.approval.rank < whole.obligation.approval.rank
        assert (whole.allowed, milder and not kept.get("dryRun")) == (True, False)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TARGETS), CHANGED, PRINCIPALS)
def test_every_ruling_says_why_and_can_be_replayed(target: str, facts: dict[str, Any], who: Principal) -> None:
    """Allowed or not: a sentence, no errors for a well-formed request, and the same ruling from the record."""
    ruling = POLICY.decide(_request(target, facts, who))
    assert (bool(ruling.why), ruling.errors, replay(POLICY, ruling.request)) == (True, (), ruling)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TARGETS), CHANGED, PRINCIPALS)
def test_production_is_never_pre_approved(target: str, facts: dict[str, Any], who: Principal) -> None:
    """But for a dry run, which has no effect."""
    ruling = POLICY.decide(_request(target, {**facts, "environment": "production", "dryRun": False}, who))
    assert not (ruling.allowed and ruling.obligation.approval is Approval.NONE)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TARGETS), CHANGED)
def test_a_human_behind_an_agent_never_loosens(target: str, facts: dict[str, Any]) -> None:
    """Asked for both, a request is permitted only if it is for each, and asks for no less than either."""
    agent, human, both = (
        POLICY.decide(_request(target, facts, who))
        for who in (
            Principal(kind="agent", name="x"),
            Principal(kind="human", name="ana"),
            Principal(kind="agent", name="x", on_behalf_of="ana"),
        )
    )
    assert both.allowed == (agent.allowed and human.allowed)
    if both.allowed:
        ranks = [ruling.obligation.approval.rank for ruling in (agent, human)]
        assert both.obligation.approval.rank == max(ranks)


@settings(max_examples=300, deadline=None)
@given(CHANGED)
def test_a_tainted_run_loses_no_data_for_good(facts: dict[str, Any]) -> None:
    """What nothing takes back and loses data, or may, is refused to a run that read untrusted text, whatever else."""
    given_facts = {**facts, "tainted": True, "reversible": False, "rollback": False, "dryRun": False}
    for lost in ({"dataLoss": True}, {"dataLoss": None}):
        told = {name: value for name, value in {**given_facts, **lost}.items() if value is not None}
        ruling = POLICY.decide(_request(TARGETS[0], told, Principal(kind="agent", name="x")))
        assert (ruling.allowed, "kernel-irreversible-tainted" in ruling.policies) == (False, True)
