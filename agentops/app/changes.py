"""The use case ``changes``: what was changed from here, newest first, and whether a change is open.

Comes in: settings, or a run. Goes out: the journal's records; or ``InDoubt``, because nothing new is begun on top of a
change whose end nobody knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.actor import current_actor
from agentops.core.clock import Clock, utc_now
from agentops.core.durable_files import reason
from agentops.core.errors import InDoubt, StoreError
from agentops.core.outcome import Status
from agentops.core.own_files import require_own_folder
from agentops.core.text import one_line, plural
from agentops.store.changes import ChangeRecord, Changes

if TYPE_CHECKING:
    from agentops.app.run import App
    from agentops.config import Settings


_CHANGE = re.compile(r"(\d{8}T\d{6}-)?[0-9A-Z]{4,16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedChange:
    """One change of the list; ``taken_back_by`` is the id of the change that rolled it back, empty where none did."""

    record: ChangeRecord
    taken_back_by: str = ""


def list_changes(settings: Settings, namespace: str = "") -> tuple[ListedChange, ...]:
    """Return every change that the journal holds, newest first.

    Arguments:
        namespace: only those that touch an object of it; empty for all.

    Raises:
        StoreError: the journal cannot be read.
    """
    known = journal_of(settings, utc_now).list()
    ways_back = {one.plan.rolls_back: one.id for one in known if one.plan.rolls_back and _is_applied(one)}
    return tuple(
        ListedChange(record=one, taken_back_by=ways_back.get(one.id, ""))
        for one in known
        if not namespace or any(step.change.target.namespace == namespace for step in one.plan.steps)
    )


def outcomes(settings: Settings) -> dict[str, str]:
    """Return what the newest change of each incident came to, by the incident's id: ``fixed`` or ``rolled-back``.

    ``fixed`` is what was applied, was verified and stands. Incidents of other changes are left out.

    Raises:
        StoreError: the journal cannot be read.
    """
    listed = list_changes(settings)
    by_id = {one.record.id: one for one in listed}

    def stands(one: ListedChange) -> bool:
        after = by_id.get(one.taken_back_by)
        return after is None or not stands(after)

    found: dict[str, str] = {}
    for one in listed:
        plan, result = one.record.plan, one.record.result or {}
        if not plan.intent.incident or plan.rolls_back or plan.intent.incident in found:
            continue
        if result.get("status") == Status.ROLLED_BACK.value or (_is_applied(one.record) and not stands(one)):
            found[plan.intent.incident] = Status.ROLLED_BACK.value
        else:
            healed = _is_applied(one.record) and result.get("verified") is True
            found[plan.intent.incident] = "fixed" if healed else ""
    return {incident: said for incident, said in found.items() if said}


def last_standing(settings: Settings) -> ListedChange | None:
    """Return the newest change that can be rolled back: applied, not rolled back since, and its cluster still there.

    Raises:
        StoreError: the journal cannot be read.
    """
    return next(
        (
            one
            for one in list_changes(settings)
            if _is_applied(one.record)
            and not one.taken_back_by
            and not one.record.plan.rolls_back
            # An embedded cluster ends with the run.
            and not one.record.plan.servers.startswith("sandbox:")
        ),
        None,
    )


def change_named(settings: Settings, text: str | None) -> ListedChange | None:
    """Return the change whose whole id, or whose plan's whole code, is ``text``; None when it is neither.

    No part of an id is enough here: that may be an incident's or a run's.

    Raises:
        StoreError: the journal cannot be read.
    """
    if text is None or not _CHANGE.fullmatch(text):
        return None
    return next((one for one in list_changes(settings) if text in (one.record.id, one.record.short_id)), None)


def _is_applied(record: ChangeRecord) -> bool:
    return (record.result or {}).get("status") == Status.APPLIED.value


def journal_of(settings: Settings, clock: Clock) -> Changes:
    """Return the journal of changes."""
    return Changes(settings.folders.data / "changes", clock, current_actor())


def require_own_journal(data: Path) -> None:
    """Raise where somebody else could take an approval that was used, or a change that is open, out of the journal.

    Raises:
        NotOwn: they could; the hint is the command that mends it.
        StoreError: it cannot be looked at.
    """
    try:
        require_own_folder(data / "changes")
    except OSError as error:
        raise StoreError(reason("look at", data / "changes", error)) from error


def require_nothing_open(app: App) -> None:
    """Raise unless every earlier change has ended.

    Raises:
        InDoubt: one is open, or a dry run had an effect; nothing new is begun on top of it.
    """
    halted = journal_of(app.settings, app.services.clock).halted()
    if halted:
        raise InDoubt(
            f"an earlier dry run changed the cluster: {one_line(str(halted[0].report.get('what')), 300)}",
            hint=f"Look at the object; how it was stands in {halted[0].path}. Then close it: agentops recover --keep",
            code="preview-wrote",
        )
    words = open_words(app.settings, app.services.clock)
    if words:
        raise InDoubt(words, hint="See what was changed and close it: agentops recover", code="open-change")


def open_words(settings: Settings, clock: Clock) -> str:
    """Return what is open, in one sentence; empty when nothing is, or when it is being worked on right now."""
    journal = journal_of(settings, clock)
    found = journal.open_ones()
    if not found or journal.is_busy():
        return ""
    names = ", ".join(record.short_id for record in found[:3])
    return f"{plural(len(found), 'change')} started but not finished: {names}"
