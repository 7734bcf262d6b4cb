"""What a change of a Service, an Ingress or a NetworkPolicy gets at: the pods whose traffic it moves.

Comes in: one object's change and the surroundings. Goes out: a ``Reach``. Such pods keep running, so what is out is
traffic: ready pods that were reached before and are not afterwards. Whether a program listens on a port cannot be seen
from the API, and the reasons say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentops.core.plan import ObjectChange, Preview
from agentops.core.resource import ResourceRef
from agentops.core.text import plural
from agentops.tools.kubernetes.changes.reach import Reach, Share, concerned, not_known
from agentops.tools.kubernetes.changes.selecting import (
    Object,
    has_all,
    has_claims,
    is_active,
    is_ready,
    labels_of,
    matches,
    name_of,
    ready_count,
    spec_of,
)
from agentops.tools.kubernetes.changes.surroundings import Surroundings


def of_service(around: Surroundings, change: ObjectChange, _: Preview) -> Reach:
    """Return the reach of a Service: the pods behind it before or after; out are those that it reaches no more."""
    ref = change.ref
    pods = around.items("Pod", ref.namespace)
    if pods is None:
        return not_known(f"the pods behind {ref.short}", namespaces=(ref.namespace,))
    live = [pod for pod in pods if is_active(pod)]
    behind = [pod for pod in live if _is_behind(change.before, pod) or _is_behind(change.after, pod)]
    served = [pod for pod in live if _is_served(change.before, pod)]
    lost = [pod for pod in served if is_ready(pod) and not _is_served(change.after, pod)]
    after = [pod for pod in live if _is_behind(change.after, pod)]
    why = (
        f"{ref.short}: {plural(len(behind), 'pod')} behind it before or after, {len(after)} after; "
        f"{len(lost)} of {ready_count(served)} ready ones get no traffic through it any more; no pod stops"
    )
    return Reach(
        shares=_traffic(around, behind, lost),
        concerned=concerned(behind),
        stateful=any(map(has_claims, behind)),
        reasons=(why, *_port_doubts(change)),
    )


def _is_behind(service: Object | None, pod: Object) -> bool:
    selector = spec_of(service).get("selector") or {}
    return bool(selector) and has_all(labels_of(pod), selector)


def _is_served(service: Object | None, pod: Object) -> bool:
    """Tell whether traffic of every port gets to the pod: selected, and each port that is named there is there."""
    if not _is_behind(service, pod):
        return False
    names = {
        port.get("name") for container in spec_of(pod).get("containers") or () for port in container.get("ports") or ()
    }
    targets = [port.get("targetPort", port.get("port")) for port in spec_of(service).get("ports") or ()]
    return all(not isinstance(target, str) or target.isdigit() or target in names for target in targets)


def _port_doubts(change: ObjectChange) -> tuple[str, ...]:
    old, new = spec_of(change.before).get("ports"), spec_of(change.after).get("ports")
    if change.before is None or change.after is None or old == new:
        return ()
    return (f"{change.ref.short}: its ports change; whether the programs listen there cannot be seen from the API",)


def _traffic(around: Surroundings, pods: Sequence[Object], lost: Sequence[Object]) -> tuple[Share, ...]:
    """Return a share for each workload behind: all its pods concerned, those of ``lost`` out."""
    groups: dict[ResourceRef, list[Object]] = {}
    for pod in pods:
        groups.setdefault(around.workload_of(pod), []).append(pod)
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


def of_ingress(around: Surroundings, change: ObjectChange, _: Preview) -> Reach:
    """Return the reach of an Ingress: the pods behind its Services; out are those whose routes are all taken away."""
    ref = change.ref
    around.want(("Pod", "Service"), [ref.namespace])
    pods, services = around.items("Pod", ref.namespace), around.items("Service", ref.namespace)
    if pods is None or services is None:
        return not_known(f"the pods behind {ref.short}", namespaces=(ref.namespace,))
    old, new = set(backends(change.before)), set(backends(change.after))
    live = [pod for pod in pods if is_active(pod)]
    behind = [pod for pod in live if any(name_of(s) in old | new and _is_behind(s, pod) for s in services)]
    kept = {name_of(pod) for pod in live if any(name_of(s) in new and _is_behind(s, pod) for s in services)}
    lost = [pod for pod in behind if is_ready(pod) and name_of(pod) not in kept]
    why = f"{ref.short}: {plural(len(behind), 'pod')} behind its Services, {len(lost)} ready ones lose their last route"
    return Reach(
        shares=_traffic(around, behind, lost),
        concerned=concerned(behind),
        dependents=tuple(around.cluster.ref("Service", name, ref.namespace) for name in sorted(old | new)),
        reasons=(why, "no pod stops"),
    )


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


def of_policy(around: Surroundings, change: ObjectChange, _: Preview) -> Reach:
    """Return the reach of a NetworkPolicy: the pods that it selects; out are all of them unless it only allows more."""
    ref = change.ref
    around.want(("Pod", "NetworkPolicy"), [ref.namespace])
    pods, policies = around.items("Pod", ref.namespace), around.items("NetworkPolicy", ref.namespace)
    if pods is None or policies is None:
        return not_known(f"the pods that {ref.short} selects", namespaces=(ref.namespace,))
    others = [one for one in policies if name_of(one) != ref.name]
    both = [one for one in (change.before, change.after) if one is not None]
    selected = [pod for pod in pods if is_active(pod) and any(_selects(one, pod) for one in both)]
    lost = [pod for pod in selected if is_ready(pod) and not _only_allows_more(change, pod, others)]
    if lost:
        why = f"may cut traffic of {len(lost)} ready ones; what it cuts is not computed, so all of them count as out"
    else:
        why = "only allows more than before"
    why = f"{ref.short}: selects {plural(len(selected), 'pod')} and {why}"
    return Reach(
        shares=_traffic(around, selected, lost),
        concerned=concerned(selected),
        stateful=any(map(has_claims, selected)),
        reasons=(why, "no pod stops"),
    )


def _selects(policy: Object | None, pod: Object) -> bool:
    return policy is not None and matches(spec_of(policy).get("podSelector") or {}, labels_of(pod))


def _only_allows_more(change: ObjectChange, pod: Object, others: Sequence[Object]) -> bool:
    """Tell whether nothing that this pod may do now is forbidden afterwards (rules of all policies add up)."""
    for direction, field in (("Ingress", "ingress"), ("Egress", "egress")):
        isolated = any(_isolates(one, direction, pod) for one in others)
        before, after = _isolates(change.before, direction, pod), _isolates(change.after, direction, pod)
        if after and not before and not isolated:
            return False
        if (
            before
            and (after or isolated)
            and not _covers(_rules(change.after, field) if after else (), _rules(change.before, field))
        ):
            return False
    return True


def _isolates(policy: Object | None, direction: str, pod: Object) -> bool:
    """An absent policyTypes means Ingress, and Egress when there are egress rules (NetworkPolicySpec)."""
    if not _selects(policy, pod):
        return False
    spec = spec_of(policy)
    types = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    return direction in types


def _rules(policy: Object | None, field: str) -> Sequence[Mapping[str, Any]]:
    return spec_of(policy).get(field) or ()


def _covers(new: Sequence[Mapping[str, Any]], old: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether each old rule is allowed by some new one as a whole; an empty list of peers or ports allows all."""
    return all(any(_is_wider(wide, rule) for wide in new) for rule in old)


def _is_wider(wide: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    for field in ("from", "to", "ports"):
        allowed, asked = wide.get(field) or (), rule.get(field) or ()
        if allowed and (not asked or any(one not in allowed for one in asked)):
            return False
    return True
