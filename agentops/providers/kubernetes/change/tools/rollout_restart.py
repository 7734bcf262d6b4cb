"""``kubernetes_rollout_restart``: replaces all pods of a workload, by a mark in its pod template.

Comes in: a live workload. Goes out: the workload with the mark. It must never promise a restart that its controller
would not carry out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal
from agentops.providers.kubernetes.change.declaration import change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import put
from agentops.providers.kubernetes.objects.workloads import ROLLED_KINDS

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext

RESTART_ANNOTATION = "agentops.dev/restart"


@change_tool(
    "kubernetes_rollout_restart",
    "Replace all pods of a workload one after another. For pods that hold a stale state.",
    {},
    kinds=ROLLED_KINDS,
    permissions=get_and_patch("deployments.apps", "statefulsets.apps", "daemonsets.apps"),
    reversal=Reversal.COMPENSATING,
    idempotent=False,
)
@edits_object
def rollout_restart(_: ToolContext, live: Mapping[str, Any], __: Mapping[str, Any]) -> Edited:
    """Return the workload with a mark in its pod template that makes the controller replace every pod.

    The mark is made of the object's generation and not of the time, so that the same preview can be made twice.

    Raises:
        ToolInputError: its controller would not replace the pods.
    """
    spec = live.get("spec") or {}
    if live["kind"] == "Deployment" and spec.get("paused"):
        raise ToolInputError("the rollout is paused, so a restart would do nothing", hint="Set spec.paused to false.")
    if (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        raise ToolInputError("its update strategy is OnDelete: pods are replaced only when they are deleted")
    # The time would make each preview another one; the generation moves with every edit of the spec.
    metadata = live["metadata"]
    mark = f"generation-{metadata.get('generation') or metadata['resourceVersion']}"
    path = ("spec", "template", "metadata", "annotations", RESTART_ANNOTATION)
    return Edited(obj=put(live, path, mark))
