"""``kubernetes_evict_pod``: evicts one pod, as far as its disruption budgets allow.

Comes in: a change on a pod. Goes out: a preview of one eviction, tried as a dry run. It must never go past a budget.
"""

from __future__ import annotations

from agentops.core.errors import ClusterError
from agentops.core.plan import Preview
from agentops.core.risk import Reversal, Risk
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.change_tool import CheckedChange
from agentops.providers.kubernetes.change.declaration import GRACE_PERIOD, change_tool
from agentops.providers.kubernetes.change.pod_removal import budgets_text, eviction_of, live_pod, removal
from agentops.providers.kubernetes.change.tool_context import ToolContext
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.objects.fields import Object


@change_tool(
    "kubernetes_evict_pod",
    "Evict one pod, within its disruption budgets; its controller makes a new one.",
    {"grace_period_s": GRACE_PERIOD},
    kinds=("Pod",),
    permissions=("get pods", "create pods/eviction", "list poddisruptionbudgets.policy"),
    reversal=Reversal.COMPENSATING,
    idempotent=False,
)
def evict_pod(context: ToolContext, change: CheckedChange) -> Preview:
    """Return the preview of an eviction.

    Raises:
        ToolInputError: the pod is a static one, or is on its way out already.
        ClusterError: a disruption budget refuses it (code ``disruption-budget``), or the server cannot be asked.
    """
    pod = live_pod(context, change)
    call = eviction_of(pod, change.arguments)
    try:
        answer = context.server.dry_run(call, live=pod)
    except ClusterError as error:
        raise _with_budgets(ImpactReader(context.cluster), pod, error) from error
    return removal(context, change, pod, call, answer.warnings, Risk.MEDIUM)


def _with_budgets(reader: ImpactReader, pod: Object, error: ClusterError) -> ClusterError:
    """Return ``error`` with the disruption budgets that stand in the way, when it is theirs."""
    if error.code != "disruption-budget":
        return error
    return ClusterError(
        f"{one_line(error.message, 300)} {budgets_text(reader, pod)}".rstrip(), hint=error.hint, code=error.code
    )
