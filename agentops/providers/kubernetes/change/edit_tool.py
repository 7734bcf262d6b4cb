"""``@edits_object``: lets a change tool be a plain function from the live object to the object as it should be.

Comes in: a function that edits. Goes out: a function that previews the edit (``edit_preview.py``). It must never send
anything itself.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from agentops.core.plan import Preview
from agentops.providers.kubernetes.change.change_tool import ChangeFunction, CheckedChange
from agentops.providers.kubernetes.change.edit import EditFunction

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


def edits_object(edit: EditFunction) -> ChangeFunction:
    """Return the function that previews what ``edit`` makes of the live object."""

    @wraps(edit)
    def preview(context: ToolContext, change: CheckedChange) -> Preview:
        from agentops.providers.kubernetes.change.edit_preview import preview_edit

        return preview_edit(context, change, edit)

    return preview
