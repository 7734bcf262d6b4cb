"""Loading: the order and the limits of layers, and an error for whatever is not understood."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agentops.core.errors import ConfigError
from agentops.core.policy import PolicyRequest
from agentops.core.tool import Effect, ToolSpec
from agentops.policy import CedarPolicy, LayerKind, UnavailablePolicy, load_policy, policy_or_refusal
from agentops.policy.layers import arranged, kernel_layer
from tests.support.policies import ALL, TOOLS, layer, limits

Ask = Callable[..., PolicyRequest]
Loaded = Callable[..., CedarPolicy]

FORBID = '@id("no-web") @why("web is mine") forbid (principal, action in Ops::Action::"mutate", resource);'
ORGANISATION, PROJECT = LayerKind.ORGANISATION, LayerKind.PROJECT


def test_layers_stand_in_their_order_whatever_order_they_come_in() -> None:
    """Kernel, organisation, base, project; the shipped default stands in for a base that is not there."""
    outer = [layer("", PROJECT), layer(FORBID, ORGANISATION)]
    kinds = [[one.kind.value for one in arranged(given)] for given in ([], outer, [*outer, layer("")])]
    names = [one.name for one in arranged(outer)]
    assert (kinds, names) == (
        [
            ["kernel", "base"],
            ["kernel", "organisation", "base", "project"],
            ["kernel", "organisation", "base", "project"],
        ],
        ["kernel", "organisation", "default", "project"],
    )


@pytest.mark.parametrize("kind", [ORGANISATION, PROJECT])
def test_a_forbid_of_another_layer_cannot_be_undone(kind: LayerKind, loaded: Loaded, ask: Ask) -> None:
    """A base that permits everything does not open what the organisation or the project forbids."""
    ruling = loaded(layer(ALL), layer(FORBID, kind)).decide(ask())
    assert (ruling.allowed, ruling.policies, ruling.why) == (False, ("no-web",), "no-web: web is mine")


def test_the_organisation_may_permit(loaded: Loaded, ask: Ask) -> None:
    """Its permits count beside those of the base, and so do their obligations."""
    text = '@id("org") @approval("two-person") permit (principal, action, resource);'
    ruling = loaded(layer(text, ORGANISATION)).decide(ask())
    found = (ruling.allowed, ruling.policies, ruling.obligation.approval.value)
    assert found == (True, ("org", "production-change"), "two-person")


def test_the_users_file_replaces_the_default(loaded: Loaded) -> None:
    """With a base of the user's own, nothing of the shipped default is left but the kernel."""
    policy = loaded(layer(ALL))
    assert [name for name in policy.loaded.rules if not name.startswith("kernel-")] == ["all"]


ERRORS: list[tuple[str, LayerKind, str]] = [
    ("permit (principal, action", LayerKind.BASE, "not valid Cedar"),
    ("nonsense", LayerKind.BASE, "not valid Cedar"),
    ("permit (principal, action, resource);", LayerKind.BASE, "policy number 1: @id must name"),
    ('@id("Big") permit (principal, action, resource);', LayerKind.BASE, "policy Big: @id must name"),
    ('@id("") permit (principal, action, resource);', LayerKind.BASE, "policy number 1: @id must name"),
    (f"{ALL}{ALL}", LayerKind.BASE, "policy all: its @id is already used by policy.cedar"),
    ('@id("a") @id("b") permit (principal, action, resource);', LayerKind.BASE, "duplicate annotation"),
    ('@id("freeze") permit (principal, action, resource);', ORGANISATION, "policy freeze: its @id is already used by"),
    ('@id("kernel-x") forbid (principal, action, resource);', LayerKind.BASE, "policy kernel-x: ids that begin with"),
    ('@id("a") @aproval("one") permit (principal, action, resource);', LayerKind.BASE, "policy a: @aproval is not"),
    ('@id("a") @approval("nobody") permit (principal, action, resource);', LayerKind.BASE, "@approval('nobody')"),
    ('@id("a") @approval permit (principal, action, resource);', LayerKind.BASE, "@approval('')"),
    ('@id("a") @requireApproval("yes") permit (principal, action, resource);', LayerKind.BASE, "takes no value"),
    (
        '@id("a") @requireApproval @approval("none") permit (principal, action, resource);',
        LayerKind.BASE,
        "say the same thing twice",
    ),
    ('@id("a") @ttl("soon") permit (principal, action, resource);', LayerKind.BASE, "@ttl('soon') is not a number"),
    ('@id("a") @ttl("0") permit (principal, action, resource);', LayerKind.BASE, "@ttl('0')"),
    ('@id("a") @ttl("86401") permit (principal, action, resource);', LayerKind.BASE, "@ttl('86401')"),
    ('@id("a") @ttl("0000000600") permit (principal, action, resource);', LayerKind.BASE, "@ttl('0000000600')"),
    ('@id("a") @ttl("-5") permit (principal, action, resource);', LayerKind.BASE, "@ttl('-5')"),
    ('@id("a") @verify("3601") permit (principal, action, resource);', LayerKind.BASE, "@verify('3601')"),
    ('@id("a") @verify("٣") permit (principal, action, resource);', LayerKind.BASE, "@verify"),
    (
        '@id("a") @approval("one") forbid (principal, action, resource);',
        LayerKind.BASE,
        "not an annotation of a forbid",
    ),
    (
        f'@id("a") @why("{"x" * 201}") forbid (principal, action, resource);',
        LayerKind.BASE,
        "@why must be one plain line",
    ),
    (
        '@id("a") @why("a\\u{202e}b") forbid (principal, action, resource);',
        LayerKind.BASE,
        "@why must be one plain line",
    ),
    ('@id("a") permit (principal == ?principal, action, resource);', LayerKind.BASE, "it holds a template"),
    (ALL, PROJECT, "policy all: a project's file may only forbid"),
    ('@id("a") permit (principal, action, resource) when { context.frozen };', LayerKind.BASE, "frozen can be absent"),
    ('@id("a") permit (principal, action, resource) when { context.nope };', LayerKind.BASE, "`nope`"),
    (
        '@id("a") permit (principal, action == Ops::Action::"kubernetes_exec", resource);',
        LayerKind.BASE,
        "kubernetes_exec",
    ),
    (
        '@id("a") permit (principal, action, resource) when { context has environment && context.environment > 1 };',
        LayerKind.BASE,
        "policy a:",
    ),
    ('@id("a") permit (principal is Ops::Robot, action, resource);', LayerKind.BASE, "Robot"),
]


@pytest.mark.parametrize(("text", "kind", "said"), ERRORS, ids=[str(number) for number in range(len(ERRORS))])
def test_what_a_layer_may_not_hold_is_an_error(text: str, kind: LayerKind, said: str) -> None:
    """The message names the file, the policy and what is wrong; nothing is loaded."""
    with pytest.raises(ConfigError) as caught:
        load_policy([layer(text, kind)], tools=TOOLS, settings=limits())
    error = caught.value
    found = (
        said in error.message,
        bool(re.match(r"policy\.cedar:1:\d+ \(", error.message)),
        bool(error.hint),
        error.code,
    )
    assert found == (True, True, True, "bad-policy"), error.message


def test_an_error_that_asks_for_has_says_so() -> None:
    """Reading an optional fact without asking for it first is the commonest mistake; the hint is its cure."""
    text = '@id("a") permit (principal, action, resource) when { context.frozen };'
    with pytest.raises(ConfigError) as caught:
        load_policy([layer(text)], tools=TOOLS, settings=limits())
    assert caught.value.hint == "Write: context has frozen && ..."


def test_two_bases_are_an_error() -> None:
    """Which of the two would count is not guessed."""
    with pytest.raises(ConfigError, match=r"two base policies: a.cedar and b.cedar"):
        arranged([layer("", origin="a.cedar"), layer("", origin="b.cedar")])


def test_no_file_can_be_the_kernel() -> None:
    """A layer that calls itself the kernel is refused, so that ours is the only one."""
    with pytest.raises(ConfigError, match="built in"):
        arranged([kernel_layer()])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ('x"y', "cannot be an action"),
        ("", "cannot be an action"),
        ("mutate", "cannot be an action"),
        ("a\u202eb", "cannot be an action"),
        ("kubernetes_patch", "two tools are called"),
    ],
)
def test_a_tool_whose_name_cannot_be_an_action_is_an_error(name: str, said: str) -> None:
    """A name from an MCP server reaches the schema only if it cannot break out of it."""
    spec = ToolSpec(name=name, description="", schema={}, effect=Effect.CHANGE)
    with pytest.raises(ConfigError, match=said):
        load_policy([], tools=[*TOOLS, spec], settings=limits())


def test_a_policy_that_cannot_be_loaded_refuses_every_change_and_no_read(ask: Ask) -> None:
    """Fail closed: changes are refused with the reason, reads go on, and the digest is none that was approved under."""
    policy = policy_or_refusal([layer("nonsense")], tools=TOOLS, settings=limits())
    assert isinstance(policy, UnavailablePolicy)
    change, read = policy.decide(ask()), policy.decide(replace(ask(), groups=("read",)))
    found = (change.allowed, change.errors, "cannot be loaded" in change.why, read.allowed, read.errors)
    assert found == (False, (policy.error.message,), True, True, ())
    assert change.policy_digest == policy.digest != load_policy([], tools=TOOLS, settings=limits()).digest


def test_a_change_that_passes_itself_off_as_a_read_is_refused_without_a_policy(ask: Ask) -> None:
    """Only what is in the group of reads alone is a read."""
    policy = policy_or_refusal([layer("nonsense")], tools=TOOLS, settings=limits())
    assert not policy.decide(replace(ask(), groups=("read", "mutate"))).allowed


def test_policy_or_refusal_is_the_policy_where_it_can_be_loaded(ask: Ask) -> None:
    """What can be loaded rules."""
    assert policy_or_refusal([], tools=TOOLS, settings=limits()).decide(ask()).allowed


DIGESTS: list[tuple[str, dict[str, Any]]] = [
    ("another text", {"layers": [layer(ALL + "\n")]}),
    ("another layer", {"layers": [layer(ALL), layer("", PROJECT)]}),
    ("another limit", {"settings": limits(max_pods=21)}),
    ("read-only mode", {"settings": limits(read_only=True)}),
    ("another production", {"settings": limits(production_contexts=("*",))}),
    ("another tool", {"tools": TOOLS[:-1]}),
]


@pytest.mark.parametrize("changed", [row[1] for row in DIGESTS], ids=[row[0] for row in DIGESTS])
def test_the_digest_is_over_everything_that_decides(changed: dict[str, Any]) -> None:
    """A plan that was approved under another policy, limit or set of tools is stale."""
    usual: dict[str, Any] = {"layers": [layer(ALL)], "tools": TOOLS, "settings": limits()}

    def digest(layers: Any, tools: Any, settings: Any) -> str:
        return load_policy(layers, tools=tools, settings=settings).digest

    assert digest(**usual) != digest(**{**usual, **changed})


def test_the_digest_is_not_over_where_files_stand() -> None:
    """The same policy in another home has the same digest, so that a plan can be run on another machine."""
    here, there = (layer(ALL, origin=origin) for origin in ("/home/ana/policy.cedar", "/root/policy.cedar"))
    assert len({load_policy([one], tools=TOOLS, settings=limits()).digest for one in (here, there)}) == 1
