"""How much harm one call can do, from the kind and the fields that it touches.

Comes in: what becomes of one object. Goes out: a ``Risk`` that only ever raises the tool's own. Pure; a model's words
are not looked at. What only shows in the cluster (who loses traffic, whose pods leave, what an account may do) is the
blast radius' to say, which raises the risk as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agentops.core.notes import forbids, notes_of
from agentops.core.plan import Edit, ObjectChange, Verb
from agentops.core.risk import Risk, highest_risk
from agentops.providers.kubernetes.objects.fields import annotations_of, labels_of, spec_of
from agentops.providers.kubernetes.objects.pod_powers import containers_of, pod_spec_of, powers_of
from agentops.providers.kubernetes.objects.quantity import parse_quantity
from agentops.providers.kubernetes.objects.role_permissions import adds_plain, takes_nothing

CRITICAL_KINDS = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "APIService",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "CertificateSigningRequest",
    }
)
_HIGH_KINDS = frozenset(
    {
        "Role",
        "RoleBinding",
        "ServiceAccount",
        "Secret",
        "Node",
        "Namespace",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "StorageClass",
        "PriorityClass",
        "IngressClass",
        "ResourceQuota",
        "LimitRange",
    }
)
"""Kinds of which an edit decides for others: who may do what, where data is, how much everybody may use."""
_MADE: Mapping[str, Risk] = {
    **dict.fromkeys(("ConfigMap", "Namespace", "ServiceAccount"), Risk.LOW),
    **dict.fromkeys(("PersistentVolumeClaim", "StorageClass", "PriorityClass", "IngressClass"), Risk.MEDIUM),
}
"""What is made and what nothing uses yet; other kinds of the high ones are high when they are made, too."""
_DEFAULT_CLASS = re.compile(r"is-default-class|default-class")
# Fields of a pod that decide what it may do to its node or in whose name it speaks.
_POWERS = re.compile(
    r"(securityContext|hostNetwork|hostPID|hostIPC|hostUsers|hostPath|serviceAccountName|serviceAccount\b|"
    r"automountServiceAccountToken|runtimeClassName|privileged|ephemeralContainers)"
)
_HOST_PATH = re.compile(r"\"?(hostPath|privileged|hostNetwork|hostPID|hostIPC)\"?")
# Whoever is bound to these is everybody, or may do everything.
_EVERYBODY = re.compile(r"system:(masters|unauthenticated|anonymous|authenticated)|cluster-admin")
_NODE_LABELS = re.compile(
    r"(node-role|node-restriction|topology|failure-domain\.beta)\.kubernetes\.io/|exclude-from-external-load-balancers"
)
"""Labels that say what a node is for, where it stands, or whether a load balancer sends it traffic."""
_CLAIMED = "spec.resources.requests.storage"


def risk_of(change: ObjectChange, *, earlier: bool = False) -> Risk:
    """Return the risk of what becomes of one object; LOW when nothing in it is known to be worse.

    Arguments:
        earlier: its pod template becomes that of an earlier revision, which had run with what it had.
    """
    if not change.edits and change.verb is not Verb.CREATE:
        return Risk.LOW
    # Who may do what in the whole cluster, or what every request passes through.
    if change.ref.kind in CRITICAL_KINDS or _reaches_everybody(change):
        return Risk.CRITICAL
    if change.verb is Verb.CREATE:
        return _made(change)
    fields = [edit for edit in change.edits if not edit.path.startswith(("metadata.labels", "metadata.annotations"))]
    marks = _marked(change.ref.kind, [edit for edit in change.edits if edit not in fields])
    against = Risk.HIGH if _takes_a_note(change) else Risk.LOW
    return highest_risk(marks, against, _edited(change, fields, earlier=earlier) if fields else Risk.LOW)


def _takes_a_note(change: ObjectChange) -> bool:
    """Return whether an owner's note that forbids something is taken away; the guard reads what notes say of it."""
    pairs = [(annotations_of(one or {}), labels_of(one or {})) for one in (change.before, change.after)]
    gone = [{key: had[key] for key in had if has.get(key) != had[key]} for had, has in zip(*pairs, strict=True)]
    return any(map(forbids, notes_of(change.ref, *gone)))


def _reaches_everybody(change: ObjectChange) -> bool:
    return change.ref.kind in {"RoleBinding", "Role", "ServiceAccount"} and any(
        _EVERYBODY.search(str(edit.new)) for edit in change.edits
    )


def _made(change: ObjectChange) -> Risk:
    """What is made can harm by what it may do, or by what it decides for others from then on."""
    after, kind = change.after or {}, change.ref.kind
    if kind == "Role":
        return Risk.MEDIUM if adds_plain((), after.get("rules")) else Risk.HIGH
    if kind == "Service":
        return Risk.HIGH if spec_of(after).get("externalIPs") else Risk.MEDIUM
    if powers_of(pod_spec_of(after)):
        return Risk.HIGH
    default = any(_DEFAULT_CLASS.search(name) and value == "true" for name, value in annotations_of(after).items())
    if default or after.get("globalDefault"):
        return Risk.HIGH
    return _MADE.get(kind, Risk.HIGH if kind in _HIGH_KINDS else Risk.MEDIUM)


def _marked(kind: str, edits: Sequence[Edit]) -> Risk:
    """Labels and annotations: mostly for reading, but some move pods or open doors."""
    if kind == "Namespace" and edits:
        # Its labels switch pod security and injection on and off, and network policies go by them.
        return Risk.HIGH
    if kind == "Node" and edits:
        moving = any(edit.path.startswith("metadata.labels") and _NODE_LABELS.search(edit.path) for edit in edits)
        return Risk.HIGH if moving else Risk.MEDIUM
    return Risk.LOW


def _edited(change: ObjectChange, fields: Sequence[Edit], *, earlier: bool) -> Risk:
    kind, before, after = change.ref.kind, change.before or {}, change.after or {}
    if _is_mild(change, fields):
        return Risk.MEDIUM
    # The order matters: what is always grave stands before what an earlier revision excuses.
    if kind in _HIGH_KINDS or _gains(before, after):
        return Risk.HIGH
    if any(edit.path == "spec.replicas" and edit.new == 0 for edit in fields):
        return Risk.HIGH
    if earlier:
        return Risk.MEDIUM
    if any(_POWERS.search(edit.path) or _HOST_PATH.search(str(edit.new)) for edit in fields):
        return Risk.HIGH
    return Risk.HIGH if _loses_a_container(before, after) else Risk.MEDIUM


def _is_mild(change: ObjectChange, fields: Sequence[Edit]) -> bool:
    """Return whether it is an edit of a grave kind that harms little: a cordon, more plain rules, a larger claim."""
    kind, before, after = change.ref.kind, change.before or {}, change.after or {}
    if kind == "Node":
        return {edit.path for edit in fields} == {"spec.unschedulable"}
    if kind == "Role":
        rules = before.get("rules"), after.get("rules")
        return takes_nothing(*rules) and adds_plain(*rules)
    return kind == "PersistentVolumeClaim" and _only_grows(fields)


def _only_grows(fields: Sequence[Edit]) -> bool:
    if [edit.path for edit in fields] != [_CLAIMED]:
        return False
    old, new = (parse_quantity(value) for value in (fields[0].old, fields[0].new))
    return old is not None and new is not None and new > old


def _gains(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether a pod template may do more than before, to its node or in the cluster."""
    return bool(powers_of(pod_spec_of(after)) - powers_of(pod_spec_of(before)))


def _loses_a_container(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    had, has = ({one.get("name") for one in containers_of(pod_spec_of(item))} for item in (before, after))
    return bool(had - has)
