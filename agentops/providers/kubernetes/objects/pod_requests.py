"""What a pod asks for as the scheduler counts it: its containers together, or a larger init container, plus overhead.

Comes in: a pod's spec. Goes out: cores or bytes. Source:
https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
"""

from __future__ import annotations

from agentops.providers.kubernetes.objects.fields import Object
from agentops.providers.kubernetes.objects.quantity import amount


def pod_request(spec: Object, resource: str, *, of: str = "requests") -> float:
    """Return what the scheduler counts: the containers together, or a larger init container, plus overhead."""
    main = sum(_container_amount(c, resource, of) for c in spec.get("containers") or ())
    # Init containers run one after another and then end; a sidecar (restartPolicy Always) stays beside the main ones.
    init = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") != "Always"]
    sidecars = sum(
        _container_amount(c, resource, of)
        for c in spec.get("initContainers") or ()
        if c.get("restartPolicy") == "Always"
    )
    largest = max((_container_amount(c, resource, of) for c in init), default=0.0)
    overhead = amount((spec.get("overhead") or {}).get(resource, 0)) or 0.0
    return max(main + sidecars, largest) + overhead


def _container_amount(container: Object, resource: str, of: str) -> float:
    return amount(((container.get("resources") or {}).get(of) or {}).get(resource, 0)) or 0.0
