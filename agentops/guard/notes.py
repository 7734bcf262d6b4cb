"""Adds the owners' notes to a preview: quoted, redacted, and marked where they speak against the change.

Comes in: a change and its preview. Goes out: the preview with the notes of what the change acts on, and a warning for
each object whose notes could not be read. A change that a note speaks against is never milder than HIGH, so that policy
asks as it does for a grave one; no note makes anything milder, and policy reads none of their words.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.core.jsonable import from_json, to_json
from agentops.core.notes import speaks_against
from agentops.core.plan import Change, Note, Preview
from agentops.core.risk import Risk
from agentops.guard.services import GuardServices


def with_notes(services: GuardServices, change: Change, preview: Preview) -> Preview:
    """Return the preview with the owners' notes, what speaks against the change first.

    Raises:
        ToolError: the provider cannot say.
    """
    found, unread = services.notes_on(change, preview)
    clean = [from_json(Note, services.redactor.value(to_json(note))) for note in found]
    # Judged on what was written, shown as it may be kept.
    marked = [replace(shown, objects=speaks_against(note, change)) for note, shown in zip(found, clean, strict=True)]
    notes = tuple(sorted(marked, key=lambda note: not note.objects))
    least = Risk.HIGH if any(note.objects for note in notes) else Risk.LOW
    risk = max(preview.risk, least, key=lambda one: one.rank)
    return replace(preview, notes=notes, risk=risk, warnings=(*preview.warnings, *unread))
