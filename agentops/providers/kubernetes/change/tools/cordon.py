"""``kubernetes_cordon``: a node takes no new pods; those on it stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.providers.kubernetes.change.declaration import change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import put

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


@change_tool(
    "kubernetes_cordon",
    "Let a node take no new pods; those on it stay.",
    {},
    kinds=("Node",),
    permissions=get_and_patch("nodes"),
)
@edits_object
def cordon(_: ToolContext, live: Mapping[str, Any], __: Mapping[str, Any]) -> Edited:
    """Return the node cordoned: it takes no new pods, those on it stay."""
    return Edited(obj=put(live, ("spec", "unschedulable"), True))
