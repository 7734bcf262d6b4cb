"""Previews the edit of one existing object: read, edit, dry run, compare, find the undo.

Comes in: a checked change and the function from the live object to the edited one. Goes out: a ``Preview`` whose call
is a JSON patch with a ``test`` of everything that it rests on. It must never show as the result what the server did not
say, promise an undo that it has not tried on the server, or let an edit reach status or a Secret's content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agentops.core.errors import ToolError
from agentops.core.plan import Call, Change, ObjectChange, Preview
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal, Risk, highest_risk, least_reversible
from agentops.providers.kubernetes.api.answers import Stored
from agentops.providers.kubernetes.api.writing import json_patch_call
from agentops.providers.kubernetes.change.change_tool import CheckedChange
from agentops.providers.kubernetes.change.edit import Edited, EditFunction
from agentops.providers.kubernetes.change.limits import check_edit_limits
from agentops.providers.kubernetes.change.object_change import object_change
from agentops.providers.kubernetes.change.preconditions import identity, preconditions
from agentops.providers.kubernetes.change.risk import risk_of
from agentops.providers.kubernetes.change.tool_context import ToolContext, retry_while_stale
from agentops.providers.kubernetes.change.undo import undo_of
from agentops.providers.kubernetes.objects.difference import operations, same
from agentops.providers.kubernetes.objects.field_paths import put
from agentops.providers.kubernetes.objects.irreversible_effects import NO_UNDO, irreversible_effects
from agentops.providers.kubernetes.objects.kinds import Kind
from agentops.providers.kubernetes.objects.ownership import owners_of, scalers_of
from agentops.providers.kubernetes.objects.server_values import forms, words_for
from agentops.providers.kubernetes.objects.unions import with_one_member
from agentops.providers.kubernetes.objects.workloads import SCALED_KINDS

_IDENTITY = frozenset({"/metadata/uid", "/metadata/generation", "/metadata/resourceVersion"})
_SCALE = "kubernetes_scale"
_NOTHING_STORED = "The server would store nothing of it: the object stays as it is."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """One edit of one object: what is there, what is wanted, and the autoscalers of its namespace."""

    kind: Kind
    target: ResourceRef
    live: Mapping[str, Any]
    edited: Edited
    scalers: tuple[dict[str, Any], ...]
    unread: tuple[str, ...]

    @property
    def scaled(self) -> bool:
        """Whether an autoscaler writes the object's number of replicas."""
        return bool(scalers_of(self.live, self.scalers))

    def call(self) -> Call | None:
        """Return the patch that makes the edit; None when there is nothing to write."""
        if self.edited.scale:
            return _scale_call(self.kind, self.target, self.live, self.edited.obj)
        tests, writes = operations(self.live, self.edited.obj)
        if not writes:
            return None
        body = [*preconditions(self.live, scaled=self.scaled), *tests, *writes]
        return json_patch_call(self.kind, self.target.namespace, self.target.name, body)


def preview_edit(context: ToolContext, change: CheckedChange, edit: EditFunction) -> Preview:
    """Return what ``edit`` would do to the live object.

    Raises:
        ToolInputError: the arguments do not fit the live object.
        ToolError: the server refuses it or cannot be asked.
    """

    def attempt() -> Preview:
        live = context.read(change.kind, change.target)
        edited = edit(context, live, change.arguments)
        # A field that excludes another one takes its place, as the API would otherwise refuse the patch.
        edited = replace(edited, obj=with_one_member(live, edited.obj))
        check_edit_limits(change.kind, live, edited.obj)
        is_scalable = change.kind.kind in SCALED_KINDS
        scalers, unread = context.scalers(change.target.namespace) if is_scalable else ([], ())
        return _preview(
            context,
            _Edit(
                kind=change.kind,
                target=change.target,
                live=live,
                edited=edited,
                scalers=tuple(scalers),
                unread=unread,
            ),
        )

    return retry_while_stale(change.target, attempt)


def no_change(*warnings: str) -> Preview:
    """Return the preview of a change that finds everything as it should be."""
    return Preview(
        calls=(), objects=(), validated=True, risk=Risk.LOW, reversal=Reversal.EXACT, warnings=tuple(warnings)
    )


def _preview(context: ToolContext, one: _Edit) -> Preview:
    edited, call = one.edited, one.call()
    if call is None:
        return no_change(*edited.warnings)
    # What is shown is what the server says that it would store, not what was asked for.
    answer = context.server.dry_run(call, live=one.live)
    stored = _with_replicas(one.live, answer) if edited.scale else answer
    made = object_change(one.target, one.live, stored, edited.obj, scaled=one.scaled)
    if not made.edits:
        return no_change(*edited.warnings, *answer.warnings, _NOTHING_STORED)
    undo, reversal, lost = _undo(context, one, call, made, stored)
    return Preview(
        calls=(call,),
        objects=(made,),
        validated=True,
        risk=highest_risk(edited.risk, risk_of(made, earlier=edited.earlier)),
        reversal=reversal,
        undo=undo,
        residue=tuple(dict.fromkeys((*edited.residue, *lost))),
        warnings=(
            *edited.warnings,
            *answer.warnings,
            *words_for(stored, made.after or {}),
            *_state_warnings(one.live),
            *(one.unread if _is_counted(made) else ()),
        ),
        owners=owners_of(one.live, made.edits, one.scalers),
    )


def _undo(
    context: ToolContext, one: _Edit, call: Call, made: ObjectChange, stored: Mapping[str, Any]
) -> tuple[tuple[Change, ...], Reversal, tuple[str, ...]]:
    """Return the undo if there is one, how far the edit can be undone, and what the undo does not bring back."""
    lost, best = irreversible_effects(one.kind.kind, made.before or {}, made.after or {})
    reversal = least_reversible(one.edited.reversal, best)
    # No undo is looked for where the API itself allows none.
    if reversal is Reversal.NONE:
        return (), reversal, lost
    back = _scale_back if one.edited.scale else undo_of
    undo = back(one.target, *forms(one.live, stored, one.edited.obj))
    if undo is None:
        return (), Reversal.NONE, (*lost, NO_UNDO)
    if trouble := _undo_refusal(context, one.live, call):
        return (), Reversal.NONE, (*lost, f"The server does not accept the object as it was: {trouble}")
    return (undo,), reversal, lost


def _undo_refusal(context: ToolContext, live: Mapping[str, Any], call: Call) -> str:
    """Return why the server would not take the object as it is now, or nothing.

    Every value that the call replaces is asked for once more: what was admitted long ago may not be any more.
    """
    # The tests of a patch hold the old values: written, they are the undo, tried before it is needed.
    kept = [one for one in call.body if one["op"] == "test" and one["path"] not in _IDENTITY]
    writes = [{**one, "op": "replace"} for one in kept]
    try:
        context.server.dry_run(replace(call, body=[*identity(live), *writes]), live=live)
    except ToolError as error:
        return error.message
    return ""


def _scale_call(kind: Kind, target: ResourceRef, live: Mapping[str, Any], wanted: Mapping[str, Any]) -> Call | None:
    had, has = ((one.get("spec") or {}).get("replicas", 1) for one in (live, wanted))
    if had == has:
        return None
    # A Scale of nothing has no spec.replicas at all, so its old value can be tested only when it is not 0; and a Scale
    # has no generation.
    tests = identity(live)
    tests += [{"op": "test", "path": "/spec/replicas", "value": had}] if had else []
    writes = [{"op": "add", "path": "/spec/replicas", "value": has}]
    return json_patch_call(kind, target.namespace, target.name, [*tests, *writes], subresource="scale")


def _scale_back(target: ResourceRef, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change | None:
    """Return the scaling back, by the tool that needs no more permission than the scaling did."""
    replicas = (before.get("spec") or {}).get("replicas", 1)
    if not same(put(after, ("spec", "replicas"), replicas), before):
        return None
    return Change(tool=_SCALE, target=target, arguments={"replicas": replicas}, reason="undoes the change")


def _with_replicas(live: Mapping[str, Any], scale: Stored) -> Mapping[str, Any]:
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    return {**live, "spec": {**(live.get("spec") or {}), "replicas": replicas}}


def _is_counted(made: ObjectChange) -> bool:
    return any(edit.path == "spec.replicas" for edit in made.edits)


def _state_warnings(live: Mapping[str, Any]) -> tuple[str, ...]:
    spec = live.get("spec") or {}
    found = ["The object is being deleted."] if live["metadata"].get("deletionTimestamp") else []
    if live.get("kind") == "Deployment" and spec.get("paused"):
        found.append("The rollout is paused: new pods are made only when it is resumed.")
    return tuple(found)
