"""Whether the audit log and the journal of changes speak of the same changes: who deletes one of them is noticed.

Comes in: settings. Goes out: the changes that no record names, and those on record that the journal has lost; or
``AuditError``, and nothing is changed. A plan's digest is recorded before the change is begun, and the journal keeps
the change before its intent is recorded, so a run that stops at any moment leaves neither without the other. Changes
that are older than what retention left of the log are not asked for; a home that was moved brings both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentops.app.changes import journal_of
from agentops.core.clock import utc_now
from agentops.core.errors import AuditError
from agentops.core.text import plural
from agentops.store.changes import ChangeRecord, short_change

if TYPE_CHECKING:
    from agentops.config import Settings

_NAMED = 3


def unrecorded_changes(settings: Settings) -> tuple[ChangeRecord, ...]:
    """Return the changes of the journal that no record of the audit log names, oldest first.

    Raises:
        AuditError: the log cannot be read.
        StoreError: the journal cannot be read.
    """
    from agentops.audit.verify.mentions import unmentioned

    kept = journal_of(settings, utc_now).list()
    if not kept:
        return ()
    found = unmentioned(settings.folders.audit, [record.digest for record in kept])
    # Both are RFC 3339 in UTC of one width.
    return tuple(
        record
        for record in reversed(kept)
        if record.digest in found.digests and not (found.since and record.claimed_at < found.since)
    )


def lost_changes(settings: Settings) -> tuple[str, ...]:
    """Return the ids of the changes whose intent is on record and that the journal does not keep, oldest first.

    Raises:
        AuditError: the log cannot be read.
        StoreError: the journal cannot be read.
    """
    from agentops.audit.read import Query, read_records

    # The log first: what is begun meanwhile is in the journal before it is on record.
    begun = {
        str(record.payload.get("digest")): str(record.payload.get("change"))
        for record in read_records(settings.folders.audit, Query(event="intent", text='"intent"'))
    }
    if not begun:
        return ()
    kept = {record.digest for record in journal_of(settings, utc_now).list()}
    return tuple(change for digest, change in begun.items() if digest not in kept)


def require_changes_recorded(settings: Settings) -> None:
    """Raise unless the audit log speaks of every change of the journal, and the journal keeps every one on record.

    Raises:
        AuditError: one of them was deleted, put back or begun anew. Nothing is changed on top of that.
        StoreError: the journal cannot be read.
    """
    changes = settings.folders.data / "changes"
    missing = unrecorded_changes(settings)
    if missing:
        raise AuditError(
            f"the audit log in {settings.folders.audit} does not speak of {unrecorded_words(missing)}: it was begun "
            "anew or put back, or somebody else wrote the change",
            hint="Put it back whole from a copy (agentops audit export). To begin anew on purpose, move the folder "
            f"{changes} away as well.",
            code="audit-unknown-change",
        )
    lost = lost_changes(settings)
    if lost:
        raise AuditError(
            f"{lost_words(lost)}: {changes} was deleted or put back, and with it which approvals were used and which "
            "changes are open",
            hint=f"Put {changes} back from a copy. To begin anew on purpose, look at the objects of these changes "
            f"(agentops audit log --event intent), then move the folder {settings.folders.audit} away as well.",
            code="audit-lost-change",
        )


def lost_words(lost: tuple[str, ...]) -> str:
    """Return which changes are lost: ``2 changes on record are not in the journal: 7Q4M0ZKD, ...``."""
    names = ", ".join(map(short_change, lost[:_NAMED])) + (" ..." if len(lost) > _NAMED else "")
    return f"{plural(len(lost), 'change')} on record {'is' if len(lost) == 1 else 'are'} not in the journal: {names}"


def unrecorded_words(missing: tuple[ChangeRecord, ...]) -> str:
    """Return which changes are missing: ``2 changes that were made: 7Q4M0ZKD, ...``."""
    names = ", ".join(record.short_id for record in missing[:_NAMED]) + (" ..." if len(missing) > _NAMED else "")
    return f"{plural(len(missing), 'change')} that the journal keeps: {names}"
