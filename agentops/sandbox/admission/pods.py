"""Admission of pods: service account, priority and runtime class before validation, limits and pod security after it.

Comes in: a new pod and the store. Goes out: the pod with what admission adds, or 403 in the words of the plugin that
refuses it. The writes of the wire and of the controllers both go through here. Must never: let through what a plugin
refuses.
"""

from __future__ import annotations

from agentops.sandbox.admission.pod_security import level_of, violations
from agentops.sandbox.admission.quota import check_limits, limit_defaults
from agentops.sandbox.store import Key, Obj, ObjectStore
from agentops.sandbox.wire.cells import at
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.status import forbidden

# Every cluster has these two.
_SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


def complete_pod(resource: Resource, pod: Obj, store: ObjectStore) -> None:
    """Fill in the priority of a pod and the limits of its namespace.

    Raises:
        Refusal: 403, its service account, priority class or runtime class does not exist.
    """
    spec, namespace = pod.setdefault("spec", {}), pod["metadata"].get("namespace", "")
    name = pod["metadata"].get("name", "")
    account = spec.get("serviceAccountName") or "default"
    if store.peek(Key("", "ServiceAccount", namespace, account)) is None:
        why = f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
        raise forbidden(resource, name, why)
    _set_priority(resource, pod, store)
    limit_defaults(pod, store)
    runtime = spec.get("runtimeClassName")
    if runtime and store.peek(Key("node.k8s.io", "RuntimeClass", "", runtime)) is None:
        raise forbidden(resource, name, f'pod rejected: RuntimeClass "{runtime}" not found')
    if spec.get("overhead") and not runtime:
        raise forbidden(
            resource, name, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
        )


def _set_priority(resource: Resource, pod: Obj, store: ObjectStore) -> None:
    spec, wanted = pod["spec"], pod["spec"].get("priorityClassName", "")
    classes = {one["metadata"]["name"]: one for one in store.list("PriorityClass")}
    found = classes.get(wanted) if wanted else next((one for one in classes.values() if one.get("globalDefault")), None)
    if wanted and found is None and wanted not in _SYSTEM_PRIORITIES:
        raise forbidden(resource, pod["metadata"].get("name", ""), f"no PriorityClass with name {wanted} was found")
    value = _SYSTEM_PRIORITIES.get(wanted, 0) if found is None else found["value"]
    if found is not None and not wanted:
        spec["priorityClassName"] = found["metadata"]["name"]
    if spec.setdefault("priority", value) != value:
        why = (
            f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; "
            f"priority admission controller computed {value} from the given PriorityClass name"
        )
        raise forbidden(resource, pod["metadata"].get("name", ""), why)
    spec.setdefault("preemptionPolicy", (found or {}).get("preemptionPolicy", "PreemptLowerPriority"))


def judge_pod(resource: Resource, pod: Obj, store: ObjectStore) -> None:
    """Refuse a pod that is outside its namespace's limits or pod security level.

    Raises:
        Refusal: 403.
    """
    check_limits(resource, pod, store)
    found = violations(pod["spec"], level_of(store, pod["metadata"].get("namespace", ""), "enforce"))
    if found:
        raise forbidden(resource, pod["metadata"]["name"], f"violates {found}")


def security_warning(obj: Obj, store: ObjectStore) -> str:
    """Return what the server warns of when a namespace's level ``warn`` is violated; empty otherwise."""
    spec = obj.get("spec") if obj["kind"] == "Pod" else at(obj, "spec", "template", "spec", default=None)
    if obj["kind"] == "CronJob":
        spec = at(obj, "spec", "jobTemplate", "spec", "template", "spec", default=None)
    if not spec:
        return ""
    found = violations(spec, level_of(store, obj["metadata"].get("namespace", ""), "warn"))
    return f"would violate {found}" if found else ""
