"""Finds out what became of an object that is not there any more; that it is gone is a result, not an error.

Comes in: the object's reference. Goes out: one sentence, made of what the cluster still says of it. Reads only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.clock import to_iso
from agentops.core.errors import ClusterError, NotFound
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.event import last_seen
from agentops.providers.kubernetes.objects.fields import text
from agentops.providers.kubernetes.objects.owners import controller_of

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.client import Cluster

_DRAWN = re.compile(r"-[a-z0-9]{5}$")
"""What a controller adds to the name of each pod that it makes."""


def whereabouts(cluster: Cluster, ref: ResourceRef) -> str:
    """Return what became of an object that is gone; empty when it is there.

    Raises:
        ClusterError: the cluster cannot be read.
    """
    try:
        cluster.get_object(cluster.kind(ref.kind), ref.name, ref.namespace)
    except NotFound:
        pass
    else:
        return ""
    heir = _heir(cluster, ref) if ref.kind == "Pod" else ""
    return f"{ref.short} is gone" + (heir or _last_words(cluster, ref))


def _heir(cluster: Cluster, ref: ResourceRef) -> str:
    """Say which pod its owner made instead: the youngest of those whose names are drawn from the same stem."""
    from agentops.providers.kubernetes.api.client import Selection

    stem = _DRAWN.sub("", ref.name)
    pods, _ = cluster.list_objects(cluster.kind("Pod"), Selection(namespace=ref.namespace))
    alike = [pod for pod in pods if stem != ref.name and _DRAWN.sub("", _named(pod)) == stem and _owner(pod)]
    if not alike:
        return ""
    youngest = max(alike, key=lambda pod: str(pod["metadata"].get("creationTimestamp") or ""))
    return f"; its owner {_owner(youngest)} made Pod {one_line(_named(youngest), 80)} instead"


def _last_words(cluster: Cluster, ref: ResourceRef) -> str:
    """Say when it was deleted, as far as its events still tell."""
    from agentops.providers.kubernetes.api.client import Selection

    fields = f"involvedObject.kind={ref.kind},involvedObject.name={ref.name}"
    try:
        events, _ = cluster.list_objects(cluster.kind("Event"), Selection(namespace=ref.namespace, fields=fields))
    except ClusterError:
        return ""
    last = max(events, key=last_seen, default=None)
    return (
        ""
        if last is None
        else f"; its last event is {one_line(str(last.get('reason')), 60)}, {to_iso(last_seen(last))}"
    )


def _named(item: Mapping[str, Any]) -> str:
    return str(item["metadata"]["name"])


def _owner(pod: Mapping[str, Any]) -> str:
    owner = controller_of(pod)
    return "" if owner is None else one_line(f"{text(owner, 'kind')} {text(owner, 'name')}", 120)
