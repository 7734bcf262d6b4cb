"""Whether the audit log speaks of every change that the journal keeps: a log that was begun anew does not.

Comes in: settings. Goes out: the changes that no record names; or ``AuditError``, and nothing is changed. A plan's
digest is recorded before the change is begun, so there is no moment at which a change is kept and the log does not know
it. Changes that are older than what retention left of the log are not asked for; a home that was moved brings both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentops.app.changes import journal_of
from agentops.core.clock import utc_now
from agentops.core.errors import AuditError
from agentops.core.text import plural
from agentops.store.changes import ChangeRecord

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


def require_changes_recorded(settings: Settings) -> None:
    """Raise unless the audit log speaks of every change that was made under it.

    Raises:
        AuditError: it does not: it was deleted, put back or begun anew. Nothing is changed on top of that.
        StoreError: the journal cannot be read.
    """
    missing = unrecorded_changes(settings)
    if missing:
        raise AuditError(
            f"the audit log in {settings.folders.audit} does not speak of {unrecorded_words(missing)}: it was begun "
            "anew or put back, or somebody else wrote the change",
            hint="Put it back whole from a copy (agentops audit export). To begin anew on purpose, move the folder "
            f"{settings.folders.data / 'changes'} away as well.",
            code="audit-unknown-change",
        )


def unrecorded_words(missing: tuple[ChangeRecord, ...]) -> str:
    """Return which changes are missing: ``2 changes that were made: 7Q4M0ZKD, ...``."""
    names = ", ".join(record.short_id for record in missing[:_NAMED]) + (" ..." if len(missing) > _NAMED else "")
    return f"{plural(len(missing), 'change')} that the journal keeps: {names}"
