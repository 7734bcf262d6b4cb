"""``kubernetes_delete_pod``: deletes one pod, past its disruption budgets.

Comes in: a change on a pod. Goes out: a preview of one deletion, made by reading. It must never send a DELETE as a
trial.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.core.plan import Preview
from agentops.core.risk import Reversal, Risk
from agentops.providers.kubernetes.api.writing import delete_call
from agentops.providers.kubernetes.change.change_tool import CheckedChange
from agentops.providers.kubernetes.change.declaration import GRACE_PERIOD, change_tool
from agentops.providers.kubernetes.change.deletion_notes import deletion_notes
from agentops.providers.kubernetes.change.pod_removal import live_pod, removal
from agentops.providers.kubernetes.change.tool_context import ToolContext
from agentops.providers.kubernetes.objects.fields import name_of, namespace_of
from agentops.providers.kubernetes.objects.kinds import builtin


@change_tool(
    "kubernetes_delete_pod",
    "Delete one pod, past its disruption budgets; without a controller it does not come back. Prefer evict_pod.",
    {"grace_period_s": GRACE_PERIOD},
    kinds=("Pod",),
    permissions=("get pods", "delete pods"),
    reversal=Reversal.COMPENSATING,
    idempotent=False,
)
def delete_pod(context: ToolContext, change: CheckedChange) -> Preview:
    """Return the preview of a pod's deletion.

    Raises:
        ToolInputError: the pod is a static one, or is on its way out already and nothing would hasten it.
        ClusterError: the server refuses it or cannot be asked.
    """
    grace = change.arguments.get("grace_period_s")
    pod = live_pod(context, change, ending=grace == 0)
    namespace, name = namespace_of(pod), name_of(pod)
    call = delete_call(builtin("Pod"), namespace, name, uid=str(pod["metadata"]["uid"]))
    if grace is not None:
        call = replace(call, body={**call.body, "gracePeriodSeconds": grace})
    # Not tried on the server: reading says as much, and a trial that goes wrong deletes.
    going = removal(context, change, pod, call, deletion_notes(pod)[:1], Risk.HIGH if grace == 0 else Risk.MEDIUM)
    return replace(going, validated=False)
