"""The shell examples of ``docs/ci.md`` run as they stand, against the embedded cluster."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agentops.approvals.approvals import sign
from agentops.approvals.keys import new_key
from agentops.approvals.trust import Trust
from agentops.core.clock import utc_now
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from agentops.store.plans import load_plan, save_approval

PAGE = Path(__file__).parents[2] / "docs" / "ci.md"
EXAMPLES = dict(re.findall(r"<!-- example: (\w+) -->\n```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
ACCOUNT = Path(__file__).parents[1] / "support" / "account.py"


@pytest.fixture
def cluster() -> Iterator[Sandbox]:
    """A cluster with a bad image tag."""
    with Sandbox(load("bad-image-tag")) as sandbox:
        yield sandbox


def run(name: str, folder: Path, cluster: Sandbox, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run an example in ``folder``, with this ``agentops`` first on the path."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    (tools / "agentops").write_text(f'#!/bin/sh\nexec "{sys.executable}" {ACCOUNT} "$@"\n')
    (tools / "agentops").chmod(0o755)
    settings = {
        "AGENTOPS_HOME": str(folder / "home"),
        "KUBECONFIG": str(cluster.kubeconfig),
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(PAGE.parents[1]),
    }
    return subprocess.run(
        ["sh", "-c", EXAMPLES[name]],
        cwd=folder, env={**os.environ, **settings, **environ}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def approve(folder: Path) -> None:
    """Sign the plan with a key that is trusted here: what a person's ``agentops approve`` leaves behind."""
    key, now = new_key("eve", lambda size: bytes(range(size))), utc_now()
    Trust(path=folder / "home" / "approvers.toml", clock=utc_now).add(key.public)
    digest = load_plan(folder / "plan.json").digest
    signed = sign(key, plan_digest=digest, at=now, expires_at=now + timedelta(minutes=5), nonce="n", shown_digest="")
    save_approval(folder / "plan.approval.json", signed)


def test_examples_are_the_ones_below() -> None:
    """No example of the page is left untested."""
    assert set(EXAMPLES) == {"plan", "apply", "record"}


def test_pipeline_plans_waits_and_applies(cluster: Sandbox, tmp_path: Path) -> None:
    """From a webhook body to a verified change, with the record of it."""
    (tmp_path / "webhook.json").write_text(json.dumps(cluster.alert_payload))
    planned = run("plan", tmp_path, cluster)
    assert (planned.returncode, "waits for approval" in planned.stdout) == (0, True), planned.stderr
    approve(tmp_path)
    applied = run("apply", tmp_path, cluster)
    assert (applied.returncode, applied.stdout.strip()) == (0, "applied and verified"), applied.stderr
    recorded = run("record", tmp_path, cluster)
    changes = json.loads((tmp_path / "changes.json").read_text())["changes"]
    assert (recorded.returncode, [one["result"]["status"] for one in changes]) == (0, ["applied"])


def test_pipeline_ends_where_nobody_may_change_anything(cluster: Sandbox, tmp_path: Path) -> None:
    """In read-only mode the first job says that policy refuses, and leaves no plan."""
    (tmp_path / "webhook.json").write_text(json.dumps(cluster.alert_payload))
    planned = run("plan", tmp_path, cluster, AGENTOPS_READ_ONLY="1")
    assert ("policy refuses" in planned.stdout, (tmp_path / "plan.json").exists()) == (True, False), planned.stderr
