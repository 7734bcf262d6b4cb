"""What a row of a list shows for each kind: the columns that tell health at a glance.

Comes in: a plain object and the time. Goes out: cells of text. Kinds without columns of their own show their phase or
``Ready`` condition, so custom resources are readable too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from agentops.core.clock import age, from_iso
from agentops.core.text import one_line

Object: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = tuple[tuple[str, ...], Callable[[Object, datetime], tuple[str, ...]]]


def age_of(moment: Any, now: datetime) -> str:
    """Return the age of a timestamp, ``-`` when it is absent or not a time."""
    try:
        return age(from_iso(moment), now) if isinstance(moment, str) else "-"
    except ValueError:
        return "-"


def created(item: Object, now: datetime) -> str:
    """Return the age of an object."""
    return age_of((item.get("metadata") or {}).get("creationTimestamp"), now)


def pod_state(pod: Object) -> str:
    """Return the one word that tells most about a pod: a container's reason before the phase, as kubectl shows it."""
    status = pod.get("status") or {}
    if (pod.get("metadata") or {}).get("deletionTimestamp"):
        return "Terminating"
    reason = str(status.get("reason") or status.get("phase") or "Unknown")
    for container in status.get("initContainerStatuses") or ():
        trouble = container_trouble(container)
        if trouble:
            return f"Init:{trouble}"
    for container in status.get("containerStatuses") or ():
        trouble = container_trouble(container)
        if trouble:
            return trouble
    unschedulable = [c for c in status.get("conditions") or () if c.get("type") == "PodScheduled"]
    if reason == "Pending" and any(c.get("status") == "False" for c in unschedulable):
        return str(unschedulable[0].get("reason") or reason)
    return reason


def container_trouble(container: Object) -> str:
    """Return why a container does not run, or an empty text when it runs or ended well."""
    state = container.get("state") or {}
    waiting, ended = state.get("waiting"), state.get("terminated")
    if waiting and waiting.get("reason") not in {"PodInitializing", None}:
        return str(waiting["reason"])
    if ended and ended.get("exitCode"):
        return str(ended.get("reason") or f"ExitCode:{ended['exitCode']}")
    return ""


def readiness(pod: Object) -> str:
    """Return ``1/2``: ready containers of all."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    total = len((pod.get("spec") or {}).get("containers") or ()) or len(statuses)
    return f"{sum(bool(status.get('ready')) for status in statuses)}/{total}"


def restarts(pod: Object) -> int:
    """Return the restarts of all containers."""
    status = pod.get("status") or {}
    parts = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    return sum(int(part.get("restartCount") or 0) for part in parts)


def condition(item: Object, kind: str) -> Object:
    """Return a condition of an object by its type; empty when it has none."""
    conditions = (item.get("status") or {}).get("conditions")
    found = (
        [c for c in conditions if isinstance(c, Mapping) and c.get("type") == kind]
        if isinstance(conditions, list)
        else []
    )
    return found[0] if found else {}


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
    pressed = [
        str(c.get("type"))
        for c in status.get("conditions") or ()
        if c.get("type") != "Ready" and c.get("status") == "True"
    ]
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
