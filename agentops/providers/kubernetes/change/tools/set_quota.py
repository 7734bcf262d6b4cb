"""``kubernetes_set_quota``: hard limits of a ResourceQuota.

Comes in: a live quota and the limits. Goes out: the quota as it should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.providers.kubernetes.change.containers import with_quantities
from agentops.providers.kubernetes.change.declaration import QUANTITIES, change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import put

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


@change_tool(
    "kubernetes_set_quota",
    "Set hard limits of a ResourceQuota; null removes one.",
    {"hard": QUANTITIES},
    required=("hard",),
    kinds=("ResourceQuota",),
    permissions=get_and_patch("resourcequotas"),
)
@edits_object
def set_quota(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the quota with other hard limits; those that are not named stay, null removes one.

    Raises:
        ToolInputError: a value is no quantity.
    """
    hard = (live.get("spec") or {}).get("hard") or {}
    return Edited(obj=put(live, ("spec", "hard"), with_quantities(hard, arguments["hard"])))
