"""What a change of a workload, a pod, a node, a namespace or an autoscaler gets at.

Comes in: one object's change and the surroundings. Goes out: a ``Impact`` whose figures come from what was read. Must
never guess: what the controllers of a foreign kind would do is 'not known'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from agentops.core.errors import ClusterError, Unreachable
from agentops.core.plan import ObjectChange, Preview, Purpose
from agentops.core.resource import ResourceRef
from agentops.core.risk import Risk
from agentops.core.text import plural
from agentops.providers.kubernetes.api.relatives import revisions
from agentops.providers.kubernetes.impact.disruption import Disruption, disruption_of, replaces_pods
from agentops.providers.kubernetes.impact.impact import Impact, Share, concerned, not_known
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.impact.purpose import Match, purpose_of, purpose_words
from agentops.providers.kubernetes.objects.revisions import plain_template
from agentops.providers.kubernetes.objects.selectors import (
    Object,
    controller_of,
    has_claims,
    has_empty_dir,
    is_active,
    labels_of,
    matches,
    name_of,
    namespace_of,
    ready_count,
    share_text,
    spec_of,
    template_of,
)

_OWNED = {"Deployment": "ReplicaSet", "CronJob": "Job"}
_REASONS = 20
_REVISION_LABEL = "controller-revision-hash"


def of_workload(reader: ImpactReader, change: ObjectChange, preview: Preview) -> Impact:
    """Return the impact of a workload that is made, edited or deleted."""
    ref, before, after = change.ref, change.before, change.after
    item = after or before or {}
    pods = reader.pods_of(ref) if before is not None else ()
    if pods is None:
        return not_known(f"the pods of {ref.short}", namespaces=(ref.namespace,))
    if after is None and _orphans(preview, ref):
        why = f"{ref.short}: its pods are left running without it"
        return Impact(concerned=concerned(pods), reasons=(why,), dependents=tuple(reader.workload_of(p) for p in pods))
    match = _match(reader, change, pods)
    found = disruption_of(before, after, pods, match.pods if match is not None else None)
    purpose = purpose_of(before, after, pods, match, found) if match is not None else Purpose.NONE
    templates = [(ref.namespace, labels_of(template_of(one))) for one in (before, after) if template_of(one)]
    owned = reader.items(_OWNED[ref.kind], ref.namespace) if ref.kind in _OWNED and after is None else ()
    return Impact(
        shares=(_share(ref, found, pods, purpose),),
        concerned=(*templates, *concerned(pods)),
        dependents=tuple(_ref(reader, one) for one in owned or () if _is_below(one, ref)),
        stateful=any(map(has_claims, pods)) or bool(spec_of(item).get("volumeClaimTemplates")),
        data_loss=_loses_claims(before, after),
        by_budget=False,
        unknown=(f"{ref.short}: {found.why}",) if found.pods is None else (),
        reasons=(_disruption_text(ref, found, pods, purpose),) if found.pods is not None else (),
    )


def _share(ref: ResourceRef, found: Disruption, pods: Sequence[Object], purpose: Purpose) -> Share:
    ready = ready_count(pods)
    return Share(workload=ref, pods=found.pods, total=found.total, ready=ready, out=found.out, purpose=purpose)


def _disruption_text(ref: ResourceRef, found: Disruption, pods: Sequence[Object], purpose: Purpose) -> str:
    ready, words = ready_count(pods), purpose_words(purpose)
    return (
        f"{ref.short}: {found.why}; {share_text(found.pods or 0, found.total or 0)} concerned, "
        f"at the worst moment {found.out} of {ready} ready {'pod is' if ready == 1 else 'pods are'} out"
    ) + (f"; {words}" if words else "")


def _is_below(item: Object, ref: ResourceRef) -> bool:
    owner = controller_of(item) or {}
    return owner.get("kind") == ref.kind and owner.get("name") == ref.name


def _ref(reader: ImpactReader, item: Object) -> ResourceRef:
    return reader.cluster.ref(str(item.get("kind")), name_of(item), namespace_of(item))


def _orphans(preview: Preview, ref: ResourceRef) -> bool:
    """Return whether the delete of ``ref`` leaves behind what it owns."""
    calls = [call for call in preview.calls if call.method == "DELETE" and call.path.endswith(f"/{ref.name}")]
    bodies = [call.body for call in calls if isinstance(call.body, dict)]
    return any(body.get("propagationPolicy") == "Orphan" or body.get("orphanDependents") for body in bodies)


def _loses_claims(before: Object | None, after: Object | None) -> bool:
    """Return whether a StatefulSet's own policy deletes claims here (persistentVolumeClaimRetentionPolicy)."""
    policy = spec_of(before).get("persistentVolumeClaimRetentionPolicy") or {}
    if before is None:
        return False
    if after is None:
        return bool(policy.get("whenDeleted") == "Delete")
    fewer = int(spec_of(after).get("replicas", 1)) < int(spec_of(before).get("replicas", 1))
    return bool(policy.get("whenScaled") == "Delete" and fewer)


def _match(reader: ImpactReader, change: ObjectChange, pods: Sequence[Object]) -> Match | None:
    """Return what is of the wanted template already; None when that is not known."""
    before, after, ref = change.before, change.after, change.ref
    if before is None or after is None or not replaces_pods(before, after):
        return Match()
    wanted, old = plain_template(template_of(after)), plain_template(template_of(before))
    if ref.kind == "Deployment":
        labels = ",".join(f"{k}={v}" for k, v in (spec_of(after).get("selector") or {}).get("matchLabels", {}).items())
        sets = reader.replica_sets_of(ref, change.uid, labels)
        if sets is None:
            return None
        names = {name_of(one) for one in sets if plain_template(template_of(one)) == wanted}
        mine = frozenset(name_of(pod) for pod in pods if (controller_of(pod) or {}).get("name") in names)
        return Match(pods=mine, earlier=bool(names) and wanted != old)
    if ref.kind not in {"StatefulSet", "DaemonSet"}:
        return Match()
    try:
        reader.requests += 1
        found = revisions(reader.cluster, {**after, "kind": ref.kind, "metadata": _identity(change)})
    except Unreachable:
        raise
    except ClusterError as error:
        reader.say_unknown(f"revisions of {ref.short}", error.message)
        return None
    marks = tuple(one.name for one in found if one.template == wanted)
    mine = frozenset(name_of(pod) for pod in pods if _is_of(str(labels_of(pod).get(_REVISION_LABEL) or ""), marks))
    return Match(pods=mine, earlier=bool(marks) and wanted != old)


def _identity(change: ObjectChange) -> dict[str, Any]:
    return {"name": change.ref.name, "namespace": change.ref.namespace, "uid": change.uid}


def _is_of(mark: str, revision_names: Iterable[str]) -> bool:
    """A StatefulSet's pods carry the revision's name, a DaemonSet's its last part."""
    return bool(mark) and any(name == mark or name.endswith(f"-{mark}") for name in revision_names)


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
    limit = reader.allowance(gone) if evicted else None
    out = ready_count(gone) if limit is None else min(ready_count(gone), limit)
    text = f"{workload.short}: {share_text(len(gone), total)} {why}, at the worst moment {out} of {ready} ready are out"
    if out < ready_count(gone):
        text += ", no more than its disruption budget allows"
    return Share(workload=workload, pods=len(gone), total=total, ready=ready, out=out), text


def of_node(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of a node that is edited or deleted; a drain's pods are changes of their own."""
    ref = change.ref
    if change.before is None:
        return Impact(reasons=(f"{ref.short}: a new node takes no pod away",))
    before, after = spec_of(change.before), spec_of(change.after)
    taints = [one for one in after.get("taints") or () if one not in (before.get("taints") or ())]
    moving = [one for one in taints if one.get("effect") == "NoExecute"]
    relabelled = change.after is not None and labels_of(change.before) != labels_of(change.after)
    if change.after is not None and not moving and not relabelled:
        return Impact(reasons=(f"{ref.short}: pods that run on it stay; only where new ones are placed changes",))
    pods = reader.items("Pod", "", fields=f"spec.nodeName={ref.name}")
    if pods is None:
        return not_known(f"the pods on {ref.short}")
    pods = [pod for pod in pods if is_active(pod)]
    reader.want(("Pod", "ReplicaSet"), sorted({namespace_of(pod) for pod in pods}))
    if change.after is None:
        return of_pods(reader, pods, evicted=False, why=f"deleted with the node {ref.name}")
    old, new = labels_of(change.before), labels_of(change.after)
    keys = {key for key in {*old, *new} if old.get(key) != new.get(key)}
    gone = [pod for pod in pods if any(not _tolerates(pod, taint) for taint in moving) or _needs_label(pod, keys)]
    found = of_pods(reader, gone, evicted=False, why=f"taken off {ref.name} by its new taints or labels")
    return replace(found, risk=Risk.HIGH) if gone else found


def _tolerates(pod: Object, taint: Object) -> bool:
    for one in spec_of(pod).get("tolerations") or ():
        fits_effect = one.get("effect") in (None, "", taint.get("effect"))
        exists = one.get("operator") == "Exists"
        fits_key = one.get("key") == taint.get("key") or (exists and not one.get("key"))
        if fits_effect and fits_key and (exists or (one.get("value") or "") == (taint.get("value") or "")):
            # One that is tolerated for a time only is evicted as well.
            return one.get("tolerationSeconds") is None
    return False


def _needs_label(pod: Object, keys: set[str]) -> bool:
    """Only a DaemonSet's pods leave a node whose labels change (required...IgnoredDuringExecution for all others)."""
    if (controller_of(pod) or {}).get("kind") != "DaemonSet":
        return False
    spec = spec_of(pod)
    return any(key in (spec.get("nodeSelector") or {}) or f"'{key}'" in str(spec.get("affinity")) for key in keys)


def of_namespace(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of a namespace: nothing when it is made or labelled, everything in it when it is deleted."""
    ref = change.ref
    if change.after is not None:
        return Impact(reasons=(f"{ref.short}: pods that run stay; new ones are judged by the new labels",))
    pods = reader.items("Pod", ref.name)
    if pods is None:
        return not_known(f"what is in {ref.short}", namespaces=(ref.name,))
    found = of_pods(reader, [pod for pod in pods if is_active(pod)], evicted=False, why="deleted with the namespace")
    why = f"{ref.short}: all objects in it are deleted, PersistentVolumeClaims included"
    return Impact(
        shares=found.shares,
        concerned=found.concerned,
        namespaces=(ref.name,),
        stateful=found.stateful,
        data_loss=True,
        by_budget=False,
        counted=found.counted,
        unknown=found.unknown,
        reasons=(why, *found.reasons),
    )


def of_scaler(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of an autoscaler's bounds: what its target has too many or too few of."""
    spec = spec_of(change.after or change.before)
    named = spec.get("scaleTargetRef") or {}
    target = reader.cluster.ref(str(named.get("kind")), str(named.get("name")), change.ref.namespace)
    if change.after is None:
        return Impact(
            dependents=(target,),
            reasons=(f"{target.short}: its number of pods stays what it is and is not adjusted any more",),
        )
    pods = reader.pods_of(target)
    if pods is None:
        return not_known(f"the pods of {target.short}")
    low, high, count = int(spec.get("minReplicas", 1)), int(spec.get("maxReplicas", 1)), len(pods)
    made, stopped = max(low - count, 0), max(count - high, 0)
    out = max(stopped - (count - ready_count(pods)), 0)
    why = f"{target.short}: has {plural(count, 'pod')}, the bounds are {low} to {high}: {made} made, {stopped} stopped"
    share = Share(workload=target, pods=made + stopped, total=count + made, ready=ready_count(pods), out=out)
    return Impact(
        shares=(share,),
        concerned=concerned(pods),
        dependents=(target,),
        stateful=any(map(has_claims, pods)),
        by_budget=False,
        reasons=(why,),
    )


def of_budget(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of a disruption budget: no pod now, but the pods that it guards depend on it."""
    pods = reader.items("Pod", change.ref.namespace)
    if pods is None:
        return Impact(
            unknown=(f"the pods that {change.ref.short} guards",), reasons=("a disruption budget stops no pod",)
        )
    selectors = [spec_of(one).get("selector") for one in (change.before, change.after) if one]
    guarded = [pod for pod in pods if is_active(pod) and any(matches(one, labels_of(pod)) for one in selectors)]
    return Impact(
        concerned=concerned(guarded),
        dependents=tuple(sorted({reader.workload_of(pod) for pod in guarded})),
        stateful=any(map(has_claims, guarded)),
        reasons=(f"{change.ref.short}: guards {plural(len(guarded), 'pod')}; changing it stops none of them",),
    )
