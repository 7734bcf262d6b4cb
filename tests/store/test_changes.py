"""The journal of changes: a plan's digest is spent once, and what was begun stays open until its end is recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.core.digest import digest
from agentops.core.errors import AgentopsError, InDoubt, NotApproved, StoreError, UsageError
from agentops.core.jsonable import to_json
from agentops.core.plan import ChangePlan, code_of
from agentops.store.changes import ChangeRecord, Changes

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
FIRST, SECOND = "20261122T030000-AAAA", "20261122T030100-BBBB"
ENDED = {"status": "applied"}


class Clock:
    """A minute passes with every look."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the journal is; not there yet."""
    return tmp_path / "changes"


@pytest.fixture
def journal(folder: Path) -> Changes:
    """The journal of this process."""
    return Changes(folder, Clock())


@pytest.fixture
def other(folder: Path) -> Changes:
    """The journal of another process: a lock belongs to whoever opened the file."""
    return Changes(folder, Clock())


@pytest.fixture
def plan(plans: ModuleType) -> Callable[..., ChangePlan]:
    """Make a plan of its own digest by its nonce."""

    def make(nonce: str, **changes: Any) -> ChangePlan:
        made: ChangePlan = plans.plan(nonce=nonce, **changes)
        return made

    return make


Make = Callable[..., ChangePlan]


def place(folder: Path, plan: ChangePlan) -> Path:
    """Return the folder of a plan's change."""
    return folder / plan.digest.removeprefix("sha256:")


def test_nothing_was_changed_yet(journal: Changes) -> None:
    """A journal that is not there is empty, and nobody is at work."""
    with pytest.raises(UsageError) as error:
        journal.find("x")
    assert (journal.list(), journal.open_ones(), journal.is_busy(), error.value.hint) == (
        (),
        (),
        False,
        "There are none yet.",
    )


def test_claimed_change_is_open_until_it_is_closed(journal: Changes, folder: Path, plan: Make) -> None:
    """The plan is kept whole, for its owner alone; the end is added beside it."""
    one = plan("1")
    journal.claim(one, FIRST)
    opened = journal.open_ones()
    mode = place(folder, one).stat().st_mode & 0o777, (place(folder, one) / "change.json").stat().st_mode & 0o777
    journal.close(FIRST, ENDED)
    expected = ChangeRecord(id=FIRST, digest=one.digest, plan=one, claimed_at="2026-11-22T03:01:00.000Z", result=None)
    closed = {**ENDED, "closed_at": "2026-11-22T03:02:00.000Z"}
    assert (opened, mode) == ((expected,), (0o700, 0o600))
    (found,) = journal.list()
    assert (found.result, found.is_open, journal.open_ones()) == (closed, False, ())


def test_a_digest_is_spent_once(journal: Changes, folder: Path, plan: Make) -> None:
    """The second claim of a plan names the change that spent it, and leaves no draft behind."""
    journal.claim(plan("1"), FIRST)
    journal.close(FIRST, ENDED)
    with pytest.raises(NotApproved) as error:
        journal.claim(plan("1"), SECOND)
    names = sorted(path.name for path in folder.iterdir())
    assert (error.value.code, FIRST in error.value.message) == ("spent", True)
    assert names == sorted([place(folder, plan("1")).name, "lock"])


def test_one_process_at_a_time(journal: Changes, other: Changes, plan: Make) -> None:
    """Who claims holds the lock until the end of the change; others are told, and get nothing."""
    journal.claim(plan("1"), FIRST)
    with pytest.raises(AgentopsError) as error:
        other.claim(plan("2"), SECOND)
    busy = other.is_busy(), journal.is_busy()
    journal.close(FIRST, ENDED)
    after = other.is_busy()
    other.claim(plan("2"), SECOND)
    assert (error.value.code, busy, after) == ("busy", (True, False), False)
    assert [one.id for one in journal.list()] == [SECOND, FIRST]


def test_nothing_begins_on_top_of_what_another_process_left_open(
    journal: Changes, other: Changes, folder: Path, plan: Make
) -> None:
    """A process that dies lets go of the lock: whoever waited meanwhile must see what it left."""
    journal.claim(plan("1"), FIRST)
    journal.release()
    with pytest.raises(InDoubt) as error:
        other.claim(plan("2"), SECOND)
    assert (error.value.code, FIRST in error.value.message) == ("open-change", True)
    assert (place(folder, plan("2")).exists(), journal.is_busy()) == (False, False)


def test_nothing_begins_while_a_trial_that_wrote_is_not_closed(journal: Changes, other: Changes, plan: Make) -> None:
    """Also when another process left it after this one had looked, while its person thought."""
    other.halt({"what": "a dry run changed web"})
    with pytest.raises(InDoubt, match="an earlier dry run changed the cluster") as caught:
        journal.claim(plan("1"), FIRST)
    assert (caught.value.code, journal.holder(), journal.open_ones()) == ("preview-wrote", "", ())
    journal.resume(other.halted()[0])
    journal.claim(plan("1"), FIRST)
    assert [one.id for one in journal.open_ones()] == [FIRST]


@pytest.mark.parametrize(("of", "begins"), [(FIRST, True), (SECOND, False)])
def test_what_takes_back_an_open_change_may_begin(journal: Changes, plan: Make, of: str, begins: bool) -> None:
    """That is how a person closes it; taking back anything else has to wait."""
    journal.claim(plan("1"), FIRST)
    try:
        journal.claim(plan("2", rolls_back=of), SECOND)
    except InDoubt:
        assert not begins
    else:
        assert begins
    assert len(journal.open_ones()) == (2 if begins else 1)


def test_lock_is_held_over_several_steps(journal: Changes, other: Changes, plan: Make) -> None:
    """Recovery looks and closes in one go: nobody begins between, not even after a change was closed."""
    journal.claim(plan("1"), FIRST)
    with journal.alone():
        journal.close(FIRST, ENDED)
        with pytest.raises(AgentopsError) as error, other.alone():
            pytest.fail("two at once")
        busy = other.is_busy()
    assert (error.value.code, busy, other.is_busy()) == ("busy", True, False)


def test_release_without_a_lock_is_nothing(journal: Changes) -> None:
    """Letting go twice lets nothing else go."""
    journal.release()
    assert not journal.is_busy()


@pytest.mark.parametrize("name", [FIRST, "20261122T030000", "aaa", "AAAA", "last", "code", "code's beginning"])
def test_change_is_found_by_what_is_enough_of_its_name(journal: Changes, plan: Make, name: str) -> None:
    """The id, its beginning or its end, the plan's code or its first letters, in either case; and the newest."""
    one = plan("1")
    journal.claim(one, FIRST)
    typed = {"code": one.code.lower(), "code's beginning": one.code[:5]}.get(name, name)
    assert journal.find(typed).id == FIRST


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("2026", f"2 changes begin or end with '2026': {SECOND}, {FIRST}", "Give more of the id."),
        ("", "no change begins or ends with ''", "The newest is BBBB; agentops changes lists them."),
        ("nothing", "no change begins or ends with 'nothing'", "The newest is BBBB; agentops changes lists them."),
    ],
)
def test_what_is_no_name_of_one_change_is_refused(
    journal: Changes, plan: Make, name: str, said: str, hint: str
) -> None:
    """None or several: nothing is guessed; the candidates are named, or the newest."""
    for nonce, change_id in (("1", FIRST), ("2", SECOND)):
        journal.claim(plan(nonce), change_id)
        journal.close(change_id, ENDED)
    with pytest.raises(UsageError) as error:
        journal.find(name)
    assert (error.value.message, error.value.hint) == (said, hint)


def test_without_any_change_there_is_no_last_one(journal: Changes) -> None:
    """The message does not pretend that something can be chosen."""
    with pytest.raises(UsageError) as error:
        journal.find("last")
    assert error.value.hint == "There are none yet."


def test_what_is_not_there_cannot_be_closed(journal: Changes) -> None:
    """An end belongs to a change."""
    with pytest.raises(UsageError):
        journal.close(FIRST, ENDED)


def _set(name: str, value: Any) -> Callable[[Path], object]:
    def edit(found: Path) -> None:
        path = found / "change.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))

    return edit


def _write(name: str, text: str) -> Callable[[Path], object]:
    return lambda found: (found / name).write_text(text)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut short": _write("change.json", '{"id": '),
    "no object": _write("change.json", "[]"),
    "no text": lambda found: (found / "change.json").write_bytes(b"\xff\xfe"),
    "deeply nested": _write("change.json", "[" * 200_000),
    "no id": _set("id", None),
    "no time": _set("claimed_at", 7),
    "no plan": _set("plan", {}),
    "an end cut short": _write("closed.json", ""),
    "an end that is no object": _write("closed.json", '"applied"'),
    "another folder": lambda found: found.rename(found.with_name("0" * 64)),
    "no record": lambda found: (found / "change.json").unlink(),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_journal_lets_nothing_begin(journal: Changes, folder: Path, plan: Make, name: str) -> None:
    """Whether it is open cannot be known then: the file is named, and no claim passes."""
    journal.claim(plan("1"), FIRST)
    journal.close(FIRST, ENDED)
    DAMAGE[name](place(folder, plan("1")))
    with pytest.raises(StoreError, match=str(folder)):
        journal.list()
    with pytest.raises(StoreError):
        journal.claim(plan("2"), SECOND)
    assert not place(folder, plan("2")).exists()


def test_drafts_of_a_crash_are_no_changes(journal: Changes, folder: Path, plan: Make) -> None:
    """What died before the rename spent nothing; its leftovers do not disturb the next claim."""
    draft = folder / f".{place(folder, plan('1')).name}.{os.getpid()}"
    draft.mkdir(parents=True)
    (draft / "change.json").write_text("{")
    (folder / "notes.txt").write_text("not a change")
    seen = journal.list()
    journal.claim(plan("1"), FIRST)
    assert (seen, [one.id for one in journal.list()], draft.exists()) == ((), [FIRST], False)


def test_folder_that_cannot_be_made_spends_nothing(tmp_path: Path, plan: Make) -> None:
    """Where the journal cannot be, nothing is claimed, and the lock cannot be had either."""
    (tmp_path / "file").write_text("")
    journal = Changes(tmp_path / "file" / "changes", Clock())
    with pytest.raises(StoreError, match="cannot create"):
        journal.claim(plan("1"), FIRST)
    with pytest.raises(StoreError, match="cannot lock"), journal.alone():
        pytest.fail("alone in a folder that is not there")


def test_place_that_is_taken_by_a_file_spends_nothing(journal: Changes, folder: Path, plan: Make) -> None:
    """The rename fails for another reason than a spent digest: that is an error of the store, and no draft stays."""
    folder.mkdir()
    place(folder, plan("1")).write_text("")
    with pytest.raises(StoreError):
        journal.claim(plan("1"), FIRST)
    assert sorted(path.name for path in folder.iterdir()) == sorted([place(folder, plan("1")).name, "lock"])


OLD_BLAST_RADIUS = {
    "objects": 1,
    "pods": 3,
    "pods_total": 4,
    "percent": 34,
    "namespaces": ["shop"],
    "services": ["k8s://prod/shop/Service/web"],
    "ingresses": ["k8s://prod/shop/Ingress/shop"],
    "budgets": ["web: 1 pod may be out"],
    "scalers": ["k8s://prod/shop/HorizontalPodAutoscaler/web"],
    "dependents": [],
    "stateful": False,
    "data_loss": False,
    "purpose": "none",
    "risk": "low",
    "unknown": [],
    "reasons": [],
}
"""As plans up to version 2 wrote it."""


def test_a_change_of_an_older_version_is_listed_and_held_to_its_digest(
    journal: Changes, folder: Path, plan: Make
) -> None:
    """A plan of version 2 named one cluster; its record reads as a plan of that place, and an altered one does not."""
    one = plan("one")
    written = to_json(one)
    (scope,) = written.pop("scopes")
    written |= {"version": 2, "context": scope["place"], "cluster": scope["server"]}
    for step in written["steps"]:
        step["blast_radius"] = OLD_BLAST_RADIUS
    before = digest(written)
    path = folder / before.removeprefix("sha256:") / "change.json"
    path.parent.mkdir(parents=True)
    kept = {"id": FIRST, "digest": before, "claimed_at": "2026-11-22T03:01:00.000Z", "plan": written}
    path.write_text(json.dumps(kept))
    (record,) = journal.list()
    blast = record.plan.steps[0].blast_radius
    read = tuple(
        replace(step, blast_radius=was.blast_radius) for step, was in zip(record.plan.steps, one.steps, strict=True)
    )
    assert (record.digest, record.plan.scopes[0].place, read) == (before, scope["place"], one.steps)
    assert (blast.instances, blast.instances_total, blast.unit, blast.groups) == (3, 4, "pod", ("shop",))
    assert [ref.short for ref in (*blast.fronts, *blast.controllers)] == [
        "shop/Service/web",
        "shop/Ingress/shop",
        "shop/HorizontalPodAutoscaler/web",
    ]
    assert blast.detail == {"disruption budget": ("web: 1 pod may be out",)}
    assert journal.find(code_of(before)).id == FIRST
    path.write_text(json.dumps(kept | {"plan": written | {"cluster": "https://elsewhere.test"}}))
    with pytest.raises(StoreError):
        journal.list()
