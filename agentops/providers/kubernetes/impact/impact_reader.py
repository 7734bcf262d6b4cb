"""``ImpactReader``: reads what lies around a change from the cluster, once and no more than is needed.

Comes in: kinds and namespaces. Goes out: plain objects, or None for what could not be read; ``unknown`` says what that
was and why. Lists are namespaced, pods and ReplicaSets decoded into the few fields that are needed, so a namespace of
10,000 pods costs 20 requests. Must never guess: a list that was cut or refused is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from agentops.core.errors import ClusterError, Unreachable
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line, plural
from agentops.core.threads import run_each
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.objects.fields import Object, labels_of, name_of, namespace_of, spec_of, status_of
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.owners import controller_of
from agentops.providers.kubernetes.objects.pod_health import is_active
from agentops.providers.kubernetes.objects.selectors import matches

ObjectList: TypeAlias = Sequence[dict[str, Any]]

PERMISSIONS = (
    "list pods", "list services", "list namespaces", "list persistentvolumeclaims", "list replicasets.apps",
    "list deployments.apps", "list statefulsets.apps", "list daemonsets.apps", "list jobs.batch",
    "list cronjobs.batch", "list ingresses.networking.k8s.io", "list networkpolicies.networking.k8s.io",
    "list poddisruptionbudgets.policy", "list horizontalpodautoscalers.autoscaling",
    "list endpointslices.discovery.k8s.io", "list rolebindings.rbac.authorization.k8s.io",
    "list clusterrolebindings.rbac.authorization.k8s.io",
)  # fmt: skip
"""What the blast radius and the observation of a change ask of the API server, as tools declare it."""
OBJECT_LIMIT = 20_000
NAMESPACE_LIMIT = 16
_PRUNED = frozenset({"Pod", "ReplicaSet"})
_THREADS = 8
_DIRECT = frozenset({"Pod", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"})
"""Kinds with nothing between them and their pods."""


class ImpactReader:
    """Reads lists and single objects for one preview; each at most once. For one thread.

    Arguments:
        cluster: where to read.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.requests = 0
        self.unknown: list[str] = []
        self._lists: dict[tuple[str, Selection], ObjectList | None] = {}
        self._owned: dict[tuple[str, str], dict[tuple[str, str], list[dict[str, Any]]]] = {}
        self._names: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}

    def want(self, kinds: Iterable[str], namespaces: Iterable[str]) -> None:
        """Read lists ahead, several at once; what is there already is not read again.

        Beyond ``NAMESPACE_LIMIT`` namespaces, one list of the whole cluster stands for those of each.

        Raises:
            Unreachable: the API server does not answer.
        """
        wanted = [(kind, Selection(namespace=namespace)) for namespace in namespaces for kind in kinds]
        wanted = [key for key in dict.fromkeys(wanted) if key not in self._lists]
        places = {selection.namespace for _, selection in wanted}
        asked = wanted
        if len(places) > NAMESPACE_LIMIT:
            asked = [(kind, Selection()) for kind in dict.fromkeys(kind for kind, _ in wanted)]
        # Read in threads, kept in this one: nothing here is written by two.
        answers = run_each(lambda key: self._read(*key), asked, threads=_THREADS)
        for key, answer in zip(asked, answers, strict=True):
            self._keep(key, *answer)
        if asked != wanted:
            self._share_out(wanted)

    def _share_out(self, wanted: Sequence[tuple[str, Selection]]) -> None:
        """Make the lists of single namespaces out of those of the whole cluster."""
        for kind in dict.fromkeys(kind for kind, _ in wanted):
            whole = self._lists[kind, Selection()]
            parts: dict[str, list[dict[str, Any]]] = {}
            for one in whole or ():
                parts.setdefault(namespace_of(one), []).append(one)
            for selection in [selection for other, selection in wanted if other == kind]:
                self._lists[kind, selection] = None if whole is None else parts.get(selection.namespace, [])

    def items(self, kind: str, namespace: str, *, fields: str = "") -> ObjectList | None:
        """Return all objects of a built-in kind in a namespace (empty: the cluster), or None when that is not known.

        Raises:
            Unreachable: the API server does not answer.
        """
        key = (kind, Selection(namespace=namespace, fields=fields))
        if key not in self._lists:
            self._keep(key, *self._read(*key))
        return self._lists[key]

    def say_unknown(self, what: str, why: str) -> None:
        """Record that something could not be found out."""
        line = f"{what}: {one_line(why, 200)}"
        if line not in self.unknown:
            self.unknown.append(line)

    def pods_of(self, workload: ResourceRef) -> ObjectList | None:
        """Return the active pods of a workload, by ownership; None when they are not known."""
        if self.items("Pod", workload.namespace) is None:
            return None
        controllers = [(workload.kind, workload.name)]
        if workload.kind not in _DIRECT:
            between = "Job" if workload.kind == "CronJob" else "ReplicaSet"
            if self.items(between, workload.namespace) is None:
                return None
            owned = self._by_controller(between, workload.namespace).get(controllers[0], ())
            controllers += [(between, name_of(one)) for one in owned]
        below = self._by_controller("Pod", workload.namespace)
        return [pod for controller in controllers for pod in below.get(controller, ()) if is_active(pod)]

    def workload_of(self, pod: Object) -> ResourceRef:
        """Return the workload that a pod belongs to: the top of its chain of controllers, or the pod itself.

        A Job is itself a workload, below a CronJob too. Without the ReplicaSets, the chain ends at the ReplicaSet.
        """
        namespace, (kind, name) = namespace_of(pod), _controller(pod)
        if kind == "ReplicaSet" and self.items(kind, namespace) is not None:
            if (namespace, kind) not in self._names:
                self._names[namespace, kind] = {name_of(one): one for one in self.items(kind, namespace) or ()}
            owner = self._names[namespace, kind].get(name)
            if owner is not None and controller_of(owner):
                kind, name = _controller(owner)
        return self.cluster.ref(kind, name, namespace)

    def _by_controller(self, kind: str, namespace: str) -> Mapping[tuple[str, str], ObjectList]:
        """Return objects of a kind by their controller; what has none stands under itself."""
        index = self._owned.get((kind, namespace))
        if index is None:
            index = self._owned[kind, namespace] = {}
            for one in self.items(kind, namespace) or ():
                index.setdefault(_controller(one), []).append(one)
        return index

    def replica_sets_of(self, workload: ResourceRef, uid: str, labels: str) -> ObjectList | None:
        """Return a Deployment's ReplicaSets whole, templates included; None when they could not be read.

        They are told by the owner's uid: a name can be written by whoever makes a ReplicaSet.
        """
        selection = Selection(namespace=workload.namespace, labels=labels)
        found, count, trouble = self._read("ReplicaSet", selection, whole=True)
        self.requests += count
        if found is None:
            self.say_unknown(f"revisions of {workload.short}", trouble)
            return None
        return [one for one in found if (controller_of(one) or {}).get("uid") == uid]

    def budgets_over(self, pod: Object) -> ObjectList | None:
        """Return the PodDisruptionBudgets that select a pod; None when they could not be read."""
        found = self.items("PodDisruptionBudget", namespace_of(pod))
        if found is None:
            return None
        return [one for one in found if matches(spec_of(one).get("selector"), labels_of(pod))]

    def allowance(self, pods: Sequence[Object]) -> int | None:
        """Return how many of these pods disruption budgets let go at one time; None when nothing limits it.

        Only a single budget that covers every one of them is a limit for all.
        """
        covering = [self.budgets_over(pod) or () for pod in pods]
        names = {tuple(name_of(one) for one in found) for found in covering}
        if len(names) != 1 or len(covering[0]) != 1:
            return None
        return int(status_of(covering[0][0]).get("disruptionsAllowed") or 0)

    def _read(self, kind: str, selection: Selection, *, whole: bool = False) -> tuple[ObjectList | None, int, str]:
        """Return the objects or None, the number of requests it took, and what went wrong."""
        found: list[dict[str, Any]] = []
        count = 0
        try:
            for page in self._pages(kind, selection, whole=whole):
                count += 1
                found += page
                if len(found) > OBJECT_LIMIT:
                    return None, count, f"there are more than {OBJECT_LIMIT:,}"
        except Unreachable:
            raise
        except ClusterError as error:
            return None, count + 1, error.message
        return found, count, ""

    def _pages(self, kind: str, selection: Selection, *, whole: bool) -> Iterable[list[dict[str, Any]]]:
        if kind in _PRUNED and not whole:
            from agentops.providers.kubernetes.api.pruning import Pruner

            pruner = Pruner(builtin(kind), namespace=selection.namespace)
            return self.cluster.list_decoded(builtin(kind), selection, pruner.page)
        return (page.items for page in self.cluster.list_pages(builtin(kind), selection))

    def _keep(self, key: tuple[str, Selection], found: ObjectList | None, count: int, trouble: str) -> None:
        kind, selection = key
        self._lists[key] = found
        self.requests += count
        if trouble:
            self.say_unknown(
                f"{builtin(kind).plural}{' in ' if selection.namespace else ''}{selection.namespace}", trouble
            )

    def cost(self) -> str:
        """Return how many requests it took, as one sentence."""
        return f"{plural(self.requests, 'read')} of the API server made these figures"


def _controller(item: Object) -> tuple[str, str]:
    """Return kind and name of what controls an object, or its own."""
    reference = controller_of(item)
    if reference is None:
        return str(item.get("kind")), name_of(item)
    return str(reference.get("kind")), str(reference.get("name"))
