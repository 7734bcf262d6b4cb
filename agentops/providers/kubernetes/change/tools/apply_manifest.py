"""``kubernetes_apply_manifest``: creates an object, or updates one by server-side apply.

Comes in: a manifest of the target. Goes out: a ``Preview`` of its creation (a plain create, which fails when somebody
else was first) or of an apply by our field manager. It must never force an apply: a conflict names the owner.
Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import NotFound, ToolError
from agentops.core.plan import Change, Preview
from agentops.core.risk import Reversal, Risk
from agentops.providers.kubernetes.api.writing import apply_call, create_call
from agentops.providers.kubernetes.change.change_tool import CheckedChange
from agentops.providers.kubernetes.change.declaration import change_tool
from agentops.providers.kubernetes.change.edit_preview import no_change
from agentops.providers.kubernetes.change.limits import check_visible
from agentops.providers.kubernetes.change.manifest import checked_manifest
from agentops.providers.kubernetes.change.object_change import object_change
from agentops.providers.kubernetes.change.predictor import merged
from agentops.providers.kubernetes.change.risk import risk_of
from agentops.providers.kubernetes.change.tool_context import ToolContext, retry_while_stale
from agentops.providers.kubernetes.change.undo import undo_of
from agentops.providers.kubernetes.objects.irreversible_effects import NO_UNDO, irreversible_effects
from agentops.providers.kubernetes.objects.ownership import owners_of, scalers_of
from agentops.providers.kubernetes.objects.server_values import drawn, forms, words_for

_DELETE = "kubernetes_delete"
_RUNS_ONCE = frozenset({"Job", "Pod"})


@change_tool(
    "kubernetes_apply_manifest",
    "Create an object, or update it by server-side apply; fields of other managers are not taken. No Secrets.",
    {"manifest": {"type": "object", "description": "apiVersion, kind, metadata and the rest, of the target"}},
    required=("manifest",),
    permissions=("get KIND", "create KIND", "patch KIND", "delete KIND"),
    risk=Risk.LOW,
)
def apply_manifest(context: ToolContext, change: CheckedChange) -> Preview:
    """Return what the manifest would do.

    Raises:
        ToolInputError: the manifest is not of the target, or holds what may not be written.
        ToolError: the server refuses it, or another manager owns a field; the message names it.
    """
    manifest = checked_manifest(change.kind, change.target, change.arguments["manifest"])

    def attempt() -> Preview:
        try:
            live = context.read(change.kind, change.target)
        except NotFound:
            return _creation(context, change, manifest)
        if live["metadata"].get("deletionTimestamp"):
            raise ToolError(
                f"{change.target.short} is still being deleted", hint="Wait until it is gone.", code="not-yet"
            )
        return _update(context, change, live, manifest)

    return retry_while_stale(change.target, attempt)


def _creation(context: ToolContext, change: CheckedChange, manifest: Mapping[str, Any]) -> Preview:
    kind, target = change.kind, change.target
    call = create_call(kind, target.namespace, manifest)
    answer = context.server.dry_run(call)
    # Asked twice, what a webhook draws anew each time shows itself.
    again = context.server.dry_run(call)
    made = object_change(target, None, answer, manifest, drawn=drawn(answer, again, manifest))
    runs = kind.kind in _RUNS_ONCE
    # Whatever comes into a namespace is not this change's to delete.
    arguments = {"if_empty": True} if kind.kind == "Namespace" else {}
    undo = Change(tool=_DELETE, target=target, arguments=arguments, reason="undoes the creation")
    return Preview(
        calls=(call,),
        objects=(made,),
        validated=True,
        risk=risk_of(made),
        reversal=Reversal.COMPENSATING if runs else Reversal.EXACT,
        undo=(undo,),
        residue=("What it does while it runs is not undone.",) if runs else (),
        warnings=(*answer.warnings, *words_for(answer, made.after or {})),
    )


def _update(
    context: ToolContext, change: CheckedChange, live: Mapping[str, Any], manifest: Mapping[str, Any]
) -> Preview:
    kind, target = change.kind, change.target
    call = apply_call(kind, target.namespace, target.name, _pinned(live, manifest))
    answer = context.server.dry_run(call, live=live)
    # Server-side apply may touch what the manifest does not show, so the answer is held to the same limits.
    check_visible(live, answer)
    wanted = merged(live, manifest)
    scalers, unread = context.scalers(target.namespace)
    made = object_change(target, live, answer, wanted, scaled=bool(scalers_of(live, scalers)))
    if not made.edits:
        return no_change(*answer.warnings, "The object already matches the manifest.")
    left, best = irreversible_effects(kind.kind, made.before or {}, made.after or {})
    undo = undo_of(target, *forms(live, answer, wanted)) if best is not Reversal.NONE else None
    reversal = best if undo is not None else Reversal.NONE
    lost = () if undo is not None or best is Reversal.NONE else (NO_UNDO,)
    return Preview(
        calls=(call,),
        objects=(made,),
        validated=True,
        risk=risk_of(made),
        reversal=reversal,
        undo=(undo,) if undo is not None else (),
        residue=(*left, *lost),
        warnings=(*answer.warnings, *words_for(answer, made.after or {}), *unread),
        owners=owners_of(live, made.edits, scalers),
    )


def _pinned(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest for exactly the live object; its version counts only where no controller moves it."""
    metadata = {**manifest["metadata"], "uid": live["metadata"]["uid"]}
    if "status" not in live:
        metadata["resourceVersion"] = live["metadata"]["resourceVersion"]
    return {**manifest, "metadata": metadata}
