"""What the change tools for pods, nodes and Jobs declare. Data only; importing it loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.tool import Effect, Reversal, Risk, ToolSpec

_GRACE = {
    "type": "integer",
    "minimum": 0,
    "maximum": 3600,
    "description": "seconds to end in; the pod's own terminationGracePeriodSeconds when left out",
}
_FLAG = {"type": "boolean"}


def _spec(
    name: str,
    description: str,
    properties: Mapping[str, Any],
    *,
    permissions: tuple[str, ...],
    risk: Risk,
    timeout_s: float = 60.0,
) -> ToolSpec:
    return ToolSpec(
        name=f"kubernetes_{name}",
        description=description,
        schema={"type": "object", "properties": dict(properties), "additionalProperties": False},
        effect=Effect.CHANGE,
        risk=risk,
        permissions=permissions,
        idempotent=False,
        reversal=Reversal.COMPENSATING,
        timeout_s=timeout_s,
    )


POD_SPECS: tuple[ToolSpec, ...] = (
    _spec(
        "evict_pod",
        "Evict one pod, within its disruption budgets; its controller makes a new one.",
        {"grace_period_s": _GRACE},
        permissions=("get pods", "create pods/eviction", "list poddisruptionbudgets.policy"),
        risk=Risk.MEDIUM,
    ),
    _spec(
        "delete_pod",
        "Delete one pod, past its disruption budgets; without a controller it does not come back. Prefer evict_pod.",
        {"grace_period_s": _GRACE},
        permissions=("get pods", "delete pods"),
        risk=Risk.MEDIUM,
    ),
    _spec(
        "drain",
        "Cordon a node and evict its pods within disruption budgets. DaemonSet and static pods stay; bare pods and "
        "emptyDir data are refused unless the arguments say so.",
        {
            "grace_period_s": _GRACE,
            "delete_emptydir": {**_FLAG, "description": "lose what is in emptyDir volumes"},
            "delete_bare_pods": {**_FLAG, "description": "lose pods that no controller makes again"},
        },
        permissions=(
            "get nodes",
            "patch nodes",
            "list pods",
            "create pods/eviction",
            "list poddisruptionbudgets.policy",
        ),
        risk=Risk.HIGH,
        timeout_s=600.0,
    ),
    _spec(
        "rerun_job",
        "Run an ended Job again: a new Job of the same template under a new name. The old one stays.",
        {},
        permissions=("get jobs.batch", "create jobs.batch"),
        risk=Risk.MEDIUM,
    ),
)

POD_TARGETS: Mapping[str, tuple[str, ...]] = {
    "kubernetes_evict_pod": ("Pod",),
    "kubernetes_delete_pod": ("Pod",),
    "kubernetes_drain": ("Node",),
    "kubernetes_rerun_job": ("Job",),
}
