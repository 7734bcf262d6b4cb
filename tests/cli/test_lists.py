"""The lists: a table with a line for each entry, short ids, ages, local times; JSON with everything in UTC."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.audit.log import open_log
from agentops.core.alert import Alert, AlertGroup, Target
from agentops.core.clock import from_iso, utc_now
from agentops.core.finding import Cause, Confidence, Finding, Verdict
from agentops.core.resource import kubernetes_ref
from agentops.store.changes import Changes
from agentops.store.incidents import Incidents

Cli = Callable[..., Any]
CLAIM = kubernetes_ref("prod", "shop", "PersistentVolumeClaim", "data-postgres-with-a-rather-long-name-0")


@pytest.fixture
def incidents(home: Path) -> list[str]:
    """The short ids of three incidents, oldest first: one with a cause, one healthy elsewhere, one without an end."""
    parts, ids, now = iter(("aa01", "bb02", "cc03")), [], utc_now()
    for minutes, (namespace, cause) in enumerate((("shop", CLAIM), ("billing", None), ("shop", None))):
        opened = now - timedelta(hours=3) + timedelta(minutes=minutes)
        store = Incidents(home / "incidents", lambda opened=opened: opened, suffix=lambda: next(parts))
        target = Target(namespace=namespace, kind="Deployment", name="web")
        folder = store.create(AlertGroup(alerts=(Alert(name="WebDown", source="text"),), target=target))
        ids.append(folder.incident.short_id)
        if minutes < 2:
            folder.save_finding(
                Finding(
                    verdict=Verdict.ROOT_CAUSE if cause else Verdict.NO_PROBLEM,
                    conclusion="Nothing is wrong. " * 12,
                    confidence=Confidence.HIGH,
                    by="triage",
                    cause=Cause(resource=cause, condition="StorageClassMissing") if cause else None,
                )
            )
    return ids


@pytest.fixture
def changes(home: Path, plans: ModuleType) -> list[str]:
    """A change that was rolled back, what rolled it back, one that nobody could verify and one that is open."""
    now, ids = utc_now() - timedelta(minutes=30), list[str]()
    endings: tuple[Any, ...] = (
        {"status": "applied"},
        {"status": "applied"},
        {"status": "applied", "doubts": ["its pods are as unready as before"]},
        None,
    )
    for number, ending in enumerate(endings):
        plan = plans.plan(nonce=str(number), rolls_back=ids[0] if number == 1 else "")
        moment = now + timedelta(minutes=number)
        ids.append(f"{moment:%Y%m%dT%H%M%S}-{plan.code}")
        journal = Changes(home / "changes", lambda moment=moment: moment)
        journal.claim(plan, ids[-1])
        if ending is not None:
            journal.close(ids[-1], ending)
        journal.release()
    return [one.rpartition("-")[2] for one in ids]


@pytest.fixture
def log(home: Path) -> None:
    """A record whose one thing to tell is long."""
    with open_log(
        home / "audit", run="20261122T155933-4f2a1c", actor="human:ana", clock=utc_now, sign_every=0
    ) as chain:
        chain.append("tool_call", {"tool": "kubernetes_get", "error": "it did not answer " * 9})


@pytest.fixture
def everything(cli: Cli, incidents: list[str], changes: list[str], log: None) -> None:
    """Something to list for each of the lists."""
    cli("approvers", "add", KEY)


KEY = "ana+3a6af5a1+Ab/dykYnkrZ1nVi1eIfTg+PuYvqyNmfMG2eNfrXIQhkw"
LISTS = (("history",), ("changes",), ("audit", "log"), ("approvers", "list"), ("policy", "show"))


@pytest.mark.parametrize("words", LISTS, ids=" ".join)
@pytest.mark.parametrize("width", [50, 80, 120])
def test_no_line_is_longer_than_the_terminal(
    cli: Cli, everything: None, width: int, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 80 and more each entry is one line; on a narrower terminal it is a block of names and values, not cut."""
    monkeypatch.setenv("COLUMNS", str(width))
    lines = cli(*words).out.splitlines()
    assert (max(map(len, lines)) <= width, any("\u2026" in line for line in lines) and width == 50) == (True, False)


@pytest.mark.parametrize("width", [80, 120])
def test_history_is_a_line_for_each_incident(
    cli: Cli, incidents: list[str], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newest first: how old, about what, why, how it ended, and the id that can be typed."""
    monkeypatch.setenv("COLUMNS", str(width))
    head, *rows = cli("history").out.splitlines()[:4]
    cells = [row.split() for row in rows]
    assert head.split() == ["AGE", "OBJECT", "CAUSE", "STATUS", "ID"]
    assert [(row[0], row[1], row[-2], row[-1]) for row in cells] == [
        ("2h58m", "shop/Deployment/web", "open", incidents[2]),
        ("2h59m", "billing/Deployment/web", "no-problem", incidents[1]),
        ("3h", "shop/Deployment/web", "root-cause", incidents[0]),
    ]
    assert ("StorageClassMissing" in rows[2], "\u2026" in rows[1]) == (True, True)


def test_history_of_a_namespace(cli: Cli, incidents: list[str]) -> None:
    """Only what is about it, counted so; a namespace without any says that, and not that there are none at all."""
    found = cli("history", "-n", "shop", "-l", "1", "-o", "json").document
    assert ([one["short_id"] for one in found["incidents"]], found["total"]) == ([incidents[2]], 2)
    assert cli("history", "-n", "nosuch").out.strip() == "No incidents in namespace nosuch."


def test_long_cells_are_whole_with_v(cli: Cli, incidents: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was cut can be had."""
    monkeypatch.setenv("COLUMNS", "80")
    short, full = cli("history").out, "".join(cli("history", "-v").out.replace("│ ", "").split())
    assert (CLAIM.name in short, CLAIM.name in full) == (False, True)


def test_history_in_json_is_in_utc(cli: Cli, incidents: list[str]) -> None:
    """Scripts get the time as it was written, the object and the condition of the cause, and both ids."""
    oldest = cli("history", "-o", "json").document["incidents"][-1]
    said = {name: oldest[name] for name in ("short_id", "namespace", "cause", "condition", "verdict")}
    assert said == {
        "short_id": "aa01",
        "namespace": "shop",
        "cause": CLAIM.short,
        "condition": "StorageClassMissing",
        "verdict": "root-cause",
    }
    assert (oldest["id"].endswith("-aa01"), oldest["opened_at"][-1]) == (True, "Z")


def test_changes_are_a_line_each(cli: Cli, changes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was rolled back is called undone, what nobody could verify so, and what is open is said to be."""
    monkeypatch.setenv("COLUMNS", "80")
    head, *rows = cli("changes").out.splitlines()
    assert head.split() == ["AGE", "OBJECT", "ACTION", "STATUS", "ID"]
    cells = [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in rows[:4]]
    ends = [(row[0], row[-2], row[-1]) for row in cells]
    assert ends == [
        ("27m", "OPEN", changes[3]),
        ("28m", "not verified", changes[2]),
        ("29m", "applied", changes[1]),
        ("30m", "undone", changes[0]),
    ]
    assert f"undo {changes[0]}" in rows[2]
    assert [row.strip() for row in rows[4:]] == [
        f"1 change started but not finished: {changes[3]}",
        f"Next: agentops recover {changes[3]}",
    ]


def test_changes_of_a_namespace(cli: Cli, changes: list[str]) -> None:
    """Only what touches an object of it."""
    found = [cli("changes", "--namespace", name, "-l", "2", "-o", "json").document for name in ("shop", "nosuch")]
    assert [(len(one["changes"]), one["total"]) for one in found] == [(2, 4), (0, 0)]
    assert cli("changes", "-n", "nosuch").out.strip() == "No changes in namespace nosuch."


def test_changes_in_json_say_what_took_back_what(cli: Cli, changes: list[str]) -> None:
    """Both directions, by whole ids; times as they were written."""
    *_, back, first = cli("changes", "-o", "json").document["changes"]
    assert (back["rolls_back"], first["rolled_back_by"]) == (first["id"], back["id"])
    assert (first["short_id"], first["claimed_at"][-1]) == (changes[0], "Z")


def test_show_takes_a_change_as_well(cli: Cli, changes: list[str]) -> None:
    """By the code that the list shows, or by its whole id: all that the line had no room for, and what to type next."""
    undone, back, doubtful, begun = (" ".join(cli("show", one).out.replace("│ ", "").split()) for one in changes)
    assert (f"Change {changes[0]}: undone" in undone, f"undone by {changes[1]}" in undone) == (True, True)
    assert (f"rolls back {changes[0]}" in back, "agentops rollback" in undone) == (True, False)
    assert "Not verified: its pods are as unready as before" in doubtful
    assert f"Roll it back: agentops rollback {changes[2]}" in doubtful
    assert f"Next: agentops recover {changes[3]}" in begun
    (found,) = cli("show", changes[0], "-o", "json").document["changes"]
    assert cli("show", found["id"], "-o", "json").document["changes"] == [found]


def test_a_change_that_is_none_is_looked_for_among_incidents(cli: Cli, incidents: list[str]) -> None:
    """As ever; a run's id is a run's."""
    assert cli("show", "ZZZZZZZZ").code == 2
    assert "agentops audit log lists the runs" in cli("show", "20261122T031502-ABCDEFGH").err


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine nine hours ahead of UTC."""
    monkeypatch.setenv("TZ", "XXX-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_audit_log_is_in_local_time_for_people(cli: Cli, log: None, far_east: None) -> None:
    """JSON keeps UTC, which is what was signed."""
    written = cli("audit", "log", "--event", "tool_call", "-o", "json").document["records"][0]["time"]
    local = from_iso(written) + timedelta(hours=9)
    row = cli("audit", "log", "--event", "tool_call").out.splitlines()[1]
    assert (written[-1], f"{local:%m-%d %H:%M:%S}  4f2a1c  human:ana  tool_call" in row) == ("Z", True)


def test_time_of_another_year_says_which(cli: Cli, home: Path) -> None:
    """A log is kept for years, and then the day alone tells nothing."""
    then = from_iso("2021-06-15T12:00:00Z")
    with open_log(home / "audit", run="r1", actor="human:ana", clock=lambda: then, sign_every=0) as chain:
        chain.append("note", {})
    assert f"  {then.astimezone():%Y-%m-%d %H:%M}  r1" in cli("audit", "log", "--event", "note").out
