"""``Drafting``: what the model has instead of change tools. A call appends a ``Change`` to a list, and that is all.

Comes in: the declarations of the change tools, and a way to have a change screened and tried out (``propose``). Goes
out: the two drafting tools of ``draft_tools.py``, and the changes that were drafted. Nothing here holds a change tool
or can reach one, so nothing that a model says, or reads and obeys, is executed. What a person declined, or policy
refused, is answered here from then on and is never proposed again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from agentops.agent.draft_tools import (
    DRAFT,
    DROP,
    DROP_SPEC,
    REASON_CHARS,
    Asked,
    checked_specs,
    draft_spec,
    read_draft,
)
from agentops.agent.report import evidence_ids, read_target
from agentops.core.errors import PolicyRefused, ToolInputError
from agentops.core.json_schema import checked_arguments
from agentops.core.plan import Change
from agentops.core.resource import Home, ResourceRef
from agentops.core.text import one_line
from agentops.core.tool import ToolCall, ToolSpec

MOST_CHANGES = 10
_NO_CURE = "not-a-cure"
_TRIES_PER_CHANGE = 3
_IDS_NAMED = 40
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*")

Propose: TypeAlias = Callable[[Change], str]
"""Screens a change, lets the provider try it out without an effect, and says what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A way that is closed for the rest of the run: ``tool`` on ``target`` (any tool when empty), and ``why``."""

    target: ResourceRef
    tool: str = ""
    why: str

    def covers(self, tool: str, target: ResourceRef) -> bool:
        """Return whether this way is the closed one."""
        return self.target == target and self.tool in ("", tool)


def declined(change: Change) -> Blocked:
    """Return what a person's no closes: another tool on the same target would be another route."""
    return Blocked(target=change.target, why="declined by a person")


def refused(change: Change) -> Blocked:
    """Return what a refusal by policy closes: this tool on this target."""
    return Blocked(target=change.target, tool=change.tool, why="refused by policy")


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
    """The change plan of one run as a model may write it. ``specs`` are its tools as they go over the wire; ``names``
    are all names that a call may have for ``take``, those of the change tools included, but for ``deferred`` ones.

    Arguments:
        specs: of the change tools.
        home: where the targets stand that a call names shortly: what the run is pinned to.
        propose: called with each sound change before it is appended. What it returns is shown to the model as foreign
            text; ``ToolError`` and ``PolicyRefused`` are shown too, and keep the change out of the plan.
        most: how many changes the plan may hold; ``propose`` is called at most three times as often.
        blocked: ways that are closed from the start; see ``declined`` and ``refused``.
        canonical: names a target as its API does (``deploy`` is ``Deployment``), so that one object has one name.

    Raises:
        ValueError: a spec is not of a change tool, or uses a name that is taken.
    """

    def __init__(
        self,
        specs: Sequence[ToolSpec],
        home: Home,
        propose: Propose,
        most: int = MOST_CHANGES,
        *,
        blocked: Iterable[Blocked] = (),
        canonical: Callable[[ResourceRef], ResourceRef] = lambda target: target,
    ) -> None:
        self._tools = checked_specs(specs)
        self.specs = (draft_spec(self._tools), DROP_SPEC)
        self.deferred = tuple(spec for spec in self._tools.values() if spec.deferred)
        self.names = frozenset({DRAFT, DROP, *self._tools}) - {spec.name for spec in self.deferred}
        self._home = home
        self._propose = propose
        self._most = most
        self._canonical = canonical
        self._tries = 0
        # By number: a step keeps its number while others come and go.
        self._steps: dict[int, Change] = {}
        self._last_step = 0
        self._blocked = list(blocked)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is drafted, in the order of the plan."""
        return tuple(self._steps.values())

    @property
    def blocked(self) -> tuple[Blocked, ...]:
        """All closed ways, those that policy closed in this run included."""
        return tuple(self._blocked)

    def changes_before(self, change: Change) -> tuple[Change, ...]:
        """Return the drafted changes that would come before this one in the plan."""
        place = self._place(change)
        return tuple(one for step, one in self._steps.items() if place is None or step < place)

    def _place(self, change: Change) -> int | None:
        """Return the step that a change replaces: the one of the same tool on the same target."""
        mine = (change.tool, change.target)
        return next((step for step, one in self._steps.items() if (one.tool, one.target) == mine), None)

    def begin_round(self, closed: Iterable[Blocked] = ()) -> None:
        """Empty the plan for the next round, and close these ways besides those that are closed already."""
        self._steps.clear()
        self._last_step = 0
        self._tries = 0
        self._blocked += closed

    def take(
        self, call: ToolCall, known: Collection[str], redact: Callable[[str], str], *, said: Collection[str] = ()
    ) -> Drafted:
        """Draft the change that a call asks for, or withdraw one.

        Arguments:
            call: of one of ``names``.
            known: ids of all evidence that was observed, oldest first.
            said: ids of what is only the alert's own words; a draft must rest on something that was read besides.
            redact: takes secrets out of the reason, which is kept and shown.

        Raises:
            ToolInputError: the call does not fit, cites what was not observed, goes a closed way, or is one too many.
            ToolError, PolicyRefused: ``propose`` turns it down.
        """
        if call.name == DROP:
            return self._drop(call)
        change = self._change(read_draft(call, self._tools), known, redact)
        if set(change.evidence) <= set(said):
            raise ToolInputError("the alert's words alone prove nothing: cite what was read in the cluster too")
        self._require_open(change)
        place = self._place(change)
        self._require_room(place)
        return self._append(change, place)

    def _append(self, change: Change, place: int | None) -> Drafted:
        self._tries += 1
        try:
            tried = self._propose(change)
        except PolicyRefused as error:
            # A change that is no cure says nothing about another use of the same tool; a refusal by policy is final.
            if error.code != _NO_CURE:
                self._blocked.append(refused(change))
            raise
        if place is None:
            step = self._last_step = self._last_step + 1
            said = f"Appended to the plan as step {step}."
        else:
            step = place
            said = f"Replaced step {step} of the plan: a plan has one change of each tool for each target."
        self._steps[step] = change
        said += " It was NOT executed: a person decides. Dry run:"
        return Drafted(change=change, step=step, said=said, quoted=tried, replaced=place is not None)

    def _drop(self, call: ToolCall) -> Drafted:
        given = checked_arguments(DROP_SPEC, call.arguments)
        target = self._target(given["target"]) if "target" in given else None
        meant = [
            step
            for step, one in self._steps.items()
            if given.get("step", step) == step and target in (None, one.target)
        ]
        if not meant:
            number = f" {given['step']}" if "step" in given else ""
            where = "" if target is None else f" on {target.short}"
            raise ToolInputError(f"there is no step{number}{where}; {self._outline()}")
        if len(meant) > 1:
            raise ToolInputError(f"steps {', '.join(map(str, meant))} are on that target; give the number of one")
        change = self._steps.pop(meant[0])
        said = f"Withdrew step {meant[0]}, {change.tool} on {change.target.short}; {self._outline()}"
        return Drafted(change=change, step=meant[0], said=said, dropped=True)

    def _change(self, asked: Asked, known: Collection[str], redact: Callable[[str], str]) -> Change:
        cited = evidence_ids(list(asked.evidence))
        never_seen = [one for one in cited if one not in known]
        if never_seen:
            seen = ", ".join(list(known)[-_IDS_NAMED:]) or "none"
            named = one_line(", ".join(never_seen), 120)
            raise ToolInputError(f"{named} was never observed in this incident. Known evidence: {seen}")
        reason = redact(one_line(asked.reason, REASON_CHARS))
        if not reason:
            raise ToolInputError("`reason` must not be empty")
        return Change(
            tool=asked.tool,
            target=self._target(asked.target),
            arguments=dict(asked.arguments),
            reason=reason,
            evidence=cited,
        )

    def _target(self, text: str) -> ResourceRef:
        target = read_target(text, self._home)
        if target.scheme == self._home.scheme and target.place != self._home.place:
            raise ToolInputError(f"this run is pinned to {self._home.place}, not to where {one_line(text, 120)} is")
        target = self._canonical(target)
        if target.is_placed and not _KIND.fullmatch(target.kind):
            raise ToolInputError(f"`target` must name the kind as its API does, such as Deployment: {one_line(text)}")
        return target

    def _require_open(self, change: Change) -> None:
        for one in self._blocked:
            if one.covers(change.tool, change.target):
                raise ToolInputError(
                    f"{change.tool} on {change.target.short} was {one.why} in this run: not executed, not queued, do "
                    "not look for another route"
                )

    def _require_room(self, place: int | None) -> None:
        if place is None and len(self._steps) >= self._most:
            raise ToolInputError(f"the plan is full with {self._most} changes; {DROP} withdraws one")
        if self._tries >= self._most * _TRIES_PER_CHANGE:
            raise ToolInputError(f"{self._tries} changes were tried out in this run, which is the limit; report now")

    def _outline(self) -> str:
        steps = [f"{n}. {one.tool} on {one.target.short}" for n, one in self._steps.items()]
        return f"the plan is: {'; '.join(steps)}" if steps else "the plan is empty"
