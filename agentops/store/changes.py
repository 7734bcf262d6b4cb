"""The journal of changes: one folder per plan that was run, from its intent to its end.

Comes in: approved plans, at the moment before they run; how they ended. Goes out: the same, and which are open: begun
and not ended. Layout of ``FOLDER/<hex digest of the plan>/``::

    change.json    id, digest, the whole plan, when and by which process it was claimed
    closed.json    how it ended; its absence means that the change is open

and ``FOLDER/halted/*.json``: trials that should have had no effect and had one; while one is there, nothing is begun.

The folder is made aside and renamed into place, so a plan's digest is spent in the same step that keeps the plan, and
a second claim of it fails. One process at a time changes things: it holds the lock until it ends and says in it who it
is and what it does; and what another one left open is looked for under the lock, for it may have died since this one
began. Nothing here redacts: plans come in the form that may be kept.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentops.core.clock import Clock, to_iso
from agentops.core.digest import digest
from agentops.core.durable_files import replace_file, sync_folder
from agentops.core.errors import Busy, InDoubt, NotApproved, StoreError, UsageError
from agentops.core.jsonable import from_json, to_json
from agentops.core.plan import ChangePlan, code_of
from agentops.core.text import one_line, plural
from agentops.store.files import document, explained, intact

_SCHEMA = "agentops/change/v1"
_MOST_BYTES = 4096
LAST = "last"
"""What stands for the newest change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord:
    """One change as the journal keeps it; ``result`` is None while it is open.

    ``digest`` is of the plan as it was run and recorded; of a plan of an older version, ``plan`` is what it says today
    and has another one.
    """

    id: str
    digest: str
    plan: ChangePlan
    claimed_at: str
    result: Mapping[str, Any] | None

    @property
    def is_open(self) -> bool:
        """Whether it was started and its end is not recorded."""
        return self.result is None

    @property
    def short_id(self) -> str:
        """The code of its plan, with which the id ends: ``7Q4M0ZKD``; what people type."""
        return short_change(self.id)


def short_change(change_id: str) -> str:
    """Return the end of a change's id, which is the code of its plan."""
    return change_id.rpartition("-")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """The report of a trial that had an effect: what was seen, the call, and the object as it was ``before`` it."""

    path: Path
    report: Mapping[str, Any]


class Changes:
    """All changes that are kept under one folder, and the one lock under which things are changed.

    Arguments:
        folder: made when the first change is claimed.
        clock: the time of records.
        who: whoever runs this process, for those who find it locked: ``human:ana``.
    """

    def __init__(self, folder: Path, clock: Clock, who: str = "") -> None:
        self.folder = folder
        self._clock = clock
        self._who = who
        self._lock = -1
        self._alone = False

    def claim(self, plan: ChangePlan, change_id: str) -> None:
        """Spend the plan's digest and keep the plan, in one durable step, and take the lock.

        Raises:
            NotApproved: the digest was spent before; the message names the change that did.
            Busy: another process is changing something now.
            InDoubt: another change is open, and this plan does not roll back one that is; or a dry run had an effect,
                and no person has closed its report.
            StoreError: it could not be written; nothing counts as spent.
        """
        final = self.folder / plan.digest.removeprefix("sha256:")
        draft = self.folder / f".{final.name}.{os.getpid()}"
        with explained(final, "create"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            now = to_iso(self._clock())
            self._take_lock(f"change {change_id}: {_outline(plan)}", now)
            self._require_none_open(plan)
            kept = {
                "schema": _SCHEMA,
                "id": change_id,
                "digest": plan.digest,
                "claimed_at": now,
                "pid": os.getpid(),
                "plan": to_json(plan),
            }
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(mode=0o700)
            replace_file(draft / "change.json", document(kept))
            try:
                draft.rename(final)
            except OSError as error:
                shutil.rmtree(draft, ignore_errors=True)
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                raise NotApproved(
                    f"this plan was already run, as change {self._read(final).id}",
                    hint="An approval is valid once. Make the plan again: agentops fix --dry-run",
                    code="spent",
                ) from error
            sync_folder(self.folder)

    def close(self, change_id: str, result: Mapping[str, Any]) -> None:
        """Record how the change ended, and let go of the lock.

        Raises:
            UsageError: there is no such change.
            StoreError: it could not be written; the change stays open.
        """
        place = self._place(self.find(change_id))
        with explained(place, "close"):
            replace_file(place / "closed.json", document({**result, "closed_at": to_iso(self._clock())}))
        self.release()

    def halt(self, report: Mapping[str, Any]) -> None:
        """Keep the report of a trial that had an effect; nothing is begun until ``resume``.

        Raises:
            StoreError: it could not be written.
        """
        folder = self.folder / "halted"
        path = folder / f"{to_iso(self._clock()).replace(':', '')}-{os.getpid()}.json"
        with explained(path, "create"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(path, document(report))
            sync_folder(folder)

    def halted(self) -> tuple[Halt, ...]:
        """Return the reports that no person has closed, oldest first.

        Raises:
            StoreError: they cannot be read.
        """
        folder = self.folder / "halted"
        with explained(folder, "list"):
            paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
        found = []
        for path in paths:
            with explained(path, "read"), intact(path):
                found.append(Halt(path=path, report=_mapping(path.read_bytes())))
        return tuple(found)

    def resume(self, halt: Halt) -> None:
        """Close a report: a person has looked at the object. The file is kept beside, for whoever asks later.

        Raises:
            StoreError: it could not be moved.
        """
        with explained(halt.path, "close"):
            halt.path.rename(halt.path.with_suffix(".closed"))
            sync_folder(halt.path.parent)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock over several steps: nobody else begins or ends a change meanwhile.

        Raises:
            Busy: another process is changing something now.
            StoreError: the lock cannot be written.
        """
        with explained(self.folder, "lock"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_lock("looking at changes that were left open", to_iso(self._clock()))
        self._alone = True
        try:
            yield
        finally:
            self._alone = False
            self.release()

    def release(self) -> None:
        """Let go of the lock, unless it is held over several steps; what is open stays open."""
        if self._lock >= 0 and not self._alone:
            os.close(self._lock)
            self._lock = -1

    def list(self) -> tuple[ChangeRecord, ...]:
        """Return every change, newest first.

        Raises:
            StoreError: the folder cannot be read, or a record in it is damaged.
        """
        with explained(self.folder, "list"):
            if not self.folder.is_dir():
                return ()
            places = [entry for entry in self.folder.iterdir() if entry.is_dir() and not _is_aside(entry)]
        return tuple(sorted(map(self._read, places), key=lambda found: (found.claimed_at, found.id), reverse=True))

    def open_ones(self) -> tuple[ChangeRecord, ...]:
        """Return the changes that were begun and have no end, oldest first."""
        return tuple(found for found in reversed(self.list()) if found.is_open)

    def find(self, change_id: str) -> ChangeRecord:
        """Return the change of that id; its beginning or end, or the beginning of its plan's code, will do when only
        one has it; ``last``: the newest.

        Raises:
            UsageError: none, or several.
        """
        known, wanted = self.list(), change_id.upper()
        if change_id.lower() == LAST:
            fitting = list(known[:1])
        else:
            exact = [found for found in known if wanted in (found.id, code_of(found.digest))]
            fitting = exact or [found for found in known if wanted and _is_part_of(found, wanted)]
        if len(fitting) == 1:
            return fitting[0]
        shown = one_line(change_id, 60)
        if not fitting:
            newest = f"The newest is {known[0].short_id}; agentops changes lists them." if known else ""
            hint = newest or "There are none yet."
            raise UsageError(f"no change begins or ends with {shown!r}", hint=hint, code="no-such-change")
        names = ", ".join(found.id for found in fitting[:5]) + (" ..." if len(fitting) > 5 else "")
        raise UsageError(
            f"{plural(len(fitting), 'change')} begin or end with {shown!r}: {names}",
            hint="Give more of the id.",
            code="ambiguous-change",
        )

    def is_busy(self) -> bool:
        """Return whether another process is changing something now.

        Raises:
            StoreError: the lock cannot be looked at.
        """
        return bool(self.holder())

    def holder(self) -> str:
        """Return which other process is changing something now, since when, and what; empty when none is.

        Raises:
            StoreError: the lock cannot be looked at.
        """
        path = self.folder / "lock"
        if self._lock >= 0 or not path.exists():
            return ""
        with explained(path, "read"):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(os.pread(descriptor, _MOST_BYTES, 0))
        finally:
            os.close(descriptor)
        return ""

    def _require_none_open(self, plan: ChangePlan) -> None:
        """Raise unless nothing is open, or the plan rolls back what is: that is how it is closed."""
        found = self.open_ones()
        if plan.rolls_back in {record.id for record in found}:
            return
        if halts := self.halted():
            # Another process may have left it since this one looked.
            self.release()
            raise InDoubt(
                "an earlier dry run changed the cluster, and nobody has checked it yet",
                hint=f"How the object was stands in {halts[0].path}. Then close it: agentops recover --keep",
                code="preview-wrote",
            )
        if found:
            self.release()
            raise InDoubt(
                f"change {found[0].id} was started but not finished",
                hint="See what was changed and close it: agentops recover",
                code="open-change",
            )

    def _take_lock(self, doing: str, now: str) -> None:
        if self._lock >= 0:
            return
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(os.pread(descriptor, _MOST_BYTES, 0))
            os.close(descriptor)
            raise Busy(holder) from error
        self._lock = descriptor
        said = {"pid": os.getpid(), "who": self._who, "since": now, "doing": one_line(doing, 300)}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(said).encode(), 0)

    def _place(self, found: ChangeRecord) -> Path:
        return self.folder / found.digest.removeprefix("sha256:")

    def _read(self, place: Path) -> ChangeRecord:
        path, closed = place / "change.json", place / "closed.json"
        with explained(path, "read"), intact(path):
            kept = _mapping(path.read_bytes())
            written = kept.get("plan")
            plan = from_json(ChangePlan, _upgraded(written))
            change_id, claimed_at = (from_json(str, kept.get(name)) for name in ("id", "claimed_at"))
        with explained(closed, "read"), intact(closed):
            result = _mapping(closed.read_bytes()) if closed.exists() else None
        # Over what was written, so that plans of every version are held to what was approved.
        digest_written = digest(written)
        if digest_written.removeprefix("sha256:") != place.name:
            raise StoreError(
                f"{path} is not the plan that was run: its digest differs", hint="Compare the audit chain."
            )
        return ChangeRecord(id=change_id, digest=digest_written, plan=plan, claimed_at=claimed_at, result=result)


def _upgraded(plan: Any) -> Any:
    """Return a plan as it would be written today: up to version 2 it named one cluster and no provider."""
    if not isinstance(plan, dict) or "scopes" in plan:
        return plan
    steps = [_upgraded_step(step) for step in plan.get("steps") or ()]
    where = {"place": plan.get("context"), "server": plan.get("cluster"), "options": f"--context {plan.get('context')}"}
    return {**plan, "steps": steps, "scopes": [{"provider": "kubernetes", **where}]}


def _upgraded_step(step: Any) -> Any:
    """Return a step with its blast radius in today's words; up to version 2 it spoke of pods and namespaces alone."""
    if not isinstance(step, dict) or not isinstance(step.get("blast_radius"), dict):
        return step
    old = dict(step["blast_radius"])
    new = {
        "instances": old.pop("pods", None),
        "instances_total": old.pop("pods_total", None),
        "unit": "pod",
        "groups": old.pop("namespaces", []),
        "group_unit": "namespace",
        "fronts": [*old.pop("services", []), *old.pop("ingresses", [])],
        "controllers": old.pop("scalers", []),
        "detail": {"disruption budget": old.pop("budgets", [])},
    }
    return {**step, "blast_radius": {**old, **new}}


def _is_part_of(found: ChangeRecord, wanted: str) -> bool:
    """Return whether an id begins or ends with what was typed, or the code of its plan begins with it."""
    return found.id.startswith(wanted) or found.id.endswith(wanted) or code_of(found.digest).startswith(wanted)


def _is_aside(entry: Path) -> bool:
    """Return whether a folder of the journal is no change: one that is being made, or the reports of halts."""
    return entry.name.startswith(".") or entry.name == "halted"


def _holder(data: bytes) -> str:
    """Return who holds the lock, by what is written in it; a lock that says nothing is held all the same."""
    try:
        said = _mapping(data)
    except ValueError:
        return "it does not say which"
    words = {name: one_line(str(said.get(name) or "unknown"), 300) for name in ("pid", "who", "since", "doing")}
    return f"pid {words['pid']} of {words['who']}, since {words['since']}, {words['doing']}"


def _outline(plan: ChangePlan) -> str:
    return "; ".join(f"{step.change.tool} on {step.change.target.short}" for step in plan.steps)


def _mapping(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("it holds no object")
    return found
