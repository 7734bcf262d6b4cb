"""``agentops sandbox up -d``, ``status``, ``down``: one sandbox in the background, ended by nobody but ``down``."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
Cli = Callable[..., Any]


@pytest.fixture
def sandboxes(cli: Cli, home: Path) -> Iterator[Path]:
    """The folder of the sandbox in the background; what a test leaves running is ended."""
    yield home / "sandbox"
    cli("sandbox", "down")


def test_it_serves_until_it_is_ended_and_what_was_begun_on_it_is_told_to_be_gone(cli: Cli, sandboxes: Path) -> None:
    """Up, used by the options that status prints, not up twice, down; then its incident says what to do."""
    up = cli("sandbox", "up", "-d", "bad-image-tag", "-o", "json")
    there = cli("sandbox", "status", "-o", "json").document
    assert (up.code, up.document["status"], there["pid"]) == (0, "serving", up.document["pid"]), up.out + up.err
    kubeconfig = Path(there["kubeconfig"])
    assert (kubeconfig.is_relative_to(sandboxes), there["url"].startswith("https://127.0.0.1:")) == (True, True)
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600

    place = ("--kubeconfig", str(kubeconfig), "--context", there["context"])
    assert " ".join(place) in " ".join(cli("sandbox", "status").out.replace("│ ", "").split())
    found = cli("investigate", "k8s:shop/Deployment/checkout", "--no-model", *place, "-o", "json").document
    short = found["incident"]["id"].rpartition("-")[2]
    plan = sandboxes / "plan.json"
    dry = cli("fix", short, "--no-model", "--dry-run", "--out", str(plan), *place, "-o", "json")
    assert (dry.code, dry.document["plan"]["changes"][0]["tool"]) == (0, "kubernetes_rollout_undo"), dry.err
    again = cli("sandbox", "up", "-d")
    assert f"bad-image-tag: agentops triage --kubeconfig {kubeconfig}" in again.err
    assert (again.code, "a sandbox is already running" in again.err, "agentops sandbox down" in again.err) == (
        2,
        True,
        True,
    )

    down = cli("sandbox", "down", "-o", "json").document
    assert (down["status"], down["pid"], kubeconfig.exists()) == ("stopped", there["pid"], False)
    assert cli("sandbox", "status", "-o", "json").document["status"] == "stopped"
    for words in (("fix", short, *place), ("fix", short), ("fix", "--plan", str(plan), *place)):
        gone = cli(*words, "--no-input")
        said = "that sandbox is gone" in gone.err and "agentops sandbox up -d bad-image-tag" in gone.err
        assert (gone.code, said) == (2, True), gone.err


def test_one_that_was_killed_is_not_running(cli: Cli, sandboxes: Path) -> None:
    """Its lock is free, so its pid means nothing any more; what it left is cleared when the next one starts."""
    pid = cli("sandbox", "up", "--detach", "bad-image-tag", "-o", "json").document["pid"]
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 30
    while cli("sandbox", "status", "-o", "json").document["status"] != "stopped" and time.monotonic() < until:
        time.sleep(0.1)
    assert cli("sandbox", "down", "-o", "json").document["status"] == "nothing-to-do"
    assert cli("sandbox", "up", "-d", "bad-image-tag").code == 0
    assert len(list(sandboxes.glob("agentops-sandbox-*"))) == 1


def test_a_pid_that_is_written_down_and_holds_no_lock_is_left_alone(cli: Cli, sandboxes: Path) -> None:
    """A number in a file is no proof: this very process is named in it and lives on."""
    sandboxes.mkdir(parents=True)
    (sandboxes / "lock").write_text(f'{{"pid": {os.getpid()}, "scenario": "x", "since": "2026-11-22T00:00:00Z"}}')
    assert cli("sandbox", "down", "-o", "json").document["status"] == "nothing-to-do"


def test_without_one_the_way_to_it_is_said(cli: Cli, sandboxes: Path) -> None:
    """Neither status nor down is an error then."""
    for word in ("status", "down"):
        done = cli("sandbox", word)
        assert (done.code, "Start one: agentops sandbox up -d" in done.out) == (0, True)


def test_an_unknown_scenario_starts_nothing(cli: Cli, sandboxes: Path) -> None:
    """It is refused before there is a process."""
    assert (cli("sandbox", "up", "-d", "bad-image-tg").code, (sandboxes / "lock").exists()) == (2, False)


def test_one_that_does_not_start_says_why(cli: Cli, sandboxes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last words of the process are in the message, and nothing counts as running."""
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    done = cli("sandbox", "up", "-d")
    assert (done.code, "the sandbox did not start" in done.err) == (1, True)
    assert cli("sandbox", "status", "-o", "json").document["status"] == "stopped"


def test_who_still_has_its_kubeconfig_is_told_to_unset_it(
    cli: Cli, sandboxes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command that ends it, and by the next one that looks for a cluster."""
    cli("sandbox", "up", "-d", "bad-image-tag")
    monkeypatch.setenv("KUBECONFIG", cli("sandbox", "status", "-o", "json").document["kubeconfig"])
    down = cli("sandbox", "down")
    assert (down.code, down.out.splitlines()[-1]) == (0, "  unset KUBECONFIG")
    after = cli("triage")
    assert (
        after.code,
        "has ended, and KUBECONFIG still names it" in " ".join(after.err.replace("│ ", "").split()),
    ) == (2, True), after.err
    assert "unset KUBECONFIG" in after.err
