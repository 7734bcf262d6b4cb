"""What the rest of the change tools declare: containers, Services, bounds, bindings, claims, labels, manifests.

Data only, as ``specs.py``, which has the words in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.tool import Reversal, Risk, ToolSpec
from agentops.providers.kubernetes.change.specs import KEYS, NUMBER, TEXT, TEXTS, declared, patches

_TEMPLATED = ("Deployment", "StatefulSet", "DaemonSet", "CronJob")
_TEMPLATES = patches("deployments.apps", "statefulsets.apps", "daemonsets.apps", "cronjobs.batch")
_CONTAINER = {**TEXT, "description": "its name; may be left out when there is one"}
_QUANTITIES: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": {"type": ["string", "null"], "maxLength": 40},
    "minProperties": 1,
    "description": '{"cpu": "250m", "memory": "512Mi"}; null removes one',
}
_PORT = {"type": ["integer", "string"], "minimum": 1, "maximum": 65535, "maxLength": 15}
_SECONDS = {"type": ["integer", "null"], "minimum": 0, "maximum": 86_400}
_PROBE = {
    "type": "object",
    "properties": {
        "initialDelaySeconds": _SECONDS,
        "periodSeconds": _SECONDS,
        "timeoutSeconds": _SECONDS,
        "failureThreshold": _SECONDS,
        "successThreshold": _SECONDS,
        "terminationGracePeriodSeconds": _SECONDS,
        "path": {**TEXT, "type": ["string", "null"]},
        "port": _PORT,
        "scheme": {"type": "string", "enum": ["HTTP", "HTTPS"]},
    },
    "additionalProperties": False,
    "minProperties": 1,
}
_SERVICE_PORT = {
    "type": "object",
    "properties": {"port": {**_PORT, "type": "integer"}, "targetPort": _PORT},
    "additionalProperties": False,
    "minProperties": 1,
}
_SUBJECT = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["User", "Group", "ServiceAccount"]},
        "name": TEXT,
        "namespace": TEXT,
    },
    "required": ["kind", "name"],
    "additionalProperties": False,
}
_SUBJECTS = {"type": "array", "items": _SUBJECT, "minItems": 1, "maxItems": 20}
_RULES = {"type": "array", "items": {"type": "object"}, "maxItems": 100}
_MARKS = {"set": TEXTS, "unset": KEYS}

OBJECT_SPECS: tuple[ToolSpec, ...] = (
    declared(
        "set_image",
        "Set the image of one container. To go back to an earlier one, prefer rollout_undo.",
        {"container": _CONTAINER, "image": TEXT},
        required=("image",),
        permissions=_TEMPLATES,
    ),
    declared(
        "set_resources",
        "Set requests or limits of one container, e.g. memory: 512Mi; null removes one.",
        {"container": _CONTAINER, "requests": _QUANTITIES, "limits": _QUANTITIES},
        permissions=_TEMPLATES,
    ),
    declared(
        "set_env",
        "Set or remove environment variables of one container. Never for credentials.",
        {"container": _CONTAINER, "set": TEXTS, "unset": KEYS},
        permissions=_TEMPLATES,
    ),
    declared(
        "set_probe",
        "Set fields of a probe that a container has; path, port are its handler's; null removes one.",
        {
            "container": _CONTAINER,
            "probe": {"type": "string", "enum": ["liveness", "readiness", "startup"]},
            "fields": _PROBE,
        },
        required=("probe", "fields"),
        permissions=_TEMPLATES,
    ),
    declared(
        "set_service",
        "Set the whole selector of a Service, or port and targetPort of ports that it has, by name.",
        {
            "selector": TEXTS,
            "ports": {"type": "object", "additionalProperties": _SERVICE_PORT, "minProperties": 1},
        },
        permissions=patches("services"),
    ),
    declared(
        "set_hpa",
        "Set the least or most replicas of a HorizontalPodAutoscaler.",
        {"min": {**NUMBER, "maximum": 10_000}, "max": {**NUMBER, "minimum": 1, "maximum": 10_000}},
        permissions=patches("horizontalpodautoscalers.autoscaling"),
    ),
    declared(
        "set_quota",
        "Set hard limits of a ResourceQuota; null removes one.",
        {"hard": _QUANTITIES},
        required=("hard",),
        permissions=patches("resourcequotas"),
    ),
    declared(
        "set_network_policy",
        "Replace whole fields of a NetworkPolicy. What no rule lets through is cut off.",
        {
            "pod_selector": {"type": "object"},
            "ingress": _RULES,
            "egress": _RULES,
            "policy_types": {
                "type": "array",
                "items": {"type": "string", "enum": ["Ingress", "Egress"]},
                "maxItems": 2,
            },
        },
        permissions=patches("networkpolicies.networking.k8s.io"),
    ),
    declared(
        "set_role_binding",
        "Add or remove subjects of a RoleBinding or ClusterRoleBinding.",
        {"add": _SUBJECTS, "remove": _SUBJECTS},
        permissions=patches("rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io"),
        risk=Risk.HIGH,
    ),
    declared(
        "resize_pvc",
        "Give a PersistentVolumeClaim more storage. It cannot be made smaller again.",
        {"storage": {**TEXT, "maxLength": 40}},
        required=("storage",),
        permissions=(*patches("persistentvolumeclaims"), "get storageclasses.storage.k8s.io"),
        reversal=Reversal.NONE,
    ),
    declared(
        "label",
        "Set or remove labels of the object itself, not of its pods.",
        _MARKS,
        permissions=patches("KIND"),
        risk=Risk.LOW,
    ),
    declared(
        "annotate",
        "Set or remove annotations of the object itself, not of its pods.",
        _MARKS,
        permissions=patches("KIND"),
        risk=Risk.LOW,
    ),
    declared(
        "apply_manifest",
        "Create an object, or update it by server-side apply; fields of other managers are not taken. No Secrets.",
        {"manifest": {"type": "object", "description": "apiVersion, kind, metadata and the rest, of the target"}},
        required=("manifest",),
        risk=Risk.LOW,
        permissions=("get KIND", "create KIND", "patch KIND"),
    ),
    declared(
        "delete",
        "Delete one object: rarely a cure. With recreate, where no update can change it, apply_manifest makes it again "
        "in the next step.",
        {
            "propagation": {"type": "string", "enum": ["Background", "Orphan"]},
            "if_empty": {"type": "boolean", "description": "a Namespace: only while it holds nothing of its own"},
            "recreate": {"type": "boolean", "description": "the next step makes it again (kubernetes_apply_manifest)"},
        },
        permissions=("get KIND", "delete KIND", "create KIND"),
        risk=Risk.HIGH,
    ),
)

OBJECT_TARGETS: Mapping[str, tuple[str, ...]] = {
    "kubernetes_set_image": _TEMPLATED,
    "kubernetes_set_resources": _TEMPLATED,
    "kubernetes_set_env": _TEMPLATED,
    "kubernetes_set_probe": _TEMPLATED,
    "kubernetes_set_service": ("Service",),
    "kubernetes_set_hpa": ("HorizontalPodAutoscaler",),
    "kubernetes_set_quota": ("ResourceQuota",),
    "kubernetes_set_network_policy": ("NetworkPolicy",),
    "kubernetes_set_role_binding": ("RoleBinding", "ClusterRoleBinding"),
    "kubernetes_resize_pvc": ("PersistentVolumeClaim",),
    "kubernetes_label": (),
    "kubernetes_annotate": (),
    "kubernetes_apply_manifest": (),
    "kubernetes_delete": (),
}
