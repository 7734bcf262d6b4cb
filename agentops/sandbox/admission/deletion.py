"""delete, deletecollection and eviction: preconditions, propagation, finalizers, grace periods, disruption budgets.

Comes in: a stored object and DeleteOptions. Goes out: the object removed, or marked for deletion and left to whoever
holds its finalizers or runs it. Must never: remove an object that a finalizer or a grace period still holds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from agentops.sandbox.objects import matches, pod_ready, set_condition
from agentops.sandbox.store import Obj, ObjectStore, copy_json, key_of, timestamp
from agentops.sandbox.wire.causes import invalid, unsupported
from agentops.sandbox.wire.cells import at
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.request import ApiRequest, body_object
from agentops.sandbox.wire.status import ApiRefusal, bad_request, conflict, invalid_options

_PROPAGATION = ("Foreground", "Background", "Orphan")
_AS_JSON = {"content-type": "application/json"}
_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOptions:
    """What a delete asks for; ``grace_s`` None and ``propagation`` "" mean the object's own."""

    dry_run: bool = False
    grace_s: int | None = None
    propagation: str = ""
    uid: str = ""
    resource_version: str = ""

    def as_given(self) -> Obj:
        """Return them as the API has them; what was not given is absent."""
        expected = {"uid": self.uid, "resourceVersion": self.resource_version}
        known: Obj = {
            "gracePeriodSeconds": self.grace_s,
            "propagationPolicy": self.propagation or None,
            "preconditions": {key: value for key, value in expected.items() if value} or None,
            "dryRun": ["All"] if self.dry_run else None,
        }
        said = {key: value for key, value in known.items() if value is not None}
        return {"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1", **said}


def delete_options(request: ApiRequest) -> DeleteOptions:
    """Return the options of a delete: those of its body when it has one, and only then; else those of its query.

    Source: recorded from Kubernetes 1.36.2. ``DELETE ?dryRun=All`` with any body that does not say ``dryRun`` deletes.

    Raises:
        ApiRefusal: an unknown propagation policy, or something else that is no DeleteOptions.
    """
    body: Obj = body_object(request) if request.body else _from_query(request)
    if body.get("kind", "DeleteOptions") not in ("DeleteOptions", "Eviction"):
        raise bad_request(f'no kind "{body["kind"]}" is registered for the delete options of this version')
    dry_run = body.get("dryRun") or []
    if dry_run not in ([], ["All"]):
        words = f'Unsupported value: {json.dumps(dry_run)}: supported values: "All"'
        raise invalid_options("DeleteOptions", [("FieldValueNotSupported", "dryRun", words)])
    propagation = body.get("propagationPolicy") or ""
    if propagation and "orphanDependents" in body:
        words = "orphanDependents and deletionPropagation cannot be both set"
        raise invalid_options("DeleteOptions", [invalid("propagationPolicy", propagation, words)])
    if "orphanDependents" in body:
        propagation = "Orphan" if body["orphanDependents"] else "Background"
    if propagation and propagation not in _PROPAGATION:
        raise invalid_options("DeleteOptions", [unsupported("propagationPolicy", propagation, (*_PROPAGATION, "nil"))])
    grace: Any = body.get("gracePeriodSeconds")
    given = body.get("preconditions") or {}
    return DeleteOptions(
        dry_run=bool(dry_run),
        grace_s=grace,
        propagation=propagation,
        uid=given.get("uid") or "",
        resource_version=given.get("resourceVersion") or "",
    )


def _from_query(request: ApiRequest) -> Obj:
    found: Obj = {name: request.query[name] for name in ("propagationPolicy",) if name in request.query}
    if "gracePeriodSeconds" in request.query:
        found["gracePeriodSeconds"] = request.number("gracePeriodSeconds", 0)
    if request.query.get("dryRun"):
        found["dryRun"] = [request.query["dryRun"]]
    return found


def delete(store: ObjectStore, resource: Resource, live: Obj, options: DeleteOptions) -> tuple[Obj, bool]:
    """Delete an object; return it as it is now, and whether it is gone.

    Raises:
        ApiRefusal: 409, a precondition does not hold.
    """
    _check_preconditions(resource, live, options)
    if orphans_by_default(resource, options):
        options = replace(options, propagation="Orphan")
    return begin(store, live, options)


def orphans_by_default(resource: Resource, options: DeleteOptions) -> bool:
    """Return whether a delete leaves the object's pods alone because it does not say otherwise: only a Job's does."""
    return resource.kind == "Job" and not options.propagation


def begin(store: ObjectStore, live: Obj, options: DeleteOptions) -> tuple[Obj, bool]:
    """Begin the deletion of an object, and end it when nothing holds it; return it, and whether it is gone."""
    new = copy_json(live)
    metadata = new["metadata"]
    had = metadata.get("finalizers") or ()
    finalizer = _FINALIZERS.get(options.propagation)
    if not options.propagation:
        finalizer = next((one for one in had if one in _FINALIZERS.values()), None)
    kept = [one for one in had if one not in _FINALIZERS.values() or one == finalizer]
    if finalizer and finalizer not in kept and "deletionTimestamp" not in metadata:
        kept.append(finalizer)
    if kept != (metadata.get("finalizers") or []):
        metadata["finalizers"] = kept
    grace_s = _grace(live, options)
    # A namespace is held by spec.finalizers, until its controller has emptied it.
    held = bool(kept) or grace_s > 0 or bool(live["kind"] == "Namespace" and at(live, "spec", "finalizers"))
    if not held:
        if live["kind"] == "Pod":  # what is answered of a pod that goes at once
            metadata["deletionGracePeriodSeconds"] = 0
        if not options.dry_run:
            store.remove(key_of(live))
        return new, True
    _mark(store, new, live, grace_s)
    return (new if options.dry_run else store.update(new)), False


def _check_preconditions(resource: Resource, live: Obj, options: DeleteOptions) -> None:
    for field, wanted in (("uid", options.uid), ("resourceVersion", options.resource_version)):
        have = live["metadata"][field]
        if wanted and wanted != have:
            word, what = {"uid": ("UID", "deleted and then recreated")}.get(field, ("ResourceVersion", "modified"))
            why = f"the {word} in the precondition ({wanted}) does not match the {word} in record ({have})"
            # The real server names the kind here, where every other conflict names the resource.
            named = replace(resource, plural=resource.kind)
            raise conflict(named, live["metadata"]["name"], f"{why}. The object might have been {what}")


def _grace(live: Obj, options: DeleteOptions) -> int:
    if live["kind"] != "Pod":
        return 0
    # A pod that no kubelet runs, or that has ended, has nobody to wait for.
    if not at(live, "spec", "nodeName") or at(live, "status", "phase") in ("Succeeded", "Failed"):
        return 0
    own = at(live, "spec", "terminationGracePeriodSeconds", default=30)
    wanted = int(own if options.grace_s is None else options.grace_s)
    pending = live["metadata"].get("deletionGracePeriodSeconds")
    return wanted if pending is None else min(wanted, pending)


def _mark(store: ObjectStore, new: Obj, live: Obj, grace_s: int) -> None:
    metadata = new["metadata"]
    if metadata.get("deletionGracePeriodSeconds") == grace_s and "deletionTimestamp" in metadata:
        return
    metadata["deletionTimestamp"] = timestamp(store.now() + timedelta(seconds=grace_s))
    metadata["deletionGracePeriodSeconds"] = grace_s
    if live["kind"] == "Namespace":
        new["status"] = {**(live.get("status") or {}), "phase": "Terminating"}


def finish(store: ObjectStore, obj: Obj) -> bool:
    """Remove an object whose deletion has begun and that nothing holds any more; tell whether that was so."""
    metadata = obj["metadata"]
    held = metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds")
    if "deletionTimestamp" not in metadata or held or (obj["kind"] == "Namespace" and at(obj, "spec", "finalizers")):
        return False
    store.remove(key_of(obj))
    return True


def eviction_options(request: ApiRequest, name: str) -> DeleteOptions:
    """Return what an eviction asks for: its body's options, and the query's dry run where the body says nothing of it.

    Source: pkg/registry/core/pod/storage/eviction.go.

    Raises:
        ApiRefusal: 400, it is about another pod, or body and query disagree.
    """
    body = body_object(request)
    if body.get("kind", "Eviction") != "Eviction":
        raise bad_request(f'no kind "{body["kind"]}" is registered for policy/v1')
    if at(body, "metadata", "name") != name:
        raise bad_request("name in URL does not match name in Eviction object")
    given, asked = body.get("deleteOptions") or {}, ["All"] if request.dry_run else []
    if asked and (said := given.get("dryRun") or asked) != asked:
        shown = " ".join(map(str, said))
        raise bad_request(f"Non-matching dry-run options in request and content: [All] and [{shown}]")
    merged = {"kind": "DeleteOptions", **given, "dryRun": given.get("dryRun") or asked}
    return delete_options(replace(request, body=json.dumps(merged).encode(), headers=_AS_JSON))


def evict(store: ObjectStore, resource: Resource, pod: Obj, options: DeleteOptions) -> None:
    """Delete a pod if its disruption budget allows that now.

    Raises:
        ApiRefusal: 409, a precondition does not hold; 429 when the budget does not allow it; 500 when several cover it.
    """
    counts = not _needs_no_budget(pod)
    budgets = _budgets(store, pod) if counts else []
    if len(budgets) > 1:
        message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise ApiRefusal("Unknown", message)
    for budget in budgets:
        _take_from(store, budget, pod, dry_run=options.dry_run)
    _check_preconditions(resource, pod, options)
    if counts and not options.dry_run:
        status = copy_json(pod.get("status") or {})
        found = {"type": "DisruptionTarget", "status": "True", "lastProbeTime": None}
        found |= {"reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting"}
        set_condition(status.setdefault("conditions", []), found, store.now())
        pod = store.update({**pod, "status": status})
    begin(store, pod, options)


def _needs_no_budget(pod: Obj) -> bool:
    return at(pod, "status", "phase") in ("Succeeded", "Failed", "Pending") or "deletionTimestamp" in pod["metadata"]


def _budgets(store: ObjectStore, pod: Obj) -> list[Obj]:
    labels = pod["metadata"].get("labels") or {}
    found = store.list("PodDisruptionBudget", pod["metadata"]["namespace"])
    return [budget for budget in found if matches(at(budget, "spec", "selector", default=None), labels)]


def _take_from(store: ObjectStore, budget: Obj, pod: Obj, *, dry_run: bool) -> None:
    name, status = budget["metadata"]["name"], budget.get("status") or {}
    wanted, healthy = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
    always = at(budget, "spec", "unhealthyPodEvictionPolicy") == "AlwaysAllow"
    if not pod_ready(pod) and (always or healthy >= wanted > 0):
        return  # a pod that is not ready anyway takes nothing from a healthy application
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        raise _over_budget(f"The disruption budget {name} is still being processed by the server.", 10)
    if status.get("disruptionsAllowed", 0) < 1:
        raise _over_budget(f"The disruption budget {name} needs {wanted} healthy pods and has {healthy} currently", 0)
    if not dry_run:
        allowed = status["disruptionsAllowed"] - 1
        taken = {**(status.get("disruptedPods") or {}), pod["metadata"]["name"]: timestamp(store.now())}
        left = copy_json({**status, "disruptionsAllowed": allowed, "disruptedPods": taken})
        if not allowed:
            set_condition(left.setdefault("conditions", []), disruption_allowed(allowed), store.now())
        store.update({**budget, "status": left})


def disruption_allowed(allowed: int) -> Obj:
    """Return the condition that says whether a budget allows a disruption now."""
    reason = "SufficientPods" if allowed else "InsufficientPods"
    return {"type": "DisruptionAllowed", "status": str(allowed > 0), "reason": reason, "message": ""}


def _over_budget(cause: str, retry_after_s: int) -> ApiRefusal:
    causes: Obj = {"causes": [{"reason": "DisruptionBudget", "message": cause}]}
    if retry_after_s:
        causes["retryAfterSeconds"] = retry_after_s
    message = "Cannot evict pod as it would violate the pod's disruption budget."
    return ApiRefusal("TooManyRequests", message, causes, retry_after_s=retry_after_s)
