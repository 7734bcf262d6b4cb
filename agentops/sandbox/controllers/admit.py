"""What the API server does to a pod that a controller creates: defaults, limit ranges, pod security, quota.

Comes in: a pod about to be created. Goes out: the pod with what the server fills in, or the server's refusal in its own
words. Defaults, limits and quota are those of the wire's own admission chain; pod security is checked here, as far as
the scenarios use it.
"""

from __future__ import annotations

from agentops.sandbox.admission.defaults import allocate
from agentops.sandbox.admission.quota import check_limits, check_quota, limit_defaults
from agentops.sandbox.manifests import resource_of, with_defaults
from agentops.sandbox.objects import containers_of, labels_of, name_of, namespace_of, pod_active, request_of
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.status import Refusal
from agentops.sandbox.world import World


def admit_pod(world: World, pod: Obj) -> str:
    """Fill in what the server fills in; return why it refuses the pod, or empty."""
    pod.update(with_defaults(pod))
    allocate(pod, world.store)
    limit_defaults(pod, world.store)
    problem = _security_problem(world, pod)
    if problem:
        return f'pods "{name_of(pod)}" is forbidden: {problem}'
    resource = resource_of(pod)
    if resource is not None:
        try:
            check_limits(resource, pod, world.store)
            check_quota(resource, pod, world.store, None)
        except Refusal as refusal:
            return refusal.message
    return ""


def _security_problem(world: World, pod: Obj) -> str:
    """Check the parts of the Pod Security Standards that the scenarios use: privileged, host namespaces, root."""
    home = world.peek("Namespace", "", namespace_of(pod))
    level = labels_of(home).get("pod-security.kubernetes.io/enforce", "privileged") if home else "privileged"
    if level == "privileged":
        return ""
    found: list[str] = []
    for container in containers_of(pod["spec"]):
        context = container.get("securityContext") or {}
        if context.get("privileged"):
            found.append(f'privileged (container "{container["name"]}" must not set securityContext.privileged=true)')
        if level == "restricted" and context.get("allowPrivilegeEscalation") is not False:
            found.append(
                f'allowPrivilegeEscalation != false (container "{container["name"]}" must set '
                "securityContext.allowPrivilegeEscalation=false)"
            )
    if pod["spec"].get("hostNetwork"):
        found.append("host namespaces (hostNetwork=true)")
    return f'violates PodSecurity "{level}:latest": {", ".join(found)}' if found else ""


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
