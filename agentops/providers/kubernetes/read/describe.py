"""``kubernetes_describe``: one object with everything around it that explains its state.

The order is that of an investigation: what it is, who owns it, how it is, what it owns, what happened, what changed,
who wrote it, and last how it is configured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import ClusterError
from agentops.core.evidence import Reading
from agentops.core.resource import ResourceRef
from agentops.core.table import table
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.api.relatives import USED, Owner, children, owners, revisions, users
from agentops.providers.kubernetes.objects.event import last_seen
from agentops.providers.kubernetes.objects.fields import Object, condition
from agentops.providers.kubernetes.objects.managers import written_by
from agentops.providers.kubernetes.objects.noise import strip
from agentops.providers.kubernetes.objects.pod_health import restarts
from agentops.providers.kubernetes.objects.revisions import WORKLOADS
from agentops.providers.kubernetes.objects.status import age_of, pod_state
from agentops.providers.kubernetes.read.arguments import Arguments
from agentops.providers.kubernetes.read.columns import columns_of
from agentops.providers.kubernetes.read.declaration import NAME, read_tool
from agentops.providers.kubernetes.read.events import event_table, events_of
from agentops.providers.kubernetes.read.lookup import object_meant
from agentops.providers.kubernetes.read.phrases import not_read
from agentops.providers.kubernetes.read.rollout_history import history_text
from agentops.providers.kubernetes.read.yaml_text import yaml_text

_EVENTS_SHOWN = 25
_CHILDREN_SHOWN = 25
_REVISIONS_SHOWN = 2
_UNWELL_SHOWN = 3
_NORMAL_EVENTS_SHOWN = 8
_QUIET = frozenset({"Running", "Succeeded", "Terminating"})


@read_tool(
    "kubernetes_describe",
    "One object with owners, children, conditions, events, latest rollout change, who wrote it. Start here.",
    {"kind": NAME, "name": NAME, "namespace": NAME},
    required=("kind", "name"),
    permissions=("get KIND", "list pods", "list events", "list replicasets.apps", "list controllerrevisions.apps"),
)
def describe(cluster: Cluster, clock: Clock, arguments: Arguments) -> Reading:
    """Return an object, its owners, conditions, children, events, latest rollout change and configuration.

    Raises:
        ToolInputError: an argument cannot be used.
        NotFound: there is no such object; the hint names near ones.
        ClusterError: the object itself could not be read.
    """
    kind = cluster.kind(arguments.text("kind"))
    item = object_meant(cluster, kind, arguments)
    now = clock()
    metadata = item["metadata"]
    ref = cluster.ref(kind.kind, metadata.get("name") or "", metadata.get("namespace") or "")
    chain = owners(cluster, item)
    owned, notes = users(cluster, item) if kind.kind in USED else children(cluster, item)
    sections = [
        _head(ref, item, chain, now),
        *_conditions(item, now),
        *(_container_lines(item, now) if kind.kind == "Pod" else ()),
        *_child_tables(owned, now),
        *_unwell(owned.get("Pod", ()), now),
        *_events(cluster, item, chain, owned, now),
        *_rollout(cluster, item, chain, now),
        *_writers(item, now),
    ]
    left_out = strip(item)
    sections.append(_configuration(item))
    more = [f"left out of the configuration: {left_out}"] if left_out else []
    return Reading(
        body="\n\n".join(section for section in sections if section),
        summary=f"{ref.subject} with owners, children and events",
        footer="; ".join([*notes, *more]),
        resources=(ref, *(cluster.ref(owner.kind, owner.name, ref.namespace) for owner in chain)),
    )


def _head(ref: ResourceRef, item: Object, chain: Sequence[Owner], now: datetime) -> str:
    metadata = item["metadata"]
    header, cells = columns_of(item["kind"])
    state = ", ".join(f"{title} {value}" for title, value in zip(header, cells(item, now), strict=True))
    lines = [ref.subject, state]
    if metadata.get("deletionTimestamp"):
        finalizers = ", ".join(metadata.get("finalizers") or ()) or "none"
        since = age_of(metadata["deletionTimestamp"], now)
        lines.append(f"being deleted for {since}; finalizers: {finalizers}")
    labels = metadata.get("labels") or {}
    if labels:
        lines.append("labels: " + ", ".join(f"{key}={value}" for key, value in labels.items()))
    for owner in chain:
        shown = columns_of(owner.kind)
        how = owner.missing or ", ".join(
            f"{title} {value}" for title, value in zip(shown[0], shown[1](owner.item, now), strict=True)
        )
        lines.append(f"owned by {owner.kind}/{owner.name}: {how}")
    return "\n".join(lines)


def _conditions(item: Object, now: datetime) -> Iterator[str]:
    conditions = (item.get("status") or {}).get("conditions") if isinstance(item.get("status"), Mapping) else None
    rows = [
        (
            str(found.get("type")),
            str(found.get("status")),
            str(found.get("reason") or "-"),
            age_of(found.get("lastTransitionTime"), now),
            one_line(str(found.get("message") or ""), 400),
        )
        for found in conditions or ()
        if isinstance(found, Mapping)
    ]
    if rows:
        yield table(("CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE"), rows)


def _container_lines(pod: Object, now: datetime) -> Iterator[str]:
    status = pod.get("status") or {}
    lines = []
    for field, title in (("initContainerStatuses", "init container"), ("containerStatuses", "container")):
        for container in status.get(field) or ():
            ready = "ready" if container.get("ready") else "not ready"
            parts = [f"{title} {container.get('name')}: {ready}, restarts {container.get('restartCount', 0)}"]
            parts += [f"now {text}" for text in [_state(container.get("state"), now)] if text]
            parts += [f"before that {text}" for text in [_state(container.get("lastState"), now)] if text]
            lines.append("; ".join(parts))
    if lines:
        yield "\n".join(lines)


def _state(state: Any, now: datetime) -> str:
    """Return a container state as a phrase: ``terminated OOMKilled, exit code 137, 3m ago after 12s``."""
    for name, value in (state or {}).items():
        detail = [name]
        if value.get("reason"):
            detail[0] = f"{name} {value['reason']}"
        if "exitCode" in value:
            detail.append(f"exit code {value['exitCode']}")
        if value.get("signal"):
            detail.append(f"signal {value['signal']}")
        moment = value.get("finishedAt") or value.get("startedAt")
        if moment:
            detail.append(f"{age_of(moment, now)} ago")
        if value.get("message"):
            detail.append(one_line(str(value["message"]), 400))
        return ", ".join(detail)
    return ""


def _unwell(pods: Sequence[Object], now: datetime) -> Iterator[str]:
    """Yield the containers of a few pods that are not ready or have restarted: why they ended is what matters."""
    bad = [pod for pod in pods if restarts(pod) or pod_state(pod) not in _QUIET]
    # What does not run tells more than what has restarted and runs again.
    for pod in sorted(bad, key=lambda pod: pod_state(pod) in _QUIET)[:_UNWELL_SHOWN]:
        waiting = condition(pod, "PodScheduled")
        reason = one_line(str(waiting.get("message") or ""), 300) if waiting.get("status") == "False" else ""
        lines = [*_container_lines(pod, now)]
        text = "\n".join(f"  {line}" for line in "\n".join(lines).splitlines())
        yield "\n".join(
            part for part in (f"pod {pod['metadata'].get('name')}: {reason or pod_state(pod)}", text) if part
        )


def _child_tables(owned: Mapping[str, Sequence[Object]], now: datetime) -> Iterator[str]:
    for kind, items in owned.items():
        header, cells = columns_of(kind)
        # The youngest first: in a rollout that is where the trouble is.
        newest = sorted(items, key=lambda item: str(item["metadata"].get("creationTimestamp") or ""), reverse=True)
        several = len({item["metadata"].get("namespace") for item in items}) > 1
        rows = [
            (*((str(item["metadata"].get("namespace")),) if several else ()), str(item["metadata"].get("name")), *more)
            for item in newest[:_CHILDREN_SHOWN]
            for more in [cells(item, now)]
        ]
        text = table((*(("NAMESPACE",) if several else ()), kind.upper(), *header), rows)
        yield text + (f"\n... and {len(items) - _CHILDREN_SHOWN} more" if len(items) > _CHILDREN_SHOWN else "")


def _events(
    cluster: Cluster,
    item: Object,
    chain: Sequence[Owner],
    owned: Mapping[str, Sequence[Object]],
    now: datetime,
) -> Iterator[str]:
    metadata = item["metadata"]
    names = [(str(item["kind"]), str(metadata.get("name")))]
    names += [(owner.kind, owner.name) for owner in chain]
    names += [(kind, str(child["metadata"].get("name"))) for kind, items in owned.items() for child in items]
    # Events about cluster-scoped objects are kept in some namespace, mostly default; look in all of them.
    try:
        found, _ = events_of(cluster, metadata.get("namespace") or "", names)
    except ClusterError as error:
        yield not_read("events", error)
        return
    if not found:
        yield "events: none (the API server forgets them after an hour by default)"
        return
    warnings = [event for event in found if event.get("type") == "Warning"]
    normal = [event for event in found if event.get("type") != "Warning"]
    # Warnings first; beside them normal events only as far as they place the warnings in time.
    room = _EVENTS_SHOWN - len(warnings)
    shown = [
        *warnings[:_EVENTS_SHOWN],
        *normal[: min(max(room, 0), _NORMAL_EVENTS_SHOWN) if warnings else _EVENTS_SHOWN],
    ]
    text = event_table(sorted(shown, key=last_seen, reverse=True), now)
    yield text + (f"\n... and {len(found) - len(shown)} more" if len(found) > len(shown) else "")


def _rollout(cluster: Cluster, item: Object, chain: Sequence[Owner], now: datetime) -> Iterator[str]:
    """Yield the latest change of the pod template of the workload that this object is, or belongs to."""
    # The object itself may be the workload; a pod finds it up the chain of its owners.
    candidates = [item, *(owner.item for owner in chain if owner.item)]
    workload = next((other for other in candidates if _kind_of(other, item, chain) in WORKLOADS), None)
    if workload is None:
        return
    named = {**workload, "kind": _kind_of(workload, item, chain)}
    try:
        found = revisions(cluster, named)
    except ClusterError as error:
        yield not_read("revisions", error)
        return
    if found:
        title = f"latest revisions of {named['kind']}/{workload['metadata'].get('name')}"
        yield f"{title}\n{history_text(found, now, _REVISIONS_SHOWN)}"


def _writers(item: Object, now: datetime) -> Iterator[str]:
    """Yield who wrote which fields, and when: the answer to who changed this."""
    lines = written_by(item, now)
    if lines:
        yield "fields last written by\n" + "\n".join(f"  {line}" for line in lines)


def _kind_of(candidate: Object, item: Object, chain: Sequence[Owner]) -> str:
    if candidate is item:
        return str(item["kind"])
    return next((owner.kind for owner in chain if owner.item is candidate), "")


def _configuration(item: Object) -> str:
    """Return what the object was told to be: everything but its metadata and status."""
    # Metadata and status were told above, in words.
    kept = {key: value for key, value in item.items() if key not in {"apiVersion", "kind", "metadata", "status"}}
    annotations = item["metadata"].get("annotations")
    parts = {"annotations": annotations, **kept} if annotations else kept
    return yaml_text(parts) if parts else ""
