"""SIGINT and SIGTERM to a real process in the middle of a change: it is rolled back, or left open and closed later."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agentops.approvals.approvals import sign
from agentops.approvals.keys import new_key
from agentops.approvals.trust import Trust
from agentops.core.clock import utc_now
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from agentops.store.plans import load_plan, save_approval

ACCOUNT = Path(__file__).parents[1] / "support" / "account.py"


def start(cluster: Sandbox, home: Path, *words: str) -> subprocess.Popen[str]:
    """Start a command on the cluster, without a terminal."""
    where = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context, "-o", "json")
    return subprocess.Popen(
        [sys.executable, str(ACCOUNT), *words, *where],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "AGENTOPS_HOME": str(home)},
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the document."""
    out, _ = process.communicate(timeout=120)
    return process.returncode, json.loads(out)


def image_of(cluster: Sandbox) -> str:
    """Return the tag of the Deployment checkout as it is stored."""
    found = next(d for d in cluster.simulation.store.list("Deployment", "shop") if d["metadata"]["name"] == "checkout")
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def wait_for(home: Path, event: str) -> None:
    """Wait until the log has a record of ``event``."""
    log = home / "audit" / "audit.jsonl"
    for _ in range(6000):
        if f'"event":"{event}"' in log.read_text():
            return
        time.sleep(0.01)
    raise AssertionError(f"no {event}")


@contextmanager
def hurried(cluster: Sandbox) -> Iterator[None]:
    """Let the cluster's minutes pass quickly."""
    over = threading.Event()

    def hurry() -> None:
        while not over.wait(0.05):
            cluster.advance(2)

    thread = threading.Thread(target=hurry)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("number", "twice", "expected"),
    [
        (signal.SIGINT, False, (6, "rolled-back", 0, [])),
        (signal.SIGTERM, False, (6, "rolled-back", 0, [])),
        (signal.SIGINT, True, (7, "rollback-failed", 0, [True])),
    ],
)
def test_signal_in_the_middle_of_a_change(
    tmp_path: Path, number: int, *, twice: bool, expected: tuple[Any, ...]
) -> None:
    """Once: it is rolled back. A second time, on the way back: it stays open, and ``recover`` closes it."""
    with Sandbox(load("bad-image-tag")) as cluster:
        plan, approval = tmp_path / "plan.json", tmp_path / "approval.json"
        target = "k8s:shop/Deployment/checkout"
        ended(start(cluster, tmp_path, "fix", target, "--dry-run", "--out", str(plan), "--no-model"))
        key, now = new_key("eve", lambda size: bytes(range(size))), utc_now()
        Trust(path=tmp_path / "approvers.toml", clock=utc_now).add(key.public)
        digest, until = load_plan(plan).digest, now + timedelta(minutes=5)
        save_approval(approval, sign(key, plan_digest=digest, at=now, expires_at=until, nonce="n", shown_digest=""))
        process = start(cluster, tmp_path, "fix", "--plan", str(plan), "--approval", str(approval))
        wait_for(tmp_path, "apply")
        time.sleep(1.0)
        process.send_signal(number)
        if twice:
            wait_for(tmp_path, "rollback_apply")
            process.send_signal(number)
        with hurried(cluster):
            code, document = ended(process)
            recovered, left = ended(start(cluster, tmp_path, "recover"))
        # The second signal comes before or after the write that takes it back; the world says which it was.
        seen = "applied" if image_of(cluster) != "v1.4.3" else "rolled-back"
    endings = [one["ending"] == seen for one in left["recovered"]]
    found = (code, document["outcome"]["status"], recovered, endings)
    assert found == expected, document["outcome"]
