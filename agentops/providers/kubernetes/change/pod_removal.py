"""What goes with a pod: which pods may be removed, by which call, and what does not come back with a new one.

Comes in: a live pod. Goes out: calls, sentences, a preview; ``kubernetes_evict_pod``, ``kubernetes_delete_pod`` and
``kubernetes_drain`` share it. What goes away is named by its uid, so a namesake is never hit. It must never promise
that a pod without a controller comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentops.core.errors import NotFound, ToolInputError
from agentops.core.plan import Call, Preview
from agentops.core.risk import Reversal, Risk, highest_risk
from agentops.providers.kubernetes.api.writing import evict_call
from agentops.providers.kubernetes.change.change_tool import CheckedChange
from agentops.providers.kubernetes.change.object_change import object_change
from agentops.providers.kubernetes.change.tool_context import ToolContext
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.objects.fields import Object, name_of, namespace_of, spec_of, status_of
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.owners import controller_of
from agentops.providers.kubernetes.objects.pod_template import has_claims, has_empty_dir

MIRROR = "kubernetes.io/config.mirror"


def live_pod(context: ToolContext, change: CheckedChange, *, ending: bool = False) -> dict[str, Any]:
    """Return the pod that is to go.

    Arguments:
        ending: one that is being deleted already will do.

    Raises:
        ToolInputError: it is a static pod, or is being deleted already.
        ClusterError: it cannot be read.
    """
    pod = context.read(builtin("Pod"), change.target)
    if MIRROR in (pod["metadata"].get("annotations") or {}):
        raise ToolInputError(
            f"{change.target.short} is a static pod: only the kubelet of its node can stop it",
            hint="Change its manifest on the node.",
        )
    if pod["metadata"].get("deletionTimestamp") and not ending:
        raise ToolInputError(
            f"{change.target.short} is being deleted already",
            hint="Wait for it, or delete it with grace_period_s 0 when its node is gone for good.",
        )
    return pod


def eviction_of(pod: Object, arguments: Mapping[str, Any]) -> Call:
    """Return the eviction of exactly this pod."""
    metadata = pod["metadata"]
    call = evict_call(builtin("Pod"), namespace_of(pod), name_of(pod), uid=str(metadata["uid"]))
    grace = arguments.get("grace_period_s")
    if grace is None:
        return call
    options = {**call.body["deleteOptions"], "gracePeriodSeconds": grace}
    return replace(call, body={**call.body, "deleteOptions": options})


def budgets_text(reader: ImpactReader, pod: Object) -> str:
    """Return which disruption budgets cover a pod and what they say now."""
    said = []
    for budget in reader.budgets_over(pod) or ():
        status = status_of(budget)
        healthy, needed = int(status.get("currentHealthy") or 0), int(status.get("desiredHealthy") or 0)
        said.append(f"{namespace_of(budget)}/{name_of(budget)} needs {needed} healthy pods and has {healthy}")
    return f"({'; '.join(said)})" if said else ""


def removal(
    context: ToolContext, change: CheckedChange, pod: Object, call: Call, warnings: tuple[str, ...], risk: Risk
) -> Preview:
    """Return the preview of one pod's removal by ``call``; without a controller it cannot be undone."""
    trouble = without_controller(context, pod)
    lost = list(irreversible_effects_of_pod(pod))
    if trouble:
        lost.insert(0, trouble)
    if (call.body or {}).get("gracePeriodSeconds") == 0:
        lost.append("Its processes are not waited for: on a node that is cut off they may go on running.")
    return Preview(
        calls=(call,),
        objects=(object_change(change.target, pod, None),),
        validated=True,
        risk=highest_risk(risk, Risk.HIGH) if trouble else risk,
        reversal=Reversal.NONE if trouble else Reversal.COMPENSATING,
        residue=tuple(lost),
        warnings=warnings,
    )


def irreversible_effects_of_pod(pod: Object) -> tuple[str, ...]:
    """Return what does not come back with a new pod."""
    found = ["A new pod takes its place; what this one held in memory is gone."]
    if has_empty_dir(pod):
        found.append("What is in its emptyDir volumes is gone.")
    if any(volume.get("ephemeral") for volume in spec_of(pod).get("volumes") or ()):
        found.append("Its generic ephemeral volumes are deleted with it.")
    elif has_claims(pod):
        found.append("Its PersistentVolumeClaims stay; the new pod waits until they are free.")
    return tuple(found)


def without_controller(context: ToolContext, pod: Object, known: dict[str, str] | None = None) -> str:
    """Return why nothing will make the pod again, or an empty text when its controller will.

    Arguments:
        known: what was found out about other pods' controllers; added to.

    Raises:
        ClusterError: whether its controller is there could not be read.
    """
    owner = controller_of(pod)
    if owner is None:
        return "No controller makes it again: it is a pod of its own."
    uid = str(owner.get("uid"))
    remembered = known if known is not None else {}
    if uid not in remembered:
        remembered[uid] = _missing_owner(context, owner, namespace_of(pod))
    return remembered[uid]


def _missing_owner(context: ToolContext, owner: Object, namespace: str) -> str:
    kind, name = str(owner.get("kind")), str(owner.get("name"))
    group = str(owner.get("apiVersion") or "").rpartition("/")[0]
    try:
        found = context.cluster.get_object(context.cluster.kind(f"{kind}.{group}" if group else kind), name, namespace)
    except NotFound:
        return f"Its controller {kind} {name} is gone: nothing creates it again."
    if found["metadata"].get("uid") != owner.get("uid") or found["metadata"].get("deletionTimestamp"):
        return f"Its controller {kind} {name} no longer exists: nothing creates it again."
    return ""
