"""``kubernetes_apply_manifest``: create an object, or update one by server-side apply.

Comes in: a manifest of the target. Goes out: a ``Preview`` of its creation (a plain create, which fails when somebody
else was first) or of an apply by our field manager, never forced: a conflict names the owner. It must never take a
Secret, status, or metadata that ties the object to others.
Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentops.core.errors import ClusterError, NotFound, ToolError, ToolInputError
from agentops.core.json_schema import checked_arguments
from agentops.core.plan import Change, Preview
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.writing import apply_call, create_call
from agentops.providers.kubernetes.change.base_tool import KubernetesChangeTool
from agentops.providers.kubernetes.change.edit_tool import ToolContext, object_change, retry_while_stale
from agentops.providers.kubernetes.change.limits import check_visible
from agentops.providers.kubernetes.change.predictor import merged
from agentops.providers.kubernetes.change.risk import risk_of
from agentops.providers.kubernetes.change.undo import undo_of
from agentops.providers.kubernetes.objects.irreversible_effects import NO_UNDO, highest, irreversible_effects, worst
from agentops.providers.kubernetes.objects.kinds import Kind
from agentops.providers.kubernetes.objects.normal_form import is_machine_annotation, normalised
from agentops.providers.kubernetes.objects.ownership import owners_of, scalers_of
from agentops.providers.kubernetes.objects.server_values import (
    drawn,
    forms,
    forms_of_new,
    under_trial_name,
    without,
    words_for,
)

DELETE = "kubernetes_delete"
_METADATA = frozenset({"name", "namespace", "labels", "annotations"})
_NEVER = frozenset({"Secret", "Node", "Event", "CertificateSigningRequest", "Binding", "TokenRequest"})
_REMADE = (("metadata", "finalizers"), ("metadata", "generateName"), ("secrets",))
"""What a controller writes anew on an object that is made again."""
_RUNS_ONCE = frozenset({"Job", "Pod"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestTool(KubernetesChangeTool):
    """The change tool that creates or applies one manifest."""

    def make_preview(self, change: Change) -> Preview:
        """Return what the manifest would do; see ``core.tool.ChangeTool``.

        Raises:
            ToolInputError: the manifest is not of the target, or holds what may not be written.
            ToolError: the server refuses it, or another manager owns a field; the message names it.
        """
        arguments = checked_arguments(self.spec, change.arguments)
        kind = self.context.kind_of(change.target)
        manifest = checked_manifest(kind, change.target, arguments["manifest"])

        def attempt() -> Preview:
            try:
                live = self.context.read(kind, change.target)
            except NotFound:
                return self._creation(kind, change.target, manifest)
            if live["metadata"].get("deletionTimestamp"):
                raise ToolError(
                    f"{change.target.short} is still being deleted", hint="Wait until it is gone.", code="not-yet"
                )
            return self._update(kind, change.target, live, manifest)

        return retry_while_stale(change.target, attempt)

    def _creation(self, kind: Kind, target: ResourceRef, manifest: Mapping[str, Any]) -> Preview:
        call = create_call(kind, target.namespace, manifest)
        answer = self.context.server.dry_run(call)
        # Asked twice, what a webhook draws anew each time shows itself.
        again = self.context.server.dry_run(call)
        made = object_change(target, None, answer, manifest, drawn=drawn(answer, again, manifest))
        runs = kind.kind in _RUNS_ONCE
        # Whatever comes into a namespace is not this change's to delete.
        arguments = {"if_empty": True} if kind.kind == "Namespace" else {}
        undo = Change(tool=DELETE, target=target, arguments=arguments, reason="takes back the creation")
        return Preview(
            calls=(call,),
            objects=(made,),
            validated=True,
            risk=highest(self.spec.risk, risk_of(made)),
            reversal=worst(self.spec.reversal, Reversal.COMPENSATING if runs else Reversal.EXACT),
            undo=(undo,),
            residue=("What it does while it runs is not taken back.",) if runs else (),
            warnings=(*answer.warnings, *words_for(answer, made.after or {})),
        )

    def _update(self, kind: Kind, target: ResourceRef, live: Mapping[str, Any], manifest: Mapping[str, Any]) -> Preview:
        call = apply_call(kind, target.namespace, target.name, _pinned(live, manifest))
        answer = self.context.server.dry_run(call, live=live)
        check_visible(live, answer)
        wanted = merged(live, manifest)
        scalers, unread = self.context.scalers(target.namespace)
        made = object_change(target, live, answer, wanted, scaled=bool(scalers_of(live, scalers)))
        if not made.edits:
            return Preview(
                calls=(),
                objects=(),
                validated=True,
                risk=self.spec.risk,
                reversal=self.spec.reversal,
                warnings=(*answer.warnings, "The object is as the manifest says already."),
            )
        left, best = irreversible_effects(kind.kind, made.before or {}, made.after or {})
        undo = undo_of(target, *forms(live, answer, wanted)) if best is not Reversal.NONE else None
        reversal = worst(self.spec.reversal, best if undo is not None else Reversal.NONE)
        lost = () if undo is not None or best is Reversal.NONE else (NO_UNDO,)
        return Preview(
            calls=(call,),
            objects=(made,),
            validated=True,
            risk=highest(self.spec.risk, risk_of(made)),
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


def checked_manifest(kind: Kind, target: ResourceRef, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest that is of the target and holds nothing that agentops does not write.

    Raises:
        ToolInputError: it is not; the message says what is wrong with it.
    """
    if kind.kind in _NEVER and kind.group in {"", "events.k8s.io", "certificates.k8s.io", "authentication.k8s.io"}:
        raise ToolInputError(
            f"agentops applies no {kind.kind}", hint="Its content does not pass through agentops: do it by hand."
        )
    metadata = manifest.get("metadata")
    if not isinstance(metadata, Mapping):
        raise ToolInputError("the manifest has no metadata")
    expected = {"apiVersion": kind.api_version, "kind": kind.kind}
    for field, wanted in expected.items():
        if manifest.get(field) != wanted:
            raise ToolInputError(f"{field} of the manifest is {one_line(str(manifest.get(field)), 60)}, not {wanted}")
    placed = {"name": target.name, **({"namespace": target.namespace} if kind.namespaced else {})}
    for field, wanted in placed.items():
        if metadata.get(field, wanted) != wanted:
            raise ToolInputError(f"metadata.{field} of the manifest is not {one_line(wanted, 80)}, the change's target")
    odd = sorted(set(metadata) - _METADATA)
    if odd or "status" in manifest:
        what = "status" if not odd else f"metadata.{one_line(odd[0], 60)}"
        raise ToolInputError(
            f"{what} is not for a manifest to say", hint="Of metadata it takes labels and annotations."
        )
    for name in metadata.get("annotations") or {}:
        if is_machine_annotation(name):
            raise ToolInputError(f"the annotation {one_line(name, 80)} is written by a program for itself")
    return {**manifest, "metadata": {**metadata, **placed}}


def recreation(context: ToolContext, kind: Kind, live: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the manifest that makes a deleted object again, and why the server would not take it, or nothing.

    The server is asked by a dry run under another name, and without an address or port of its own: all of them are
    still taken.
    """
    manifest = without(normalised(live), _REMADE)
    trial = under_trial_name(forms_of_new(manifest), str(manifest["metadata"]["name"]))
    try:
        checked_manifest(kind, context.cluster.ref(kind.kind, *_place(live)), manifest)
        context.server.dry_run(create_call(kind, _place(live)[1], trial))
    except (ToolError, ClusterError) as error:
        return manifest, error.message
    return manifest, ""


def _place(live: Mapping[str, Any]) -> tuple[str, str]:
    return str(live["metadata"]["name"]), str(live["metadata"].get("namespace") or "")
