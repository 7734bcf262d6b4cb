"""``Drafting``: what the model has instead of change tools. A call appends a ``Change`` to a list, and that is all.

Comes in: the declarations of the change tools, and a way to have a change screened and tried out (``propose``). Goes
out: a drafting tool of the same name for each, and the changes that were drafted. Nothing here holds a change tool or
can reach one, so nothing that a model says, or reads and obeys, is executed. What a person declined, or policy
refused, is answered here from then on and is never proposed again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from agentops.agent.arguments import complaints
from agentops.agent.report import evidence_ids, read_target
from agentops.core.errors import PolicyRefused, ToolInputError
from agentops.core.plan import Change
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.core.tool import Effect, ToolCall, ToolSpec

MOST_CHANGES = 10
DROP = "drop_change"
DRAFTS_ONLY = "Appends to the change plan; nothing is executed."
_NO_CURE = "not-a-cure"
_TRIES_PER_CHANGE = 3
_REASON_CHARS = 1_000
_IDS_NAMED = 40
_UNSENT = frozenset(
    {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minimum", "maximum"}
)
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*")
_OURS: Mapping[str, Mapping[str, Any]] = {
    "target": {"type": "string", "minLength": 1},
    "reason": {"type": "string", "minLength": 1, "maxLength": _REASON_CHARS},
    "evidence": {"type": "array", "items": {"type": "string"}, "minItems": 1},
}
"""What every drafting tool asks for besides the tool's own arguments; ``prompts/fix.md`` says once what they mean."""

Propose: TypeAlias = Callable[[Change], str]
"""Screens a change, lets the provider try it out without an effect, and says what came of it."""

_DROP_SPEC = ToolSpec(
    name=DROP,
    description="Withdraw one step of the change plan, by its number.",
    schema={
        "type": "object",
        "properties": {"step": {"type": "integer", "minimum": 1}},
        "required": ["step"],
        "additionalProperties": False,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A way that is closed for the rest of the run: ``tool`` on ``target`` (any tool when empty), and ``why``."""

    target: ResourceRef
    tool: str = ""
    why: str

    def covers(self, tool: str, target: ResourceRef) -> bool:
        """Tell whether this way is the closed one."""
        return self.target == target and self.tool in ("", tool)


def declined(change: Change) -> Bar:
    """Return the bar that a person's no puts up: another tool on the same target would be another route."""
    return Bar(target=change.target, why="declined by a person")


def refused(change: Change) -> Bar:
    """Return the bar that a refusal by policy puts up: this tool on this target."""
    return Bar(target=change.target, tool=change.tool, why="refused by policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """What a call came to: ``said`` is ours, ``quoted`` is the dry run's text and foreign; ``dropped``: withdrawn."""

    change: Change
    step: int
    said: str
    quoted: str = ""
    replaced: bool = False
    dropped: bool = False


class Drafting:
    """The change plan of one run as a model may write it. ``specs`` are its tools as they go over the wire: without the
    bounds of their arguments, which ``take`` checks all the same.

    Arguments:
        specs: of the change tools.
        context: the kubeconfig context that the run is pinned to.
        propose: called with each sound change before it is appended. What it returns is shown to the model as foreign
            text; ``ToolError`` and ``PolicyRefused`` are shown too, and keep the change out of the plan.
        most: how many changes the plan may hold; ``propose`` is called at most three times as often.
        barred: ways that are closed from the start; see ``declined`` and ``refused``.
        canonical: names a target as its API does (``deploy`` is ``Deployment``), so that one object has one name.

    Raises:
        ValueError: a spec is not of a change tool, or uses a name that is taken.
    """

    def __init__(
        self,
        specs: Sequence[ToolSpec],
        context: str,
        propose: Propose,
        most: int = MOST_CHANGES,
        *,
        barred: Iterable[Bar] = (),
        canonical: Callable[[ResourceRef], ResourceRef] = lambda target: target,
    ) -> None:
        self._specs = {spec.name: spec for spec in (*map(_drafting_spec, specs), _DROP_SPEC)}
        if len(self._specs) != len(specs) + 1:
            raise ValueError("two drafting tools have one name")
        self.specs = tuple(replace(spec, schema=_slim(spec.schema)) for spec in self._specs.values())
        self._context = context
        self._propose = propose
        self._most = most
        self._canonical = canonical
        self._tries = 0
        self._changes: list[Change] = []
        self._barred = list(barred)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is drafted, in the order of the plan."""
        return tuple(self._changes)

    @property
    def barred(self) -> tuple[Bar, ...]:
        """All closed ways, those that policy closed in this run included."""
        return tuple(self._barred)

    def begin_round(self, closed: Iterable[Bar] = ()) -> None:
        """Empty the plan for the next round, and close these ways besides those that are closed already."""
        self._changes.clear()
        self._tries = 0
        self._barred += closed

    def take(self, call: ToolCall, known: Collection[str], redact: Callable[[str], str]) -> Drafted:
        """Draft the change that a call asks for, or withdraw one.

        Arguments:
            call: of one of ``specs``.
            known: ids of all evidence that was observed, oldest first.
            redact: takes secrets out of the reason, which is kept and shown.

        Raises:
            ToolInputError: the call does not fit, cites what was not observed, goes a closed way, or is one too many.
            ToolError, PolicyRefused: ``propose`` turns it down.
        """
        wrong = complaints(self._specs[call.name].schema, dict(call.arguments))
        if wrong:
            raise ToolInputError(f"{call.name} was called wrongly: {'; '.join(wrong[:5])}")
        if call.name == DROP:
            return self._drop(call.arguments["step"])
        change = self._change(call, known, redact)
        self._require_open(change)
        place = next((i for i, one in enumerate(self._changes) if one.target == change.target), None)
        self._require_room(place)
        return self._append(change, place)

    def _append(self, change: Change, place: int | None) -> Drafted:
        self._tries += 1
        try:
            tried = self._propose(change)
        except PolicyRefused as error:
            # A change that is no cure says nothing about another use of the same tool; a refusal by policy is final.
            if error.code != _NO_CURE:
                self._barred.append(refused(change))
            raise
        if place is None:
            self._changes.append(change)
            said = f"Appended to the plan as step {len(self._changes)}."
        else:
            earlier, self._changes[place] = self._changes[place], change
            said = f"Replaced step {place + 1} of the plan, {earlier.tool}: a plan has one change for each target."
        step = len(self._changes) if place is None else place + 1
        said += " It was NOT executed: a person decides. Dry run:"
        return Drafted(change=change, step=step, said=said, quoted=tried, replaced=place is not None)

    def _drop(self, step: int) -> Drafted:
        if step > len(self._changes):
            raise ToolInputError(f"there is no step {step}; {self._outline()}")
        change = self._changes.pop(step - 1)
        said = f"Withdrew step {step}, {change.tool} on {change.target.short}; {self._outline()}"
        return Drafted(change=change, step=step, said=said, dropped=True)

    def _change(self, call: ToolCall, known: Collection[str], redact: Callable[[str], str]) -> Change:
        given = call.arguments
        cited = evidence_ids(given["evidence"])
        never_seen = [one for one in cited if one not in known]
        if never_seen:
            seen = ", ".join(list(known)[-_IDS_NAMED:]) or "none"
            named = one_line(", ".join(never_seen), 120)
            raise ToolInputError(f"{named} was never observed in this incident. Known evidence: {seen}")
        reason = redact(one_line(given["reason"], _REASON_CHARS))
        if not reason:
            raise ToolInputError("`reason` must not be empty")
        return Change(
            tool=call.name,
            target=self._target(given["target"]),
            arguments={name: value for name, value in given.items() if name not in _OURS},
            reason=reason,
            evidence=cited,
        )

    def _target(self, text: str) -> ResourceRef:
        target = read_target(text, self._context)
        if target.scheme != "k8s":
            return target
        if target.context != self._context:
            raise ToolInputError(f"this run is pinned to another context than that of {one_line(text, 120)}")
        target = self._canonical(target)
        if not _KIND.fullmatch(target.kind):
            raise ToolInputError(f"`target` must name the kind as its API does, such as Deployment: {one_line(text)}")
        return target

    def _require_open(self, change: Change) -> None:
        for bar in self._barred:
            if bar.covers(change.tool, change.target):
                raise ToolInputError(
                    f"{change.tool} on {change.target.short} was {bar.why} in this run: not executed, not queued, do "
                    "not look for another route"
                )

    def _require_room(self, place: int | None) -> None:
        if place is None and len(self._changes) >= self._most:
            raise ToolInputError(f"the plan is full with {self._most} changes; {DROP} withdraws one")
        if self._tries >= self._most * _TRIES_PER_CHANGE:
            raise ToolInputError(f"{self._tries} changes were tried out in this run, which is the limit; report now")

    def _outline(self) -> str:
        steps = [f"{n}. {one.tool} on {one.target.short}" for n, one in enumerate(self._changes, 1)]
        return f"the plan is: {'; '.join(steps)}" if steps else "the plan is empty"


def _drafting_spec(spec: ToolSpec) -> ToolSpec:
    """Return the declaration of the tool that drafts for ``spec``: its arguments and ours."""
    own: Mapping[str, Any] = spec.schema.get("properties", {})
    taken = sorted(set(own) & set(_OURS))
    if spec.effect is not Effect.CHANGE or taken or spec.name == DROP:
        raise ValueError(f"{spec.name} cannot be drafted: {', '.join(taken) or 'it is not a change tool'}")
    schema = {
        **spec.schema,
        "properties": {**_OURS, **own},
        "required": [*_OURS, *spec.schema.get("required", ())],
        "additionalProperties": False,
    }
    return ToolSpec(
        name=spec.name, description=f"{spec.description.rstrip()} {DRAFTS_ONLY}", schema=schema, effect=Effect.READ
    )


def _slim(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema without sizes and without the ban on further properties, at every depth."""
    slim = {name: value for name, value in schema.items() if name not in _UNSENT}
    further = slim.pop("additionalProperties", False)
    if isinstance(further, Mapping):
        slim["additionalProperties"] = _slim(further)
    if "items" in slim:
        slim["items"] = _slim(slim["items"])
    if "properties" in slim:
        slim["properties"] = {name: _slim(inner) for name, inner in slim["properties"].items()}
    if "anyOf" in slim:
        slim["anyOf"] = [_slim(option) for option in slim["anyOf"]]
    return slim
