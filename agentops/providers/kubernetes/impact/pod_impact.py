"""What a change of pods gets at: pods that go, alone or together, and a pod that is made or edited.

Comes in: pods or their changes, and the ``ImpactReader``. Goes out: an ``Impact``. Several pods that go are measured
together, for they may be of one workload. It must never count a pod that it did not read.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentops.core.plan import ObjectChange, Preview
from agentops.core.resource import ResourceRef
from agentops.core.text import plural
from agentops.providers.kubernetes.impact.impact import Impact, Share, concerned, not_known
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.objects.fields import Object, labels_of, name_of, namespace_of, spec_of
from agentops.providers.kubernetes.objects.pod_health import is_ready, ready_count
from agentops.providers.kubernetes.objects.pod_template import has_claims, has_empty_dir
from agentops.providers.kubernetes.objects.selectors import fronts

_REASONS = 20


def of_pods(reader: ImpactReader, pods: Sequence[Object], *, evicted: bool, why: str) -> Impact:
    """Return the impact of these pods going away together.

    Arguments:
        pods: the live pods.
        evicted: by the eviction API, so that disruption budgets limit how many are out at one time.
        why: what happens to them, for the reasons: ``evicted``.
    """
    groups: dict[ResourceRef, list[Object]] = {}
    for pod in pods:
        groups.setdefault(reader.workload_of(pod), []).append(pod)
    measured = {workload: _going(reader, workload, gone, evicted=evicted, why=why) for workload, gone in groups.items()}
    unknown = tuple(f"the other pods of {workload.short}" for workload, found in measured.items() if found is None)
    known = [found for found in measured.values() if found is not None]
    # The hardest hit first; a namespace may hold hundreds of workloads, and nobody reads as many sentences.
    ordered = sorted(known, key=lambda found: -(found[0].percent or 0))
    reasons = [text for _, text in ordered[:_REASONS]]
    if len(ordered) > _REASONS:
        reasons.append(f"and {plural(len(ordered) - _REASONS, 'workload')} more, hit no harder than these")
    if any(map(has_empty_dir, pods)):
        reasons.append("pods with an emptyDir volume lose what is in it")
    return Impact(
        shares=tuple(share for share, _ in known),
        concerned=concerned(pods),
        namespaces=tuple(sorted({namespace_of(pod) for pod in pods})),
        stateful=any(map(has_claims, pods)),
        by_budget=evicted,
        counted=not unknown,
        unknown=unknown,
        reasons=tuple(reasons),
    )


def _going(
    reader: ImpactReader, workload: ResourceRef, gone: Sequence[Object], *, evicted: bool, why: str
) -> tuple[Share, str] | None:
    """Return the share of one workload's pods that go, and the reason; None when its other pods are not known."""
    siblings = reader.pods_of(workload)
    # A ReplicaSet of its own and one whose owner could not be looked up are not the same.
    if siblings is None or (workload.kind == "ReplicaSet" and reader.items("ReplicaSet", workload.namespace) is None):
        return None
    ready, total = ready_count(siblings), max(len(siblings), len(gone))
    # Only evictions ask disruption budgets; a deletion goes past them.
    limit = reader.allowance(gone) if evicted else None
    out = ready_count(gone) if limit is None else min(ready_count(gone), limit)
    text = f"{workload.short}: {len(gone)} of {plural(total, 'pod')} {why}"
    text += f", at the worst moment {out} of {ready} ready are out"
    if out < ready_count(gone):
        text += ", no more than its disruption budget allows"
    return Share(workload=workload, pods=len(gone), total=total, ready=ready, out=out), text


def of_pods_gone(reader: ImpactReader, gone: Sequence[ObjectChange], preview: Preview) -> Impact:
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


def of_pod(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of a pod that is made or edited: its labels decide its controller and Services."""
    if change.before is None:
        return _of_new_pod(change)
    ref, old, new = change.ref, labels_of(change.before), labels_of(change.after or {})
    live = next((pod for pod in reader.items("Pod", ref.namespace) or () if name_of(pod) == ref.name), None)
    services = reader.items("Service", ref.namespace)
    if live is None or services is None:
        return not_known(f"the pod {ref.short} and the Services in front of it")
    leaves = [name_of(one) for one in services if fronts(one, old) and not fronts(one, new)]
    restarts = spec_of(change.before) != spec_of(change.after)
    why = f"{ref.short}: its containers may restart" if restarts else f"{ref.short}: only its metadata changes"
    why += f"; it leaves the Services {', '.join(leaves)}" if leaves else ""
    workload, is_hit = reader.workload_of(live), bool(leaves) or restarts
    siblings = reader.pods_of(workload) or (live,)
    share = Share(
        workload=workload,
        pods=int(is_hit or old != new),
        total=len(siblings),
        ready=ready_count(siblings),
        out=int(is_ready(live)) if is_hit else 0,
    )
    return Impact(shares=(share,), concerned=((ref.namespace, old),), by_budget=False, reasons=(why,))


def _of_new_pod(change: ObjectChange) -> Impact:
    ref = change.ref
    return Impact(
        shares=(Share(workload=ref, pods=1, total=1, ready=0, out=0),),
        concerned=((ref.namespace, labels_of(change.after or {})),),
        reasons=(f"{ref.short}: one pod is made",),
    )
