"""Pods as controllers create and delete them, and what the API server does to a new one.

Comes in: a pod about to be created. Goes out: the pod with what the server fills in, or the server's refusal in its own
words, as an event. All of it is done by the wire's own admission chain.
"""

from __future__ import annotations

from datetime import timedelta

from agentops.sandbox.admission.allocation import allocate
from agentops.sandbox.admission.pods import complete_pod, judge_pod
from agentops.sandbox.admission.quota import check_quota
from agentops.sandbox.manifests import resource_of, with_defaults
from agentops.sandbox.objects import name_of
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.status import ApiRefusal
from agentops.sandbox.world import World

# When a controller without a back-off of its own tries again to create what was refused.
RETRY = timedelta(seconds=30)


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
        except ApiRefusal as refusal:
            return refusal.message
    return ""


def make_pod(world: World, owner: Obj, pod: Obj, component: str) -> str:
    """Create a pod that ``owner`` is to have, and say so in an event; return why admission refuses it, or empty."""
    refusal = admit_pod(world, pod)
    if refusal:
        world.event(owner, "Warning", "FailedCreate", f"Error creating: {refusal}", component)
    else:
        world.store.create(pod)
        world.event(owner, "Normal", "SuccessfulCreate", f"Created pod: {name_of(pod)}", component)
    return refusal


def remove_pod(world: World, owner: Obj, pod: Obj, component: str) -> None:
    """Delete a pod that ``owner`` has, and say so in an event."""
    world.delete(pod)
    world.event(owner, "Normal", "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", component)
