"""Refuses a preview that carries a credential: calls are shown, stored and signed, and plans are kept on disk.

Comes in: a preview. Goes out: the same preview, or one without its undo where only that holds a credential.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.core.errors import ToolInputError
from agentops.core.jsonable import to_json
from agentops.core.plan import Preview
from agentops.core.risk import Reversal
from agentops.guard.services import GuardServices

_UNKEPT = "its undo holds what looks like a credential, which is not kept: agentops cannot undo this"


def without_credentials(services: GuardServices, preview: Preview, tool: str) -> Preview:
    """Return the preview as one that may be shown and kept.

    Raises:
        ToolInputError: the calls themselves carry what looks like a credential.
    """
    calls, undo = to_json(preview.calls), to_json(preview.undo)
    if services.redactor.value(calls) != calls:
        raise ToolInputError(
            f"the calls of {tool} carry what looks like a credential",
            hint="Change it with the tool that manages it; agentops shows and stores what it sends.",
        )
    if services.redactor.value(undo) == undo:
        return preview
    return replace(preview, undo=(), reversal=Reversal.NONE, residue=(*preview.residue, _UNKEPT))
