"""``kubernetes_delete``: deletes one object, exactly the one that was shown; undone by making it again where it can be.

Comes in: the target. Goes out: a ``Preview`` made by reading, no DELETE is sent: the deletion by uid, its risk by kind,
and an undo only for kinds that are wholly said by their manifest. What a deleted object held (a claim's data, a
Secret's content, a Job's work, a namespace) does not come back, and the preview says so.
Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolError, ToolInputError
from agentops.core.plan import Call, Change, Preview
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal, Risk
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.writing import delete_call
from agentops.providers.kubernetes.change.change_tool import CheckedChange
from agentops.providers.kubernetes.change.declaration import change_tool
from agentops.providers.kubernetes.change.deletion_notes import GARBAGE_FINALIZERS, check_not_ending, deletion_notes
from agentops.providers.kubernetes.change.manifest import recreation
from agentops.providers.kubernetes.change.namespace_contents import held_in
from agentops.providers.kubernetes.change.object_change import object_change
from agentops.providers.kubernetes.change.tool_context import ToolContext, retry_while_stale
from agentops.providers.kubernetes.objects.kinds import Kind
from agentops.providers.kubernetes.objects.normal_form import normalised
from agentops.providers.kubernetes.objects.ownership import owners_of

_APPLY = "kubernetes_apply_manifest"
_OWN_NAME = "kubernetes.io/metadata.name"
_NAMED = 5
_OWN_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})

_CRITICAL = frozenset(
    {
        "Namespace",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "StatefulSet",
        "CustomResourceDefinition",
        "APIService",
        "ClusterRole",
        "ClusterRoleBinding",
        "StorageClass",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    }
)
EXACT_KINDS = frozenset(
    {
        "ConfigMap",
        "NetworkPolicy",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "Role",
        "RoleBinding",
        "ClusterRole",
        "ClusterRoleBinding",
        "Ingress",
        "IngressClass",
        "LimitRange",
        "ResourceQuota",
        "PriorityClass",
        "StorageClass",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    }
)
"""Kinds that are wholly said by their manifest."""

COMPENSATING_KINDS: Mapping[str, str] = {
    "Deployment": "Its pods are stopped and new ones are made; the earlier revisions are gone.",
    "DaemonSet": "Its pods are stopped and new ones are made; the earlier revisions are gone.",
    "ReplicaSet": "Its pods are stopped and new ones are made.",
    "CronJob": "The Jobs that it made are deleted with it, and their history.",
    "Service": "Its address is asked for again, but may be taken; what a load balancer gave it is lost.",
    "ServiceAccount": "Tokens that were issued for it are not valid any more.",
}
LOST_KINDS: Mapping[str, str] = {
    "Secret": "Its content is not kept by agentops.",
    "Namespace": "Everything in it is deleted.",
    "PersistentVolume": "The data on it may be deleted with it (reclaim policy).",
    "PersistentVolumeClaim": "The data of its volume may be deleted with it (reclaim policy).",
    "StatefulSet": "Its pods and revisions are gone, and its claims with them if its retention policy says so.",
    "CustomResourceDefinition": "Every object of its kind is deleted with it.",
    "Job": "Created again, it would run again.",
    "Pod": "A pod is not made again by its manifest; its controller makes another one.",
    "Node": "The machine's registration is its own; its pods are deleted.",
}


@change_tool(
    "kubernetes_delete",
    "Delete one object: rarely a cure. With recreate, where no update can change it, apply_manifest makes it again "
    "in the next step.",
    {
        "propagation": {"type": "string", "enum": ["Background", "Orphan"]},
        "if_empty": {"type": "boolean", "description": "a Namespace: only while it holds nothing of its own"},
        "recreate": {"type": "boolean", "description": "the next step makes it again (kubernetes_apply_manifest)"},
    },
    permissions=("get KIND", "delete KIND", "create KIND"),
    risk=Risk.HIGH,
)
def delete(context: ToolContext, change: CheckedChange) -> Preview:
    """Return what the deletion would do.

    Raises:
        ToolInputError: the arguments do not fit, or it is a namespace of the cluster's own.
        ToolError: the server refuses it or cannot be asked.
    """
    kind, target = change.kind, change.target
    if kind.kind == "Namespace" and target.name in _OWN_NAMESPACES:
        raise ToolInputError(f"the namespace {target.name} is the cluster's own and is not deleted")
    if_empty = bool(change.arguments.get("if_empty"))
    if if_empty and kind.kind != "Namespace":
        raise ToolInputError("if_empty is for a Namespace", hint="Leave it out.")
    propagation = str(change.arguments.get("propagation", "Background"))

    def attempt() -> Preview:
        live = context.read(kind, target)
        check_not_ending(target, live)
        # Without a uid the deletion could hit a namesake.
        if not live["metadata"].get("uid"):
            raise ToolInputError(f"{target.short} is made by an earlier step of the same plan")
        call = _deletion(kind, target, live, propagation)
        return _of_empty(context, target, live, call) if if_empty else _described(context, change, live, call)

    return retry_while_stale(target, attempt)


def _of_empty(context: ToolContext, target: ResourceRef, live: Mapping[str, Any], call: Call) -> Preview:
    """Return the deletion of a namespace that holds nothing of its own; asked again right before it is sent.

    Raises:
        ToolError: it holds something, or what it holds cannot be read.
    """
    # Asked here and once more right before it is sent, for anybody may put something into it meanwhile.
    held = held_in(context.cluster, target.name, context.gone)
    if held:
        more = f" and {len(held) - _NAMED} more" if len(held) > _NAMED else ""
        raise ToolError(
            f"the namespace {target.name} holds {one_line(', '.join(held[:_NAMED]), 200)}{more}",
            hint="It is deleted only while it is empty. Look at what it holds, and delete that first.",
            code="not-empty",
        )
    metadata = live["metadata"]
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != _OWN_NAME}
    kept = {"labels": labels, "annotations": normalised(live)["metadata"].get("annotations")}
    manifest = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": target.name, **{name: value for name, value in kept.items() if value}},
    }
    undo = Change(tool=_APPLY, target=target, arguments={"manifest": manifest}, reason="undoes the deletion")
    return Preview(
        calls=(call,),
        objects=(object_change(target, live, None),),
        validated=False,
        risk=Risk.HIGH,
        reversal=Reversal.EXACT,
        undo=(undo,),
        warnings=("It holds nothing but what every namespace gets.", *deletion_notes(live)[:1]),
        owners=owners_of(live, ()),
    )


def _described(context: ToolContext, change: CheckedChange, live: Mapping[str, Any], call: Call) -> Preview:
    kind, target = change.kind, change.target
    reversal, lost = _reversal_of(kind, live)
    undo: tuple[Change, ...] = ()
    if reversal is not Reversal.NONE:
        manifest, trouble = recreation(context, kind, live)
        if trouble:
            reversal, lost = Reversal.NONE, (*lost, f"It could not be made again: {trouble}")
        else:
            arguments = {"manifest": manifest}
            undo = (Change(tool=_APPLY, target=target, arguments=arguments, reason="undoes the deletion"),)
    made = object_change(target, live, None)
    return Preview(
        calls=(call,),
        objects=(made,),
        validated=False,
        risk=Risk.CRITICAL if kind.kind in _CRITICAL else Risk.HIGH,
        reversal=reversal,
        undo=undo,
        residue=lost,
        warnings=deletion_notes(live),
        owners=owners_of(live, ()),
    )


def _reversal_of(kind: Kind, live: Mapping[str, Any]) -> tuple[Reversal, tuple[str, ...]]:
    """Return how far making an object again undoes its deletion, and what it does not bring back."""
    metadata = live["metadata"]
    if kind.kind in LOST_KINDS:
        return Reversal.NONE, (LOST_KINDS[kind.kind],)
    finalizers = set(metadata.get("finalizers") or ()) - GARBAGE_FINALIZERS
    if finalizers and kind.kind != "Service":
        return Reversal.NONE, ("Its finalizers clean up what it stands for before it goes.",)
    if metadata.get("ownerReferences"):
        return Reversal.NONE, ("It belongs to another object, which makes a new one or does not.",)
    if kind.kind in COMPENSATING_KINDS:
        return Reversal.COMPENSATING, (COMPENSATING_KINDS[kind.kind],)
    if kind.kind in EXACT_KINDS:
        return Reversal.EXACT, ()
    return Reversal.NONE, (f"What is lost with a {kind.kind} is not known to agentops.",)


def _deletion(kind: Kind, target: ResourceRef, live: Mapping[str, Any], propagation: str) -> Call:
    # The version counts only where no controller moves it; the uid always does.
    version = "" if "status" in live else str(live["metadata"].get("resourceVersion") or "")
    return delete_call(
        kind,
        target.namespace,
        target.name,
        uid=str(live["metadata"]["uid"]),
        resource_version=version,
        propagation=propagation,
    )
