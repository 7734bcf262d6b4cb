"""What a row of a list shows for each kind: the columns that tell health at a glance.

Comes in: a plain object and the time. Goes out: cells of text. Kinds without columns of their own show their phase or
``Ready`` condition, so custom resources are readable too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.fields import Object, condition
from agentops.providers.kubernetes.objects.node_conditions import bad_conditions
from agentops.providers.kubernetes.objects.pod_health import restarts
from agentops.providers.kubernetes.objects.status import age_of, created, pod_state, readiness

Columns: TypeAlias = tuple[tuple[str, ...], Callable[[Object, datetime], tuple[str, ...]]]


def _pod(pod: Object, now: datetime) -> tuple[str, ...]:
    node = str((pod.get("spec") or {}).get("nodeName") or "-")
    return readiness(pod), pod_state(pod), str(restarts(pod)), created(pod, now), node


def _replicas(item: Object, now: datetime) -> tuple[str, ...]:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    wanted = spec.get("replicas", 1)
    ready = status.get("readyReplicas", 0)
    return f"{ready}/{wanted}", str(status.get("updatedReplicas", "-")), created(item, now)


def _daemon_set(item: Object, now: datetime) -> tuple[str, ...]:
    status = item.get("status") or {}
    return (
        f"{status.get('numberReady', 0)}/{status.get('desiredNumberScheduled', 0)}",
        str(status.get("updatedNumberScheduled", "-")),
        created(item, now),
    )


def _job(item: Object, now: datetime) -> tuple[str, ...]:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    state = next((c["type"] for c in status.get("conditions") or () if c.get("status") == "True"), "Running")
    done = f"{status.get('succeeded', 0)}/{spec.get('completions', 1)}"
    return done, str(status.get("failed", 0)), "Suspended" if spec.get("suspend") else str(state), created(item, now)


def _cron_job(item: Object, now: datetime) -> tuple[str, ...]:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    last = age_of(status.get("lastScheduleTime"), now)
    return str(spec.get("schedule")), str(bool(spec.get("suspend"))), str(len(status.get("active") or ())), last


def _service(item: Object, now: datetime) -> tuple[str, ...]:
    spec = item.get("spec") or {}
    ports = ",".join(
        f"{port.get('port')}->{port.get('targetPort', port.get('port'))}" for port in spec.get("ports") or ()
    )
    selector = ",".join(f"{key}={value}" for key, value in (spec.get("selector") or {}).items())
    return str(spec.get("type") or "ClusterIP"), ports or "-", selector or "-", created(item, now)


def _node(item: Object, now: datetime) -> tuple[str, ...]:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    states = ["Ready" if condition(item, "Ready").get("status") == "True" else "NotReady"]
    states += ["SchedulingDisabled"] if spec.get("unschedulable") else []
    pressed = [str(one["type"]) for one in bad_conditions(item) if one["type"] != "Ready"]
    version = (status.get("nodeInfo") or {}).get("kubeletVersion") or "-"
    return ",".join(states + pressed), str(version), created(item, now)


def _claim(item: Object, now: datetime) -> tuple[str, ...]:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage") or "-"
    return str(status.get("phase")), str(size), str(spec.get("storageClassName") or "-"), created(item, now)


def _keys(item: Object, now: datetime) -> tuple[str, ...]:
    keys = [*(item.get("data") or {}), *(item.get("binaryData") or {})]
    return one_line(",".join(keys) or "-", 120), created(item, now)


def _other(item: Object, now: datetime) -> tuple[str, ...]:
    status = item.get("status")
    # Custom resources follow one of two conventions: a phase, or a Ready (or Available) condition.
    state = str(status.get("phase") or "") if isinstance(status, Mapping) else ""
    ready = condition(item, "Ready") or condition(item, "Available")
    if not state and ready:
        state = f"{ready.get('type')}={ready.get('status')} {ready.get('reason') or ''}".strip()
    return state or "-", created(item, now)


_REPLICAS: Columns = (("READY", "UPDATED", "AGE"), _replicas)
_BY_KIND: Mapping[str, Columns] = {
    "Pod": (("READY", "STATUS", "RESTARTS", "AGE", "NODE"), _pod),
    "Deployment": _REPLICAS,
    "StatefulSet": _REPLICAS,
    "ReplicaSet": _REPLICAS,
    "DaemonSet": (("READY", "UPDATED", "AGE"), _daemon_set),
    "Job": (("DONE", "FAILED", "STATE", "AGE"), _job),
    "CronJob": (("SCHEDULE", "SUSPENDED", "ACTIVE", "LAST"), _cron_job),
    "Service": (("TYPE", "PORTS", "SELECTOR", "AGE"), _service),
    "Node": (("STATUS", "VERSION", "AGE"), _node),
    "PersistentVolumeClaim": (("STATUS", "SIZE", "CLASS", "AGE"), _claim),
    "ConfigMap": (("KEYS", "AGE"), _keys),
    "Secret": (("KEYS", "AGE"), _keys),
}
_OTHERWISE: Columns = (("STATE", "AGE"), _other)


def columns_of(kind: str) -> Columns:
    """Return the header and the cells' function for a kind."""
    return _BY_KIND.get(kind, _OTHERWISE)


def name_columns(items: Sequence[Object], *, namespaced: bool) -> tuple[str, ...]:
    """Return the headers that come first: the namespace only when the rows are of several."""
    names = {(item.get("metadata") or {}).get("namespace") for item in items}
    return ("NAMESPACE", "NAME") if namespaced and len(names) > 1 else ("NAME",)
