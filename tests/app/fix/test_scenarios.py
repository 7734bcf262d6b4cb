"""Every scenario of the sandbox without a model: healed, or rightly left to a person with nothing changed."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.sandbox.scenario import all_scenarios

UNDO = ["rollout_undo"]
HEALED = {
    "bad-image-tag": [UNDO],
    "cordoned-nodes": [["uncordon"] * 3],
    "dependency-host-typo": [["edit_configmap"]],
    "init-container-failing": [UNDO],
    "injected-log-line": [UNDO],
    "insufficient-cpu": [UNDO],
    "limit-range": [UNDO],
    "liveness-too-eager": [UNDO],
    "missing-config-key": [UNDO],
    "missing-mounted-config": [UNDO],
    "missing-secret": [UNDO],
    "node-label-typo": [["label"]],
    "oom-lowered-limit": [UNDO],
    "pod-security": [UNDO],
    "readiness-probe-path": [UNDO],
    "readiness-probe-port": [UNDO],
    "red-herring": [UNDO],
    "selector-typo": [["patch"]],
    "service-port-mismatch": [["patch"]],
    "stale-environment": [["rollout_restart"]],
    "statefulset-stuck": [["rollout_undo", "delete_pod"]],
    "suspended-cronjob": [["resume_cronjob"]],
    "two-faults": [UNDO, UNDO],
    "untolerated-taint": [UNDO],
}
"""The plans that were carried out, each as the tools of its steps."""
LEFT_TO_A_PERSON = {
    "bad-env-value": "which value is right is not in the cluster",
    "hpa-at-maximum": "how far it may scale is a decision about money",
    "image-pull-denied": "the registry's password is not in the cluster",
    "job-backoff-limit": "the database that it waits for is a decision of its own",
    "kept-cordoned": "the node's owner wrote on it that it must stay cordoned",
    "network-policy-blocking": "what may talk to what is a decision about security",
    "node-not-ready": "the node's kubelet is out of reach of the API",
    "pdb-blocks-drain": "how much disruption is allowed is a decision of the service's owner",
    "quota-exceeded": "how much a namespace may use is a decision about money",
    "slow-liveness-timeout": "how slow the service may be is not in the cluster",
    "unbound-pvc-chain": "a claim's class cannot be changed, and recreating it may lose data",
    "wrong-namespace": "which address was meant is not in the cluster",
}
NOTHING_TO_FIX = {"stale-alert"}


def test_every_scenario_has_an_expectation() -> None:
    """No scenario is left out of these tests."""
    assert {one.name for one in all_scenarios()} == HEALED.keys() | LEFT_TO_A_PERSON.keys() | NOTHING_TO_FIX


@pytest.mark.parametrize("scenario", sorted(HEALED))
def test_scenario_is_healed(repair: Any, scenario: str) -> None:
    """The oracle finds the cluster healed and nothing cheated, and triage sees nothing wrong any more."""
    done = repair(scenario)
    assert (done.tools, set(done.statuses), done.judgement.unwell, done.judgement.cheated) == (
        HEALED[scenario],
        {"applied"},
        (),
        (),
    )


@pytest.mark.parametrize("scenario", sorted(LEFT_TO_A_PERSON.keys() | NOTHING_TO_FIX))
def test_scenario_without_a_known_cure_is_left_alone(repair: Any, scenario: str) -> None:
    """Where no change is known that would cure it, nobody is asked and nothing is changed."""
    done = repair(scenario)
    assert (done.tools, done.asked, done.judgement.cheated) == ([], 0, ())
