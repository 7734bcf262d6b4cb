"""What the Kubernetes change tools that edit one object declare: name, arguments, permissions, risk, way back.

Data only; importing it loads nothing. The target of a change is no argument: ``Change.target`` names it, and
``TARGETS`` says which kinds each tool takes (none listed: any kind). ``reversal`` is the best that a call can have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.tool import Effect, Reversal, Risk, ToolSpec

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
_SCALED = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")

TEXT = {"type": "string", "maxLength": 1000}
VALUE = {"type": "string", "maxLength": 100_000}
_FLAG = {"type": "boolean"}
NUMBER = {"type": "integer", "minimum": 0, "maximum": 100_000}
TEXTS = {"type": "object", "additionalProperties": VALUE, "minProperties": 1}
KEYS = {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 100}
_PATH = {**TEXT, "description": "e.g. spec.template.spec.containers[app].image, data[app.conf], spec.ports[http].port"}
_ANY = {"description": "JSON value; null for a field that is not there"}
_REPLACE = {**TEXTS, "description": "texts to replace inside the value: {old: new}"}


def declared(
    name: str,
    description: str,
    properties: Mapping[str, Any],
    *,
    required: tuple[str, ...] = (),
    permissions: tuple[str, ...],
    risk: Risk = Risk.MEDIUM,
    reversal: Reversal = Reversal.EXACT,
    idempotent: bool = True,
) -> ToolSpec:
    schema: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    return ToolSpec(
        name=f"kubernetes_{name}",
        description=description,
        schema=schema,
        effect=Effect.CHANGE,
        risk=risk,
        permissions=permissions,
        idempotent=idempotent,
        reversal=reversal,
        timeout_s=60.0,
    )


def patches(*kinds: str) -> tuple[str, ...]:
    """Return the permissions to read and patch some kinds, written as the API's resources are."""
    return tuple(f"{verb} {resource}" for resource in kinds for verb in ("get", "patch"))


_APPS = ("deployments.apps", "statefulsets.apps", "daemonsets.apps")
_CHANGE = {
    "type": "object",
    "properties": {"path": _PATH, "old": _ANY, "new": _ANY, "replace": _REPLACE},
    "required": ["path"],
    "additionalProperties": False,
}

SPECS: tuple[ToolSpec, ...] = (
    declared(
        "patch",
        "Change fields of any object by path, e.g. spec.template.spec.containers[app].image: old is what is there "
        "(null: nothing), new what shall be (null: none). Keys in old that are not in new are removed. Prefer a more "
        "special tool.",
        {
            "path": _PATH,
            "old": _ANY,
            "new": _ANY,
            "replace": _REPLACE,
            "changes": {"type": "array", "items": _CHANGE, "minItems": 1, "maxItems": 100},
        },
        permissions=patches("KIND"),
    ),
    declared(
        "scale",
        "Set the number of replicas. Not a cure for failing pods; zero stops the workload.",
        {"replicas": {**NUMBER, "maximum": 10_000}},
        required=("replicas",),
        permissions=("get KIND", "patch KIND/scale", "list horizontalpodautoscalers.autoscaling"),
    ),
    declared(
        "rollout_restart",
        "Replace all pods of a workload one after another. For pods that hold a stale state.",
        {},
        permissions=patches(*_APPS),
        reversal=Reversal.COMPENSATING,
        idempotent=False,
    ),
    declared(
        "rollout_undo",
        "Give a workload the pod template of an earlier revision: the first choice when a rollout broke it.",
        {"to_revision": {**NUMBER, "maximum": 10**9, "description": "default: the one before"}},
        permissions=(*patches(*_APPS), "list replicasets.apps", "list controllerrevisions.apps"),
        reversal=Reversal.COMPENSATING,
    ),
    declared(
        "uncordon",
        "Let a node take new pods again.",
        {},
        permissions=patches("nodes"),
    ),
    declared(
        "cordon",
        "Let a node take no new pods; those on it stay.",
        {},
        permissions=patches("nodes"),
    ),
    declared(
        "suspend_cronjob",
        "Start no more runs of a CronJob.",
        {"suspend": _FLAG},
        permissions=patches("cronjobs.batch"),
    ),
    declared(
        "resume_cronjob",
        "Start runs of a suspended CronJob again.",
        {"suspend": _FLAG},
        permissions=patches("cronjobs.batch"),
    ),
    declared(
        "edit_configmap",
        "Set, remove or rename keys, or replace texts (replace: {old: new}) in the value of one key. Pods that read it "
        "as environment see it only after a rollout_restart.",
        {
            "set": TEXTS,
            "unset": KEYS,
            "rename": {**TEXTS, "description": "{old key: new key}"},
            "key": {**TEXT, "description": "the key for replace"},
            "replace": _REPLACE,
        },
        permissions=patches("configmaps"),
    ),
)

TARGETS: Mapping[str, tuple[str, ...]] = {
    "kubernetes_patch": (),
    "kubernetes_scale": _SCALED,
    "kubernetes_rollout_restart": _WORKLOADS,
    "kubernetes_rollout_undo": _WORKLOADS,
    "kubernetes_uncordon": ("Node",),
    "kubernetes_cordon": ("Node",),
    "kubernetes_suspend_cronjob": ("CronJob",),
    "kubernetes_resume_cronjob": ("CronJob",),
    "kubernetes_edit_configmap": ("ConfigMap",),
}
