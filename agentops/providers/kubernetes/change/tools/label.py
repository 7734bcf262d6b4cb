"""``kubernetes_label``: labels of the object itself, not of its pods."""

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
    "kubernetes_label",
    "Set or remove labels of the object itself, not of its pods.",
    MARKS,
    permissions=get_and_patch("KIND"),
    risk=Risk.LOW,
)
@edits_object
def label(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the object with labels set or removed; a pod's labels decide who sends it traffic and who owns it.

    Raises:
        ToolInputError: nothing is asked for, or a label to remove is not there.
    """
    risk = Risk.MEDIUM if live.get("kind") == "Pod" else Risk.LOW
    return Edited(obj=with_marks(live, "labels", arguments), risk=risk)
