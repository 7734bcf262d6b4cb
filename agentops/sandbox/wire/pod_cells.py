"""The cells of the pods Table: READY, STATUS and RESTARTS, as kubectl users know them.

Comes in: a stored pod and the time. Goes out: a cell. Follows printPod in kubernetes/pkg/printers/internalversion/
printers.go (1.32). Must never: fail on a pod that lacks a field.
"""

from __future__ import annotations

from datetime import datetime

from agentops.sandbox.store import Obj
from agentops.sandbox.wire.cells import at, since


def _statuses(obj: Obj) -> list[Obj]:
    return list(at(obj, "status", "containerStatuses", default=()))


def pod_ready(obj: Obj, _now: datetime) -> str:
    """Return how many of the pod's containers are ready."""
    ready = sum(1 for status in _statuses(obj) if status.get("ready") and "running" in status.get("state", {}))
    return f"{ready}/{len(at(obj, 'spec', 'containers', default=()))}"


def pod_restarts(obj: Obj, now: datetime) -> str:
    """Return the restarts of the pod's containers and when the last one was."""
    count = sum(int(status.get("restartCount", 0)) for status in _statuses(obj))
    ends = [at(status, "lastState", "terminated", "finishedAt") for status in _statuses(obj)]
    return f"{count} ({since(max(ends), now)} ago)" if count and any(ends) else str(count)


def pod_status(obj: Obj, _now: datetime) -> str:
    """Return the word in the STATUS column: the phase, or the most telling container reason."""
    reason = str(at(obj, "status", "reason") or at(obj, "status", "phase"))
    reason = _init_status(obj) or _container_reason(obj, reason)
    if at(obj, "metadata", "deletionTimestamp"):
        return "Unknown" if at(obj, "status", "reason") == "NodeLost" else "Terminating"
    return reason


def _init_status(obj: Obj) -> str:
    total = len(at(obj, "spec", "initContainers", default=()))
    for index, status in enumerate(at(obj, "status", "initContainerStatuses", default=())):
        state = status.get("state", {})
        ended, waiting = state.get("terminated"), state.get("waiting", {}).get("reason", "")
        if ended and ended.get("exitCode") == 0:
            continue
        if ended:
            return "Init:" + _ended(ended)
        return f"Init:{waiting}" if waiting not in ("", "PodInitializing") else f"Init:{index}/{total}"
    return ""


def _container_reason(obj: Obj, reason: str) -> str:
    running = False
    for status in reversed(_statuses(obj)):
        state = status.get("state", {})
        if state.get("waiting", {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif "terminated" in state:
            reason = _ended(state["terminated"])
        elif status.get("ready") and "running" in state:
            running = True
    if reason == "Completed" and running:
        conditions = at(obj, "status", "conditions", default=())
        ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)
        return "Running" if ready else "NotReady"
    return reason


def _ended(state: Obj) -> str:
    if state.get("reason"):
        return str(state["reason"])
    return f"Signal:{state['signal']}" if state.get("signal") else f"ExitCode:{state.get('exitCode', 0)}"
