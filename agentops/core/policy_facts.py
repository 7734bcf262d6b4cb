"""Requests to policy, made of what was computed about a change. Pure; a fact that is not known stays absent.

Comes in: a change, its tool's declaration, and once it was measured its preview and blast radius. Goes out: one
``PolicyRequest`` for each object that it touches. Never a word of a model or of a tool's text: the change's ``reason``
and the preview's warnings are not read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from agentops.core.clock import to_iso
from agentops.core.jsonable import to_json
from agentops.core.plan import BlastRadius, Change, Edit, ObjectChange, PolicyDecision, Preview, Verb
from agentops.core.policy import DAYS, MUTATE, Policy, PolicyRequest, Principal, strictest
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal
from agentops.core.tool import ToolSpec

Facts = dict[str, Any]
_SECRET_FIELDS = ("data", "stringData")
_CLAIMED = "spec.resources.requests.storage"
_INVERSE = {Verb.CREATE: Verb.DELETE, Verb.DELETE: Verb.CREATE, Verb.UPDATE: Verb.UPDATE}


def requests_for(
    change: Change,
    spec: ToolSpec,
    principal: Principal,
    *,
    dry_run: bool,
    environment: str | None,
    protected: Callable[[str], bool],
    frozen: bool | None,
    now: datetime,
    tainted: bool | None,
    preview: Preview | None = None,
    blast: BlastRadius | None = None,
    rollback: bool = False,
    approvals: Sequence[str] | None = None,
) -> tuple[PolicyRequest, ...]:
    """Return one request for the change's target and one for every further object that it touches.

    Arguments:
        dry_run: True for the screening before the preview; what is not known then is absent.
        environment: what ``PolicySettings.environment_of`` says of the target's context.
        protected: ``PolicySettings.is_protected``, asked for the namespace of each object.
        rollback: it takes back a change that was approved; only the guard may say so.
        approvals: who has approved so far, in the evaluation right before apply.
    """
    touched = [] if preview is None else [item.ref for item in preview.objects]
    return tuple(
        request_for(
            change,
            spec,
            principal,
            dry_run=dry_run,
            environment=environment,
            protected=_is_protected(ref, protected),
            frozen=frozen,
            now=now,
            tainted=tainted,
            preview=preview,
            blast=blast,
            rollback=rollback,
            approvals=approvals,
            resource=ref,
        )
        for ref in dict.fromkeys([change.target, *touched])
    )


def request_for(
    change: Change,
    spec: ToolSpec,
    principal: Principal,
    *,
    dry_run: bool,
    environment: str | None,
    protected: bool | None,
    frozen: bool | None,
    now: datetime,
    tainted: bool | None,
    preview: Preview | None = None,
    blast: BlastRadius | None = None,
    rollback: bool = False,
    approvals: Sequence[str] | None = None,
    resource: ResourceRef | None = None,
) -> PolicyRequest:
    """Return the request about one object; ``resource`` is the change's target unless given. See ``requests_for``."""
    ref = resource or change.target
    items = [] if preview is None else [item for item in preview.objects if item.ref == ref]
    moment = now.astimezone(UTC)
    context: Facts = {
        "dryRun": dry_run,
        "rollback": rollback,
        "now": to_iso(moment),
        "hour": moment.hour,
        "weekday": DAYS[moment.weekday()],
        **_known(environment=environment, protected=protected, frozen=frozen, tainted=tainted),
        **_known(approvals=None if approvals is None else sorted(set(approvals))),
        **_of_tool(spec, preview, blast),
        **_of_preview(preview),
        **({} if preview is None else {"ifEmpty": change.arguments.get("if_empty") is True}),
        **_of_object(ref, items, preview),
        **_of_blast(blast, preview),
    }
    irreversible = ("irreversible",) if context.get("reversible") is False else ()
    return PolicyRequest(
        principal=principal,
        action=spec.name,
        groups=(MUTATE, *irreversible, *(("rollback",) if rollback else ())),
        resource=ref,
        attributes=_attributes(items, preview),
        context=context,
    )


def inverted(preview: Preview) -> Preview:
    """Return what taking ``preview`` back would do to its objects, for asking policy before it is previewed itself.

    Creations become deletions and the other way round; before and after change places, edit by edit.
    """
    objects = tuple(
        replace(
            item,
            verb=_INVERSE[item.verb],
            before=item.after,
            after=item.before,
            before_digest=item.after_digest,
            after_digest=item.before_digest,
            edits=tuple(replace(edit, old=edit.new, new=edit.old) for edit in item.edits),
        )
        for item in preview.objects
    )
    return replace(preview, objects=objects)


def decide_all(policy: Policy, requests: Iterable[PolicyRequest]) -> PolicyDecision:
    """Decide on several requests as one: all must be allowed, and the strictest obligation counts.

    Nothing asked is nothing allowed. ``request`` of the decision holds every request, so that it can be replayed.
    """
    decisions = [policy.decide(request) for request in requests]
    asked = {"requests": [to_json(decision.request) for decision in decisions]}
    refused = [decision for decision in decisions if not decision.allowed]
    telling = refused or decisions
    obligation = strictest(decision.obligation for decision in decisions)
    why = "; ".join(dict.fromkeys(decision.why for decision in telling))
    if not refused and len(decisions) > 1:
        names = ", ".join(dict.fromkeys(name for decision in decisions for name in decision.policies))
        why = f"permitted by {names}; approval: {obligation.approval.value}"
    asking = (decision.because for decision in decisions if decision.obligation.approval is obligation.approval)
    return PolicyDecision(
        allowed=bool(decisions) and not refused,
        policies=tuple(dict.fromkeys(name for decision in telling for name in decision.policies)),
        why=why or "nothing was asked, so nothing is allowed",
        because="; ".join(dict.fromkeys(filter(None, asking))) if not refused else "",
        obligation=obligation,
        policy_digest=policy.digest,
        request=asked,
        errors=tuple(error for decision in decisions for error in decision.errors),
    )


def _known(**facts: Any) -> Facts:
    return {name: value for name, value in facts.items() if value is not None}


def _is_protected(ref: ResourceRef, protected: Callable[[str], bool]) -> bool:
    if not ref.is_placed:
        return False
    return protected(ref.name if ref.kind == "Namespace" else ref.namespace)


def _of_tool(spec: ToolSpec, preview: Preview | None, blast: BlastRadius | None) -> Facts:
    """Return risk and reversal: never milder than the tool declares, and reversal only once it was previewed."""
    found = [one.risk for one in (spec, preview, blast) if one is not None]
    risk = max(found, key=lambda one: one.rank)
    if preview is None:
        # What can never be taken back is known from the declaration; that this call can be is not.
        hopeless = spec.reversal is Reversal.NONE
        return {"risk": risk.value, **({"reversible": False, "reversal": "none"} if hopeless else {})}
    reversal = max((spec.reversal, preview.reversal), key=lambda one: one.rank)
    return {"risk": risk.value, "reversible": reversal is not Reversal.NONE, "reversal": reversal.value}


def _of_preview(preview: Preview | None) -> Facts:
    if preview is None:
        return {}
    return {
        "validated": preview.validated,
        "kinds": sorted({item.ref.kind for item in preview.objects}),
        "reverts": any(owner.reverts for owner in preview.owners),
        "owners": sorted({owner.by for owner in preview.owners}),
        "scalesToZero": any(map(_scales_to_zero, preview.objects)),
        "growsOnly": bool(preview.objects) and all(map(_grows_only, preview.objects)),
        "addsOnly": bool(preview.objects) and all(map(_adds_only, preview.objects)),
    }


def _of_object(ref: ResourceRef, items: Sequence[ObjectChange], preview: Preview | None) -> Facts:
    """Return what happens to this one object; a target that is not touched itself is not deleted either."""
    facts: Facts = {}
    if not (ref.scheme == "k8s" and ref.kind == "Secret"):
        facts["secretData"] = False
    elif preview is not None:
        facts["secretData"] = any(map(_writes_secret, items))
    if preview is None:
        return facts
    facts["deletes"] = any(item.verb is Verb.DELETE for item in items)
    for item in items:
        facts["verb"] = item.verb.value
        facts |= _known(replicasBefore=_replicas(item.before), replicasAfter=_replicas(item.after))
    return facts


def _of_blast(blast: BlastRadius | None, preview: Preview | None) -> Facts:
    if blast is None:
        return {}
    touched = 0 if preview is None else len(preview.objects)
    return {
        "objects": max(blast.objects, touched),
        "stateful": blast.stateful,
        "dataLoss": blast.data_loss,
        "purpose": blast.purpose.value,
        "unknowns": bool(blast.unknown),
        **_known(affectedPods=blast.pods, affectedPct=blast.percent, podsTotal=blast.pods_total),
    }


def _attributes(items: Sequence[ObjectChange], preview: Preview | None) -> Facts:
    """Return the object as it was read: its labels (a new object's own), its replicas, whether it is there."""
    if preview is None or not items:
        return {}
    item = items[0]
    labels = _mapping(_mapping(item.before or item.after).get("metadata")).get("labels")
    # The labels as they are: a rule about a label is not dodged by the change that takes it away.
    return {
        "exists": item.before is not None,
        "labels": {str(name): str(value) for name, value in _mapping(labels).items()},
        **_known(replicas=_replicas(item.before)),
    }


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _replicas(document: Mapping[str, Any] | None) -> int | None:
    value = _mapping(_mapping(document).get("spec")).get("replicas")
    return value if type(value) is int else None


def _scales_to_zero(item: ObjectChange) -> bool:
    """Return whether a workload that runs will be asked to run nothing; absent replicas are the API's default, one."""
    return item.verb is Verb.UPDATE and _replicas(item.after) == 0 and _replicas(item.before) != 0


def _grows_only(item: ObjectChange) -> bool:
    """Return whether every edit of an object lets more run than before, and nothing else."""
    return item.verb is Verb.UPDATE and bool(item.edits) and all(map(_grows, item.edits))


def _grows(edit: Edit) -> bool:
    if edit.path == "spec.replicas":
        return type(edit.old) is int and type(edit.new) is int and edit.new > edit.old
    # Uncordoned (Node), resumed (CronJob).
    return edit.path in ("spec.unschedulable", "spec.suspend") and edit.old is True and not edit.new


def _adds_only(item: ObjectChange) -> bool:
    """Return whether nothing that is there loses anything: an object is made, or a claim asks for more storage.

    That the claim asks for more and not for less is the tool's and the server's to see to: neither takes less.
    """
    if item.verb is not Verb.UPDATE:
        return item.verb is Verb.CREATE
    return item.ref.kind == "PersistentVolumeClaim" and [edit.path for edit in item.edits] == [_CLAIMED]


def _writes_secret(item: ObjectChange) -> bool:
    """Return whether a Secret's contents are written; an update that does not say what it edits is taken to."""
    if item.verb is Verb.DELETE:
        return False
    heads = [edit.path.replace("[", ".").partition(".")[0] for edit in item.edits]
    return item.verb is Verb.CREATE or not heads or any(head in _SECRET_FIELDS for head in heads)
