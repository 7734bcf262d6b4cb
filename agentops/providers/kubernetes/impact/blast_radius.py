"""``blast_radius``: what a change reaches, computed from its preview and from what is in the cluster now.

Comes in: a ``Preview`` (the objects before and after). Goes out: a ``BlastRadius`` with one sentence for each figure.
Nothing is estimated: what cannot be read is named in ``unknown`` and the figures that depend on it are None, and no
word of a model is looked at. ``docs/blast-radius.md`` has the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import TypeAlias

from agentops.core.plan import BlastRadius, ObjectChange, Preview, Purpose, Verb
from agentops.core.resource import ResourceRef
from agentops.core.text import plural
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.impact.account_impact import with_account
from agentops.providers.kubernetes.impact.config_impact import of_claim, of_config, of_permissions, of_volume
from agentops.providers.kubernetes.impact.impact import Impact, Share, not_known
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.impact.network_impact import backends, of_ingress, of_policy, of_service
from agentops.providers.kubernetes.impact.node_impact import of_namespace, of_node
from agentops.providers.kubernetes.impact.pod_impact import of_pod, of_pods_gone
from agentops.providers.kubernetes.impact.scaling_impact import of_budget, of_scaler
from agentops.providers.kubernetes.impact.workload_impact import of_workload
from agentops.providers.kubernetes.objects.fields import Object, name_of, namespace_of, spec_of, status_of
from agentops.providers.kubernetes.objects.kinds import BUILTIN
from agentops.providers.kubernetes.objects.selectors import fronts, matches
from agentops.providers.kubernetes.objects.workloads import WORKLOADS

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
    # Pods that go together may be of one workload: measured one by one, each would count its siblings as ready.
    gone = [change for change in preview.objects if change.ref.kind == "Pod" and change.verb is Verb.DELETE]
    impacts = [measure(reader, change, preview) for change in preview.objects if change not in gone]
    impacts += [of_pods_gone(reader, gone, preview)] if gone else []
    return _add_up(reader, preview, reduce(Impact.plus, impacts, Impact()))


def measure(reader: ImpactReader, change: ObjectChange, preview: Preview) -> Impact:
    """Return what one object's change gets at; deleted pods are measured together, in ``blast_radius``.

    Raises:
        Unreachable: the API server does not answer.
    """
    kind = change.ref.kind
    rule = _MEASURES.get(kind)
    item = change.after or change.before or {}
    group = str(item.get("apiVersion") or "").rpartition("/")[0]
    # A custom resource may be called Deployment; what its controller does is not known.
    if rule is None or group != _GROUPS.get(kind, group):
        namespaces = (change.ref.namespace,) if change.ref.namespace else ()
        return not_known(f"what the controllers of {kind} do with {change.ref.short}", namespaces=namespaces)
    return with_account(reader, change, rule(reader, change, preview))


def _of_nothing(_: ImpactReader, change: ObjectChange, __: Preview) -> Impact:
    return Impact(
        reasons=(f"{change.ref.short}: pods that run are not touched; only what is made later is judged by it",)
    )


def _add_up(reader: ImpactReader, preview: Preview, whole: Impact) -> BlastRadius:
    """Return the figures of the whole impact, with what stands in front of its pods."""
    shares = _merged(whole.shares)
    inside = _namespaces(preview, whole)
    reader.want(_FRONTS, inside)
    # A Service that the change itself makes or edits is in front of pods too, whatever it selects now.
    services = tuple(sorted({*_services(reader, inside, whole.concerned), *_changed_services(preview)}))
    budgets = _budgets(reader, inside, whole.concerned)
    percent = _percent(shares) if whole.counted else None
    dependents = sorted(set(whole.dependents))
    reasons = [*whole.reasons]
    reasons += (
        ["disruption budgets are not asked: they limit evictions only"] if budgets and whole.passes_budgets else []
    )
    reasons += _percent_reason(shares) if percent is not None else []
    if len(dependents) > _DEPENDENTS_SHOWN:
        reasons.append(f"{len(dependents)} dependents, {_DEPENDENTS_SHOWN} of them listed")
    return BlastRadius(
        objects=len(preview.objects),
        instances=_sum([share.pods for share in shares]) if whole.counted else None,
        instances_total=_sum([share.total for share in shares]) if whole.counted else None,
        unit="pod",
        percent=percent,
        groups=inside,
        group_unit="namespace",
        fronts=(*services, *_ingresses(reader, inside, services)),
        controllers=_scalers(reader, inside, {share.workload for share in shares}),
        detail={"disruption budget": budgets} if budgets else {},
        dependents=tuple(dependents[:_DEPENDENTS_SHOWN]),
        stateful=whole.stateful,
        data_loss=whole.data_loss,
        purpose=_purpose(shares) if whole.counted else Purpose.NONE,
        risk=whole.risk,
        unknown=tuple(dict.fromkeys([*whole.unknown, *reader.unknown])),
        reasons=(*reasons, reader.cost()),
    )


def _namespaces(preview: Preview, whole: Impact) -> tuple[str, ...]:
    """Return the namespaces of the changed objects, of the pods that are concerned, and those named by a part."""
    changed = {change.ref.namespace for change in preview.objects}
    return tuple(sorted({*whole.namespaces, *changed, *(name for name, _ in whole.concerned)} - {""}))


def _changed_services(preview: Preview) -> set[ResourceRef]:
    return {change.ref for change in preview.objects if change.ref.kind == "Service" and _is_core(change)}


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
    # One unknown share could be the worst, so the whole is unknown.
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


def _services(
    reader: ImpactReader, namespaces: Sequence[str], labels: Sequence[tuple[str, Mapping[str, object]]]
) -> tuple[ResourceRef, ...]:
    return tuple(
        reader.cluster.ref("Service", name_of(service), namespace)
        for namespace in namespaces
        for service in reader.items("Service", namespace) or ()
        if any(name == namespace and fronts(service, pairs) for name, pairs in labels)
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
    "Pod": of_pod,
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
