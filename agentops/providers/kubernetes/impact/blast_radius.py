"""``blast_radius``: what a change reaches, computed from its preview and from what is in the cluster now.

Comes in: a ``Preview`` (the objects before and after). Goes out: a ``BlastRadius`` with one sentence for each figure.
Nothing is estimated: what cannot be read is named in ``unknown`` and the figures that depend on it are None, and no
word of a model is looked at. ``docs/blast-radius.md`` has the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from agentops.core.plan import BlastRadius, ObjectChange, Preview, Purpose, Verb
from agentops.core.resource import ResourceRef
from agentops.core.text import plural
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.impact.account_impact import with_account
from agentops.providers.kubernetes.impact.config_impact import of_claim, of_config, of_permissions, of_volume
from agentops.providers.kubernetes.impact.disruption import WORKLOADS
from agentops.providers.kubernetes.impact.impact import Impact, Share, not_known
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.impact.network_impact import backends, of_ingress, of_policy, of_service
from agentops.providers.kubernetes.impact.workload_impact import (
    of_budget,
    of_namespace,
    of_node,
    of_pods,
    of_scaler,
    of_workload,
)
from agentops.providers.kubernetes.objects.irreversible_effects import highest
from agentops.providers.kubernetes.objects.kinds import BUILTIN
from agentops.providers.kubernetes.objects.selectors import (
    Object,
    has_all,
    is_ready,
    labels_of,
    matches,
    name_of,
    namespace_of,
    spec_of,
    status_of,
)

Measure: TypeAlias = Callable[[ImpactReader, ObjectChange, Preview], Impact]

_FRONTS = ("Service", "Ingress", "PodDisruptionBudget", "HorizontalPodAutoscaler")
_DEPENDENTS_SHOWN = 50


def blast_radius(cluster: Cluster, preview: Preview) -> BlastRadius:
    """Return what ``preview`` reaches.

    Raises:
        Unreachable: the API server does not answer; nothing could be computed.
    """
    reader = ImpactReader(cluster)
    namespaces = sorted({change.ref.namespace for change in preview.objects} - {""})
    reader.want(("Pod", "ReplicaSet", *_FRONTS), namespaces)
    gone = [change for change in preview.objects if change.ref.kind == "Pod" and change.verb is Verb.DELETE]
    impacts = [measure(reader, change, preview) for change in preview.objects if change not in gone]
    impacts += [_pods_gone(reader, gone, preview)] if gone else []
    return _add_up(reader, preview, impacts)


def measure(reader: ImpactReader, change: ObjectChange, preview: Preview) -> Impact:
    """Return what one object's change gets at; deleted pods are measured together, in ``blast_radius``.

    Raises:
        Unreachable: the API server does not answer.
    """
    kind = change.ref.kind
    rule = _MEASURES.get(kind)
    item = change.after or change.before or {}
    group = str(item.get("apiVersion") or "").rpartition("/")[0]
    if rule is None or group != _GROUPS.get(kind, group):
        namespaces = (change.ref.namespace,) if change.ref.namespace else ()
        return not_known(f"what the controllers of {kind} do with {change.ref.short}", namespaces=namespaces)
    return with_account(reader, change, rule(reader, change, preview))


def _pods_gone(reader: ImpactReader, gone: Sequence[ObjectChange], preview: Preview) -> Impact:
    """Measure deleted and evicted pods together: several may be of one workload."""
    pods, missing = [], []
    for change in gone:
        listed = reader.items("Pod", change.ref.namespace)
        live = next((pod for pod in listed or () if name_of(pod) == change.ref.name), None)
        pods.append(live) if live is not None else missing.append(change.ref.short)
    evicted = any(call.method == "POST" and call.path.endswith("/eviction") for call in preview.calls)
    found = of_pods(reader, pods, evicted=evicted, why="evicted" if evicted else "deleted")
    if not missing:
        return found
    return Impact(
        shares=found.shares, namespaces=found.namespaces, counted=False, unknown=(f"the pods {', '.join(missing)}",)
    )


def _of_pod(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """A pod that is made or edited: new labels may take it away from its controller and its Services."""
    ref, before, after = change.ref, change.before, change.after
    if before is None:
        share = Share(workload=ref, pods=1, total=1, ready=0, out=0)
        return Impact(
            shares=(share,),
            concerned=((ref.namespace, labels_of(after or {})),),
            reasons=(f"{ref.short}: one pod is made",),
        )
    live = next((pod for pod in reader.items("Pod", ref.namespace) or () if name_of(pod) == ref.name), None)
    services = reader.items("Service", ref.namespace)
    if live is None or services is None:
        return not_known(f"the pod {ref.short} and the Services in front of it")
    old, new = labels_of(before), labels_of(after or {})
    leaves = [name_of(one) for one in services if _fronts(one, old) and not _fronts(one, new)]
    spec_changes = spec_of(before) != spec_of(after)
    workload, hit = reader.workload_of(live), bool(leaves) or spec_changes
    siblings = reader.pods_of(workload) or (live,)
    ready = sum(map(is_ready, siblings))
    out = int(is_ready(live)) if hit else 0
    why = f"{ref.short}: its containers may restart" if spec_changes else f"{ref.short}: only its metadata changes"
    why += f"; it leaves the Services {', '.join(leaves)}" if leaves else ""
    share = Share(workload=workload, pods=int(hit or old != new), total=len(siblings), ready=ready, out=out)
    return Impact(shares=(share,), concerned=((ref.namespace, old),), by_budget=False, reasons=(why,))


def _of_nothing(_: ImpactReader, change: ObjectChange, __: Preview) -> Impact:
    return Impact(
        reasons=(f"{change.ref.short}: pods that run are not touched; only what is made later is judged by it",)
    )


def _add_up(reader: ImpactReader, preview: Preview, impacts: Sequence[Impact]) -> BlastRadius:
    shares = _merged([share for impact in impacts for share in impact.shares])
    labels = [pair for impact in impacts for pair in impact.concerned]
    namespaces = {name for impact in impacts for name in impact.namespaces}
    namespaces |= {change.ref.namespace for change in preview.objects} | {name for name, _ in labels}
    inside = tuple(sorted(namespaces - {""}))
    reader.want(_FRONTS, inside)
    own = {change.ref for change in preview.objects if change.ref.kind == "Service" and _is_core(change)}
    services = tuple(sorted({*_services(reader, inside, labels), *own}))
    counted = all(impact.counted for impact in impacts)
    budgets = _budgets(reader, inside, labels)
    bypass = bool(budgets) and any(not impact.by_budget and any(s.pods for s in impact.shares) for impact in impacts)
    reasons = [reason for impact in impacts for reason in impact.reasons]
    reasons += ["disruption budgets are not asked: they limit evictions only"] if bypass else []
    percent = _percent(shares) if counted else None
    reasons += _percent_reason(shares) if percent is not None else []
    dependents = sorted({one for impact in impacts for one in impact.dependents})
    if len(dependents) > _DEPENDENTS_SHOWN:
        reasons.append(f"{len(dependents)} dependents, {_DEPENDENTS_SHOWN} of them listed")
    return BlastRadius(
        objects=len(preview.objects),
        pods=_sum([share.pods for share in shares]) if counted else None,
        pods_total=_sum([share.total for share in shares]) if counted else None,
        percent=percent,
        namespaces=inside,
        services=services,
        ingresses=_ingresses(reader, inside, services),
        budgets=budgets,
        scalers=_scalers(reader, inside, {share.workload for share in shares}),
        dependents=tuple(dependents[:_DEPENDENTS_SHOWN]),
        stateful=any(impact.stateful for impact in impacts),
        data_loss=any(impact.data_loss for impact in impacts),
        purpose=_purpose(shares) if counted else Purpose.NONE,
        risk=highest(*(impact.risk for impact in impacts)),
        unknown=tuple(dict.fromkeys([*(line for impact in impacts for line in impact.unknown), *reader.unknown])),
        reasons=(*reasons, reader.cost()),
    )


def _purpose(shares: Sequence[Share]) -> Purpose:
    """Return what all that is hit is hit for; for several purposes, or none, it is no purpose."""
    found = {share.purpose for share in shares if share.is_hit}
    return found.pop() if len(found) == 1 else Purpose.NONE


def _is_core(change: ObjectChange) -> bool:
    return (change.after or change.before or {}).get("apiVersion") == "v1"


def _merged(shares: Sequence[Share]) -> list[Share]:
    """Put the shares of one workload together; no more than all of it can be concerned or out."""
    found: dict[ResourceRef, Share] = {}
    for share in shares:
        other = found.get(share.workload)
        if other is None:
            found[share.workload] = share
            continue
        total = None if share.total is None or other.total is None else max(share.total, other.total)
        ready = None if share.ready is None or other.ready is None else max(share.ready, other.ready)
        found[share.workload] = Share(
            workload=share.workload,
            pods=_capped(share.pods, other.pods, total),
            total=total,
            ready=ready,
            out=_capped(share.out, other.out, ready),
            purpose=share.purpose if share.purpose is other.purpose else Purpose.NONE,
        )
    return list(found.values())


def _capped(one: int | None, other: int | None, most: int | None) -> int | None:
    return None if one is None or other is None or most is None else min(one + other, most)


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _percent(shares: Sequence[Share]) -> int | None:
    """The workload that is hit hardest decides: one that is wholly out is not made good by others that are not."""
    found = [share.percent for share in shares]
    known = [number for number in found if number is not None]
    return max(known, default=0) if len(known) == len(found) else None


def _percent_reason(shares: Sequence[Share]) -> list[str]:
    worst = max(shares, key=lambda share: share.percent or 0, default=None)
    if worst is None or not worst.percent:
        return ["no ready pod is out at any moment, as far as the rules of its controller go"]
    text = f"{worst.percent} % is {worst.out} of the {plural(worst.ready or 0, 'ready pod')} of {worst.workload.short}"
    if len(shares) == 1:
        return [text]
    out, ready = sum(s.out or 0 for s in shares), sum(s.ready or 0 for s in shares)
    return [f"{text}, the workload that is hit hardest; together {out} of {ready} ready pods are out"]


def _fronts(service: Object, labels: Mapping[str, object]) -> bool:
    selector = spec_of(service).get("selector") or {}
    return bool(selector) and has_all(labels, selector)


def _services(
    reader: ImpactReader, namespaces: Sequence[str], labels: Sequence[tuple[str, Mapping[str, object]]]
) -> tuple[ResourceRef, ...]:
    return tuple(
        reader.cluster.ref("Service", name_of(service), namespace)
        for namespace in namespaces
        for service in reader.items("Service", namespace) or ()
        if any(name == namespace and _fronts(service, pairs) for name, pairs in labels)
    )


def _ingresses(
    reader: ImpactReader, namespaces: Sequence[str], services: Sequence[ResourceRef]
) -> tuple[ResourceRef, ...]:
    names = {(ref.namespace, ref.name) for ref in services}
    return tuple(
        reader.cluster.ref("Ingress", name_of(ingress), namespace)
        for namespace in namespaces
        for ingress in reader.items("Ingress", namespace) or ()
        if any((namespace, name) in names for name in backends(ingress))
    )


def _budgets(
    reader: ImpactReader, namespaces: Sequence[str], labels: Sequence[tuple[str, Mapping[str, object]]]
) -> tuple[str, ...]:
    return tuple(
        _budget_text(budget)
        for namespace in namespaces
        for budget in reader.items("PodDisruptionBudget", namespace) or ()
        if any(name == namespace and matches(spec_of(budget).get("selector"), pairs) for name, pairs in labels)
    )


def _budget_text(budget: Object) -> str:
    status = status_of(budget)
    allowed, healthy, wanted = (
        int(status.get(key) or 0) for key in ("disruptionsAllowed", "currentHealthy", "desiredHealthy")
    )
    text = plural(allowed, "disruption") + " allowed now"
    return f"{namespace_of(budget)}/{name_of(budget)}: {text} ({healthy} healthy, {wanted} needed)"


def _scalers(reader: ImpactReader, namespaces: Sequence[str], workloads: set[ResourceRef]) -> tuple[ResourceRef, ...]:
    found = []
    for namespace in namespaces:
        for scaler in reader.items("HorizontalPodAutoscaler", namespace) or ():
            target = spec_of(scaler).get("scaleTargetRef") or {}
            ref = reader.cluster.ref(str(target.get("kind")), str(target.get("name")), namespace)
            if ref in workloads:
                found.append(reader.cluster.ref("HorizontalPodAutoscaler", name_of(scaler), namespace))
    return tuple(found)


_MEASURES: Mapping[str, Measure] = {
    **dict.fromkeys(WORKLOADS, of_workload),
    "Pod": _of_pod,
    "Node": of_node,
    "Namespace": of_namespace,
    "HorizontalPodAutoscaler": of_scaler,
    "PodDisruptionBudget": of_budget,
    "ConfigMap": of_config,
    "Secret": of_config,
    "PersistentVolumeClaim": of_claim,
    "PersistentVolume": of_volume,
    **dict.fromkeys(("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), of_permissions),
    "Service": of_service,
    "Ingress": of_ingress,
    "NetworkPolicy": of_policy,
    **dict.fromkeys(("ResourceQuota", "LimitRange", "PriorityClass", "StorageClass", "IngressClass"), _of_nothing),
}
_GROUPS: Mapping[str, str] = {kind.kind: kind.group for kind in BUILTIN}
