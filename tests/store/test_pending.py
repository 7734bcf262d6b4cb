"""A pending plan is kept whole until a person decides; whoever cannot be believed decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.core.approval import SignedApproval
from agentops.core.errors import NotApproved, UsageError
from agentops.core.own_files import NotOwn
from agentops.core.plan import Approval, ChangePlan, Obligation
from agentops.store.pending import (
    KEPT_FOR,
    MOST_WAITING,
    MOST_WAITING_OF_ONE,
    AskedBy,
    Decline,
    PendingPlans,
    PlanEnd,
    PlanStanding,
)
from agentops.store.plans import save_approval


class Clock:
    """A time that a test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(plans: ModuleType) -> Clock:
    """The moment at which the plan was made."""
    return Clock(plans.NOW)


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> PendingPlans:
    """An empty store."""
    return PendingPlans(tmp_path / "pending", clock)


@pytest.fixture
def made(plans: ModuleType) -> Callable[..., ChangePlan]:
    """Return plans that differ by their nonce."""

    def make(nonce: str = "n", **changes: Any) -> ChangePlan:
        plan: ChangePlan = plans.plan(nonce=nonce, **changes)
        return plan

    return make


def _asked(clock: Clock, client: str = "claude-code") -> AskedBy:
    return AskedBy(client=client, door="mcp-stdio", on_behalf_of="ana", at=clock.now, run="r1")


def _approval(plan: ChangePlan, key: str = "aa", **changes: Any) -> SignedApproval:
    approval = SignedApproval(
        plan_digest=plan.digest,
        by="human:ana",
        method="key",
        at=plan.created_at,
        expires_at=plan.expires_at,
        nonce=key,
        key_id=key,
        signature="c2ln",
    )
    return replace(approval, **changes)


def test_what_is_kept_is_found_again(store: PendingPlans, clock: Clock, made: Callable[..., ChangePlan]) -> None:
    """Another process finds the plan by its code, the beginning of it, and its digest, with who asked for it."""
    plan = made()
    kept = store.keep(plan, _asked(clock))
    again = PendingPlans(store.folder, clock)
    assert [again.find(text) for text in (plan.digest, plan.code, plan.code[:5].lower())] == [kept] * 3
    assert again.list() == (kept,)
    assert (kept.standing(clock.now), kept.file.stat().st_mode & 0o777) == (PlanStanding.WAITING, 0o600)


@pytest.mark.parametrize("text", ["", "ABC", "../../etc", "sha256:00", "ZZZZZZZZ", "\x1b[31m"])
def test_nothing_else_is_found(store: PendingPlans, clock: Clock, made: Callable[..., ChangePlan], text: str) -> None:
    """A text that names no plan is a mistake of the caller's."""
    store.keep(made(), _asked(clock))
    with pytest.raises(UsageError) as refused:
        store.find(text)
    assert (refused.value.code, "\x1b" in refused.value.message) == ("no-such-plan", False)


def test_it_stands_as_the_last_word_says(store: PendingPlans, clock: Clock, made: Callable[..., ChangePlan]) -> None:
    """Signed: approved; a no beats a yes; too late is too late; what ran is over, and the first end stands."""
    plan = made()
    kept = store.keep(plan, _asked(clock))
    save_approval(kept.folder / "plan.ana.approval.json", _approval(plan))
    seen = [store.find(plan.code).standing(clock.now)]
    clock.now = plan.expires_at
    seen.append(store.find(plan.code).standing(clock.now))
    store.decline(kept, "human:bo", "not \x1b[2Jtoday")
    store.decline(kept, "human:eve", "later")
    declined = store.find(plan.code)
    seen.append(declined.standing(clock.now))
    store.end(kept, "applied", change="C1")
    store.end(kept, "stale")
    ended = store.find(plan.code)
    seen.append(ended.standing(clock.now))
    assert seen == [PlanStanding.APPROVED, PlanStanding.EXPIRED, PlanStanding.DECLINED, PlanStanding.ENDED]
    assert declined.declined == Decline(by="human:bo", why="not \\u{1b}[2Jtoday", at=clock.now)
    assert ended.ended == PlanEnd(status="applied", change="C1", at=clock.now)


def test_an_approval_that_is_over_or_of_another_plan_counts_for_nothing(
    store: PendingPlans, clock: Clock, made: Callable[..., ChangePlan]
) -> None:
    """Files that are no approval of this plan, and one whose time is over, leave it waiting."""
    plan = made()
    kept = store.keep(plan, _asked(clock))
    save_approval(kept.folder / "plan.one.approval.json", _approval(plan, plan_digest="sha256:00"))
    save_approval(kept.folder / "plan.two.approval.json", _approval(plan, expires_at=clock.now))
    (kept.folder / "plan.three.approval.json").write_text("{}")
    found = store.find(plan.code)
    assert (len(found.approvals), found.standing(clock.now)) == (1, PlanStanding.WAITING)


def test_two_people_are_two_keys(store: PendingPlans, clock: Clock, made: Callable[..., ChangePlan]) -> None:
    """One key that signs twice is one person."""
    plan = made(obligation=Obligation(approval=Approval.TWO_PERSON))
    kept = store.keep(plan, _asked(clock))
    seen = []
    for number, key in enumerate(("aa", "aa", "bb")):
        save_approval(kept.folder / f"plan.{number}.approval.json", _approval(plan, key, nonce=str(number)))
        seen.append(store.find(plan.code).approvals_missing)
    assert seen == [1, 1, 0]


def test_a_flood_is_refused(store: PendingPlans, clock: Clock, made: Callable[..., ChangePlan]) -> None:
    """One client can make a person read so many plans and no more, and all clients together as well."""
    for number in range(MOST_WAITING_OF_ONE):
        store.keep(made(f"mine-{number}"), _asked(clock))
    with pytest.raises(NotApproved) as mine:
        store.keep(made("one more"), _asked(clock))
    for number in range(MOST_WAITING - MOST_WAITING_OF_ONE):
        store.keep(made(f"theirs-{number}"), _asked(clock, f"client-{number}"))
    with pytest.raises(NotApproved) as everybody:
        store.keep(made("yet one more"), _asked(clock, "newcomer"))
    assert (mine.value.code, everybody.value.code) == ("too-many-pending", "too-many-pending")


def test_what_is_long_over_is_forgotten(store: PendingPlans, clock: Clock, made: Callable[..., ChangePlan]) -> None:
    """A week after a plan expired, its folder goes with the next one that is kept."""
    old = store.keep(made("old"), _asked(clock))
    clock.now = old.plan.expires_at + KEPT_FOR + timedelta(seconds=1)
    new = store.keep(made("new"), _asked(clock))
    assert (store.list(), old.folder.exists()) == ((new,), False)


def test_a_list_of_what_waits_leaves_out_what_is_over(
    store: PendingPlans, clock: Clock, made: Callable[..., ChangePlan]
) -> None:
    """A plan that ran or was declined is in the list of every plan alone, damaged or not."""
    waits, ran, declined = (store.keep(made(nonce), _asked(clock)) for nonce in "abc")
    store.end(ran, "applied")
    store.decline(declined, "human:ana", "no")
    assert {one.folder for one in store.list()} == {waits.folder, ran.folder, declined.folder}
    assert store.list(every=False) == (waits,)
    (ran.folder / "ended.json").write_text("{")
    assert (store.list(every=False), len(store.list())) == ((waits,), 2)


@pytest.mark.parametrize("name", ["plan.json", "asked.json", "declined.json"])
def test_a_damaged_plan_is_no_plan(
    store: PendingPlans, clock: Clock, made: Callable[..., ChangePlan], name: str
) -> None:
    """A file that was cut or changed takes its plan off the list; the others stay."""
    broken, whole = store.keep(made("a"), _asked(clock)), store.keep(made("b"), _asked(clock))
    (broken.folder / name).write_text('{"by": ')
    assert store.list() == (whole,)


def test_a_plan_under_another_name_is_refused(
    store: PendingPlans, clock: Clock, made: Callable[..., ChangePlan]
) -> None:
    """A whole plan that is moved to where another one was is not taken for it."""
    one, other = store.keep(made("a"), _asked(clock)), store.keep(made("b"), _asked(clock))
    one.file.write_bytes(other.file.read_bytes())
    with pytest.raises(NotApproved, match="another plan"):
        store.find(one.plan.code)


def test_a_folder_that_others_can_write_to_is_not_believed(
    store: PendingPlans, clock: Clock, made: Callable[..., ChangePlan]
) -> None:
    """Somebody else could take a no away there."""
    store.keep(made(), _asked(clock))
    store.folder.chmod(0o777)
    with pytest.raises(NotOwn):
        store.list()
