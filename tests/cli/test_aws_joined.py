"""Incidents over AWS and the cluster behind its load balancer: the alarm is AWS's, and the cause on either side."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.core.finding import Cause
from agentops.core.resource import parse_ref
from agentops.sandbox.cloud.oracle import names_cause, unwell
from agentops.sandbox.cloud.sandbox import REGION
from agentops.sandbox.cloud.scenario import load
from agentops.sandbox.cloud.seeding import CloudWorld
from agentops.sandbox.joined import JoinedSandbox

Cli = Callable[..., Any]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("moto") is None, reason="moto is not installed: pip install moto[server]"
    ),
]
PODS, PORT = "aws-eks-pods-fail", "aws-eks-wrong-check-port"


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A trap: whatever would leave the sandbox is led to an address at which nobody is."""
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))


@pytest.mark.parametrize("name", [PODS, PORT])
def test_the_alarm_leads_to_the_cause_wherever_it_is(name: str, cli: Cli) -> None:
    """In the cluster, where the pods cannot start; in AWS, where every pod is well. Both places are pinned."""
    done = cli("investigate", f"--sandbox={name}", "--no-model", "-o", "json")
    finding = done.document["finding"]
    told = finding["cause"]
    cause = told and Cause(resource=parse_ref(told["resource"]), condition=told["condition"])
    assert names_cause(load(name), cause), finding["conclusion"]
    assert (finding["verdict"], finding["confidence"]) == ("root-cause", "high")
    assert not any("cloudwatch/alarm" in one for one in finding["not_checked"]), finding["not_checked"]
    records = cli("audit", "log", "--event", "cluster_pinned", "-o", "json").document["records"]
    assert {one["payload"]["provider"] for one in records} == {"aws", "kubernetes"}


def test_the_cause_in_the_cluster_is_fixed_from_the_alarm_of_aws(cli: Cli) -> None:
    """One graph: what the alarm of AWS is about leads to an object of the cluster, and the plan is of that."""
    done = cli("fix", f"--sandbox={PODS}", "--no-model", "--dry-run", "-o", "json")
    (change,) = done.document["plan"]["changes"]
    assert change["target"] == "k8s://sandbox/shop/Deployment/checkout"
    # The name of the place is no secret, whatever signs the calls to AWS.
    assert "[redacted" not in done.out
    found = {(one["resource"].partition("://")[0], one["condition"]) for one in done.document["problems"]}
    assert {("aws", "HealthCheckRefused"), ("k8s", "ImageNotFound")} <= found


def test_the_oracle_sees_what_is_broken_and_what_is_mended() -> None:
    """The wrong port is in moto's world, and the answer of the layer ends with it."""
    scenario = load(PORT)
    with JoinedSandbox(scenario) as sandbox:
        world = CloudWorld(sandbox.url, REGION, sandbox.account.begun, sandbox.account.kept)
        before = unwell(scenario, world)
        for step in scenario.right_fix:
            world.perform(step)
        after = unwell(scenario, world)
    assert (len(before), after) == (1, ())
