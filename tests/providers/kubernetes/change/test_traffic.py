"""Who loses traffic by a NetworkPolicy's change, judged on policies and pods alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.providers.kubernetes.impact.traffic import lost_peers, place_of
from agentops.providers.kubernetes.objects.fields import labels_of
from agentops.providers.kubernetes.objects.selectors import matches


def pod(app: str, *ports: tuple[str, int], namespace: str = "shop") -> dict[str, Any]:
    """Return a pod that lists these ports."""
    listed = [{"name": name, "containerPort": number} for name, number in ports]
    metadata = {"name": app, "namespace": namespace, "labels": {"app": app}}
    return {"kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "a", "ports": listed}]}}


DB, SILENT = pod("db", ("sql", 5432), ("metrics", 9187)), pod("silent")
WEB, API, PROBE = pod("web", ("http", 8080)), pod("api", ("http", 8080)), pod("probe", namespace="monitoring")
PODS = (DB, SILENT, WEB, API, PROBE)


def pods_of(peer: Mapping[str, Any]) -> dict[tuple[str, str], Any] | None:
    """Return the pods of a peer; its namespaces are shop alone or, with any namespaceSelector, all."""
    there = [one for one in PODS if "namespaceSelector" in peer or one["metadata"]["namespace"] == "shop"]
    return {place_of(one): one for one in there if matches(peer.get("podSelector") or {}, labels_of(one))}


def of_app(*apps: str) -> dict[str, Any]:
    """Return a peer of these apps."""
    return {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": list(apps)}]}}


def policy(*ingress: Mapping[str, Any], app: str = "db", **spec: Any) -> dict[str, Any]:
    """Return a policy for an app, of ingress rules."""
    selector = {"matchLabels": {"app": app}} if app else {}
    return {"spec": {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": list(ingress), **spec}}


def lost(before: Sequence[Any], after: Sequence[Any], target: Any = DB) -> list[str]:
    """Return who loses traffic with the target."""
    return [loss.words for loss in lost_peers(target, before, after, pods_of)]


def block(cidr: str) -> dict[str, Any]:
    """Return a rule that lets addresses in."""
    return {"from": [{"ipBlock": {"cidr": cidr}}]}


SQL, METRICS, WRONG = {"port": 5432}, {"port": "metrics"}, {"port": 5433}
FROM_WEB = {"from": [of_app("web")], "ports": [SQL]}
EDITS: dict[str, tuple[list[Any], list[Any], list[str]]] = {
    "a peer that matches nobody is put right": (
        [policy({"from": [of_app("wbe")], "ports": [SQL]})], [policy(FROM_WEB)], [],
    ),
    "a peer is added": ([policy(FROM_WEB)], [policy({"from": [of_app("web"), of_app("api")], "ports": [SQL]})], []),
    "one peer takes another's place": (
        [policy(FROM_WEB)], [policy({"from": [of_app("api")], "ports": [SQL]})], ["shop/web"],
    ),
    "the same peers in other words": (
        [policy({"from": [of_app("web", "api")]})], [policy({"from": [of_app("web")]}, {"from": [of_app("api")]})], [],
    ),
    "a port that nobody serves is put right": (
        [policy({"from": [of_app("web")], "ports": [WRONG]})], [policy(FROM_WEB)], [],
    ),
    "a port that is served is taken away": (
        [policy({"from": [of_app("web")], "ports": [SQL, METRICS]})], [policy(FROM_WEB)], ["shop/web"],
    ),
    "a name and its number are one port": (
        [policy({"from": [of_app("web")], "ports": [{"port": "sql"}]})], [policy(FROM_WEB)], [],
    ),
    "a number within a range": (
        [policy(FROM_WEB)], [policy({"from": [of_app("web")], "ports": [{"port": 5000, "endPort": 6000}]})], [],
    ),
    "another protocol": (
        [policy(FROM_WEB)], [policy({"from": [of_app("web")], "ports": [{"port": 5432, "protocol": "UDP"}]})],
        ["shop/web"],
    ),
    "all ports become one": ([policy({"from": [of_app("web")]})], [policy(FROM_WEB)], ["shop/web"]),
    "all let in": ([policy(FROM_WEB)], [policy({})], []),
    "nobody let in": ([policy(FROM_WEB)], [policy()], ["shop/web"]),
    "everybody on one port becomes web": ([policy({"ports": [SQL]})], [policy(FROM_WEB)], ["anybody"]),
    "everybody on a dead port goes": ([policy({"ports": [WRONG]}, FROM_WEB)], [policy(FROM_WEB)], []),
    "everybody on a port stays": ([policy({"ports": [SQL]})], [policy({"ports": [METRICS, SQL]})], []),
    "the policy goes, and with it the isolation": ([policy(FROM_WEB)], [], []),
    "the policy goes, another isolates still": ([policy(FROM_WEB), policy()], [policy()], ["shop/web"]),
    "a first policy": ([], [policy(FROM_WEB)], ["anybody"]),
    "a first policy that lets all in": ([], [policy({})], []),
    "a first policy for other pods": ([], [policy(FROM_WEB, app="api")], []),
    "a second policy": ([policy()], [policy(), policy(FROM_WEB)], []),
    "the selector moves away": ([policy(FROM_WEB)], [policy(FROM_WEB, app="api")], []),
    "the selector widens to what nobody isolated": (
        [policy(FROM_WEB, app="api")], [policy(FROM_WEB, app="")], ["anybody"],
    ),
    "a namespace more": (
        [policy({"from": [of_app("web")]})], [policy({"from": [{"namespaceSelector": {}, **of_app("web")}]})], [],
    ),
    "a namespace less": (
        [policy({"from": [{"namespaceSelector": {}, **of_app("web", "probe")}]})], [policy({"from": [of_app("web")]})],
        ["monitoring/probe"],
    ),
    "itself is never lost": ([policy({"from": [of_app("db")]})], [policy()], []),
    "a wider block": (
        [policy(block("10.1.0.0/16"))], [policy(block("10.0.0.0/8"))],
        [],
    ),
    "a narrower block": (
        [policy(block("10.0.0.0/8"))], [policy(block("10.1.0.0/16"))],
        ["addresses of 10.0.0.0/8"],
    ),
    "a block with a hole": (
        [policy(block("10.0.0.0/8"))],
        [policy({"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]})],
        ["addresses of 10.0.0.0/8"],
    ),
    "a block that is none": (
        [policy(block("10.0.0.0/8"))], [policy(block("here"))],
        ["addresses of 10.0.0.0/8"],
    ),
    "the way out is closed": (
        [], [policy(policyTypes=["Egress"], egress=[{"to": [of_app("web")]}])], ["anybody"],
    ),
    "a name of the other's port on the way out": (
        [policy(policyTypes=["Egress"], egress=[{"to": [of_app("web")], "ports": [{"port": "http"}]}])],
        [policy(policyTypes=["Egress"], egress=[{"to": [of_app("web")], "ports": [{"port": 8080}]}])],
        [],
    ),
    "egress rules without types": (
        [], [{"spec": {"podSelector": {}, "ingress": [{}], "egress": [{"to": [of_app("web")]}]}}], ["anybody"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), EDITS.values(), ids=EDITS)
def test_who_loses_traffic(before: Any, after: Any, expected: list[str]) -> None:
    """Only who had traffic that may be there and has it no more; what gains traffic loses nothing."""
    assert lost(before, after) == expected


def test_a_pod_that_lists_no_port_may_listen_anywhere() -> None:
    """For it, every port that a rule names counts."""
    before, after = ([policy({"from": [of_app("web")], "ports": [port]}, app="silent")] for port in (WRONG, SQL))
    assert lost(before, after, SILENT) == ["shop/web"]


def test_peers_that_cannot_be_read_count_as_lost() -> None:
    """What is not known is the worst."""
    before, after = [policy({"from": [of_app("web")]})], [policy({"from": [of_app("api")]})]
    assert [loss.words for loss in lost_peers(DB, before, after, lambda _: None)] == ["peers that could not be read"]


RULES = st.fixed_dictionaries(
    {},
    optional={
        "from": st.lists(st.sampled_from([of_app("web"), of_app("api"), of_app("web", "api")]), min_size=1, max_size=2),
        "ports": st.lists(st.sampled_from([SQL, METRICS, WRONG]), min_size=1, max_size=2),
    },
)
POLICIES = st.lists(st.builds(lambda rules: policy(*rules), st.lists(RULES, max_size=3)), max_size=3)


@given(POLICIES)
def test_no_change_loses_nothing(policies: list[Any]) -> None:
    """Whatever the policies are."""
    assert lost(policies, policies) == []


@given(POLICIES, RULES)
def test_another_rule_loses_nothing(policies: list[Any], rule: dict[str, Any]) -> None:
    """Rules add up: a policy with one more rule lets no less through."""
    old = policy({"from": [of_app("web")]})
    new = policy({"from": [of_app("web")]}, rule)
    assert lost([*policies, old], [*policies, new]) == []


@given(POLICIES, POLICIES)
def test_what_is_not_lost_is_let_through_still(before: list[Any], after: list[Any]) -> None:
    """Held against a plain model of who may reach which port: whoever loses one that is served is named."""
    served = (5432, 9187)

    def allowed(policies: list[Any], other: Any, port: int) -> bool:
        rules = [rule for one in policies for rule in one["spec"]["ingress"]]
        numbers = {5432: SQL, 9187: METRICS}
        return not policies or any(
            ("from" not in rule or any(place_of(other) in (pods_of(peer) or {}) for peer in rule["from"]))
            and ("ports" not in rule or numbers[port] in rule["ports"])
            for rule in rules
        )

    losing = [
        "/".join(place_of(other))
        for other in (WEB, API)
        if any(allowed(before, other, port) and not allowed(after, other, port) for port in served)
    ]
    named = lost(before, after)
    assert all(one in named or "anybody" in named for one in losing)
