"""``observe``: the objects around a change as they are now, for verification before, during and after.

Comes in: a ``Preview`` and a clock. Goes out: an ``Observation``: the touched objects in the form of the preview, the
health of the workloads that the change acts on, and of the others in its namespaces. Only reads. Must never call what
it could not read healthy: objects and targets that cannot be read are an error, bystanders say so in their ``detail``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import ClusterError, NotFound, Unreachable
from agentops.core.outcome import Health, Observation
from agentops.core.plan import ObjectChange, Preview, Verb
from agentops.core.resource import ResourceRef
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.api.relatives import revisions
from agentops.providers.kubernetes.impact.blast_radius import measure
from agentops.providers.kubernetes.impact.health import health
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.impact.waiting import waiting_for
from agentops.providers.kubernetes.objects.field_paths import ABSENT, get, parse
from agentops.providers.kubernetes.objects.fields import Object, labels_of, name_of, spec_of, status_of
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.normal_form import normalised
from agentops.providers.kubernetes.objects.owners import controller_of
from agentops.providers.kubernetes.objects.pod_health import is_active, is_ready
from agentops.providers.kubernetes.objects.revisions import REVISION
from agentops.providers.kubernetes.objects.selectors import fronts
from agentops.providers.kubernetes.objects.server_values import comparable, without
from agentops.providers.kubernetes.objects.workloads import ROLLED_KINDS, WORKLOADS, is_of_revision, rolls_out

_BYSTANDERS = ("Deployment", "StatefulSet", "DaemonSet")
_OWN_HEALTH = frozenset(
    {"Job", "CronJob", "Pod", "Node", "PersistentVolumeClaim", "Service", "ReplicaSet", *_BYSTANDERS}
)
_NO_TARGETS = frozenset({"PodDisruptionBudget", "Namespace"})


def observe(cluster: Cluster, preview: Preview, clock: Clock) -> Observation:
    """Return what is live around ``preview``.

    Costs one read for each touched object and target, and the lists of pods, ReplicaSets and workloads of each touched
    namespace.

    Raises:
        ClusterError: an object or a target could not be read.
    """
    reader = ImpactReader(cluster)
    at = clock()
    live = {change.ref: _live(cluster, change) for change in preview.objects}
    ending = {change.ref for change in preview.objects if _is_ending(change, live[change.ref])}
    namespaces = sorted({change.ref.namespace for change in preview.objects} - {""})
    reader.want(("Pod", "ReplicaSet", *_BYSTANDERS), namespaces)
    watch = _Watch(reader, at, frozenset(change.ref for change in preview.objects if _makes_anew(change)))
    targets = [watch.target(ref, live.get(ref)) for ref in _targets(reader, preview)]
    # Its deletion cannot be stopped any more, so it counts as gone; but it is waited for.
    targets += [Health(ref=ref, settled=False, detail=f"{ref.short} is being deleted") for ref in sorted(ending)]
    known = {one.ref for one in targets} | set(live)
    # What waits for the changed object is watched too, but an object is judged once only.
    waiting = [ref for ref in waiting_for(reader, preview) if ref not in known]
    return Observation(
        at=at,
        objects={str(one.ref): None if one.ref in ending else _as_shown(live[one.ref], one) for one in preview.objects},
        targets=tuple(targets),
        bystanders=tuple(one for one in watch.bystanders(namespaces) if one.ref not in known),
        dependents=tuple(watch.dependent(ref) for ref in waiting if ref.kind in _OWN_HEALTH),
    )


def _live(cluster: Cluster, change: ObjectChange) -> dict[str, Any] | None:
    """Return the object as it is; None when it is not there, or when another one has taken a deleted one's name."""
    group = str((change.after or change.before or {}).get("apiVersion") or "").rpartition("/")[0]
    kind = cluster.kind(f"{change.ref.kind}.{group}" if group else change.ref.kind)
    try:
        found = cluster.get_object(kind, change.ref.name, change.ref.namespace)
    except NotFound:
        return None
    if change.verb is Verb.DELETE and change.uid and found["metadata"].get("uid") != change.uid:
        return None
    return found


def _as_shown(live: Object | None, change: ObjectChange) -> dict[str, Any] | None:
    """Return a live object in the form of the change's own, without what nobody asked for; None when it is gone."""
    if live is None:
        return None
    form = comparable(normalised(live), change.before, change.after)
    # Drawn anew for each request: no part of the change's own form, so none of this one either.
    drawn = (parse(path) for path in change.chosen)
    return without(form, [path for path in drawn if get(change.after or change.before, path) is ABSENT])


def _is_ending(change: ObjectChange, live: Object | None) -> bool:
    return change.after is None and live is not None and bool((live.get("metadata") or {}).get("deletionTimestamp"))


def _targets(reader: ImpactReader, preview: Preview) -> list[ResourceRef]:
    """Return what the change acts on: the object itself, or the workloads that depend on it; nothing it deletes."""
    deleted = {change.ref for change in preview.objects if change.after is None}
    found: list[ResourceRef] = []
    for change in preview.objects:
        kind = change.ref.kind
        if kind == "Pod" and change.verb is Verb.DELETE:
            # The pod may be gone already; whose it was stands in what was seen of it.
            found.append(reader.workload_of({"kind": "Pod", **(change.before or {})}))
        elif kind in _OWN_HEALTH:
            found.append(change.ref)
        elif kind not in _NO_TARGETS:
            impact = measure(reader, change, preview)
            found += [share.workload for share in impact.shares]
            found += impact.dependents
    return [ref for ref in dict.fromkeys(found) if ref not in deleted and ref.kind in _OWN_HEALTH]


def _makes_anew(change: ObjectChange) -> bool:
    """Return whether the pods of a changed object are made by the change, so that their failures are its failures.

    The pods of a ConfigMap's users, or of a workload that is scaled, may have failed long before and be about to heal.
    """
    if change.before is None:
        return True
    return change.after is not None and change.ref.kind in WORKLOADS and rolls_out(change.before, change.after)


class _Watch:
    """Judges health at one moment; ``made`` are the objects whose failures count."""

    def __init__(self, reader: ImpactReader, at: datetime, made: frozenset[ResourceRef]) -> None:
        self._reader = reader
        self._at = at
        self._made = made

    def target(self, ref: ResourceRef, item: Object | None) -> Health:
        """Return the health of a target; one that does not exist is not settled.

        Raises:
            ClusterError: it could not be read.
        """
        if item is None:
            try:
                kind = self._reader.cluster.kind(ref.kind)
                item = self._reader.cluster.get_object(kind, ref.name, ref.namespace)
            except NotFound:
                return Health(ref=ref, settled=False, detail="it does not exist")
        reached = self._reached(ref) if ref.kind == "Service" else None
        found = health(ref, item, self._pods(ref, item), now=self._at, reached=reached)
        if found.failed and ref not in self._made:
            found = replace(found, failed="", detail=found.failed)
        held = self._held_up_by(ref, item) if not found.settled else ""
        return replace(found, detail=f"{found.detail}; {held}") if held else found

    def dependent(self, ref: ResourceRef) -> Health:
        """Return the health of what waits for the changed object, by the list of its kind; not settled if not seen."""
        listed = self._reader.items(ref.kind, ref.namespace) or ()
        item = next((one for one in listed if name_of(one) == ref.name), None)
        if item is None:
            return Health(ref=ref, settled=False, detail="it is not there, or could not be read")
        return health(ref, item, (), now=self._at)

    def _held_up_by(self, ref: ResourceRef, item: Object) -> str:
        """Return which pod of an earlier revision holds up a StatefulSet, or an empty text.

        An ordered one replaces nothing while a pod is not ready, and that pod neither: it has to be deleted. Source:
        https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
        """
        if ref.kind != "StatefulSet" or spec_of(item).get("podManagementPolicy") == "Parallel":
            return ""
        mark = self._current_mark(ref, item)
        pods = self._reader.pods_of(ref) or ()
        old = [name_of(pod) for pod in pods if mark and not is_ready(pod) and not is_of_revision(pod, (mark,))]
        return (
            f"pod {old[0]} of an earlier revision is not ready and is replaced only when it is deleted" if old else ""
        )

    def _reached(self, ref: ResourceRef) -> frozenset[str]:
        """Return the names of the pods that the Service's EndpointSlices list as ready.

        Raises:
            ClusterError: they could not be read.
        """
        selection = Selection(namespace=ref.namespace, labels=f"kubernetes.io/service-name={ref.name}")
        slices, _ = self._reader.cluster.list_objects(builtin("EndpointSlice"), selection)
        listed = [endpoint for one in slices for endpoint in one.get("endpoints") or ()]
        # Absent means ready (EndpointConditions.ready).
        ready = [one for one in listed if (one.get("conditions") or {}).get("ready") is not False]
        return frozenset(str((one.get("targetRef") or {}).get("name")) for one in ready)

    def bystanders(self, namespaces: Iterable[str]) -> Iterator[Health]:
        """Yield the health of every Deployment, StatefulSet and DaemonSet of the namespaces."""
        for namespace in namespaces:
            for kind in _BYSTANDERS:
                items = self._reader.items(kind, namespace)
                if items is None:
                    ref = self._reader.cluster.ref(kind, "*", namespace)
                    yield Health(ref=ref, detail="could not be read")
                for item in items or ():
                    ref = self._reader.cluster.ref(kind, name_of(item), namespace)
                    yield health(ref, item, (), now=self._at)

    def _pods(self, ref: ResourceRef, item: Object) -> Sequence[Object]:
        """Return the pods that its current revision has; none when they cannot be told from older ones."""
        if ref.kind == "Service":
            listed = self._reader.items("Pod", ref.namespace) or ()
            return [pod for pod in listed if is_active(pod) and fronts(item, labels_of(pod))]
        if ref.kind not in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"}:
            return ()
        pods = self._reader.pods_of(ref) or ()
        return self._current_pods(ref, item, pods) if ref.kind in ROLLED_KINDS else pods

    def _current_pods(self, ref: ResourceRef, item: Object, pods: Sequence[Object]) -> Sequence[Object]:
        """Return those of a workload's pods that are of its current revision."""
        if ref.kind == "Deployment":
            names = set(self._current_sets(ref, item))
            return [pod for pod in pods if (controller_of(pod) or {}).get("name") in names]
        mark = self._current_mark(ref, item)
        return [pod for pod in pods if mark and is_of_revision(pod, (mark,))]

    def _current_sets(self, ref: ResourceRef, item: Object) -> Iterator[str]:
        """The controller writes the revision on the Deployment and on its ReplicaSet alike."""
        wanted = ((item.get("metadata") or {}).get("annotations") or {}).get(REVISION)
        for one in self._reader.items("ReplicaSet", ref.namespace) or ():
            mine = (controller_of(one) or {}).get("name") == ref.name
            if mine and wanted and ((one.get("metadata") or {}).get("annotations") or {}).get(REVISION) == wanted:
                yield name_of(one)

    def _current_mark(self, ref: ResourceRef, item: Object) -> str:
        if ref.kind == "StatefulSet":
            return str(status_of(item).get("updateRevision") or "")
        try:
            found = revisions(self._reader.cluster, {**item, "kind": ref.kind})
        except Unreachable:
            raise
        except ClusterError:
            # Without the revisions nothing is called failed; that only means waiting longer.
            return ""
        return found[0].name if found else ""
