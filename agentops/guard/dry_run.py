"""Stage 3, dry run: the provider validates the change and says what it would store. Nothing has an effect.

Comes in: ``Predicted``. Goes out: ``Previewed``. A preview whose calls carry a credential is refused; one whose way
back would have to be kept with a credential in it loses its undo, because plans are kept on disk. A trial that left
a trace is our own incident: it is recorded with the object as it was, and nothing further is begun until a person has
looked.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentops.core.clock import to_iso
from agentops.core.errors import PreviewWrote, ToolError
from agentops.core.jsonable import to_json
from agentops.core.plan import Change, Preview
from agentops.guard.credentials import without_credentials
from agentops.guard.notes import with_notes
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Predicted, Previewed


def dry_run(
    services: GuardServices, log: StageLog, state: Predicted, *, step: int, earlier: Sequence[Preview] = ()
) -> Previewed:
    """Return the change with the provider's preview, upon what the earlier steps of its plan will have made.

    Raises:
        ToolInputError: the arguments do not fit what is there.
        ToolError: the provider refuses the change.
        PreviewWrote: the trial had an effect; everything stops.
    """
    change = state.change
    try:
        preview = without_credentials(services, try_out(services, log, change, step=step, earlier=earlier), change.tool)
        preview = with_notes(services, change, preview)
    except ToolError as error:
        log.failed("dry-run", error.message, step=step, change=change)
        raise
    words = "validated by the server" if preview.validated else "checked by reading; not tried on the provider"
    log.passed("dry-run", words, step=step, change=change, calls=preview.calls, undo=preview.undo)
    return Previewed(predicted=state, preview=preview)


def try_out(
    services: GuardServices, log: StageLog, change: Change, *, step: int, earlier: Sequence[Preview] = ()
) -> Preview:
    """Return the provider's own preview of a change; without ``earlier``, on the live objects.

    Raises:
        ToolError: as ``ChangeTool.preview``.
        PreviewWrote: the trial had an effect; it is in the audit chain, and the journal begins no further change.
    """
    try:
        tool = services.tools[change.tool]
        return tool.preview(change, earlier) if earlier else tool.preview(change)
    except PreviewWrote as error:
        log.failed("dry-run", error.message, step=step, change=change, code=error.code)
        report = {"at": to_iso(services.clock()), "what": error.message, "call": error.call, "before": error.before}
        log.note("preview_wrote", report)
        services.journal.halt(services.redactor.value(to_json(report)))
        raise
