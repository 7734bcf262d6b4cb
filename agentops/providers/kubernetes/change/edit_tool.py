"""The engine of every tool that edits one object: read, edit, dry run, compare, find the way back, and later send.

Comes in: a ``Change`` and the tool's own function from the live object to the edited one. Goes out: a ``Preview`` whose
calls are JSON patches with a ``test`` of everything that they rest on. It must never show as the result what the server
did not say, promise an undo that it has not tried on the objects, or let an edit reach status or a Secret's content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from agentops.core.clock import Clock
from agentops.core.digest import digest
from agentops.core.errors import ClusterError, Stale, ToolError, ToolInputError
from agentops.core.json_schema import checked_arguments
from agentops.core.plan import Call, Change, ObjectChange, Preview, Verb
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal, Risk
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.answers import Stored
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.api.dry_runner import PreviewServer
from agentops.providers.kubernetes.api.writing import json_patch_call
from agentops.providers.kubernetes.change.base_tool import KubernetesChangeTool
from agentops.providers.kubernetes.change.limits import check_edit_limits
from agentops.providers.kubernetes.change.predictor import Predictor
from agentops.providers.kubernetes.change.risk import risk_of
from agentops.providers.kubernetes.change.undo import undo_of
from agentops.providers.kubernetes.objects.difference import edits, operations, same
from agentops.providers.kubernetes.objects.field_paths import Path, put, show
from agentops.providers.kubernetes.objects.irreversible_effects import NO_UNDO, highest, irreversible_effects, worst
from agentops.providers.kubernetes.objects.kinds import BUILTIN, Kind, builtin
from agentops.providers.kubernetes.objects.normal_form import normalised
from agentops.providers.kubernetes.objects.ownership import owners_of, scalers_of
from agentops.providers.kubernetes.objects.paths import check_part
from agentops.providers.kubernetes.objects.server_values import (
    REPLICAS,
    compared,
    forms,
    promised,
    shown,
    without,
    words_for,
)
from agentops.providers.kubernetes.objects.unions import with_one_member

_ATTEMPTS = 3
_IDENTITY = frozenset({"/metadata/uid", "/metadata/generation", "/metadata/resourceVersion"})
SCALE = "kubernetes_scale"
SCALED_KINDS = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """What every change tool makes previews with: one cluster to read, its server to try calls out on, and the time.

    There is no writer here: nothing that a preview can reach is able to write. ``gone`` is what earlier steps of the
    plan will have deleted.
    """

    cluster: Cluster
    server: PreviewServer
    clock: Clock
    gone: frozenset[ResourceRef] = frozenset()

    def predicting(self) -> ToolContext:
        """Return a context on which dry runs are worked out from reads, and nothing is sent."""
        return replace(self, server=Predictor(self.server))

    def kind_of(self, target: ResourceRef, kinds: tuple[str, ...] = ()) -> Kind:
        """Return the kind of a change's target.

        Raises:
            ToolInputError: it is in another cluster, of a kind that the tool does not take, or not placed rightly.
            NotFound: the server has no such kind.
        """
        if target.scheme != "k8s" or target.context != self.cluster.context:
            raise ToolInputError(
                f"{one_line(str(target), 120)} is not in the cluster {self.cluster.context}",
                hint=f"Targets look like k8s://{self.cluster.context}/NAMESPACE/KIND/NAME",
            )
        kind = self.cluster.kind(target.kind)
        # Policy rules on the kind as it is written here, so each kind has one spelling and no other.
        spelled = kind.kind if kind in BUILTIN or self.cluster.kind(kind.kind) == kind else f"{kind.kind}.{kind.group}"
        if target.kind != spelled:
            raise ToolInputError(f"the kind {one_line(target.kind, 60)!r} is written {spelled} in a change")
        if kinds and (kind.kind not in kinds or kind not in BUILTIN):
            raise ToolInputError(
                f"this is for {', '.join(kinds)}, not for {one_line(target.kind, 60)}",
                hint="kubernetes_patch takes any kind.",
            )
        check_part(target.name, "name")
        if kind.namespaced is not bool(target.namespace):
            where = "needs a namespace" if kind.namespaced else "is cluster-scoped: write - for its namespace"
            raise ToolInputError(f"{kind.kind} {one_line(target.name, 80)} {where}")
        if kind.namespaced:
            check_part(target.namespace, "namespace")
        return kind

    def read(self, kind: Kind, target: ResourceRef) -> dict[str, Any]:
        """Return the live object, managedFields included.

        Raises:
            NotFound, Forbidden, Unreachable, ClusterError: the server refused, failed or did not answer.
        """
        return self.server.get(kind.path(namespace=target.namespace, name=target.name))

    def scalers(self, namespace: str) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        """Return the autoscalers of a namespace, and a warning when they cannot be read."""
        if not namespace:
            return [], ()
        try:
            found, _ = self.cluster.list_objects(
                builtin("HorizontalPodAutoscaler"), Selection(namespace=namespace), limit=500
            )
        except ClusterError as error:
            return [], (f"Whether an autoscaler owns it is not known: {error.message}",)
        return found, ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What a tool wants of an object. ``obj`` is the whole object as it should be; the rest only ever adds caution.

    ``scale`` sends ``spec.replicas`` through the scale subresource, for which less permission is needed. ``earlier``
    says that the pod template becomes that of an earlier revision, so what it may do it has done before.
    """

    obj: Mapping[str, Any]
    risk: Risk = Risk.LOW
    reversal: Reversal = Reversal.EXACT
    residue: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    scale: bool = False
    earlier: bool = False


Editor: TypeAlias = Callable[[ToolContext, Mapping[str, Any], Mapping[str, Any]], Edited]
"""From the context, the live object and the checked arguments to what is wanted; raises ToolInputError."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EditTool(KubernetesChangeTool):
    """A change tool that edits one existing object; ``kinds`` empty takes any."""

    edit: Editor
    kinds: tuple[str, ...] = field(default=())

    def make_preview(self, change: Change) -> Preview:
        """Return what the change would do; see ``core.tool.ChangeTool``.

        Raises:
            ToolInputError: the arguments do not fit the tool or the live object.
            ToolError: the server refuses it or cannot be asked.
        """
        arguments = checked_arguments(self.spec, change.arguments)
        kind = self.context.kind_of(change.target, self.kinds)

        def attempt() -> Preview:
            live = self.context.read(kind, change.target)
            edited = self.edit(self.context, live, arguments)
            edited = replace(edited, obj=with_one_member(live, edited.obj))
            check_edit_limits(kind, live, edited.obj)
            scalers, unread = self.context.scalers(change.target.namespace) if kind.kind in SCALED_KINDS else ([], ())
            return self._preview(
                _Edit(kind=kind, target=change.target, live=live, edited=edited, scalers=tuple(scalers), unread=unread)
            )

        return retry_while_stale(change.target, attempt)

    def _preview(self, one: _Edit) -> Preview:
        edited, call = one.edited, one.call()
        if call is None:
            return Preview(
                calls=(),
                objects=(),
                validated=True,
                risk=self.spec.risk,
                reversal=self.spec.reversal,
                warnings=edited.warnings,
            )
        answer = self.context.server.dry_run(call, live=one.live)
        stored = _with_replicas(one.live, answer) if edited.scale else answer
        made = object_change(one.target, one.live, stored, edited.obj, scaled=one.scaled)
        if not made.edits:
            words = "The server would store nothing of it: the object stays as it is."
            return Preview(
                calls=(),
                objects=(),
                validated=True,
                risk=self.spec.risk,
                reversal=self.spec.reversal,
                warnings=(*edited.warnings, *answer.warnings, words),
            )
        return self._described(one, call, made, stored, answer.warnings)

    def _described(
        self, one: _Edit, call: Call, made: ObjectChange, stored: Mapping[str, Any], said: tuple[str, ...]
    ) -> Preview:
        kind, live, edited = one.kind.kind, one.live, one.edited
        left, best = irreversible_effects(kind, made.before or {}, made.after or {})
        reversal = worst(self.spec.reversal, edited.reversal, best)
        residue = [*edited.residue, *left]
        back = _scale_back if edited.scale else undo_of
        undo = back(one.target, *forms(live, stored, edited.obj)) if reversal is not Reversal.NONE else None
        trouble = self._way_back(live, call) if undo is not None else ""
        if undo is None and reversal is not Reversal.NONE:
            residue.append(NO_UNDO)
        if trouble:
            residue.append(f"The server does not accept the object as it was: {trouble}")
        if undo is None or trouble:
            reversal, undo = Reversal.NONE, None
        return Preview(
            calls=(call,),
            objects=(made,),
            validated=True,
            risk=highest(self.spec.risk, edited.risk, risk_of(made, earlier=edited.earlier)),
            reversal=reversal,
            undo=(undo,) if undo is not None else (),
            residue=tuple(dict.fromkeys(residue)),
            warnings=(
                *edited.warnings,
                *said,
                *words_for(stored, made.after or {}),
                *_state_warnings(live),
                *(one.unread if _is_counted(made) else ()),
            ),
            owners=owners_of(live, made.edits, one.scalers),
        )

    def _way_back(self, live: Mapping[str, Any], call: Call) -> str:
        """Return why the server would not take the object as it is now, or nothing.

        Every value that the call replaces is asked for once more: what was admitted long ago may not be any more.
        """
        kept = [one for one in call.body if one["op"] == "test" and one["path"] not in _IDENTITY]
        writes = [{**one, "op": "replace"} for one in kept]
        try:
            self.context.server.dry_run(replace(call, body=[*identity(live), *writes]), live=live)
        except ToolError as error:
            return error.message
        return ""


def retry_while_stale(target: ResourceRef, attempt: Callable[[], Preview]) -> Preview:
    """Return what ``attempt`` returns, trying again when the object moves between its being read and its dry run.

    Raises:
        ToolError: it moves each time; or what ``attempt`` raises.
    """
    words = ""
    for _ in range(_ATTEMPTS):
        try:
            return attempt()
        except Stale as error:
            words = error.message
    raise ToolError(f"{target.short} keeps changing: {words}", hint="Try again in a moment.")


def preconditions(live: Mapping[str, Any], *, scaled: bool = False) -> list[dict[str, Any]]:
    """Return the tests that a patch begins with: the same object, in the same version as far as we are concerned.

    ``resourceVersion`` moves with every status update, and a crash-looping workload has many; so ``generation`` stands
    for the spec where there is one. An object without status moves only when somebody writes it. The old values of all
    that is touched are tested beside this, and the guard compares the whole object right before it is applied. Where an
    autoscaler writes the object (``scaled``), the generation is its to move too, and says nothing.
    """
    metadata = live["metadata"]
    tests = identity(live)
    if scaled:
        return tests
    if metadata.get("generation"):
        tests.append({"op": "test", "path": "/metadata/generation", "value": metadata["generation"]})
    elif "status" not in live and "resourceVersion" in metadata:
        tests.append({"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]})
    return tests


def identity(live: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the test that a patch meets this very object; none for one that an earlier step of the plan makes.

    That step's object is looked at right before this one is sent.
    """
    uid = live["metadata"].get("uid")
    return [{"op": "test", "path": "/metadata/uid", "value": uid}] if uid else []


def object_change(
    target: ResourceRef,
    live: Mapping[str, Any] | None,
    stored: Mapping[str, Any] | None,
    wanted: Mapping[str, Any] | None = None,
    *,
    scaled: bool = False,
    drawn: Sequence[Path] = (),
) -> ObjectChange:
    """Return what becomes of one object, from its form now (None: there is none) to the server's answer.

    Arguments:
        wanted: what is asked for: the live object with the edits, or the manifest. What the server chooses beside it is
            no part of the change.
        scaled: an autoscaler writes its number of replicas.
        drawn: places in which two answers to one request differ.
    """
    before = normalised(live) if live is not None else None
    after = normalised(stored) if stored is not None else None
    if before is not None and after is not None:
        before, after = shown(*forms(before, after, live if wanted is None else wanted))
    elif after is not None:
        after = without(promised(None, normalised(wanted or {}), after), drawn)
    metadata = (live or {}).get("metadata") or {}
    return ObjectChange(
        ref=target,
        verb=Verb.CREATE if live is None else Verb.DELETE if stored is None else Verb.UPDATE,
        uid=metadata.get("uid") or "",
        resource_version=metadata.get("resourceVersion") or "",
        before=before,
        after=after,
        before_digest=digest(compared(before, scaled)) if before is not None else "",
        after_digest=digest(compared(after, scaled)) if after is not None else "",
        edits=edits(before or {}, after or {}),
        chosen=tuple(show(path) for path in ((REPLICAS,) if scaled else tuple(drawn))),
    )


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
    return Change(tool=SCALE, target=target, arguments={"replicas": replicas}, reason="takes back the change")


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
