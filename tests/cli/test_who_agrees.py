"""A dry run says first who must agree and what stays, as a person types it, on a cluster that counts as production."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.cli.conftest import Cli
from tests.fix.scripting import turns_of

CAUSE = {"cause": {"resource": "shop/ResourceQuota/shop", "condition": "QuotaExceeded"}}
QUOTA = {"tool": "set_quota", "target": "shop/ResourceQuota/shop", "arguments": {"hard": {"pods": "25"}}}
GROWTH = {
    "tool": "resize_pvc",
    "target": "shop/PersistentVolumeClaim/data-postgres-0",
    "arguments": {"storage": "500Gi"},
}
SETTINGS = {
    "tool": "apply_manifest",
    "target": "shop/ConfigMap/fresh",
    "arguments": {
        "manifest": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fresh"}, "data": {"A": "1"}}
    },
}
Draft = Callable[..., Any]


@pytest.fixture
def draft(cli: Cli, tmp_path: Path) -> Draft:
    """Run a dry run of a fix whose model drafts one change."""

    def run(change: Mapping[str, Any], *words: str) -> Any:
        script = tmp_path / "turns.yaml"
        script.write_text(yaml.safe_dump({"turns": turns_of(CAUSE, [[change]])}), encoding="utf-8")
        with Sandbox(load("quota-exceeded")) as cluster:
            at = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
            alert = "k8s:shop/CronJob/daily-report"
            return cli("fix", alert, "--dry-run", "--model", f"scripted:{script}", *words, *at)

    return run


def first_words(done: Any) -> str:
    """Return the page up to its first step, on one line."""
    return " ".join(done.out.partition("Step 1")[0].split())


def test_a_change_for_two_people_says_so_first(draft: Draft) -> None:
    """Who, why, and what to type stand before the step; the change is of high risk in production."""
    said = (
        "its risk is high, in production or a protected namespace. Save the plan with --out plan.json, then each of "
        "them: agentops approve plan.json"
    )
    done = draft(QUOTA)
    assert (done.code, said in first_words(done)) == (0, True)


def test_the_document_says_so_too(draft: Draft) -> None:
    """A script reads who must agree without reading the page."""
    agreement = draft(QUOTA, "-o", "json").document["plan"]["agreement"]
    assert (agreement["approval"], agreement["why"], agreement["next"].startswith("Save the plan")) == (
        "two-person",
        "its risk is high, in production or a protected namespace",
        True,
    )


def test_a_claims_growth_is_one_persons_who_is_told_first_that_it_stays(draft: Draft) -> None:
    """Also for a run that read untrusted text: the effect that nothing takes back stands before the step."""
    done = draft(GROWTH)
    said = "Risk MEDIUM: NOTHING TAKES IT BACK. It stays so: A volume that has grown cannot be made smaller."
    assert (done.code, said in first_words(done), "One person must agree" in done.out) == (0, True, True)


def test_a_new_config_map_is_one_persons(draft: Draft) -> None:
    """Nothing uses it yet: low risk, and nobody needs a second person in production."""
    agreement, plan = (draft(SETTINGS, "-o", "json").document["plan"][name] for name in ("agreement", "risk"))
    assert (agreement["approval"], plan) == ("one", "low")
