"""``kubernetes_uncordon``: a node takes new pods again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.providers.kubernetes.change.declaration import change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import remove

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


@change_tool(
    "kubernetes_uncordon",
    "Let a node take new pods again.",
    {},
    kinds=("Node",),
    permissions=get_and_patch("nodes"),
)
@edits_object
def uncordon(_: ToolContext, live: Mapping[str, Any], __: Mapping[str, Any]) -> Edited:
    """Return the node uncordoned."""
    return Edited(obj=remove(live, ("spec", "unschedulable")))
