"""``AwsChangeTool`` and ``AwsApplier``: a change tool in one account, and what sends its previews.

Comes in: a change or its preview. Goes out: a preview, a prediction, a blast radius, an observation; a receipt. A tool
holds a client that can only read and a runner of dry runs; only the applier is given the writer, and it sends nothing
but the calls of the preview that it is given, and of these only operations that its tool declares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentops.core.clock import Clock
from agentops.core.digest import digest
from agentops.core.errors import PreviewWrote, Stale, ToolError, ToolInputError
from agentops.core.json_schema import checked_arguments
from agentops.core.jsonable import in_words
from agentops.core.outcome import Observation, Receipt
from agentops.core.plan import BlastRadius, Change, Edit, ObjectChange, Preview, Verb
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal, Risk, highest_risk, least_reversible
from agentops.core.text import one_line
from agentops.core.tool import ToolSpec
from agentops.providers.aws.api.calls import parts_of
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.api.dry_runner import AwsDryRunner
from agentops.providers.aws.api.writer import AwsWriter
from agentops.providers.aws.change.wanted import AwsChange, AwsChangeFunction, WantedState
from agentops.providers.aws.impact.observation import observe
from agentops.providers.aws.impact.reach.registry import blast_radius
from agentops.providers.aws.impact.state.registry import read_state
from agentops.providers.aws.impact.state.state import AwsForm, State

_STALE = "Nothing was changed. Make the plan again and look at it again: agentops fix --dry-run"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsChangeTool:
    """A change tool in one account and region; see ``core.tool.ChangeTool``. Its target is of one of ``kinds``."""

    spec: ToolSpec
    function: AwsChangeFunction
    kinds: tuple[str, ...]
    client: AwsClient
    dry_runner: AwsDryRunner
    clock: Clock

    def predict(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        """Return what the change would do as far as reads tell; see ``core.tool.ChangeTool``.

        Raises:
            ToolInputError: the arguments do not fit the tool or the resource.
            ToolError: AWS cannot be read.
        """
        return self._made(change, earlier)[1]

    def preview(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        """Return what the change would do; EC2 is asked by a dry run, of all other services our rules speak alone.

        Raises:
            ToolInputError: the arguments do not fit the tool or the resource.
            ToolError: EC2 refuses the dry run, or AWS cannot be read.
            PreviewWrote: the dry run had an effect.
        """
        state, made = self._made(change, earlier)
        if not made.calls:
            return made
        (call,) = made.calls
        if not self.dry_runner.can_try(call):
            untried = f"AWS cannot try {call.verb}: only agentops' rules checked it."
            return replace(made, warnings=(*made.warnings, untried))
        if made.rests_on:
            # EC2 would judge the world of now, which the earlier steps have not changed yet.
            untried = f"{call.verb} can be tried only once the earlier steps are applied."
            return replace(made, warnings=(*made.warnings, untried))
        self.dry_runner.try_out(call)
        self._require_no_trace(state, made)
        return replace(made, validated=True)

    def blast_radius(self, preview: Preview) -> BlastRadius:
        """Return what the change reaches; see ``core.tool.ChangeTool``.

        Raises:
            ToolError: nothing could be computed.
        """
        return blast_radius(self.client, preview)

    def observe(self, preview: Preview) -> Observation:
        """Return what is live around what the preview touches; see ``core.tool.ChangeTool``.

        Raises:
            ToolError: it cannot be read.
        """
        return observe(self.client, preview, self.clock)

    def _made(self, change: Change, earlier: Sequence[Preview]) -> tuple[State, Preview]:
        # Checked before anything is asked of AWS: a model gave them.
        arguments = checked_arguments(self.spec, change.arguments)
        if change.target.kind not in self.kinds:
            raise ToolInputError(
                f"{self.spec.name} does not change {one_line(change.target.kind, 60)}",
                hint=f"It changes {', '.join(self.kinds)}.",
            )
        state, rests_on = _after(read_state(self.client, change.target), earlier)
        wanted = self.function(AwsChange(state=state, arguments=arguments, client=self.client, clock=self.clock))
        made = _preview(state, wanted)
        return state, replace(
            made,
            # A preview may be graver than the tool is declared, never milder.
            risk=highest_risk(self.spec.risk, made.risk),
            reversal=least_reversible(self.spec.reversal, made.reversal),
            rests_on=rests_on,
        )

    def _require_no_trace(self, state: State, made: Preview) -> None:
        """Raise where the resource is now what the dry run was about.

        Raises:
            PreviewWrote: it is, though it was not before.
            ToolError: it cannot be read.
        """
        (item,) = made.objects
        now = read_state(self.client, state.ref).form
        edited = {edit.path.partition(".")[0] for edit in item.edits} - set(item.chosen)
        if any(now.get(name) != state.form.get(name) for name in edited):
            raise PreviewWrote(
                f"{state.ref.short} changed while {made.calls[0].verb} was tried out",
                hint="Look at it before anything else is done: it may have been somebody else, or the dry run itself.",
                before=dict(state.form),
                call=made.calls[0],
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsApplier:
    """Carries out the previews of one change tool; see ``core.tool.Applier``. ``sends`` are its operations."""

    sends: tuple[tuple[str, str], ...]
    client: AwsClient
    writer: AwsWriter
    clock: Clock

    def apply(self, preview: Preview) -> Receipt:
        """Send exactly the calls of the preview.

        AWS has hardly any preconditions, so the resource is read once more: what the plan rests on must still be so.

        Raises:
            Stale, InDoubt, ToolError: as in the protocol.
        """
        for call in preview.calls:
            service, operation, _ = parts_of(call)
            if (service, operation) not in self.sends:
                raise ToolError(f"this tool does not send {call.verb}", hint="Nothing was changed.")
        for item in preview.objects:
            _require_unmoved(self.client, item)
        for call in preview.calls:
            self.writer.send(call)
        return Receipt(at=self.clock(), objects={str(item.ref): (item.uid, "") for item in preview.objects})


def _after(state: State, earlier: Sequence[Preview]) -> tuple[State, tuple[int, ...]]:
    """Return a resource as the earlier steps will have left it, and the numbers of those that touch it."""
    rests_on: list[int] = []
    for number, preview in enumerate(earlier, 1):
        for item in preview.objects:
            if item.ref == state.ref and item.after is not None:
                rests_on.append(number)
                state = replace(state, form={k: v for k, v in item.after.items() if k not in item.chosen} | {
                    k: v for k, v in state.form.items() if k in item.chosen
                })  # fmt: skip
    return state, tuple(rests_on)


def _preview(state: State, wanted: WantedState) -> Preview:
    before = dict(state.form)
    after = {name: value for name, value in {**before, **wanted.form}.items() if value is not None}
    shown = dict(wanted.moves) | ({wanted.requested: "asked for"} if wanted.requested else {})
    edits = (*edits_between(before, after), *(Edit(path=k, old=before.get(k), new=v) for k, v in shown.items()))
    if not edits:
        return Preview(
            calls=(),
            objects=(),
            validated=False,
            risk=Risk.LOW,
            reversal=Reversal.EXACT,
            warnings=wanted.warnings,
        )
    touched = {edit.path.partition(".")[0] for edit in edits} - set(shown) | set(wanted.rests_on)
    chosen = tuple(sorted((before.keys() | after.keys() | shown.keys()) - touched))
    after |= shown
    item = ObjectChange(
        ref=state.ref,
        verb=Verb.UPDATE,
        uid=state.uid,
        before=before,
        after=after,
        before_digest=digest({name: value for name, value in before.items() if name in touched}),
        after_digest=digest({name: value for name, value in after.items() if name in touched}),
        edits=edits,
        chosen=chosen,
    )
    return Preview(
        calls=(wanted.call,),
        objects=(item,),
        validated=False,
        risk=wanted.risk,
        reversal=wanted.reversal,
        undo=() if wanted.undo is None else (wanted.undo,),
        residue=wanted.residue,
        warnings=wanted.warnings,
        owners=wanted.owners,
    )


def edits_between(before: AwsForm, after: AwsForm, path: str = "") -> tuple[Edit, ...]:
    """Return the fields that differ; a list is one value."""
    return tuple(_edits(before, after, path))


def _edits(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[Edit]:
    for name in dict.fromkeys([*before, *after]):
        old, new, here = before.get(name), after.get(name), f"{path}.{name}" if path else name
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _edits(old, new, here)
        elif old != new:
            yield Edit(path=here, old=old, new=new)


def _require_unmoved(client: AwsClient, item: ObjectChange) -> None:
    """Raise unless a resource is still what the preview says of it.

    Raises:
        Stale: it is not.
        ToolError: it cannot be read.
    """
    ref: ResourceRef = item.ref
    state = read_state(client, ref)
    if state.uid != item.uid:
        raise Stale(f"{ref.short} is another resource now, made under the same name", hint=_STALE)
    before = item.before or {}
    for name in sorted((before.keys() | state.form.keys()) - set(item.chosen)):
        was, now = before.get(name), state.form.get(name)
        if was != now:
            raise Stale(
                f"{ref.short}: {name} was {in_words(was)} when it was previewed, is {in_words(now)}", hint=_STALE
            )
