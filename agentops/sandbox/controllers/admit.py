"""What the API server does to a pod that a controller creates: defaults, limit ranges, pod security, quota.

Comes in: a pod about to be created. Goes out: the pod with what the server fills in, or the server's refusal in its own
words. All of it is done by the wire's own admission chain.
"""

from __future__ import annotations

from agentops.sandbox.admission.allocation import allocate
from agentops.sandbox.admission.pods import complete_pod, judge_pod
from agentops.sandbox.admission.quota import check_quota
from agentops.sandbox.manifests import resource_of, with_defaults
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.status import Refusal
from agentops.sandbox.world import World


def admit_pod(world: World, pod: Obj) -> str:
    """Fill in what the server fills in; return why it refuses the pod, or empty."""
    pod.update(with_defaults(pod))
    resource = resource_of(pod)
    if resource is not None:
        try:
            # The name is made of generateName only after this part of admission, and so its refusals lack it.
            metadata = pod["metadata"]
            named = {**pod, "metadata": {**metadata, "name": metadata.get("generateName") or metadata["name"]}}
            complete_pod(resource, named, world.store)
            allocate(pod, world.store)
            judge_pod(resource, pod, world.store)
            check_quota(resource, pod, world.store, None)
        except Refusal as refusal:
            return refusal.message
    return ""
