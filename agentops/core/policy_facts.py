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
from agentops.core.errors import ToolInputError
from agentops.core.jsonable import to_json
from agentops.core.plan import BlastRadius, Change, ObjectChange, PolicyDecision, Preview, Verb
from agentops.core.policy import (
    DAYS,
    MUTATE,
    ObjectFacts,
    ObjectFactsOf,
    Policy,
    PolicyRequest,
    Principal,
    strictest,
)
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal
from agentops.core.tool import ToolSpec

Facts = dict[str, Any]
_INVERSE = {Verb.CREATE: Verb.DELETE, Verb.DELETE: Verb.CREATE, Verb.UPDATE: Verb.UPDATE}


def requests_for(
    change: Change,
    spec: ToolSpec,
    principal: Principal,
    facts_of: ObjectFactsOf,
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
    asked_through: Mapping[str, Any] | None = None,
) -> tuple[PolicyRequest, ...]:
    """Return one request for the change's target and one for every further object that it touches.

    Arguments:
        facts_of: the provider's answer about one resource.
        dry_run: True for the screening before the preview; what is not known then is absent.
        environment: what ``PolicySettings.environment_of`` says of the target's context.
        protected: ``PolicySettings.is_protected``, asked for the group of each object.
        rollback: it rolls back a change that was approved; only the guard may say so.
        approvals: who has approved so far, in the evaluation right before apply.
        asked_through: what is known of the door that it came in by; nothing of a terminal.
    """
    touched = [] if preview is None else [item.ref for item in preview.objects]
    return tuple(
        request_for(
            change,
            spec,
            principal,
            facts_of,
            dry_run=dry_run,
            environment=environment,
            # What a call of a foreign tool names is all that is known of the group that it acts in.
            protected=protected(facts_of(ref, None).group or facets_of(spec, change.arguments).get("namespace", "")),
            frozen=frozen,
            now=now,
            tainted=tainted,
            preview=preview,
            blast=blast,
            rollback=rollback,
            approvals=approvals,
            resource=ref,
            asked_through=asked_through,
        )
        for ref in dict.fromkeys([change.target, *touched])
    )


def request_for(
    change: Change,
    spec: ToolSpec,
    principal: Principal,
    facts_of: ObjectFactsOf,
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
    asked_through: Mapping[str, Any] | None = None,
) -> PolicyRequest:
    """Return the request about one object; ``resource`` is the change's target unless given. See ``requests_for``."""
    ref = resource or change.target
    items = [] if preview is None else [item for item in preview.objects if item.ref == ref]
    known = [facts_of(item.ref, item) for item in items]
    context: Facts = {
        "dryRun": dry_run,
        "rollback": rollback,
        **_of_time(now),
        **_known(environment=environment, protected=protected, frozen=frozen, tainted=tainted),
        **(asked_through or {}),
        **_known(approvals=None if approvals is None else sorted(set(approvals))),
        **facets_of(spec, change.arguments),
        **_of_tool(spec, preview, blast),
        **_of_preview(preview, facts_of),
        **({} if preview is None else {"ifEmpty": change.arguments.get("if_empty") is True}),
        **_of_object(items, known or [facts_of(ref, None)], preview),
        **_of_blast(blast, preview),
    }
    irreversible = ("irreversible",) if context.get("reversible") is False else ()
    return PolicyRequest(
        principal=principal,
        action=spec.name,
        groups=(MUTATE, *irreversible, *(("rollback",) if rollback else ())),
        resource=ref,
        attributes=_attributes(items, known),
        context=context,
    )


def facets_of(spec: ToolSpec, arguments: Mapping[str, Any]) -> Facts:
    """Return what policy is told of a call's arguments; a facet that the call does not name is absent.

    Raises:
        ToolInputError: an argument that policy must judge is no single text; it could name several at once.
    """
    found: Facts = {}
    for facet, argument in spec.facets.items():
        value = arguments.get(argument)
        if value is None:
            continue
        if not isinstance(value, str):
            raise ToolInputError(f"`{argument}` must be one text: policy judges by it which {facet} a call is about")
        found[facet] = value
    return found


def read_request(
    spec: ToolSpec,
    ref: ResourceRef,
    arguments: Mapping[str, Any],
    principal: Principal,
    *,
    environment: str | None,
    protected: bool | None,
    now: datetime,
) -> PolicyRequest:
    """Return the request about one call of a read tool. What is proposed in a run with foreign tools is tainted.

    Raises:
        ToolInputError: as ``facets_of``.
    """
    context = {
        **_of_time(now),
        "tainted": True,
        **_known(environment=environment, protected=protected),
        **facets_of(spec, arguments),
    }
    return PolicyRequest(principal=principal, action=spec.name, groups=("read",), resource=ref, context=context)


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
    # Where one is refused, the permits of the others would only mislead: the refusals alone are quoted.
    telling = refused or decisions
    obligation = strictest(decision.obligation for decision in decisions)
    why = "; ".join(dict.fromkeys(decision.why for decision in telling))
    if not refused and len(decisions) > 1:
        names = ", ".join(dict.fromkeys(name for decision in decisions for name in decision.policies))
        why = f"permitted by {names}; approval: {obligation.approval.value}"
    # Several decisions may ask a person; only those that ask for the strictest approval say why it is that strict.
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


def _of_time(now: datetime) -> Facts:
    moment = now.astimezone(UTC)
    return {"now": to_iso(moment), "hour": moment.hour, "weekday": DAYS[moment.weekday()]}


def _of_tool(spec: ToolSpec, preview: Preview | None, blast: BlastRadius | None) -> Facts:
    """Return risk and reversal: never milder than the tool declares, and reversal only once it was previewed."""
    found = [one.risk for one in (spec, preview, blast) if one is not None]
    risk = max(found, key=lambda one: one.rank)
    if preview is None:
        # What can never be undone is known from the declaration; that this call can be is not.
        hopeless = spec.reversal is Reversal.NONE
        return {"risk": risk.value, **({"reversible": False, "reversal": "none"} if hopeless else {})}
    reversal = max((spec.reversal, preview.reversal), key=lambda one: one.rank)
    return {"risk": risk.value, "reversible": reversal is not Reversal.NONE, "reversal": reversal.value}


def _of_preview(preview: Preview | None, facts_of: ObjectFactsOf) -> Facts:
    if preview is None:
        return {}
    known = [facts_of(item.ref, item) for item in preview.objects]
    return {
        "validated": preview.validated,
        "kinds": sorted({item.ref.kind for item in preview.objects}),
        "reverts": any(owner.reverts for owner in preview.owners),
        "owners": sorted({owner.by for owner in preview.owners}),
        "scalesToZero": any(one.scales_to_zero for one in known),
        "growsOnly": bool(known) and all(one.grows_only for one in known),
        "addsOnly": bool(known) and all(one.adds_only for one in known),
    }


def _of_object(items: Sequence[ObjectChange], known: Sequence[ObjectFacts], preview: Preview | None) -> Facts:
    """Return what happens to this one object; a target that is not touched itself is not deleted either."""
    secrets = [one.writes_secrets for one in known]
    facts: Facts = {} if None in secrets else {"secretData": any(secrets)}
    if preview is None:
        return facts
    facts["deletes"] = any(item.verb is Verb.DELETE for item in items)
    for item, one in zip(items, known, strict=False):
        facts["verb"] = item.verb.value
        facts |= _known(replicasBefore=one.replicas, replicasAfter=one.replicas_after)
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
        **_known(affectedPods=blast.instances, affectedPct=blast.percent, podsTotal=blast.instances_total),
    }


def _attributes(items: Sequence[ObjectChange], known: Sequence[ObjectFacts]) -> Facts:
    """Return the object as it was read: its labels (a new object's own), its replicas, whether it is there."""
    if not items:
        return {}
    # The labels as they are: a rule about a label is not dodged by the change that takes it away.
    return {
        "exists": items[0].before is not None,
        "labels": dict(known[0].labels),
        **_known(replicas=known[0].replicas),
    }
