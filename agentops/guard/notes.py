"""Notes of owners beside a preview: quoted, redacted, marked where they speak against the change. They decide nothing.

Comes in: a change and its preview. Goes out: the preview with the notes of what the change acts on, and a warning for
each object whose notes could not be read.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.core.jsonable import from_json, to_json
from agentops.core.notes import speaks_against
from agentops.core.plan import Change, Note, Preview
from agentops.guard.parts import GuardParts


def with_notes(parts: GuardParts, change: Change, preview: Preview) -> Preview:
    """Return the preview with the owners' notes, what speaks against the change first.

    Raises:
        ToolError: the provider cannot say.
    """
    found, unread = parts.notes_on(change, preview)
    clean = [from_json(Note, parts.redactor.value(to_json(note))) for note in found]
    # Judged on what was written, shown as it may be kept.
    marked = [replace(shown, objects=speaks_against(note, change)) for note, shown in zip(found, clean, strict=True)]
    notes = tuple(sorted(marked, key=lambda note: not note.objects))
    return replace(preview, notes=notes, warnings=(*preview.warnings, *unread))
