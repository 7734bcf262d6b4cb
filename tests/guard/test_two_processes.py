"""Two real processes of ``agentops fix --plan`` with one approval, at once: exactly one of them applies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
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

NAME = "checkout"
ACCOUNT = Path(__file__).parents[1] / "support" / "account.py"


@pytest.fixture
def cluster() -> Iterator[Sandbox]:
    """The scenario of the bad image tag, in which time goes on."""
    with Sandbox(load("bad-image-tag")) as sandbox:
        over = threading.Event()

        def hurry() -> None:
            while not over.wait(0.05):
                sandbox.advance(1)

        thread = threading.Thread(target=hurry)
        thread.start()
        try:
            yield sandbox
        finally:
            over.set()
            thread.join()


def _begin(cluster: Sandbox, home: Path, *words: str) -> subprocess.Popen[str]:
    # Only what looks at the cluster takes the options that lead there.
    where = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context) if words[0] == "fix" else ()
    return subprocess.Popen(
        [sys.executable, str(ACCOUNT), *words, *where, "--output", "json", "--no-input"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "AGENTOPS_HOME": str(home), "PYTHONWARNINGS": "ignore"},
    )


def _approve(home: Path, path: Path) -> Path:
    trust = Trust(path=home / "approvers.toml", clock=utc_now)
    key = new_key("eve", lambda size: bytes(range(size)))
    trust.add(key.public)
    now = utc_now()
    digest = load_plan(path).digest
    made = sign(key, plan_digest=digest, at=now, expires_at=now + timedelta(minutes=5), nonce="n", shown_digest="")
    save_approval(path.with_suffix(".approval.json"), made)
    return path.with_suffix(".approval.json")


def _writes(home: Path) -> int:
    lines = map(json.loads, (home / "audit" / "audit.jsonl").read_text().splitlines())
    return sum(one["event"] == "apply" for one in lines)


@pytest.mark.timeout(300)
def test_one_approval_serves_one_of_two_processes(cluster: Sandbox, tmp_path: Path) -> None:
    """One ends with 0 and one without having written anything; the journal holds one change, and it is applied."""
    home, path = tmp_path / "home", tmp_path / "plan.json"
    words = ("fix", f"k8s:shop/Deployment/{NAME}", "--dry-run", "--out", str(path), "--no-model")
    planned = _begin(cluster, home, *words)
    out, err = planned.communicate()
    assert planned.returncode == 0, out + err
    signed = _approve(home, path)
    running = [_begin(cluster, home, "fix", "--plan", str(path), "--approval", str(signed)) for _ in range(2)]
    ended = [(*process.communicate(), process.returncode) for process in running]
    codes = sorted(code for *_, code in ended)
    (change,) = json.loads(_begin(cluster, home, "changes").communicate()[0])["changes"]
    # The loser is busy (1), spent or stale (5), or finds the winner's change open (7): whichever, it writes nothing.
    assert (codes[0], codes[1] in (1, 5, 7)) == (0, True), ended
    assert (_writes(home), change["result"]["status"]) == (1, "applied")
