"""Change tools that act on what runs: evict or delete a pod, drain a node, run a Job again.

Comes in: a ``Change`` whose target is the pod, node or Job. Goes out: a ``Preview`` with one call for each thing that
is done, each tried as a dry run. What goes away is named by its uid, so a namesake is never hit. It must never promise
that a pod without a controller comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops.core.errors import ClusterError, NotFound, ToolInputError
from agentops.core.json_schema import checked_arguments
from agentops.core.plan import Call, Change, Preview
from agentops.core.risk import Reversal, Risk
from agentops.core.text import one_line
from agentops.core.tool import ChangeTool
from agentops.providers.kubernetes.api.writing import delete_call, evict_call
from agentops.providers.kubernetes.change.base_tool import KubernetesChangeTool
from agentops.providers.kubernetes.change.deletion import deletion_notes
from agentops.providers.kubernetes.change.edit_tool import ToolContext, object_change
from agentops.providers.kubernetes.change.pod_specs import POD_SPECS, POD_TARGETS
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.objects.irreversible_effects import highest
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.selectors import (
    Object,
    controller_of,
    has_claims,
    has_empty_dir,
    name_of,
    namespace_of,
    spec_of,
    status_of,
)

if TYPE_CHECKING:
    pass

__all__ = ["POD_SPECS", "POD_TARGETS", "ActTool", "pod_tools"]

MIRROR = "kubernetes.io/config.mirror"

Planner: TypeAlias = Callable[[ToolContext, Change, Mapping[str, Any]], Preview]
"""From the context, the change and its checked arguments to the preview; raises ToolError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActTool(KubernetesChangeTool):
    """A change tool that acts on pods or Jobs; see ``core.tool.ChangeTool``."""

    plan: Planner

    def make_preview(self, change: Change) -> Preview:
        """Return what the change would do.

        Raises:
            ToolInputError: the arguments do not fit the tool or the live object.
            ToolError: the server refuses it or cannot be asked.
        """
        arguments = checked_arguments(self.spec, change.arguments)
        self.context.kind_of(change.target, POD_TARGETS[self.spec.name])
        return self.plan(self.context, change, arguments)


def pod_tools(context: ToolContext) -> dict[str, ChangeTool]:
    """Return the tools of ``POD_SPECS`` by name, bound to one cluster."""
    from agentops.providers.kubernetes.change.drain import drain
    from agentops.providers.kubernetes.change.jobs import rerun

    planners: Mapping[str, Planner] = {
        "kubernetes_evict_pod": evict,
        "kubernetes_delete_pod": delete,
        "kubernetes_drain": drain,
        "kubernetes_rerun_job": rerun,
    }
    return {spec.name: ActTool(spec=spec, context=context, plan=planners[spec.name]) for spec in POD_SPECS}


def evict(context: ToolContext, change: Change, arguments: Mapping[str, Any]) -> Preview:
    """Return the preview of an eviction.

    Raises:
        ToolInputError: the pod is a static one, or is on its way out already.
        ClusterError: a disruption budget refuses it (code ``disruption-budget``), or the server cannot be asked.
    """
    pod = _live_pod(context, change)
    call = eviction_of(pod, arguments)
    try:
        answer = context.server.dry_run(call, live=pod)
    except ClusterError as error:
        raise with_budgets(ImpactReader(context.cluster), pod, error) from error
    return _going(context, change, pod, call, answer.warnings, Risk.MEDIUM)


def delete(context: ToolContext, change: Change, arguments: Mapping[str, Any]) -> Preview:
    """Return the preview of a pod's deletion.

    Raises:
        ToolInputError: the pod is a static one, or is on its way out already and nothing would hasten it.
        ClusterError: the server refuses it or cannot be asked.
    """
    grace = arguments.get("grace_period_s")
    pod = _live_pod(context, change, ending=grace == 0)
    namespace, name = namespace_of(pod), name_of(pod)
    call = delete_call(builtin("Pod"), namespace, name, uid=str(pod["metadata"]["uid"]))
    if grace is not None:
        call = replace(call, body={**call.body, "gracePeriodSeconds": grace})
    # Not tried on the server: reading says as much, and a trial that goes wrong deletes.
    going = _going(context, change, pod, call, deletion_notes(pod)[:1], Risk.HIGH if grace == 0 else Risk.MEDIUM)
    return replace(going, validated=False)


def _live_pod(context: ToolContext, change: Change, *, ending: bool = False) -> dict[str, Any]:
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


def with_budgets(reader: ImpactReader, pod: Object, error: ClusterError) -> ClusterError:
    """Return ``error`` with the disruption budgets that stand in the way, when it is theirs."""
    if error.code != "disruption-budget":
        return error
    return ClusterError(
        f"{one_line(error.message, 300)} {budgets_text(reader, pod)}".rstrip(), hint=error.hint, code=error.code
    )


def budgets_text(reader: ImpactReader, pod: Object) -> str:
    """Return which disruption budgets cover a pod and what they say now."""
    said = []
    for budget in reader.budgets_over(pod) or ():
        status = status_of(budget)
        healthy, needed = int(status.get("currentHealthy") or 0), int(status.get("desiredHealthy") or 0)
        said.append(f"{namespace_of(budget)}/{name_of(budget)} needs {needed} healthy pods and has {healthy}")
    return f"({'; '.join(said)})" if said else ""


def _going(
    context: ToolContext, change: Change, pod: Object, call: Call, warnings: tuple[str, ...], risk: Risk
) -> Preview:
    trouble = without_controller(context, pod)
    residue = list(irreversible_effects_of_pod(pod))
    if trouble:
        residue.insert(0, trouble)
    if (call.body or {}).get("gracePeriodSeconds") == 0:
        residue.append("Its processes are not waited for: on a node that is cut off they may go on running.")
    return Preview(
        calls=(call,),
        objects=(object_change(change.target, pod, None),),
        validated=True,
        risk=highest(risk, Risk.HIGH) if trouble else risk,
        reversal=Reversal.NONE if trouble else Reversal.COMPENSATING,
        residue=tuple(residue),
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
        return f"Its controller {kind} {name} is gone: nothing makes it again."
    if found["metadata"].get("uid") != owner.get("uid") or found["metadata"].get("deletionTimestamp"):
        return f"Its controller {kind} {name} is not there any more: nothing makes it again."
    return ""
