"""What a change of an autoscaler or a disruption budget gets at: the pods whose number or removal it bounds.

Comes in: one object's change and the ``ImpactReader``. Goes out: an ``Impact``. It must never guess what an autoscaler
will measure: only its bounds count.
"""

from __future__ import annotations

from agentops.core.plan import ObjectChange, Preview
from agentops.core.text import plural
from agentops.providers.kubernetes.impact.impact import Impact, Share, concerned, not_known
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.objects.fields import labels_of, spec_of
from agentops.providers.kubernetes.objects.pod_health import is_active, ready_count
from agentops.providers.kubernetes.objects.pod_template import has_claims
from agentops.providers.kubernetes.objects.selectors import matches


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
