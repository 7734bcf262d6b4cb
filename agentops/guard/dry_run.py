"""Stage 2, dry run: the provider validates the change and says what it would store. Nothing has an effect.

Comes in: ``Allowed``. Goes out: ``Previewed``. A preview whose calls carry a credential is refused; one whose way back
would have to be kept with a credential in it loses its way back, because plans are kept on disk.
"""

from __future__ import annotations

from dataclasses import fields, replace

from agentops.core.errors import ToolError, ToolInputError
from agentops.core.jsonable import to_json
from agentops.core.plan import Preview
from agentops.core.risk import Reversal
from agentops.guard.parts import GuardParts, Trail
from agentops.guard.states import Allowed, Previewed

_UNKEPT = "its way back holds what looks like a credential, which is not kept: agentops cannot undo this"


def dry_run(parts: GuardParts, trail: Trail, state: Allowed, *, step: int) -> Previewed:
    """Return the change with the provider's preview.

    Raises:
        ToolInputError: the arguments do not fit what is there.
        ToolError: the provider refuses the change, or the caller may not make it.
    """
    change = state.change
    try:
        preview = _without_credentials(parts, parts.tools[change.tool].preview(change), change.tool)
        missing = parts.missing_permissions(preview)
    except ToolError as error:
        trail.failed("dry-run", error.message, step=step, change=change)
        raise
    if missing:
        trail.failed("dry-run", "permissions are missing", step=step, missing=missing)
        raise ToolError(
            f"you may not do what {change.tool} needs: {'; '.join(missing)}",
            hint="Ask for these permissions, or use an identity that has them.",
            code="forbidden",
        )
    words = "validated by the server" if preview.validated else "not validated: this provider cannot dry-run it"
    trail.passed("dry-run", words, step=step, change=change, calls=preview.calls, undo=preview.undo)
    inherited = {item.name: getattr(state, item.name) for item in fields(Allowed)}
    return Previewed(**inherited, preview=preview)


def _without_credentials(parts: GuardParts, preview: Preview, tool: str) -> Preview:
    calls, undo = to_json(preview.calls), to_json(preview.undo)
    if parts.redactor.value(calls) != calls:
        raise ToolInputError(
            f"the calls of {tool} carry what looks like a credential",
            hint="Change it with the tool that manages it; agentops shows and stores what it sends.",
        )
    if parts.redactor.value(undo) == undo:
        return preview
    return replace(preview, undo=(), reversal=Reversal.NONE, residue=(*preview.residue, _UNKEPT))
