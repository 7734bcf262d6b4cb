"""The journal of changes as pages and as JSON: the list, what is rolled back already, what a recovery came to."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from agentops.cli.report import Block, Bullets, Code, Heading, Item, Pairs, Paragraph, Table, Tone
from agentops.cli.times import age_of, local_time
from agentops.cli.views.fix import closing_lines
from agentops.cli.views.plan import deed_words, objects_of, step_words
from agentops.cli.views.wording import change_words, located, named
from agentops.core.alert import short_incident
from agentops.core.commands import command_line
from agentops.core.jsonable import to_json
from agentops.core.outcome import Status
from agentops.core.scope import options_to
from agentops.core.text import one_line, plural
from agentops.store.changes import short_change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentops.app.changes import ListedChange
    from agentops.app.recover import Recovered, RecoveredChange
    from agentops.app.rollback import NothingToRollBack
    from agentops.store.changes import Halt


_CUT = ("object", "action")
_NOT_VERIFIED = "not verified"


def changes_blocks(
    found: Sequence[ListedChange], limit: int, now: datetime, *, namespace: str = "", whole: bool = False
) -> list[Block]:
    """Return the list of changes as a table, the first ``limit`` of them.

    Arguments:
        now: ages are counted up to it.
        namespace: only its changes were looked for; empty where all were.
        whole: long cells are folded and not cut.
    """
    if not found:
        return [Paragraph(f"No changes in namespace {namespace}." if namespace else "No changes yet.")]
    rows = tuple(_change_row(one, now) for one in found[:limit])
    blocks: list[Block] = [Table(("age", "object", "action", "status", "id"), rows, () if whole else _CUT)]
    if len(found) > limit:
        blocks.append(Paragraph(f"{len(found) - limit} older ones: --limit {len(found)}", Tone.QUIET))
    opened = [one.record.short_id for one in found if one.record.is_open]
    if opened:
        blocks.append(Paragraph(f"{plural(len(opened), 'change')} started but not finished: {named(opened)}", Tone.BAD))
    return [
        *blocks,
        Code(f"Next: {command_line('recover' if opened else 'show', [*opened, found[0].record.short_id][0])}"),
    ]


def change_blocks(one: ListedChange, now: datetime) -> list[Block]:
    """Return one change of the journal: what was done, why, how it ended, and what can be typed next."""
    record, plan = one.record, one.record.plan
    result = record.result or {}
    rows = [
        ("change", record.id),
        ("begun", f"{local_time(record.claimed_at, now)} ({age_of(record.claimed_at, now)} ago) by {plan.requester}"),
        ("place", plan.places),
    ]
    about = "request" if plan.intent.is_requested else "alert"
    rows += [(about, one_line(plan.intent.alert, 400))] if plan.intent.alert else []
    rows += [("incident", short_incident(plan.intent.incident))] if plan.intent.incident else []
    rows += [("rolls back", short_change(plan.rolls_back))] if plan.rolls_back else []
    rows += [("undone by", short_change(one.taken_back_by))] if one.taken_back_by else []
    rows += [("why", one_line(str(result["why"]), 500))] if result.get("why") else []
    done = (step_words(step, back=bool(plan.rolls_back)) for step in plan.steps)
    steps = tuple(Item(located(said, step.change.target)) for said, step in zip(done, plan.steps, strict=True))
    tone = Tone.BAD if record.is_open else Tone.STRONG
    is_verified = _status(one) == Status.APPLIED.value and result.get("verified") is True
    blocks: list[Block] = [
        Heading(f"Change {record.short_id}: {_status(one)}{' and verified' if is_verified else ''}", tone),
        Pairs(tuple(rows)),
        Bullets(steps),
    ]
    blocks += [Paragraph(f"Not verified: {one_line(str(text), 300)}", Tone.WARN) for text in result.get("doubts") or ()]
    if record.is_open:
        blocks.append(Code(f"Next: {command_line('recover', record.short_id)}"))
    # An embedded cluster ends with the run: afterwards there is nothing to roll back.
    elif _status(one) in (Status.APPLIED.value, _NOT_VERIFIED) and not plan.servers.startswith("sandbox:"):
        where = options_to(plan.scopes)
        blocks.append(Code(f"Roll it back: {command_line('rollback', record.short_id)} {where}".rstrip()))
    return blocks


def change_document(one: ListedChange) -> dict[str, Any]:
    """Return the envelope's parts of one change."""
    return {"changes": [_change_document(one)]}


def changes_document(found: Sequence[ListedChange], limit: int) -> dict[str, Any]:
    """Return the envelope's parts of the list."""
    return {"changes": [_change_document(one) for one in found[:limit]], "total": len(found)}


def rolled_back_already(found: NothingToRollBack) -> list[Block]:
    """Say of a change that nothing is left to take back, and what was seen of each step."""
    name = short_change(found.change_id)
    head = Heading(f"Nothing left to roll back: change {name} does not stand any more", Tone.GOOD)
    return [
        head,
        *closing_lines([("; ".join(found.words), Tone.PLAIN)], 3),
        Code(f"Next: {command_line('show', name)}"),
    ]


def rolled_back_document(found: NothingToRollBack) -> dict[str, Any]:
    """Return the envelope's parts of a change that nothing is left to take back of."""
    return {"change": found.change_id, "taken_back": list(found.words)}


def recovered_blocks(found: Recovered) -> list[Block]:
    """Say what became of everything that was open, and in the last lines what to type where a person must decide."""
    blocks = [block for one in found.halts for block in _halt_blocks(one, closed=found.halts_closed)]
    # What needs a person stands last.
    changes = sorted(found.changes, key=lambda one: one.ending is None)
    blocks += [block for one in changes for block in _recovered_blocks(one)]
    left = [one.record.short_id for one in changes if one.ending is None]
    if len(left) > 1:
        blocks.append(Heading(f"{plural(len(left), 'change')} need a person: {', '.join(left)}", Tone.BAD))
    if left:
        blocks.append(
            Code(f"Next: {command_line('recover', left[-1], '--roll-back')}    roll it back, through the guard")
        )
        blocks.append(Code(f"Or:   {command_line('recover', left[-1], '--keep')}         close it and change nothing"))
    return blocks or [Paragraph("No change is open.", Tone.GOOD)]


def recovered_document(found: Recovered) -> dict[str, Any]:
    """Return the envelope's parts of a recovery."""
    return {
        "recovered": [_recovered_document(one) for one in found.changes],
        "halted": [
            {"report": str(one.path), "what": one.report.get("what"), "closed": found.halts_closed}
            for one in found.halts
        ],
    }


def _change_row(one: ListedChange, now: datetime) -> tuple[str, ...]:
    record = one.record
    steps = record.plan.steps
    more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
    action = "; ".join(change_words(step.change) for step in steps)
    if record.plan.rolls_back:
        action = f"undo {short_change(record.plan.rolls_back)}: {deed_words(record.plan)}"
    touched = (steps[0].change.target.short if steps else "-") + more
    return (age_of(record.claimed_at, now), touched, action, _status(one), record.short_id)


def _status(one: ListedChange) -> str:
    """Return how a change ended in a word or two."""
    if one.record.result is None:
        return "OPEN"
    if one.taken_back_by:
        return "undone"
    status = str(one.record.result.get("status", "unknown"))
    return _NOT_VERIFIED if status == Status.APPLIED.value and one.record.result.get("doubts") else status


def _change_document(one: ListedChange) -> dict[str, Any]:
    record = one.record
    return {
        "id": record.id,
        "short_id": record.short_id,
        "digest": record.digest,
        "claimed_at": record.claimed_at,
        "context": record.plan.places,
        "changes": to_json(tuple(step.change for step in record.plan.steps)),
        "open": record.is_open,
        "rolls_back": record.plan.rolls_back,
        "rolled_back_by": one.taken_back_by,
        "result": record.result,
    }


def _halt_blocks(halt: Halt, *, closed: bool) -> list[Block]:
    """Say which dry run changed the cluster, where the object is kept as it was, and what to type."""
    what = one_line(str(halt.report.get("what")), 300)
    kept = halt.path.with_suffix(".closed") if closed else halt.path
    head = Heading("A dry run changed the cluster", Tone.WARN if closed else Tone.BAD)
    blocks: list[Block] = [head, Paragraph(what), Pairs((("kept", f"{kept} holds the call and the object before it"),))]
    if closed:
        return [*blocks, Paragraph("Closed: a person has checked the object.", Tone.GOOD)]
    return [*blocks, Code("agentops recover --keep    after you have compared the object, and restored it if needed")]


def _recovered_blocks(one: RecoveredChange) -> list[Block]:
    """Return what became of one change in four lines: how it ended, and what was seen of its objects."""
    words = {Status.APPLIED: "it is applied", Status.ROLLED_BACK: "it is rolled back"}
    name = f"Change {one.record.short_id} of {one_line(objects_of(one.record.plan), 60)}"
    if one.kept:
        head = Heading(f"{name} is closed as it is: a person decided so", Tone.WARN)
    elif one.ending is not None:
        head = Heading(f"{name} is closed: {words[one.ending]}", Tone.GOOD)
    else:
        head = Heading(f"{name} needs a person", Tone.BAD)
    seen = (f"{state.value}: {text}" for text, state in zip(one.situation.words, one.situation.states, strict=True))
    parts = [("; ".join(seen), Tone.PLAIN)]
    if one.situation.unwell:
        parts.append((f"Unhealthy: {'; '.join(one.situation.unwell)}", Tone.WARN))
    outcome = None if one.result is None else one.result.outcome
    if outcome is not None and outcome.why:
        parts.append((outcome.why, Tone.BAD))
    if outcome is not None and outcome.doubts:
        parts.append((f"As unhealthy as before: {'; '.join(outcome.doubts)}", Tone.WARN))
    return [head, *closing_lines(parts, 3)]


def _recovered_document(one: RecoveredChange) -> dict[str, Any]:
    return {
        "change": one.record.id,
        "plan": one.record.digest,
        "states": [state.value for state in one.situation.states],
        "words": list(one.situation.words),
        "unwell": list(one.situation.unwell),
        "ending": None if one.ending is None else one.ending.value,
        "kept": one.kept,
    }
