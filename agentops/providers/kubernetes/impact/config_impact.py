"""What a change of configuration, storage or permissions gets at: the pods that use it.

Comes in: one object's change and the ``ImpactReader``. Goes out: an ``Impact``. A value that a program read at its
start stays in it until it restarts, so such pods are dependents and not counted; files from volumes change under it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agentops.core.plan import ObjectChange, Preview
from agentops.core.resource import ResourceRef
from agentops.core.text import plural
from agentops.providers.kubernetes.impact.impact import Impact, Share, concerned, not_known
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.objects.config_references import changed_keys, use_of
from agentops.providers.kubernetes.objects.fields import Object, name_of, namespace_of, spec_of, status_of, template_of
from agentops.providers.kubernetes.objects.pod_health import is_active, ready_count
from agentops.providers.kubernetes.objects.pod_template import has_claims
from agentops.providers.kubernetes.objects.workloads import TEMPLATED_KINDS


def of_config(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of a ConfigMap or Secret: mounted keys change live, the others at the next start."""
    ref, keys = change.ref, changed_keys(change.before, change.after)
    lost = ref.kind == "Secret" and change.after is None
    if keys is not None and not keys:
        return Impact(reasons=(f"{ref.short}: none of its keys changes, so nobody that uses it notices",))
    pods = reader.items("Pod", ref.namespace)
    if pods is None:
        return not_known(f"which pods use {ref.short}", namespaces=(ref.namespace,))
    using = [(pod, use_of(spec_of(pod), ref.kind, ref.name, keys)) for pod in pods if is_active(pod)]
    starting = [pod for pod, use in using if use.at_start and _is_waiting(pod)]
    # A deleted source takes nothing from what runs; a container that waits to start reads it when it does.
    live = [] if change.after is None else [pod for pod, use in using if use.live or pod in starting]
    users = [pod for pod, use in using if use]
    dependents = {reader.workload_of(pod) for pod in users} | set(_templates_using(reader, ref, keys))
    return Impact(
        shares=_untouched(reader, live),
        concerned=concerned(users),
        dependents=tuple(sorted(dependents)),
        stateful=any(map(has_claims, live)),
        data_loss=lost,
        reasons=_config_reasons(ref, change, len(users), len(live), len(starting)),
    )


def _config_reasons(ref: ResourceRef, change: ObjectChange, users: int, live: int, starting: int) -> tuple[str, ...]:
    if change.after is None:
        text = f"{ref.short}: {plural(users, 'pod')} that use it run on, but none of them can start again without it"
        return (text, f"{ref.short}: what was in it is gone") if ref.kind == "Secret" else (text,)
    reasons = [f"{ref.short}: {plural(users, 'pod')} use what changes; {live} of them get it without a restart"]
    if starting:
        reasons.append(
            f"{plural(starting, 'pod')} of these have a container that is waiting to start and will read it then"
        )
    if users > live:
        reasons.append(f"{plural(users - live, 'pod')} of these read it only when they are restarted")
    return tuple(reasons)


def _is_waiting(pod: Object) -> bool:
    """A container that does not run reads its environment anew when it is started."""
    status = status_of(pod)
    states = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    return any((one.get("state") or {}).get("waiting") for one in states)


def _untouched(reader: ImpactReader, pods: Sequence[Object]) -> tuple[Share, ...]:
    """Return the shares of pods that are concerned and keep running."""
    groups: dict[ResourceRef, int] = {}
    for pod in pods:
        workload = reader.workload_of(pod)
        groups[workload] = groups.get(workload, 0) + 1
    shares = []
    for workload, count in groups.items():
        siblings = reader.pods_of(workload) or ()
        total = max(len(siblings), count)
        shares.append(Share(workload=workload, pods=count, total=total, ready=ready_count(siblings), out=0))
    return tuple(shares)


def _templates_using(reader: ImpactReader, ref: ResourceRef, keys: frozenset[str] | None) -> Iterable[ResourceRef]:
    """Return the workloads whose template uses it, those without a pod included."""
    reader.want(TEMPLATED_KINDS, [ref.namespace])
    for kind in TEMPLATED_KINDS:
        for item in reader.items(kind, ref.namespace) or ():
            if use_of(spec_of(template_of(item)), ref.kind, ref.name, keys):
                yield reader.cluster.ref(kind, name_of(item), ref.namespace)


def of_claim(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of a PersistentVolumeClaim: the pods that mount it; deleting it loses data."""
    ref = change.ref
    pods = reader.items("Pod", ref.namespace)
    if pods is None:
        return Impact(
            stateful=True,
            data_loss=change.after is None,
            counted=False,
            unknown=(f"which pods mount {ref.short}",),
        )
    users = [pod for pod in pods if is_active(pod) and use_of(spec_of(pod), ref.kind, ref.name, None)]
    deleted = change.after is None
    if deleted:
        why = (
            f"{ref.short}: deleting a claim loses its data, once the {plural(len(users), 'pod')} that mount it are gone"
        )
    else:
        why = f"{ref.short}: {plural(len(users), 'pod')} mount it and run on"
    return Impact(
        concerned=concerned(users),
        dependents=tuple(sorted({reader.workload_of(pod) for pod in users})),
        stateful=True,
        data_loss=deleted and change.before is not None,
        reasons=(why,),
    )


def of_volume(_: ImpactReader, change: ObjectChange, __: Preview) -> Impact:
    """Return the impact of a PersistentVolume."""
    claim = spec_of(change.before).get("claimRef") or {}
    why = (
        f"{change.ref.short}: bound to {claim.get('namespace')}/{claim.get('name')}"
        if claim
        else f"{change.ref.short}: not bound"
    )
    return Impact(stateful=True, data_loss=change.after is None, reasons=(why,))


def of_permissions(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of a role, a binding or a service account: the workloads that run as such accounts."""
    ref = change.ref
    accounts = _accounts(reader, change)
    if accounts is None:
        return Impact(unknown=(f"who is bound to {ref.short}",), reasons=("permissions stop no pod",))
    namespaces = sorted({namespace for namespace, _ in accounts})
    reader.want(("Pod", "ReplicaSet"), namespaces)
    users = [
        pod
        for namespace in namespaces
        for pod in reader.items("Pod", namespace) or ()
        if is_active(pod) and (namespace, spec_of(pod).get("serviceAccountName") or "default") in accounts
    ]
    why = f"{ref.short}: {plural(len(users), 'pod')} run as an account that it is about; permissions stop no pod"
    return Impact(
        concerned=concerned(users),
        dependents=tuple(sorted({reader.workload_of(pod) for pod in users})),
        namespaces=tuple(namespaces),
        reasons=(why,),
    )


def _accounts(reader: ImpactReader, change: ObjectChange) -> set[tuple[str, str]] | None:
    """Return (namespace, name) of the service accounts, or None when bindings could not be read."""
    ref = change.ref
    if ref.kind == "ServiceAccount":
        return {(ref.namespace, ref.name)}
    bindings = _bindings(reader, change)
    if bindings is None:
        return None
    subjects = [(one, subject) for one in bindings for subject in one.get("subjects") or ()]
    return {
        (str(subject.get("namespace") or namespace_of(one) or ref.namespace), str(subject.get("name")))
        for one, subject in subjects
        if subject.get("kind") == "ServiceAccount"
    }


def _bindings(reader: ImpactReader, change: ObjectChange) -> list[Object] | None:
    """Return the binding that changes, before and after, or those of the role that changes; None when not readable."""
    ref = change.ref
    if ref.kind not in {"Role", "ClusterRole"}:
        return [one for one in (change.before, change.after) if one and one.get("subjects")]
    found: list[Object] = []
    for kind in ["RoleBinding"] if ref.kind == "Role" else ["RoleBinding", "ClusterRoleBinding"]:
        listed = reader.items(kind, ref.namespace)
        if listed is None:
            return None
        found += [one for one in listed if _binds(one, ref)]
    return found


def _binds(binding: Object, ref: ResourceRef) -> bool:
    role = binding.get("roleRef") or {}
    return role.get("kind") == ref.kind and role.get("name") == ref.name
