"""``agentops doctor``: every row says whether it was tried, and only what was tried is called ok."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.audit.log import open_log
from agentops.core.clock import utc_now

Cli = Callable[..., Any]
TEXT = {"stop_reason": "end_turn", "text": "ok", "usage": {"input_tokens": 20, "output_tokens": 3}}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key, no credentials, no proxy: what is configured, a test says."""
    for name in [
        name for name in os.environ if name.startswith(("ANTHROPIC_", "AWS_")) or name.lower().endswith("_proxy")
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))


def _states(cli: Cli, *words: str) -> tuple[int, dict[str, str]]:
    done = cli("doctor", *words, "-o", "json")
    return done.code, {check["name"]: check["state"] for check in done.document["checks"]}


def _row(cli: Cli, name: str, *words: str) -> dict[str, str]:
    (found,) = (one for one in cli("doctor", *words, "-o", "json").document["checks"] if one["name"] == name)
    return dict(found)


def test_a_fresh_machine_has_tried_nothing_but_what_it_read(cli: Cli, home: Path) -> None:
    """No kubeconfig stands in the way, no key does not; the folder is neither made nor called ok."""
    expected = {"python": "ok", "folder": "untried", "audit": "untried", "policy": "ok", "changes": "ok"}
    assert _states(cli) == (1, {**expected, "model": "warn", "cluster": "bad"})
    assert not home.exists()


def test_try_writes_to_the_folder_and_leaves_nothing(cli: Cli, home: Path) -> None:
    """The folder is made as a run would make it; the file in it is gone again."""
    folder = _row(cli, "folder", "--try")
    assert (folder["state"], folder["text"]) == ("ok", f"{home}: a file was written and removed")
    assert (list(home.iterdir()), oct(home.stat().st_mode & 0o777)) == ([], "0o700")


def test_a_folder_that_cannot_be_made_is_bad(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its modes promise: only whoever tries knows."""
    monkeypatch.setenv("AGENTOPS_HOME", "/proc/agentops")
    found = _row(cli, "folder", "--try")
    assert (found["state"], found["text"].startswith("/proc/agentops cannot be written"), bool(found["hint"])) == (
        "bad",
        True,
        True,
    )


def test_a_model_is_not_ok_before_it_has_answered(
    cli: Cli, anthropic_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Configured is "not tried", and nothing is sent; --try sends one short question without tools."""
    server = anthropic_server(TEXT)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test-0123456789abcdef")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    before = _row(cli, "model")
    assert (before["state"], server.requests) == ("untried", [])
    tried = _row(cli, "model", "--try")
    (sent,) = server.requests
    assert (tried["state"], "answered in" in tried["text"], "23 tokens" in tried["text"]) == ("ok", True, True)
    assert (sent.body["tools"], len(sent.raw) < 1_000) == ([], True)


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        ({"status": 401, "type": "authentication_error", "message": "no"}, "does not accept the key"),
        (None, "no answer"),
    ],
)
def test_a_model_that_does_not_answer_is_bad(
    wire: dict[str, Any] | None, said: str, cli: Cli, anthropic_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong key, or nobody there: asked once, exit 1, and the key is not shown."""
    url = anthropic_server({**TEXT, "wire": wire}).url if wire else "http://127.0.0.1:9"
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test-0123456789abcdef")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
    done = cli("doctor", "--try")
    found = _row(cli, "model", "--try") if not wire else None
    words = " ".join(done.out.replace("│ ", "").split())
    assert (done.code, said in words, "sk-test" in words) == (1, True, False)
    assert found is None or found["state"] == "bad"


def test_aws_is_not_ok_before_it_was_asked(cli: Cli, moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials alone are "not tried"; --try asks who they are; without credentials there is no row."""
    assert "aws" not in _states(cli)[1]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    before, tried = _row(cli, "aws"), _row(cli, "aws", "--try")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    failed = _row(cli, "aws", "--try")
    assert (before["state"], before["text"]) == ("untried", "credentials from AWS_ACCESS_KEY_ID")
    assert (tried["state"], "arn:aws" in tried["text"]) == ("ok", True)
    assert (failed["state"], "AWS cannot be asked" in failed["text"], "secret-of" in str(failed)) == (
        "bad",
        True,
        False,
    )


def test_anchors_are_not_ok_before_they_were_compared(cli: Cli, home: Path, tmp_path: Path) -> None:
    """The place of the newest is told; --try compares the log with it; without anchors there is no row."""
    with open_log(home / "audit", run="r1", actor="human:ana", clock=utc_now) as log:
        log.append("note", {"n": 1})
    assert "anchors" not in _states(cli)[1]
    place = f"{tmp_path}/anchors/"
    assert cli("audit", "anchor", "--to", place).code == 0
    before, tried = _row(cli, "anchors"), _row(cli, "anchors", "--try")
    for path in sorted((tmp_path / "anchors").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    gone = _row(cli, "anchors", "--try")
    assert (before["state"], place in before["text"], "--anchor" in before["hint"]) == ("untried", True, True)
    assert (tried["state"], tried["text"]) == ("ok", f"1 anchor in {place}; the log agrees")
    assert (gone["state"], "there is no anchor" in gone["text"]) == ("bad", True)


def test_the_page_says_what_was_not_tried(cli: Cli, home: Path) -> None:
    """A row each; what to do under them; then how it stands and how to try the rest."""
    lines = [line.strip() for line in cli("doctor").out.splitlines()]
    assert lines[0].split() == ["CHECK", "STATE", "FOUND"]
    assert any(line.startswith("folder") and "not tried" in line for line in lines)
    assert lines[-2:] == [
        "1 check of 7 failed; not tried: folder, audit",
        "Try what was not tried: agentops doctor --try",
    ]


def test_a_broken_policy_refuses_every_change(cli: Cli, home: Path) -> None:
    """Whoever asks what is wrong learns of the policy before a change is refused."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "policy.cedar").write_text("permit(", encoding="utf-8")
    found = _row(cli, "policy")
    assert (found["state"], found["text"].startswith("every change is refused: ")) == ("bad", True)


def test_a_reachable_cluster_is_ok(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cluster and the permissions, everything needed is there: it was asked."""
    from agentops.sandbox.cluster import Sandbox
    from agentops.sandbox.scenario import load

    with Sandbox(load("bad-image-tag")) as sandbox:
        monkeypatch.setenv("KUBECONFIG", str(sandbox.kubeconfig))
        code, states = _states(cli, "--try")
    assert (code, states["context"], states["cluster"], states["permissions"]) == (0, "ok", "ok", "ok")
