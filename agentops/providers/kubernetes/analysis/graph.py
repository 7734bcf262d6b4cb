"""``Graph``: a snapshot with its indexes, each built once and only when an analyzer asks for it.

Comes in: a ``Snapshot``. Goes out: objects by identity, owner chains, the pods of a workload or a selector, events by
object, logs by pod. It never changes an object and never raises on a mangled one; building is linear in the number of
objects, a lookup costs what it returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from agentops.core.alert import Severity
from agentops.core.resource import ResourceRef, kubernetes_ref
from agentops.providers.kubernetes.objects.event import ObjectEvent, event_of, involved
from agentops.providers.kubernetes.objects.fields import (
    Key,
    containers_of,
    items,
    key_of,
    name_of,
    namespace_of,
    pod_labels,
    pod_spec,
    string_map,
    text,
)
from agentops.providers.kubernetes.objects.owners import owner_of
from agentops.providers.kubernetes.objects.pod_health import is_well
from agentops.providers.kubernetes.objects.revisions import run_template
from agentops.providers.kubernetes.objects.snapshot import LogTail, Snapshot

Obj = dict[str, Any]

WORKLOAD_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")
_TOP_KINDS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "CronJob"})


class Graph:
    """One snapshot, indexed; see the module's docstring. Safe to share between analyzers of one thread."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._kinds: dict[str, tuple[Obj, ...]] = {}
        self._top_memo: dict[Key, Key] = {}
        self.deltas: dict[Key, Any] = {}
        """What ``revisions`` worked out, by workload: asked again for each of its pods."""
        self.asked: frozenset[Key] | None = None
        """The Services that something leads to, once somebody has asked."""
        self.callers: dict[Key, list[Key]] | None = None
        """Who asks for each Service, once somebody has asked."""
        self.complaints: dict[Key, Any] = {}
        """What the logs of a workload's pods could not reach: several analyzers and the dependency graph ask for it."""
        self.notes: dict[Key, Any] = {}
        """What owners wrote, by object: asked again for each of its problems."""
        self.severities: dict[Key, Severity] = {}
        """How much of a workload suffers: asked again for each of its pods."""
        self._workload_memo: dict[Key, Key] = {}
        self._event_memo: dict[Key, list[ObjectEvent]] = {}

    @property
    def now(self) -> datetime:
        """When the sweep looked."""
        return self.snapshot.observed_at

    def of(self, kind: str) -> tuple[Obj, ...]:
        """Return the objects of ``kind`` that have a name."""
        found = self._kinds.get(kind)
        if found is None:
            found = tuple(o for o in self.snapshot.of(kind) if isinstance(o, dict) and (kind == "Event" or name_of(o)))
            self._kinds[kind] = found
        return found

    def in_namespace(self, kind: str, namespace: str) -> list[Obj]:
        """Return the objects of ``kind`` in ``namespace``."""
        return self._by_namespace(kind).get(namespace, [])

    def _by_namespace(self, kind: str) -> dict[str, list[Obj]]:
        cached = self._namespaced.get(kind)
        if cached is None:
            cached = {}
            for obj in self.of(kind):
                cached.setdefault(namespace_of(obj), []).append(obj)
            self._namespaced[kind] = cached
        return cached

    @cached_property
    def _namespaced(self) -> dict[str, dict[str, list[Obj]]]:
        return {}

    @cached_property
    def _by_key(self) -> dict[str, dict[tuple[str, str], Obj]]:
        return {}

    def find(self, kind: str, namespace: str, name: str) -> Obj | None:
        """Return the object, or None when the snapshot does not hold it."""
        index = self._by_key.get(kind)
        if index is None:
            index = {(namespace_of(obj), name_of(obj)): obj for obj in self.of(kind)}
            self._by_key[kind] = index
        return index.get((namespace, name))

    def get(self, key: Key) -> Obj | None:
        """Return the object of ``key``, or None."""
        return self.find(*key)

    def was_read(self, kind: str, namespace: str = "") -> bool:
        """Return whether an absent object of ``kind`` in ``namespace`` is known to be absent."""
        if not self.snapshot.was_read(kind):
            return False
        scope = self.snapshot.namespaces
        if namespace and scope and namespace not in scope:
            return False
        for gap in self.snapshot.gaps:
            words = gap.what.split()
            if words and words[0] in (kind, f"{kind}s") and (len(words) < 3 or words[-1] == namespace):
                return False
        return True

    def ref(self, obj: Obj) -> ResourceRef:
        """Return the object's reference."""
        return self.ref_of(key_of(obj))

    def ref_of(self, key: Key) -> ResourceRef:
        """Return the reference of ``key``."""
        kind, namespace, name = key
        return kubernetes_ref(self.snapshot.context or "-", namespace, kind or "Unknown", name or "unknown")

    # -- owners ------------------------------------------------------------------------------------------------

    def owner(self, obj: Obj) -> Key | None:
        """Return the identity of the controlling owner (else the first owner), or None."""
        chosen = owner_of(obj)
        if chosen is None:
            return None
        kind, name = chosen.get("kind"), chosen.get("name")
        if not isinstance(kind, str) or not isinstance(name, str):
            return None
        return (kind, "" if kind == "Node" else namespace_of(obj), name) if kind and name else None

    def workload(self, pod: Obj) -> Key:
        """Return the object that a person would edit to change ``pod``: Deployment, StatefulSet, DaemonSet, Job ...

        A bare pod and a static pod (owned by its node) are their own workload.
        """
        key = key_of(pod)
        found = self._workload_memo.get(key)
        if found is None:
            found = self._workload_memo[key] = self._workload_of(pod)
        return found

    def _workload_of(self, pod: Obj) -> Key:
        owner = self.owner(pod)
        if owner is None or owner[0] == "Node":
            return key_of(pod)
        known = self._top_memo.get(owner)
        return known or self._top(owner, text(pod, "metadata", "labels", "pod-template-hash"))

    def _top(self, key: Key, template_hash: str = "") -> Key:
        known = self._top_memo.get(key)
        if known is None:
            known = self._climb(key, template_hash)
            self._top_memo[key] = known
        return known

    def _climb(self, key: Key, template_hash: str) -> Key:
        for _ in range(5):
            if key[0] in _TOP_KINDS:
                return key
            obj = self.get(key)
            if obj is None:
                # The ReplicaSet was not read (or is gone): its name is the Deployment's plus the template hash.
                stem = key[2].removesuffix(f"-{template_hash}") if template_hash else key[2]
                guess = ("Deployment", key[1], stem)
                return guess if key[0] == "ReplicaSet" and stem != key[2] and self.get(guess) else key
            owner = self.owner(obj)
            if owner is None or self._is_outdated_run(obj, owner):
                return key
            key = owner
        return key

    def _is_outdated_run(self, obj: Obj, owner: Key) -> bool:
        """Return whether a run is of an earlier template: it stands for itself, the edit does not reach it."""
        if owner[0] != "CronJob" or (cron_job := self.get(owner)) is None:
            return False
        run, present = run_template(obj), run_template(cron_job)
        return bool(run["spec"] and present["spec"]) and run != present

    def top_of(self, obj: Obj) -> Key:
        """Return the workload that ``obj`` (a pod, a ReplicaSet, a Job ...) is part of; itself when it is on top."""
        return self.workload(obj) if text(obj, "kind") == "Pod" else self._top(key_of(obj))

    @cached_property
    def children(self) -> Mapping[Key, list[Obj]]:
        """ReplicaSets, Jobs and ControllerRevisions by the identity of their owner."""
        found: dict[Key, list[Obj]] = {}
        for kind in ("ReplicaSet", "Job", "ControllerRevision"):
            for obj in self.of(kind):
                owner = self.owner(obj)
                if owner is not None:
                    found.setdefault(owner, []).append(obj)
        return found

    # -- pods --------------------------------------------------------------------------------------------------

    @cached_property
    def pods_by_workload(self) -> Mapping[Key, list[Obj]]:
        """Pods by the workload that they are part of."""
        found: dict[Key, list[Obj]] = {}
        for pod in self.of("Pod"):
            found.setdefault(self.workload(pod), []).append(pod)
        return found

    def pods_of(self, key: Key) -> list[Obj]:
        """Return the pods of a workload, or the pod itself."""
        return self.pods_by_workload.get(key, [])

    @cached_property
    def unwell_pods(self) -> tuple[Obj, ...]:
        """Pods that a closer look is worth: not running, not ready, restarted, being deleted, failed."""
        return tuple(pod for pod in self.of("Pod") if not is_well(pod))

    @cached_property
    def pods_by_node(self) -> Mapping[str, list[Obj]]:
        """Pods by the node that they are bound to."""
        found: dict[str, list[Obj]] = {}
        for pod in self.of("Pod"):
            node = text(pod, "spec", "nodeName")
            if node:
                found.setdefault(node, []).append(pod)
        return found

    @cached_property
    def _pods_by_label(self) -> dict[str, dict[tuple[str, str], list[Obj]]]:
        return {}

    def _labelled(self, label: str) -> dict[tuple[str, str], list[Obj]]:
        """Index the pods by one label: selectors use a handful of the labels that pods carry."""
        found = self._pods_by_label.get(label)
        if found is None:
            found = self._pods_by_label[label] = {}
            for pod in self.of("Pod"):
                metadata = pod["metadata"]
                labels = metadata.get("labels")
                value = labels.get(label) if isinstance(labels, dict) else None
                if isinstance(value, str):
                    found.setdefault((namespace_of(pod), value), []).append(pod)
        return found

    def pods_labelled(self, namespace: str, wanted: Mapping[str, str]) -> list[Obj]:
        """Return the pods of ``namespace`` that carry every pair of ``wanted``; none for an empty selector."""
        if not wanted:
            return []
        lists = [self._labelled(label).get((namespace, value), []) for label, value in wanted.items()]
        fewest = min(lists, key=len)
        if len(wanted) == 1:
            return fewest
        return [pod for pod in fewest if wanted.items() <= string_map(pod, "metadata", "labels").items()]

    @cached_property
    def workloads(self) -> tuple[Obj, ...]:
        """Objects on top of an owner chain that make pods, and pods that nobody owns."""
        found = [obj for kind in WORKLOAD_KINDS for obj in self.of(kind) if self.top_of(obj) == key_of(obj)]
        bare = [pod for key, pods in self.pods_by_workload.items() if key[0] == "Pod" for pod in pods]
        return (*found, *bare)

    @cached_property
    def workloads_by_namespace(self) -> Mapping[str, list[Obj]]:
        """``workloads`` by namespace."""
        found: dict[str, list[Obj]] = {}
        for obj in self.workloads:
            found.setdefault(namespace_of(obj), []).append(obj)
        return found

    def workloads_labelled(self, namespace: str, wanted: Mapping[str, str]) -> list[Obj]:
        """Return the workloads of ``namespace`` whose pod template carries every pair of ``wanted``."""
        if not wanted:
            return []
        candidates = self.workloads_by_namespace.get(namespace, [])
        return [obj for obj in candidates if wanted.items() <= pod_labels(obj).items()]

    def policies_for(self, namespace: str, labels: Mapping[str, str]) -> list[Obj]:
        """Return the NetworkPolicies of ``namespace`` that may select pods with ``labels``."""
        general = self._policies_by_label.get((namespace, "", ""), [])
        named = [policy for pair in labels.items() for policy in self._policies_by_label.get((namespace, *pair), ())]
        return [*general, *named]

    @cached_property
    def _policies_by_label(self) -> Mapping[tuple[str, str, str], list[Obj]]:
        """Each policy under one of the labels that it asks for, else under none."""
        found: dict[tuple[str, str, str], list[Obj]] = {}
        for policy in self.of("NetworkPolicy"):
            asked = string_map(policy, "spec", "podSelector", "matchLabels")
            label, value = next(iter(asked.items()), ("", ""))
            found.setdefault((namespace_of(policy), label, value), []).append(policy)
        return found

    def variable_names(self, namespace: str) -> frozenset[str]:
        """Return the names of all variables that the containers of the namespace's workloads set."""
        found = self._variable_names.get(namespace)
        if found is None:
            specs = (pod_spec(workload) for workload in self.workloads_by_namespace.get(namespace, ()))
            found = frozenset(
                text(entry, "name")
                for spec in specs
                for _, container in containers_of(spec)
                for entry in items(container, "env")
            )
            self._variable_names[namespace] = found
        return found

    @cached_property
    def _variable_names(self) -> dict[str, frozenset[str]]:
        return {}

    # -- events and logs ---------------------------------------------------------------------------------------

    @cached_property
    def _events(self) -> dict[Key, list[Obj]]:
        found: dict[Key, list[Obj]] = {}
        for event in self.of("Event"):
            found.setdefault(involved(event), []).append(event)
        return found

    def events(self, key: Key, *reasons: str) -> list[ObjectEvent]:
        """Return what happened to ``key``, oldest first; only of ``reasons`` when any is given."""
        found = self._event_memo.get(key)
        if found is None:
            happened = map(event_of, self._events.get(key, ()))
            found = sorted(happened, key=lambda event: (event.last is not None, event.last, event.message))
            self._event_memo[key] = found
        return [event for event in found if not reasons or event.reason in reasons]

    def events_of_all(self, keys: Iterable[Key], *reasons: str) -> list[ObjectEvent]:
        """Return what happened to any of ``keys``, oldest first."""
        found = [event for key in keys for event in self.events(key, *reasons)]
        return sorted(found, key=lambda event: (event.last is not None, event.last, event.message))

    @cached_property
    def _logs(self) -> dict[tuple[str, str], list[LogTail]]:
        found: dict[tuple[str, str], list[LogTail]] = {}
        for tail in self.snapshot.logs:
            found.setdefault((tail.namespace, tail.pod), []).append(tail)
        return found

    def logs(self, pod: Obj, container: str = "") -> list[LogTail]:
        """Return the log tails of ``pod``: of the run before the last restart first, for that is the one that died."""
        tails = self._logs.get((namespace_of(pod), name_of(pod)), [])
        chosen = [tail for tail in tails if not container or tail.container == container]
        return sorted(chosen, key=lambda tail: (not tail.previous, tail.container))
