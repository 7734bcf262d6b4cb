"""What a change of a Service, an Ingress or a NetworkPolicy gets at: the pods whose traffic it moves.

Comes in: one object's change and the ``ImpactReader``. Goes out: an ``Impact``. Such pods keep running, so what is out
is traffic: ready pods that were reached before and are not afterwards. Whether a program listens on a port cannot be
seen from the API, and the reasons say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from agentops.core.plan import ObjectChange, Preview
from agentops.core.resource import ResourceRef
from agentops.core.risk import Risk
from agentops.core.text import plural
from agentops.providers.kubernetes.impact.impact import Impact, Share, concerned, not_known
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.impact.traffic import Loss, Named, lost_peers, place_of, selects
from agentops.providers.kubernetes.objects.fields import Object, labels_of, name_of, spec_of
from agentops.providers.kubernetes.objects.pod_health import is_active, is_ready, ready_count
from agentops.providers.kubernetes.objects.pod_ports import known_ports, may_be_served, port_names
from agentops.providers.kubernetes.objects.pod_template import has_claims
from agentops.providers.kubernetes.objects.selectors import fronts, matches

_NAMED = 4


def of_service(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of a Service: the pods behind it before or after; out is by how many fewer ready ones it has.

    Traffic that goes to other pods from now on is not lost, as long as they are ready.
    """
    ref = change.ref
    pods = reader.items("Pod", ref.namespace)
    if pods is None:
        return not_known(f"the pods behind {ref.short}", namespaces=(ref.namespace,))
    live = [pod for pod in pods if is_active(pod)]
    behind = [pod for pod in live if _is_behind(change.before, pod) or _is_behind(change.after, pod)]
    # Ready pods that traffic gets to, before and afterwards: what is fewer is out.
    served = ready_count([pod for pod in live if _is_served(change.before, pod)])
    after = ready_count([pod for pod in live if _is_served(change.after, pod, change.before)])
    out = max(served - after, 0)
    why = (
        f"{ref.short}: {plural(len(behind), 'pod')} behind it before or after; it reaches "
        f"{plural(served, 'ready pod')} now and {after} afterwards; no pod stops"
    )
    return Impact(
        shares=(*_traffic(reader, behind, ()), Share(workload=ref, ready=served, out=out)),
        concerned=concerned(behind),
        stateful=any(map(has_claims, behind)),
        reasons=(why, *_port_doubts(change)),
    )


def _is_behind(service: Object | None, pod: Object) -> bool:
    return fronts(service, labels_of(pod))


def _is_served(service: Object | None, pod: Object, earlier: Object | None = None) -> bool:
    """Return whether traffic of every port gets to the pod: it is selected, and each port may be served by it.

    Arguments:
        earlier: the Service before; a number that it had is believed, another must be one that the pod is known for.
    """
    if not _is_behind(service, pod):
        return False
    known = None if earlier is None else _targets(earlier)
    return all(_is_open(target, pod, known) for target in _targets(service))


def _targets(service: Object | None) -> list[Any]:
    return [port.get("targetPort", port.get("port")) for port in spec_of(service).get("ports") or ()]


def _is_open(target: Any, pod: Object, believed: Sequence[Any] | None) -> bool:
    if isinstance(target, str) and not target.isdigit():
        return target in port_names(pod)
    return believed is None or target in believed or may_be_served({"port": target}, pod)


def _port_doubts(change: ObjectChange) -> tuple[str, ...]:
    old, new = spec_of(change.before).get("ports"), spec_of(change.after).get("ports")
    if change.before is None or change.after is None or old == new:
        return ()
    return (f"{change.ref.short}: its ports change; whether the programs listen there cannot be seen from the API",)


def _traffic(reader: ImpactReader, pods: Sequence[Object], lost: Sequence[Object]) -> tuple[Share, ...]:
    """Return a share for each workload behind: all its pods concerned, those of ``lost`` out."""
    groups: dict[ResourceRef, list[Object]] = {}
    for pod in pods:
        groups.setdefault(reader.workload_of(pod), []).append(pod)
    missing = {name_of(pod) for pod in lost}
    return tuple(
        Share(
            workload=workload,
            pods=len(mine),
            total=len(mine),
            ready=ready_count(mine),
            out=sum(name_of(pod) in missing for pod in mine),
        )
        for workload, mine in groups.items()
    )


def of_ingress(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of an Ingress: the pods behind its Services.

    Out are those whose routes are all taken away; a route that leads to other pods loses by how many fewer are ready.
    """
    ref = change.ref
    reader.want(("Pod", "Service"), [ref.namespace])
    pods, services = reader.items("Pod", ref.namespace), reader.items("Service", ref.namespace)
    if pods is None or services is None:
        return not_known(f"the pods behind {ref.short}", namespaces=(ref.namespace,))
    live = [pod for pod in pods if is_active(pod)]
    ready = {name_of(one): _ready_behind(one, live) for one in services}
    old, new = set(backends(change.before)), set(backends(change.after))
    routed = [one for one in services if name_of(one) in old | new]
    behind = [pod for pod in live if any(_is_behind(one, pod) for one in routed)]
    moved = _moved_routes(change, {name: len(pods) for name, pods in ready.items()})
    # A route that leads elsewhere is counted by how many pods fewer it has; one that is cut loses all its pods.
    gone = _all_of(ready, old - {name for name, _, _ in moved}) - _all_of(ready, new)
    lost = [pod for pod in behind if name_of(pod) in gone]
    # The workload that is hit hardest decides, so of several routes only the worst counts.
    routes = [Share(workload=ref, ready=had, out=fewer) for _, had, fewer in moved]
    led = [f"{ref.short}: what went to {had} ready pods of {name} has {fewer} fewer" for name, had, fewer in moved]
    why = f"{ref.short}: {plural(len(behind), 'pod')} behind its Services, {len(lost)} ready ones lose their last route"
    return Impact(
        shares=(*_traffic(reader, behind, lost), *sorted(routes, key=lambda one: -(one.percent or 0))[:1]),
        concerned=concerned(behind),
        dependents=tuple(reader.cluster.ref("Service", name, ref.namespace) for name in sorted(old | new)),
        reasons=(why, *led, "no pod stops"),
    )


def _ready_behind(service: Object, pods: Iterable[Object]) -> set[str]:
    return {name_of(pod) for pod in pods if is_ready(pod) and _is_behind(service, pod)}


def _all_of(ready: Mapping[str, set[str]], services: Iterable[str]) -> set[str]:
    return {pod for service in services for pod in ready.get(service, ())}


def _moved_routes(change: ObjectChange, ready: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Return each Service of which a route leads to another one afterwards: its ready pods, and how many fewer then."""
    old, new = _routes(change.before), _routes(change.after)
    moved = dict.fromkeys((name, new[route]) for route, name in old.items() if new.get(route, name) != name)
    return [(name, ready.get(name, 0), max(ready.get(name, 0) - ready.get(other, 0), 0)) for name, other in moved]


def _routes(ingress: Object | None) -> dict[tuple[str, str], str]:
    """Return the Service of each (host, path); the default backend stands under no host and no path."""
    spec = spec_of(ingress)
    default = ((spec.get("defaultBackend") or {}).get("service") or {}).get("name")
    found = {("", ""): str(default)} if default else {}
    for rule in spec.get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            name = ((path.get("backend") or {}).get("service") or {}).get("name")
            found[str(rule.get("host") or ""), str(path.get("path") or "/")] = str(name)
    return found


def backends(ingress: Object | None) -> Iterator[str]:
    """Yield the names of the Services that an Ingress routes to."""
    spec = spec_of(ingress)
    parts = [spec.get("defaultBackend") or {}]
    parts += [
        path.get("backend") or {}
        for rule in spec.get("rules") or ()
        for path in (rule.get("http") or {}).get("paths") or ()
    ]
    yield from (str(part["service"].get("name")) for part in parts if part.get("service"))


def of_policy(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of a NetworkPolicy: the pods that it selects; out are those that lose traffic by it."""
    ref = change.ref
    reader.want(("Pod", "NetworkPolicy"), [ref.namespace])
    pods, policies = reader.items("Pod", ref.namespace), reader.items("NetworkPolicy", ref.namespace)
    if pods is None or policies is None:
        return not_known(f"the pods that {ref.short} selects", namespaces=(ref.namespace,))
    others = [one for one in policies if name_of(one) != ref.name]
    before, after = ([*others, *([one] if one is not None else [])] for one in (change.before, change.after))
    selected = [pod for pod in pods if is_active(pod) and any(selects(o, pod) for o in (change.before, change.after))]
    losses = _losses(selected, before, after, _Peers(reader, ref.namespace))
    lost = [pod for pod in selected if is_ready(pod) and losses[_alike(pod)]]
    found = [loss for one in losses.values() for loss in one]
    cut = {reader.workload_of(loss.peer) for loss in found if loss.peer is not None}
    return Impact(
        shares=_traffic(reader, selected, lost),
        concerned=concerned(selected),
        dependents=tuple(sorted(cut)),
        stateful=any(map(has_claims, selected)),
        risk=Risk.HIGH if lost else Risk.LOW,
        reasons=(_cut_text(ref, selected, lost, found), "no pod stops"),
    )


def _losses(
    selected: Sequence[Object], before: Sequence[Object], after: Sequence[Object], peers: _Peers
) -> dict[str, list[Loss]]:
    """Return what ready pods lose when the policies ``before`` become those ``after``, by what makes pods alike."""
    losses: dict[str, list[Loss]] = {}
    for pod in filter(is_ready, selected):
        # Pods of one template are alike in all that counts here.
        if (kind := _alike(pod)) not in losses:
            losses[kind] = list(lost_peers(pod, before, after, peers))
    return losses


def _alike(pod: Object) -> str:
    return repr((labels_of(pod), sorted(known_ports(pod)), sorted(port_names(pod))))


def _cut_text(ref: ResourceRef, selected: Sequence[Object], lost: Sequence[Object], found: Sequence[Loss]) -> str:
    text = f"{ref.short}: selects {plural(len(selected), 'pod')}"
    if not lost:
        return f"{text}; none that is ready loses traffic that is known of"
    names = list(dict.fromkeys(loss.words for loss in found))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{text}; {len(lost)} ready ones lose traffic with {', '.join(names[:_NAMED])}{more}"


class _Peers:
    """The pods that a peer of a policy's rule means, read when they are asked for first."""

    def __init__(self, reader: ImpactReader, home: str) -> None:
        self._reader = reader
        self._home = home
        self._known: dict[str, Named | None] = {}

    def __call__(self, peer: Mapping[str, Any]) -> Named | None:
        """Return the active pods, or None when they could not be read."""
        key = repr(peer)
        if key not in self._known:
            self._known[key] = self._read(peer)
        return self._known[key]

    def _read(self, peer: Mapping[str, Any]) -> Named | None:
        namespaces, wanted = [self._home], peer.get("podSelector") or {}
        if peer.get("namespaceSelector") is not None:
            listed = self._reader.items("Namespace", "")
            if listed is None:
                return None
            namespaces = [name_of(one) for one in listed if matches(peer["namespaceSelector"], labels_of(one))]
        self._reader.want(("Pod", "ReplicaSet"), namespaces)
        lists = [self._reader.items("Pod", namespace) for namespace in namespaces]
        if any(pods is None for pods in lists):
            return None
        found = [pod for pods in lists for pod in pods or () if is_active(pod) and matches(wanted, labels_of(pod))]
        return {place_of(pod): pod for pod in found}
