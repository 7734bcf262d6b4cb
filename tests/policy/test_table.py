"""Tables of tests, recorded requests, and requests that a person writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agentops.core.errors import UsageError
from agentops.core.jsonable import to_json
from agentops.core.policy import PolicyRequest, Principal
from agentops.core.resource import parse_ref
from agentops.core.risk import Reversal
from agentops.core.tool import Effect, ToolSpec
from agentops.policy import CedarPolicy, decide_all, replay
from agentops.policy.questions import draft, parse_facts, principal_of
from agentops.policy.table import CaseResult, TableError, read_cases, run_cases
from agentops.providers.kubernetes.change.policy_facts import object_facts
from tests.support.policies import HUMAN, PERMITTED, WEB, limits

Ask = Callable[..., PolicyRequest]
NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
DEFAULTS = {"tool": "kubernetes_patch", "target": WEB, "facts": PERMITTED}


def _table(*cases: dict[str, Any], **top: Any) -> dict[str, Any]:
    return {"defaults": DEFAULTS, "cases": list(cases), **top}


def _run(policy: CedarPolicy, *cases: dict[str, Any]) -> tuple[CaseResult, ...]:
    return run_cases(policy, read_cases(_table(*cases)))


def test_a_case_that_goes_as_expected_passes(policy: CedarPolicy) -> None:
    """Decision, approval, policies, times and errors, each if it is named."""
    expect = {
        "decision": "allow",
        "approval": "one",
        "policy": "production-change",
        "ttl_s": 900,
        "verify_s": 300,
        "errors": False,
    }
    assert _run(policy, {"name": "usual", "expect": expect}) == (
        CaseResult(
            name="usual",
            decision="allow",
            approval="one",
            policies=("production-change",),
            why="permitted by production-change; approval: one",
        ),
    )


def test_a_case_that_does_not_says_every_difference(policy: CedarPolicy) -> None:
    """What was expected and what was found, one by one."""
    expect = {
        "decision": "deny",
        "approval": "two-person",
        "policy": ["freeze", "irreversible"],
        "ttl_s": 1,
        "errors": True,
    }
    (result,) = _run(policy, {"name": "wrong", "expect": expect})
    assert (result.passed, result.problems) == (
        False,
        (
            "decision: expected deny, found allow",
            "approval: expected two-person, found one",
            "policy: expected freeze, irreversible, found production-change",
            "ttl_s: expected 1, found 900",
            "errors: expected True, found False",
        ),
    )


def test_a_case_overrides_the_defaults_and_null_takes_one_away(policy: CedarPolicy) -> None:
    """Facts and attributes are merged; who asks, the tool and the target are replaced."""
    cases = (
        {"name": "frozen", "facts": {"frozen": True}, "expect": {"decision": "deny", "policy": "freeze"}},
        {"name": "unknown", "facts": {"reverts": None}, "expect": {"decision": "deny", "policy": []}},
        {"name": "robot", "as": "agent:x", "on_behalf_of": "human:ana", "expect": {"decision": "allow"}},
        {"name": "bad", "attributes": {"replicas": "x"}, "expect": {"decision": "deny", "errors": True}},
    )
    assert [(one.name, one.problems) for one in _run(policy, *cases)] == [
        ("frozen", ()),
        ("unknown", ()),
        ("robot", ()),
        ("bad", ()),
    ]


def test_null_takes_the_human_behind_an_agent_away() -> None:
    """As it takes a fact away; who asks is then the tester, or the agent alone."""
    defaults = {**DEFAULTS, "as": "agent:x", "on_behalf_of": "ana"}
    rows = [{"name": "both", "as": None, "on_behalf_of": None}, {"name": "alone", "on_behalf_of": None}, {"name": "no"}]
    document = {"defaults": defaults, "cases": [{**row, "expect": EXPECT} for row in rows]}
    found = [case.requests[0].principal for case in read_cases(document)]
    assert found == [
        Principal(kind="human", name="tester"),
        Principal(kind="agent", name="x"),
        Principal(kind="agent", name="x", on_behalf_of="ana"),
    ]


def test_a_recorded_request_can_be_a_case(policy: CedarPolicy, ask: Ask) -> None:
    """The `request` of a ruling, of one or of several objects, as it stands in a plan or in the audit chain."""
    one, several = policy.decide(ask()).request, decide_all(policy, [ask(), ask(frozen=True)]).request
    cases = [
        {"name": "one", "request": one, "expect": {"decision": "allow"}},
        {"name": "several", "request": several, "expect": {"decision": "deny", "policy": "freeze"}},
    ]
    assert [result.problems for result in _run(policy, *cases)] == [(), ()]


EXPECT = {"decision": "allow"}
BAD: list[tuple[Any, str]] = [
    (None, "not a table"),
    ([], "not a table"),
    ({"cases": []}, "not a table"),
    (_table({"name": "a", "expect": EXPECT}, more=1), "unknown key more"),
    ({"defaults": [1], "cases": [{}]}, "defaults: expected names and values, found a list"),
    ({"defaults": {"expect": {}}, "cases": [{}]}, "unknown key expect"),
    (_table("x"), "this: expected names and values, found a text"),  # type: ignore[arg-type]
    (_table({"expect": EXPECT}), "a case needs a name"),
    (_table({"name": "a", "expects": EXPECT}), "unknown key expects"),
    (_table({"name": "a"}), "expect: expected names and values, found nothing"),
    (_table({"name": "a", "expect": {}}), "needs decision"),
    (_table({"name": "a", "expect": {"decision": "maybe"}}), "needs decision"),
    (_table({"name": "a", "expect": {"decision": "deny", "approval": "five"}}), "approval is one of"),
    (_table({"name": "a", "expect": {"decision": "deny", "polcy": "x"}}), "unknown key polcy"),
    (_table({"name": "a", "expect": EXPECT, "facts": [1]}), "facts: expected names and values"),
    (_table({"name": "a", "expect": EXPECT, "facts": {"nope": 1}}), "there is no fact 'nope'"),
    (_table({"name": "a", "expect": EXPECT, "facts": {"maxPct": 1}}), "maxPct comes from the settings"),
    (_table({"name": "a", "expect": EXPECT, "as": "ana"}), "is not a principal"),
    (_table({"name": "a", "expect": EXPECT, "target": "web"}), "is not a resource reference"),
    (_table({"name": "a", "expect": EXPECT, "request": {}, "tool": "x"}), "has no tool of its own"),
    (_table({"name": "a", "expect": EXPECT, "request": []}), "request: expected names and values"),
    (_table({"name": "a", "expect": EXPECT, "request": {"action": 1}}), "not a recorded request"),
    ({"cases": [{"name": "a", "expect": EXPECT}]}, "a case needs a tool"),
    ({"cases": [{"name": "a", "expect": EXPECT, "tool": "x"}]}, "a case needs a target"),
]


@pytest.mark.parametrize(("document", "said"), BAD, ids=[row[1] for row in BAD])
def test_a_table_that_is_not_understood_is_an_error(document: Any, said: str) -> None:
    """A test that is skipped tests nothing; whoever read the file says the line."""
    with pytest.raises(TableError) as caught:
        read_cases(document)
    assert said in caught.value.message


def test_a_recorded_ruling_can_be_evaluated_again(policy: CedarPolicy, ask: Ask) -> None:
    """With the same policy the same ruling comes out, allowed or not, of one object or of several."""
    on_behalf = Principal(kind="agent", name="x", on_behalf_of="ana")
    singles = (ask(), ask(frozen=True), ask(reverts=True), ask(affectedPct="x"), ask(who=on_behalf))
    rulings = [policy.decide(request) for request in singles]
    rulings += [decide_all(policy, []), decide_all(policy, singles[:2])]
    assert [replay(policy, to_json(ruling.request)) for ruling in rulings] == rulings


def test_a_recorded_request_is_the_whole_request(policy: CedarPolicy, ask: Ask) -> None:
    """Plain JSON, nothing left out."""
    request = ask(attributes={"labels": {"a": "b"}, "replicas": 3, "exists": True})
    assert policy.decide(request).request == to_json(request)


def test_what_is_no_recorded_request_is_an_error(policy: CedarPolicy) -> None:
    """An empty record says nothing."""
    with pytest.raises(UsageError, match="not a recorded request"):
        replay(policy, {})


def test_facts_are_read_by_their_types() -> None:
    """Truths, numbers, lists, texts."""
    pairs = (
        "frozen=yes",
        "tainted=FALSE",
        "affectedPct=60",
        "owners=hpa,argocd",
        "risk=low",
        "now=2026-11-22T00:00:00Z",
    )
    assert parse_facts(pairs) == {
        "frozen": True,
        "tainted": False,
        "affectedPct": 60,
        "owners": ["hpa", "argocd"],
        "risk": "low",
        "now": "2026-11-22T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("frozen", "is not NAME=VALUE"),
        ("frozen=perhaps", "frozen is a Bool"),
        ("affectedPct=many", "affectedPct is a Long"),
        ("readOnly=false", "comes from the settings"),
        ("nope=1", "there is no fact"),
    ],
)
def test_a_fact_that_cannot_be_read_is_an_error(pair: str, said: str) -> None:
    """The message names the fact and its type."""
    with pytest.raises(UsageError, match=said):
        parse_facts((pair,))


def test_a_principal_is_an_agent_or_a_human() -> None:
    """With the human behind an agent, if any."""
    found = (principal_of("human:ana"), principal_of("agent:x", "human:ana"))
    assert found == (HUMAN, Principal(kind="agent", name="x", on_behalf_of="ana"))


def test_a_draft_knows_its_place_and_nothing_else(policy: CedarPolicy) -> None:
    """What the settings say of the target is filled in; facts that are given win; harmless fills the rest."""
    spec = ToolSpec(name="kubernetes_patch", description="", schema={}, effect=Effect.CHANGE, reversal=Reversal.EXACT)
    target = parse_ref("k8s://kind-try/kube-system/Deployment/web")
    lab = "https://10.0.0.1:6443 public"
    known = limits(environments={lab: "development"})
    bare = draft(spec, target, HUMAN, {}, facts_of=object_facts, settings=known, now=NOW, identity=lab)
    found = {name: bare.context[name] for name in ("environment", "protected", "frozen", "risk", "hour")}
    assert (found, "tainted" in bare.context) == (
        {"environment": "development", "protected": True, "frozen": False, "risk": "low", "hour": 22},
        False,
    )
    filled = draft(
        replace(spec, name="kubernetes_scale"),
        parse_ref(WEB),
        HUMAN,
        {"risk": "high"},
        facts_of=object_facts,
        settings=limits(),
        now=NOW,
        harmless=True,
        labels={"a": "b"},
    )
    assert (filled.attributes, policy.decide(filled).policies) == ({"labels": {"a": "b"}}, ("production-high-risk",))


@pytest.mark.parametrize(
    "target", ["c/shop/Secret/token", "c/-/StorageClass/fast", "c/-/Node/n1", "c/shop/Deployment/web"]
)
def test_a_harmless_draft_is_refused_by_nothing(target: str, policy: CedarPolicy) -> None:
    """Every fact at its mildest, on whatever object: the permits alone decide."""
    spec = ToolSpec(name="kubernetes_patch", description="", schema={}, effect=Effect.CHANGE, reversal=Reversal.EXACT)
    request = draft(
        spec, parse_ref(f"k8s://{target}"), HUMAN, {}, facts_of=object_facts, settings=limits(), now=NOW, harmless=True
    )
    development = replace(request, context={**request.context, "environment": "development"})
    assert [policy.decide(one).policies for one in (request, development)] == [("production-change",), ("routine",)]


def test_a_draft_in_the_embedded_cluster_and_elsewhere(policy: CedarPolicy) -> None:
    """Only the simulator is the sandbox; an AWS account is what the patterns say of it."""
    spec = ToolSpec(name="aws_reboot", description="", schema={}, effect=Effect.CHANGE)
    target = parse_ref("aws://prod-1/eu/ec2/instance/i-1")
    found = [
        draft(spec, target, HUMAN, {}, facts_of=object_facts, settings=limits(), now=NOW, simulated=simulated).context[
            "environment"
        ]
        for simulated in (True, False)
    ]
    assert found == ["sandbox", "production"]


def test_a_draft_of_a_read_has_no_facts_of_a_change(policy: CedarPolicy) -> None:
    """It can be ruled on as it is."""
    spec = ToolSpec(name="kubernetes_list", description="", schema={})
    request = draft(spec, parse_ref(WEB), HUMAN, {}, facts_of=object_facts, settings=limits(), now=NOW, harmless=True)
    ruling = policy.decide(request)
    assert (ruling.allowed, ruling.policies, request.groups) == (True, ("reads",), ("read",))
