"""``kubernetes_set_hpa``: the least and the most replicas of a HorizontalPodAutoscaler.

Comes in: a live autoscaler and the bounds. Goes out: the autoscaler as it should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.providers.kubernetes.change.declaration import REPLICAS, change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import put

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


@change_tool(
    "kubernetes_set_hpa",
    "Set the least or most replicas of a HorizontalPodAutoscaler.",
    {"min": REPLICAS, "max": {**REPLICAS, "minimum": 1}},
    kinds=("HorizontalPodAutoscaler",),
    permissions=get_and_patch("horizontalpodautoscalers.autoscaling"),
)
@edits_object
def set_hpa(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the autoscaler with other bounds.

    Raises:
        ToolInputError: no bound is given, or the lower is above the upper.
    """
    if "min" not in arguments and "max" not in arguments:
        raise ToolInputError("kubernetes_set_hpa needs min or max")
    spec = live.get("spec") or {}
    low, high = int(arguments.get("min", spec.get("minReplicas", 1))), int(arguments.get("max", spec["maxReplicas"]))
    if low > high:
        raise ToolInputError(f"min {low} is above max {high}")
    value: Any = live
    if "min" in arguments:
        value = put(value, ("spec", "minReplicas"), low)
    if "max" in arguments:
        value = put(value, ("spec", "maxReplicas"), high)
    return Edited(obj=value)
