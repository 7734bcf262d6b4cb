"""Why a ruling is what it is: the policy and the clause, evaluated by the engine itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.policy import PolicyRequest, Principal
from agentops.policy import CedarPolicy
from agentops.policy.clauses import Clause, clauses_of, expression, mentions, policy_text
from agentops.policy.engine import Cedar
from agentops.policy.explain import Told, meaning, show
from tests.support.policies import layer

Ask = Callable[..., PolicyRequest]
Loaded = Callable[..., CedarPolicy]


def test_a_forbid_is_told_with_its_reason_and_the_facts_that_decided(policy: CedarPolicy, ask: Ask) -> None:
    """The facts that every limit lets through are left out of the sentence."""
    ruling = policy.decide(ask(affectedPct=60))
    assert ruling.why == (
        "blast-percent: too large a share of the ready capacity would be out at once (affectedPct is 60; maxPct is 50; "
        "purpose is none)"
    )


def test_a_forbid_for_want_of_a_fact_says_so(policy: CedarPolicy, ask: Ask) -> None:
    """What is not known is not claimed to be so."""
    ruling = policy.decide(ask(dataLoss=None))
    assert ruling.why == "data-loss refuses what it cannot rule out: data would be lost (dataLoss is not known)"


def test_a_forbid_without_a_reason_is_told_with_its_facts(loaded: Loaded, ask: Ask) -> None:
    """A file of the user's own needs no @why; a forbid of nothing but a dry run names it."""
    text = """
        @id("all") permit (principal, action, resource);
        @id("no-dry-runs") forbid (principal, action in Ops::Action::"mutate", resource)
        when { context has dryRun && context.dryRun };
        @id("never") forbid (principal is Ops::Human, action in Ops::Action::"mutate", resource);
    """
    policy = loaded(layer(text))
    human = Principal(kind="human", name="ana")
    found = [policy.decide(request).why for request in (ask(dryRun=True), ask(who=human))]
    assert found == ["no-dry-runs: forbidden (dryRun is true)", "never: forbidden"]


def test_a_default_deny_names_the_nearest_permit_and_its_false_clause(policy: CedarPolicy, ask: Ask) -> None:
    """The permit with the fewest clauses that do not hold, and of those the one with the most that do."""
    ruling = policy.decide(ask(reverts=True))
    assert ruling.why == (
        "no policy permits it; production-change comes nearest and requires !context.reverts (reverts is true): "
        "the owner (GitOps, Helm, an autoscaler) will undo the change"
    )


def test_several_false_clauses_are_counted(policy: CedarPolicy, ask: Ask) -> None:
    """The first is told, the others are counted."""
    ruling = policy.decide(ask(environment=None))
    assert ruling.why == (
        "no policy permits it; production-change comes nearest and requires context has environment, and 1 more "
        "(environment is not known)"
    )


def test_where_no_permit_fits_at_all_that_is_said(loaded: Loaded, ask: Ask) -> None:
    """No scope matches, so there is no clause to name."""
    text = '@id("scale") permit (principal, action == Ops::Action::"kubernetes_scale", resource);'
    ruling = loaded(layer(text)).decide(ask())
    assert ruling.why == "no policy permits agent:agentops this action on this kind of resource"


def test_the_one_who_is_refused_is_explained(loaded: Loaded, ask: Ask) -> None:
    """Of an agent and the human behind it, the sentence is about whoever may not."""
    text = '@id("agents") permit (principal is Ops::Agent, action, resource);'
    ruling = loaded(layer(text)).decide(ask(who=Principal(kind="agent", name="x", on_behalf_of="ana")))
    assert ruling.why == "no policy permits human:ana this action on this kind of resource"


def test_an_account_holds_every_clause_with_its_facts(loaded: Loaded, ask: Ask) -> None:
    """Each conjunct by itself: whether it holds, and what it read, labels and the resource's own attributes too."""
    text = """
        @id("near") permit (principal, action, resource)
        when {
          context has risk && context.risk == "low" && resource.name like "w*" &&
          resource.hasTag("team") && resource.getTag("team") == "pay" &&
          context has owners && context.owners.isEmpty() && context has now && context has approvals
        }
        unless { resource.kind == "Pod" || context.readOnly };
    """
    policy = loaded(layer(text))
    (account,) = policy.explain(ask(attributes={"labels": {"team": "shop"}}, approvals=["human:ana"]))
    (near,) = account.nearest
    assert (account.principal, account.deciders, near.policy, near.effect, near.layer) == (
        "agent:agentops",
        (),
        "near",
        "permit",
        "base",
    )
    assert near.clauses == (
        Told(text="context has risk", holds=True, values={"risk": "medium"}),
        Told(text='context.risk == "low"', holds=False, values={"risk": "medium"}),
        Told(text='resource.name like "w*"', holds=True, values={"resource name": "web"}),
        Told(text='resource.hasTag("team")', holds=True, values={"label team": "shop"}),
        Told(text='resource.getTag("team") == "pay"', holds=False, values={"label team": "shop"}),
        Told(text="context has owners", holds=False, values={"owners": "not known"}),
        Told(text="context.owners.isEmpty()", holds=False, values={"owners": "not known"}),
        Told(text="context has now", holds=True, values={"now": "2026-11-22T22:00:00.000Z"}),
        Told(text="context has approvals", holds=True, values={"approvals": ["human:ana"]}),
        Told(text='!(resource.kind == "Pod")', holds=True, values={"resource kind": "Deployment"}),
        Told(text="!(context.readOnly)", holds=True, values={"readOnly": False}),
    )


def test_an_allow_is_explained_by_its_permits(policy: CedarPolicy, ask: Ask) -> None:
    """All clauses hold; the source is the policy as Cedar."""
    accounts = policy.explain(ask(who=Principal(kind="agent", name="x", on_behalf_of="ana")))
    told = [(one.principal, [d.policy for d in one.deciders], [d.unmet for d in one.deciders]) for one in accounts]
    assert told == [("agent:x", ["production-change"], [()]), ("human:ana", ["production-change"], [()])]
    assert accounts[0].deciders[0].source.startswith('permit (principal, action in Ops::Action::"mutate", resource)\n')


def test_an_error_has_no_near_miss(policy: CedarPolicy, ask: Ask) -> None:
    """What could not be evaluated came near to nothing."""
    (account,) = policy.explain(ask(affectedPct="x"))
    assert (account.deciders, account.nearest) == ((), ())


EXPRESSIONS = [
    "context.a",
    'context["a b"]',
    "context has a",
    'context has "a b"',
    "true",
    "!context.a",
    "!(context.a && context.b)",
    "-context.n < 5",
    "context.n + 1 * 2 - 3 <= 10",
    "(context.n + 1) * 2 != 10",
    "context.a && context.b || context.c",
    "context.a && (context.b || context.c)",
    "(context.a == context.b) == context.c",
    "(context.n < 5) == true",
    '["x", "y"].contains(context.a)',
    '["x"].containsAll(context.s)',
    "context.s.containsAny(context.t)",
    "context.s.isEmpty()",
    'resource.hasTag("a") && resource.getTag("a") == "b"',
    'resource.name like "w*b"',
    "principal is Ops::Agent",
    'resource is Ops::Object in Ops::Environment::"production"',
    'principal == Ops::Human::"ana"',
    'resource in [Ops::Environment::"production", Ops::Environment::"staging"]',
    "if context.a then context.b else !context.c",
    "(if context.a then 1 else 2) > 1",
    '{"a": 1, b: context.n}.a == 1',
    'context.now < datetime("2026-12-24")',
    'context.now.toDate() == datetime("2026-12-24").offset(duration("1d"))',
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_is_written_so_that_it_means_the_same(text: str) -> None:
    """Written out and read again it is the same tree, whatever operators it has."""
    tree = _tree(text)
    assert _tree(expression(tree)) == tree


def _policy(text: str) -> dict[str, Any]:
    (found,) = Cedar().parse(text)["staticPolicies"].values()
    return {**found, "annotations": {}}


def _tree(text: str) -> dict[str, Any]:
    body: dict[str, Any] = _policy(f"permit (principal, action, resource) when {{ {text} }};")["conditions"][0]["body"]
    return body


SCOPES = [
    "permit (principal, action, resource);",
    'forbid (principal is Ops::Agent, action == Ops::Action::"a", resource is Ops::Object in Ops::Cluster::"c");',
    'permit (principal == Ops::Human::"a\\"b", action in [Ops::Action::"a", Ops::Action::"b"], resource)\n'
    "when { context.a }\nunless { context.b || context.c };",
    'forbid (principal in Ops::Human::"ana", action in Ops::Action::"mutate", resource);',
]


@pytest.mark.parametrize("text", SCOPES)
def test_a_policy_is_written_so_that_it_means_the_same(text: str) -> None:
    """Effect, scope and conditions survive."""
    assert _policy(policy_text(_policy(text))) == _policy(text)


def test_a_policy_falls_apart_into_what_must_hold() -> None:
    """Conjuncts of when, and the negated disjuncts of unless."""
    policy = _policy(
        "permit (principal, action, resource) when { context.a && (context.b || context.c) } "
        "unless { context.d || context.e };"
    )
    assert [(clause.text, clause.negated) for clause in clauses_of(policy)] == [
        ("context.a", False),
        ("context.b || context.c", False),
        ("!(context.d)", True),
        ("!(context.e)", True),
    ]


def test_an_unknown_operator_is_written_as_a_method() -> None:
    """A later engine's word is shown, not dropped."""
    clause = Clause({"newFunction": [{"Var": "context"}, {"Value": 1}]})
    assert clause.text == "context.newFunction(1)"


def test_the_facts_of_an_expression_are_named_once() -> None:
    """Whatever is read or asked for, from wherever in the tree."""
    tree = _tree(
        'context has a && context.a < 5 && [context.b].contains("x") && resource.name == "y" && resource.hasTag("t")'
    )
    assert mentions(tree) == (("context", "a"), ("context", "b"), ("resource", "name"), ("label", "t"))


def test_a_fact_is_shown_as_a_person_reads_it() -> None:
    """Truths in small letters, lists by their words; a known fact has a meaning."""
    found = [show(value) for value in (True, False, 5, "low", ["a", "b"], [])]
    assert found == ["true", "false", "5", "low", "a, b", "empty"]
    assert (meaning("frozen"), meaning("resource name")) == ("a freeze window is open", "")
