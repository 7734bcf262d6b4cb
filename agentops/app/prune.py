"""The use case ``history prune``: which old incidents nobody needs any more, and their removal, recorded first.

Comes in: settings, and how old is old. Goes out: what would be removed, what is kept and why. Changes and the audit log
are never touched: what was done stays known, with the digests of the evidence that it rested on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from agentops.app.audit_run import record
from agentops.app.changes import journal_of
from agentops.app.history import IncidentSummary, summary_of
from agentops.core.clock import utc_now
from agentops.core.errors import StoreError
from agentops.store.incidents import Incidents

if TYPE_CHECKING:
    from agentops.config import Settings

_CHANGED = "a change was made for it"
_DRAFTED = "it has drafts that were not applied"
_UNREADABLE = "it cannot be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prunable:
    """What can go, oldest first, and the ids of old incidents that stay, each with the reason."""

    older_than_s: int
    remove: tuple[IncidentSummary, ...]
    keep: tuple[tuple[str, str], ...]


def prunable(settings: Settings, older_than_s: int, now: datetime) -> Prunable:
    """Return the incidents that were opened longer ago than ``older_than_s`` seconds, and which of them can go.

    Raises:
        StoreError: the folder or the journal of changes cannot be read, so nobody knows what is needed.
    """
    changed = {one.plan.intent.incident for one in journal_of(settings, utc_now).list()}
    remove, keep = [], []
    for folder in reversed(Incidents(settings.folders.incidents, utc_now).list()):
        try:
            if now - folder.incident.opened_at < timedelta(seconds=older_than_s):
                continue
            why = _CHANGED if folder.id in changed else _DRAFTED if folder.drafts() else ""
        except StoreError:
            why = _UNREADABLE
        if why:
            keep.append((folder.id, why))
        else:
            remove.append(summary_of(folder))
    return Prunable(older_than_s=older_than_s, remove=tuple(remove), keep=tuple(keep))


def prune(settings: Settings, found: Prunable) -> None:
    """Remove what can go.

    Raises:
        AuditError: it could not be recorded; nothing is removed.
        StoreError: one could not be removed; those before it are.
    """
    names = [one.id for one in found.remove]
    record(settings, "incidents_pruned", {"incidents": names, "older_than_s": found.older_than_s})
    store = Incidents(settings.folders.incidents, utc_now)
    for name in names:
        store.remove(name)
