"""``kubernetes_scale``: the number of replicas of a workload.

Comes in: a live workload and the number. Goes out: the workload as it should be; it is sent to the scale subresource,
for which less permission is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.risk import Risk
from agentops.providers.kubernetes.change.declaration import REPLICAS, change_tool
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import put
from agentops.providers.kubernetes.objects.workloads import SCALED_KINDS

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


@change_tool(
    "kubernetes_scale",
    "Set the number of replicas. Not a cure for failing pods; zero stops the workload.",
    {"replicas": REPLICAS},
    required=("replicas",),
    kinds=SCALED_KINDS,
    permissions=("get KIND", "patch KIND/scale", "list horizontalpodautoscalers.autoscaling"),
)
@edits_object
def scale(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the workload with another number of replicas; zero is of high risk.

    Raises:
        ToolInputError: never; the schema bounds the number.
    """
    replicas = int(arguments["replicas"])
    had = (live.get("spec") or {}).get("replicas", 1)
    warnings = ("Nothing serves any more when the last pod is gone.",) if had and not replicas else ()
    return Edited(
        obj=put(live, ("spec", "replicas"), replicas),
        risk=Risk.HIGH if had and not replicas else Risk.LOW,
        warnings=warnings,
        scale=True,
    )
