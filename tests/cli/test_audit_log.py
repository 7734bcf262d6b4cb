"""``audit log``: every filter, both forms, and following."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agentops.audit.log import open_log

Cli = Callable[..., Any]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def folder(home: Path) -> Path:
    """Two runs: one of ana's at noon about shop/web, one of an agent's an hour later about shop/api; unsigned."""
    for hour, (run, actor, name) in enumerate((("r1", "human:ana", "web"), ("r2", "agent:claude", "api"))):
        target = f"k8s://prod/shop/Deployment/{name}"
        _append(home / "audit", run, actor, NOON + timedelta(hours=hour), target)
    return home / "audit"


def _append(audit: Path, run: str, actor: str, now: datetime, target: str) -> None:
    with open_log(audit, run=run, actor=actor, clock=lambda: now, sign_every=0) as log:
        log.append("tool_call", {"tool": "kubernetes_get", "arguments": {"refs": [target]}, "arguments_hmac": run * 3})
        log.append("finding", {"conclusion": f"Nothing is wrong with {target}.", "n": 1})


def _seqs(cli: Cli, *words: str) -> list[int]:
    return [record["seq"] for record in cli("audit", "log", "-o", "json", *words).document["records"]]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ((), [0, 1, 2, 3, 4]),
        (("--run", "r2"), [3, 4]),
        (("--namespace", "shop", "-l", "3"), [2, 3, 4]),
        (("-n", "billing"), []),
        (("--actor", "human"), [0, 1, 2]),
        (("--actor", "agent:claude"), [3, 4]),
        (("--event", "finding"), [2, 4]),
        (("--target", "shop/Deployment/WEB"), [1, 2]),
        (("--target", "billing"), []),
        (("--target", "shop", "--event", "finding", "--run", "r1"), [2]),
        (("--fingerprint", "r2r2r2"), [3]),
        (("--fingerprint", "r2"), []),
        (("--since", "2026-11-22T13:00Z"), [3, 4]),
        (("--until", "2026-11-22T13:00:00+00:00"), [0, 1, 2]),
        (("--since", "2026-11-22T12:30Z", "--until", "2026-11-22T12:45Z"), []),
        (("--since", "9999d"), [0, 1, 2, 3, 4]),
        (("--until", "9999d"), []),
        (("--limit", "2"), [3, 4]),
        (("--limit", "0"), [0, 1, 2, 3, 4]),
        (("--limit", "1", "--event", "tool_call"), [3]),
    ],
)
def test_each_filter_finds_its_records(cli: Cli, folder: Path, words: tuple[str, ...], wanted: list[int]) -> None:
    """Run, actor, event, target, fingerprint and time, alone and together; the limit counts what was wanted."""
    assert _seqs(cli, *words) == wanted


def test_the_human_form_is_a_line_for_each_record(cli: Cli, folder: Path) -> None:
    """The same records for people, and a sentence when there are none."""
    shown = cli("audit", "log", "--target", "web").out
    assert ("tool kubernetes_get" in shown, "r2" in shown) == (True, False)
    assert cli("audit", "log", "--target", "billing").out.strip() == "No records."


def test_namespace_is_looked_for_in_what_a_record_names(cli: Cli, home: Path) -> None:
    """In an object's reference, its short form or a field of that name; never in any other word."""
    payloads = (
        {"ref": "k8s://prod/shop/Pod/a"},
        {"why": "Pod shop/a is gone, see shop/Pod/a."},
        {"target": {"namespace": "shop"}},
        {"groups": ["web", "shop"]},
        {"ref": "k8s://shop/web/Pod/a", "text": "the shop/"},
        {"ref": "k8s://prod/web-shop/Pod/shop"},
    )
    with open_log(home / "audit", run="r1", actor="human:ana", clock=lambda: NOON, sign_every=0) as log:
        for payload in payloads:
            log.append("note", payload)
    found = cli("audit", "log", "--event", "note", "-n", "shop", "-o", "json").document["records"]
    assert [record["payload"] for record in found] == list(payloads[:4])


@pytest.mark.parametrize("words", [("--run", "4f2a1c"), ("--run", "20261122T1559")])
def test_run_is_found_by_either_end_of_its_id(cli: Cli, home: Path, words: tuple[str, ...]) -> None:
    """The list shows the end, so the end can be typed."""
    for run in ("20261122T155933-4f2a1c", "20261123T155933-000000"):
        _append(home / "audit", run, "human:ana", NOON, "k8s://prod/shop/Pod/a")
    found = cli("audit", "log", *words, "-o", "json").document["records"]
    assert {record["run"] for record in found} == {"20261122T155933-4f2a1c"}


@pytest.mark.parametrize(
    "words", [("--since", "2 hours"), ("--until", "1x"), ("--since", "99999999d"), ("--since", "d")]
)
def test_a_time_that_is_none_is_a_usage_error(cli: Cli, folder: Path, words: tuple[str, ...]) -> None:
    """The message names the option and how to write it."""
    done = cli("audit", "log", *words)
    assert (done.code, words[0] in done.err, "2h" in done.err) == (2, True, True)


class _Reader:
    """Somebody at the terminal: appends a record when the first line is shown, presses Ctrl-C when that one is."""

    def __init__(self, append: Callable[[], None]) -> None:
        self.lines: list[str] = []
        self._append = append

    def write(self, text: str) -> None:
        if not self.lines:
            self._append()
        self.lines.append(text)
        if "r3" in text and "finding" in text:
            raise KeyboardInterrupt

    def flush(self) -> None:
        """Nothing is held back."""


def test_following_shows_the_last_records_and_then_what_comes(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the last one on, each new record that passes the filters is one line, until Ctrl-C."""
    reader = _Reader(lambda: _append(folder, "r3", "human:eve", NOON, "k8s://prod/shop/Deployment/web"))
    monkeypatch.setattr(sys, "stdout", reader)
    done = cli("audit", "log", "--follow", "--target", "shop", "--limit", "1")
    assert (done.code, [line.split("  ")[2:5] for line in reader.lines]) == (
        0,
        [["r2", "agent:claude", "finding"], ["r3", "human:eve", "tool_call"], ["r3", "human:eve", "finding"]],
    )
