"""``kubernetes_annotate``: annotations of the object itself, not of its pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.risk import Risk
from agentops.providers.kubernetes.change.declaration import change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.change.metadata_edits import MARKS, with_marks

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


@change_tool(
    "kubernetes_annotate",
    "Set or remove annotations of the object itself, not of its pods.",
    MARKS,
    permissions=get_and_patch("KIND"),
    risk=Risk.LOW,
)
@edits_object
def annotate(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the object with annotations set or removed.

    Raises:
        ToolInputError: nothing is asked for, or an annotation to remove is not there.
    """
    return Edited(obj=with_marks(live, "annotations", arguments))
