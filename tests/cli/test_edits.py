"""Who edited what lately, as a scan and an investigation tell it: from the API's own book of writers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.providers.kubernetes.change.conftest import as_user

Cli = Callable[..., Any]


def test_an_edit_of_a_service_is_told_and_no_way_back_is_offered(cli: Cli, tmp_path: Path) -> None:
    """The scan has the writer, the field and the time; what it was before is kept nowhere, so nothing is proposed."""
    with Sandbox(load("stale-alert")) as cluster:
        here = as_user(cluster, "sandbox", tmp_path)
        edit = {"path": "spec.sessionAffinity", "old": "None", "new": "ClientIP"}
        here.appliers["kubernetes_patch"].apply(here.preview("kubernetes_patch", "shop/Service/catalog", edit))
        at = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
        done = cli("triage", "--namespace", "shop", "-o", "json", *at)
        told = cli("triage", "--namespace", "shop", *at)
    assert ("triage found 0 problems" in told.err, "No problem found" in told.out) == (True, True), told.err
    (found,) = (
        one
        for one in done.document["problems"]
        if one["condition"] == "EditedLately" and one["resource"].endswith("Service/catalog")
    )
    assert "spec.sessionAffinity" in found["summary"], found["summary"]
    assert (found["severity"], found["remedies"]) == ("info", [])
