"""Pending plans: what somebody else's agent asked for and a person has not decided yet; one folder a plan, by digest.

Comes in: a plan and who asked for it; later approvals, a decline, how it ended. Goes out: the same, in this process or
another one. Layout of ``FOLDER/<hex digest of the plan>/``::

    plan.json               the plan, in the form that ``agentops approve`` takes
    asked.json              who asked for it, through which door, and when
    plan.NAME.approval.json a signed approval; ``agentops approve`` writes it beside the plan
    declined.json           who said no, when, and why; from then on no approval counts
    ended.json              what came of it; the journal of changes knows the rest

A folder appears whole or not at all. Nothing here makes a plan run: whoever applies it reads plan and approvals again,
and the guard checks every field of both. What an agent says of itself (its name) is kept as a claim.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from agentops.core.approval import SignedApproval
from agentops.core.clock import Clock
from agentops.core.durable_files import create_file, locked_folder, make_folder, replace_file, sync_folder
from agentops.core.errors import AgentopsError, Busy, NotApproved, StoreError, UsageError
from agentops.core.foreign_documents import read_json
from agentops.core.foreign_files import read_foreign
from agentops.core.jsonable import from_json, to_json
from agentops.core.own_files import require_own_folder
from agentops.core.plan import Approval, ChangePlan, code_of
from agentops.core.text import one_line, plural
from agentops.store.files import document, explained, intact
from agentops.store.plans import load_approval, load_plan, plan_file

MOST_WAITING = 50
"""How many plans may wait for a person at a time; a list that nobody reads to its end is no protection."""
MOST_WAITING_OF_ONE = 10
"""How many of them one client may have asked for."""
KEPT_FOR = timedelta(days=7)
"""How long a plan that is over stays in the list of those that were decided."""
_MOST_BYTES = 64 * 1024
_LEAST_CODE = 4
_DECLINED, _ENDED = "declined.json", "ended.json"


class PlanStanding(StrEnum):
    """How a pending plan stands: nobody has decided, enough have agreed, somebody said no, it is too late, it ran."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBy:
    """Who asked for a plan: ``client`` is what the program says its name is, ``door`` how it came in (``mcp-stdio``),
    ``on_behalf_of`` the person whose process it talks to. ``simulated``: it is for a sandbox."""

    client: str
    door: str
    on_behalf_of: str
    at: datetime
    run: str = ""
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """A no, and who said it."""

    by: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEnd:
    """What came of a plan: ``status`` is an ``Outcome``'s, or ``stale``; ``change`` the id of what ran."""

    status: str
    at: datetime
    change: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingPlan:
    """A plan that was asked for, and everything that was said of it since. ``folder`` is where it is kept."""

    plan: ChangePlan
    asked: AskedBy
    folder: Path
    approvals: tuple[SignedApproval, ...] = ()
    declined: Decline | None = None
    ended: PlanEnd | None = None

    @property
    def file(self) -> Path:
        """The plan's file, as ``agentops approve`` takes it."""
        return self.folder / "plan.json"

    @property
    def approvals_missing(self) -> int:
        """How many more keys must sign; whether those that did are trusted is for the guard."""
        wanted = 2 if self.plan.obligation.approval is Approval.TWO_PERSON else 1
        return max(0, wanted - len({one.key_id for one in self.approvals}))

    def standing(self, now: datetime) -> PlanStanding:
        """Return how it stands at ``now``; a no beats every yes."""
        if self.ended is not None:
            return PlanStanding.ENDED
        if self.declined is not None:
            return PlanStanding.DECLINED
        if now >= self.plan.expires_at:
            return PlanStanding.EXPIRED
        usable = [one for one in self.approvals if now < one.expires_at]
        return PlanStanding.APPROVED if usable and not self.approvals_missing else PlanStanding.WAITING


class PendingPlans:
    """All pending plans that are kept under one folder.

    Arguments:
        folder: made when the first plan is kept.
        clock: the time of records.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock

    def keep(self, plan: ChangePlan, asked: AskedBy) -> PendingPlan:
        """Keep a plan until it is decided, and forget those that are long over.

        Raises:
            NotApproved: too many wait already, or this client has asked for too many.
            StoreError: it could not be written.
        """
        final = self._place(plan.digest)
        with explained(final, "create"):
            make_folder(self.folder)
            require_own_folder(self.folder)
            # Two who count at the same time would both see room for one more.
            with locked_folder(self.folder):
                self._forget_old()
                self._require_room(asked.client)
                draft = self.folder / f".{final.name}.{os.getpid()}"
                shutil.rmtree(draft, ignore_errors=True)
                draft.mkdir(mode=0o700)
                try:
                    replace_file(draft / "plan.json", document(plan_file(plan)))
                    replace_file(draft / "asked.json", document(to_json(asked)))
                    draft.rename(final)
                except OSError:
                    shutil.rmtree(draft, ignore_errors=True)
                    raise
                sync_folder(self.folder)
        return PendingPlan(plan=plan, asked=asked, folder=final)

    def list(self, *, every: bool = True) -> tuple[PendingPlan, ...]:
        """Return the plans that are kept, the newest first; one whose files are damaged is left out: nothing of it
        can be approved or run.

        Arguments:
            every: those that ran or were declined, too; else they are not read, for who watches looks each second.

        Raises:
            StoreError: the folder cannot be read.
            NotOwn: others can write to it.
        """
        found = []
        for place in self._places():
            try:
                if every or not _is_over(place):
                    found.append(self._read(place))
            except AgentopsError:
                continue
        return tuple(sorted(found, key=lambda one: (one.asked.at, one.folder.name), reverse=True))

    def find(self, text: str) -> PendingPlan:
        """Return the plan of this digest or code; the beginning of a code will do where one plan alone has it.

        Raises:
            UsageError: there is none, or several.
            NotApproved: its file was changed after it was made.
            StoreError: it cannot be read.
        """
        wanted = text.strip()
        fitting = [one for one in self._places() if _is_meant(one.name, wanted)]
        shown = one_line(text, 80)
        if not fitting:
            hint = "agentops approvals lists those that wait."
            raise UsageError(f"there is no pending plan {shown!r}", hint=hint, code="no-such-plan")
        if len(fitting) > 1:
            raise UsageError(f"{plural(len(fitting), 'plan')} begin with {shown!r}", hint="Give the whole code.")
        return self._read(fitting[0])

    @contextmanager
    def applying(self, pending: PendingPlan) -> Iterator[None]:
        """Hold a plan while it is applied: whoever comes second would take what the first did for a stale plan.

        Raises:
            Busy: somebody is applying it.
            StoreError: it cannot be held.
        """
        with explained(pending.folder, "lock"):
            descriptor = os.open(pending.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(f"plan {pending.plan.code} is being applied already") from error
            yield
        finally:
            os.close(descriptor)

    def decline(self, pending: PendingPlan, by: str, why: str) -> None:
        """Keep that somebody said no; the first no stands.

        Raises:
            StoreError: it could not be written.
        """
        self._say(pending, _DECLINED, Decline(by=by, why=one_line(why, 300), at=self._clock()))

    def end(self, pending: PendingPlan, status: str, *, change: str = "", why: str = "") -> None:
        """Keep what came of a plan; the first end stands.

        Raises:
            StoreError: it could not be written.
        """
        self._say(pending, _ENDED, PlanEnd(status=status, change=change, why=one_line(why, 300), at=self._clock()))

    def _say(self, pending: PendingPlan, name: str, value: Decline | PlanEnd) -> None:
        path = pending.folder / name
        with explained(path, "write"):
            try:
                create_file(path, document(to_json(value)))
            except FileExistsError:
                return

    def _place(self, digest: str) -> Path:
        return self.folder / digest.removeprefix("sha256:")

    def _places(self) -> tuple[Path, ...]:
        with explained(self.folder, "list"):
            if not self.folder.is_dir():
                return ()
            require_own_folder(self.folder)
            return tuple(one for one in self.folder.iterdir() if not one.name.startswith(".") and one.is_dir())

    def _read(self, place: Path) -> PendingPlan:
        plan = load_plan(place / "plan.json")
        if self._place(plan.digest) != place:
            raise NotApproved(f"{place} holds another plan than its name says", code="plan-altered")
        asked = self._value(place / "asked.json", AskedBy)
        if asked is None:
            raise StoreError(f"{place} does not say who asked", hint="Move the folder away to go on without it.")
        return PendingPlan(
            plan=plan,
            asked=asked,
            folder=place,
            approvals=tuple(self._approvals(place, plan.digest)),
            declined=self._value(place / _DECLINED, Decline),
            ended=self._value(place / _ENDED, PlanEnd),
        )

    def _approvals(self, place: Path, digest: str) -> Iterator[SignedApproval]:
        for path in sorted(place.glob("plan.*.approval.json")):
            try:
                approval = load_approval(path)
            except AgentopsError:
                continue  # It is not one: the plan waits for another.
            if approval.plan_digest == digest:
                yield approval

    def _value(self, path: Path, kind: type[Any]) -> Any:
        if not path.exists():
            return None
        data = read_foreign(path, "a record of a pending plan", _MOST_BYTES, error=StoreError)
        with intact(path):
            found = read_json(data)
            if not isinstance(found, Mapping):
                raise ValueError("it is no object")
            return from_json(kind, found)

    def _require_room(self, client: str) -> None:
        waiting = [one for one in self.list(every=False) if one.standing(self._clock()) is PlanStanding.WAITING]
        mine = [one for one in waiting if one.asked.client == client]
        if len(waiting) >= MOST_WAITING or len(mine) >= MOST_WAITING_OF_ONE:
            who = f"{one_line(client, 60)!r} has" if len(mine) >= MOST_WAITING_OF_ONE else "there are"
            raise NotApproved(
                f"{who} too many plans that wait for a person already ({len(mine)} of {len(waiting)})",
                hint="A person decides them first: agentops approvals",
                code="too-many-pending",
            )

    def _forget_old(self) -> None:
        """Remove what is long over; what cannot be read goes by the age of its folder."""
        now = self._clock()
        for place in self._places():
            try:
                over = self._read(place).plan.expires_at
            except AgentopsError:
                over = datetime.fromtimestamp(place.stat().st_mtime, tz=now.tzinfo)
            if over + KEPT_FOR < now:
                shutil.rmtree(place, ignore_errors=True)


def _is_over(place: Path) -> bool:
    with explained(place, "read"):
        return (place / _DECLINED).exists() or (place / _ENDED).exists()


def _is_meant(name: str, wanted: str) -> bool:
    """Return whether a folder's name is the digest that is wanted, or its plan's code begins so."""
    if wanted.removeprefix("sha256:") == name:
        return True
    try:
        code = code_of(name)
    except ValueError:
        return False
    return len(wanted) >= _LEAST_CODE and code.startswith(wanted.upper())
