"""What a change of a workload gets at: its own pods.

Comes in: one object's change and the ``ImpactReader``. Goes out: an ``Impact`` whose figures come from what was read.
It must never guess: what the controllers of a foreign kind would do is 'not known'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentops.core.errors import ClusterError, Unreachable
from agentops.core.plan import ObjectChange, Preview, Purpose
from agentops.core.resource import ResourceRef
from agentops.core.text import plural
from agentops.providers.kubernetes.api.relatives import revisions
from agentops.providers.kubernetes.impact.disruption import Disruption, disruption_of
from agentops.providers.kubernetes.impact.impact import Impact, Share, concerned, not_known
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.impact.purpose import Match, purpose_of, purpose_words
from agentops.providers.kubernetes.objects.fields import Object, labels_of, name_of, namespace_of, spec_of, template_of
from agentops.providers.kubernetes.objects.owners import controller_of
from agentops.providers.kubernetes.objects.pod_health import ready_count
from agentops.providers.kubernetes.objects.pod_template import has_claims
from agentops.providers.kubernetes.objects.revisions import plain_template
from agentops.providers.kubernetes.objects.workloads import is_of_revision, rolls_out

_OWNED = {"Deployment": "ReplicaSet", "CronJob": "Job"}


def of_workload(reader: ImpactReader, change: ObjectChange, preview: Preview) -> Impact:
    """Return the impact of a workload that is made, edited or deleted."""
    ref, before, after = change.ref, change.before, change.after
    pods = reader.pods_of(ref) if before is not None else ()
    if pods is None:
        return not_known(f"the pods of {ref.short}", namespaces=(ref.namespace,))
    if after is None and _orphans(preview, ref):
        return _orphaned(reader, ref, pods)
    # Pods that are of the new template already are not replaced again.
    match = _match(reader, change, pods)
    found = disruption_of(before, after, pods, match.pods if match is not None else None)
    purpose = purpose_of(before, after, pods, match, found) if match is not None else Purpose.NONE
    is_known = found.pods is not None
    return Impact(
        shares=(_share(ref, found, pods, purpose),),
        concerned=(*_template_labels(ref.namespace, before, after), *concerned(pods)),
        dependents=_deleted_with(reader, ref) if after is None else (),
        stateful=any(map(has_claims, pods)) or bool(spec_of(after or before).get("volumeClaimTemplates")),
        data_loss=_loses_claims(before, after),
        by_budget=False,
        unknown=() if is_known else (f"{ref.short}: {found.why}",),
        reasons=(_disruption_text(ref, found, pods, purpose),) if is_known else (),
    )


def _orphaned(reader: ImpactReader, ref: ResourceRef, pods: Sequence[Object]) -> Impact:
    """Return the impact of a delete that leaves the pods running."""
    why = f"{ref.short}: its pods are left running without it"
    return Impact(concerned=concerned(pods), reasons=(why,), dependents=tuple(reader.workload_of(p) for p in pods))


def _template_labels(namespace: str, *sides: Object | None) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Return the labels of the pods that are made before and after, with their namespace."""
    return tuple((namespace, labels_of(template_of(one))) for one in sides if template_of(one))


def _deleted_with(reader: ImpactReader, ref: ResourceRef) -> tuple[ResourceRef, ...]:
    """Return what a deleted workload owns beside pods: ReplicaSets or Jobs."""
    owned = reader.items(_OWNED[ref.kind], ref.namespace) if ref.kind in _OWNED else ()
    return tuple(_ref(reader, one) for one in owned or () if _is_below(one, ref))


def _share(ref: ResourceRef, found: Disruption, pods: Sequence[Object], purpose: Purpose) -> Share:
    ready = ready_count(pods)
    return Share(workload=ref, pods=found.pods, total=found.total, ready=ready, out=found.out, purpose=purpose)


def _disruption_text(ref: ResourceRef, found: Disruption, pods: Sequence[Object], purpose: Purpose) -> str:
    ready, words = ready_count(pods), purpose_words(purpose)
    return (
        f"{ref.short}: {found.why}; {found.pods or 0} of {plural(found.total or 0, 'pod')} concerned, "
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
    before, after = change.before, change.after
    if before is None or after is None or not rolls_out(before, after):
        return Match()
    wanted, old = plain_template(template_of(after)), plain_template(template_of(before))
    if change.ref.kind == "Deployment":
        names = _replica_sets_with(reader, change, after, wanted)
        return None if names is None else Match(pods=_controlled_by(pods, names), earlier=bool(names) and wanted != old)
    if change.ref.kind not in {"StatefulSet", "DaemonSet"}:
        return Match()
    marks = _revisions_with(reader, change, after, wanted)
    return None if marks is None else Match(pods=_marked(pods, marks), earlier=bool(marks) and wanted != old)


def _replica_sets_with(
    reader: ImpactReader, change: ObjectChange, after: Object, wanted: Mapping[str, Any]
) -> frozenset[str] | None:
    """Return the names of a Deployment's ReplicaSets that have the wanted template; None when not known."""
    selector = (spec_of(after).get("selector") or {}).get("matchLabels", {})
    labels = ",".join(f"{key}={value}" for key, value in selector.items())
    sets = reader.replica_sets_of(change.ref, change.uid, labels)
    if sets is None:
        return None
    return frozenset(name_of(one) for one in sets if plain_template(template_of(one)) == wanted)


def _controlled_by(pods: Sequence[Object], names: frozenset[str]) -> frozenset[str]:
    return frozenset(name_of(pod) for pod in pods if (controller_of(pod) or {}).get("name") in names)


def _revisions_with(
    reader: ImpactReader, change: ObjectChange, after: Object, wanted: Mapping[str, Any]
) -> tuple[str, ...] | None:
    """Return the names of the ControllerRevisions that have the wanted template; None when not known."""
    try:
        reader.requests += 1
        found = revisions(reader.cluster, {**after, "kind": change.ref.kind, "metadata": _identity(change)})
    except Unreachable:
        raise
    except ClusterError as error:
        reader.say_unknown(f"revisions of {change.ref.short}", error.message)
        return None
    return tuple(one.name for one in found if one.template == wanted)


def _marked(pods: Sequence[Object], marks: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name_of(pod) for pod in pods if is_of_revision(pod, marks))


def _identity(change: ObjectChange) -> dict[str, Any]:
    return {"name": change.ref.name, "namespace": change.ref.namespace, "uid": change.uid}
