"""Loki beside a cluster, as the command line uses it: lines of pods that the cluster no longer has."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.providers.loki.conftest import loki

Cli = Callable[..., Any]
__all__ = ["loki"]


def test_lines_of_a_pod_that_is_gone_are_evidence(
    cli: Cli, loki: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alert names a pod that is gone; what Loki kept of it stands in the investigation, secrets removed."""
    started = datetime.now(UTC) - timedelta(minutes=5)
    at = int(started.timestamp()) - 60
    secret = "postgres://shop:hunter2-very-secret@db/shop"
    loki.lines(({"namespace": "shop", "pod": "web-gone"}, [(at, f"cannot reach {secret}")]))
    labels = {"alertname": "KubePodCrashLooping", "namespace": "shop", "pod": "web-gone"}
    alert = {"labels": labels, "startsAt": started.isoformat(), "status": {"state": "active"}, "fingerprint": "1"}
    path = tmp_path / "alert.json"
    path.write_text(json.dumps([alert | {"annotations": {}, "endsAt": "0001-01-01T00:00:00Z"}]))
    monkeypatch.setenv("AGENTOPS_LOKI_URL", loki.url)
    with Sandbox(load("stale-alert")) as cluster:
        options = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
        done = cli("investigate", str(path), "--no-model", "-o", "json", *options)
    finding = done.document["finding"]
    found = [one for one in finding["evidence"] if one["tool"] == "loki_query"]
    assert len(found) == 1, done.out
    assert ("hunter2" in done.out, "cannot reach" in finding["conclusion"]) == (False, True)
    assert '{namespace="shop",pod="web-gone"}' in found[0]["summary"]


def test_a_loki_that_is_not_there_stops_nothing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run goes on without it, and ``doctor`` says so."""
    monkeypatch.setenv("AGENTOPS_LOKI_URL", "http://127.0.0.1:9")
    with Sandbox(load("stale-alert")) as cluster:
        options = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
        done = cli("triage", "-o", "json", *options)
    assert done.code in (0, 3), done.out
