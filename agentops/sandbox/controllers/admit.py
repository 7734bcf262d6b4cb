"""What the API server does to a pod that a controller creates: defaults, limit ranges, pod security, quota.

Comes in: a pod about to be created. Goes out: the pod with what the server fills in, or the server's refusal in its own
words. All of it is done by the wire's own admission chain.
"""

from __future__ import annotations

from agentops.sandbox.admission.allocation import allocate
from agentops.sandbox.admission.pods import complete_pod, judge_pod
from agentops.sandbox.admission.quota import check_quota
from agentops.sandbox.manifests import resource_of, with_defaults
from agentops.sandbox.objects import pod_active, request_of
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.status import Refusal
from agentops.sandbox.world import World


def admit_pod(world: World, pod: Obj) -> str:
    """Fill in what the server fills in; return why it refuses the pod, or empty."""
    pod.update(with_defaults(pod))
    resource = resource_of(pod)
    if resource is not None:
        try:
            complete_pod(resource, pod, world.store)
            allocate(pod, world.store)
            judge_pod(resource, pod, world.store)
            check_quota(resource, pod, world.store, None)
        except Refusal as refusal:
            return refusal.message
    return ""


def quota_usage(world: World, namespace: str) -> dict[str, float]:
    """Return what the namespace's pods and objects use of each resource that a quota can count."""
    pods = [pod for pod in world.store.list("Pod", namespace) if _counts(pod)]
    used = {"pods": float(len(pods))}
    for pod in pods:
        for name, amount in _pod_charge(pod).items():
            used[name] = used.get(name, 0.0) + (amount if name != "pods" else 0.0)
    for kind, name in (
        ("Service", "services"),
        ("ConfigMap", "configmaps"),
        ("Secret", "secrets"),
        ("PersistentVolumeClaim", "persistentvolumeclaims"),
    ):
        used[name] = float(len(world.store.list(kind, namespace)))
    return used


def _counts(pod: Obj) -> bool:
    return pod_active(pod) or (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def _pod_charge(pod: Obj) -> dict[str, float]:
    spec = pod["spec"]
    charge = {"pods": 1.0}
    for resource in ("cpu", "memory"):
        charge[f"requests.{resource}"] = charge[resource] = request_of(spec, resource)
        charge[f"limits.{resource}"] = request_of(spec, resource, limits=True)
    return charge
