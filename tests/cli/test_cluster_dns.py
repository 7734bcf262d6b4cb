"""The cluster's DNS is down: one cause for all who miss a name, read when a log says so, never past a boundary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import Moment, load

Cli = Callable[..., Any]
TARGET = "k8s:shop/Deployment/catalog"
_LINE = "dial tcp: lookup redis on 10.96.0.10:53: no such host"


def _scenario(*, dns_pods: int) -> Any:
    exits = {"exits": {"after": "5s", "code": 1, "line": _LINE}}
    steps = (
        {"set": {"Deployment/kube-system/coredns": {"spec.replicas": dns_pods}}},
        {"program": {"registry.shop.example/catalog": {"variants": {"1.8.2": exits}}}},
        {"delete": ["Pod/shop/catalog-*"]},
    )
    return replace(load("bad-image-tag"), moments=(Moment(at_s=-1200.0, steps=steps),))


@pytest.fixture
def at() -> Iterator[tuple[str, ...]]:
    """The options that lead to a cluster without DNS."""
    with Sandbox(_scenario(dns_pods=0)) as cluster:
        yield ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)


def test_dns_that_is_down_is_the_cause_of_a_target_elsewhere(cli: Cli, at: tuple[str, ...]) -> None:
    """A run about one workload reads CoreDNS in its own namespace, and names it."""
    done = cli("investigate", TARGET, "--no-model", "-o", "json", *at)
    cause = done.document["finding"]["cause"]
    assert (cause["condition"], cause["resource"].rpartition("/")[2]) == ("ClusterDnsDown", "coredns"), done.out


def test_a_boundary_is_not_left_for_dns(cli: Cli, at: tuple[str, ...]) -> None:
    """With ``--namespace`` nothing of another namespace is read, and what that leaves open is named."""
    done = cli("investigate", TARGET, "--namespace", "shop", "--no-model", "-o", "json", *at)
    finding = done.document["finding"]
    assert finding["cause"]["condition"] != "ClusterDnsDown"
    assert [one for one in finding["not_checked"] if "cluster DNS in kube-system" in one], finding["not_checked"]


def test_dns_that_is_well_is_not_blamed(cli: Cli) -> None:
    """It is read, and found in order."""
    with Sandbox(_scenario(dns_pods=2)) as cluster:
        options = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
        done = cli("investigate", TARGET, "--no-model", "-o", "json", *options)
    assert "ClusterDnsDown" not in [one["condition"] for one in done.document["problems"]]
