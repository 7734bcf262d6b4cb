"""The journal of changes as pages and as JSON: the list, what is rolled back already, what a recovery came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentops.cli.report import Block, Bullets, Code, Heading, Item, Pairs, Paragraph, Tone
from agentops.cli.views.wording import change_words
from agentops.core.jsonable import to_json
from agentops.core.outcome import Status
from agentops.core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentops.app.recover import Recovered, RecoveredChange
    from agentops.app.rollback import NothingToRollBack
    from agentops.store.changes import ChangeRecord, Halt


def changes_blocks(found: Sequence[ChangeRecord], limit: int) -> list[Block]:
    """Return the list of changes, the first ``limit`` of them."""
    items = tuple(_change_item(record) for record in found[:limit])
    blocks: list[Block] = [Bullets(items)] if items else [Paragraph("No changes yet.")]
    if len(found) > limit:
        blocks.append(Paragraph(f"{len(found) - limit} older ones: --limit {len(found)}", Tone.QUIET))
    return blocks


def changes_document(found: Sequence[ChangeRecord], limit: int) -> dict[str, Any]:
    """Return the envelope's parts of the list."""
    return {"changes": [_change_document(record) for record in found[:limit]], "total": len(found)}


def rolled_back_already(found: NothingToRollBack) -> list[Block]:
    """Say of a change that nothing is left to take back, and what was seen of each step."""
    head = Heading(f"Change {found.change_id} is rolled back already", Tone.GOOD)
    return [head, Bullets(tuple(Item(text) for text in found.words))]


def rolled_back_document(found: NothingToRollBack) -> dict[str, Any]:
    """Return the envelope's parts of a change that nothing is left to take back of."""
    return {"change": found.change_id, "taken_back": list(found.words)}


def recovered_blocks(found: Recovered) -> list[Block]:
    """Say what became of everything that was open, and what to type where a person must decide."""
    blocks = [block for one in found.halts for block in _halt_blocks(one, closed=found.halts_closed)]
    blocks += [block for one in found.changes for block in _recovered_blocks(one)]
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


def _change_item(record: ChangeRecord) -> Item:
    steps = "; ".join(f"{change_words(step.change)} ({step.change.target.short})" for step in record.plan.steps)
    result = record.result or {}
    status = str(result.get("status", "OPEN"))
    doubts = result.get("doubts") or ()
    if doubts and status == Status.APPLIED.value:
        status = "rolled back; as unhealthy as before" if record.plan.rolls_back else "applied; not verified"
    note = f"{status}, {record.claimed_at}, on {record.plan.places}"
    return Item(steps, label=record.id, note=note, tone=Tone.BAD if record.is_open else Tone.PLAIN)


def _change_document(record: ChangeRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "digest": record.digest,
        "claimed_at": record.claimed_at,
        "context": record.plan.places,
        "changes": to_json(tuple(step.change for step in record.plan.steps)),
        "open": record.is_open,
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
    words = {Status.APPLIED: "it is applied", Status.ROLLED_BACK: "it is rolled back"}
    if one.kept:
        head = Heading(f"Change {one.record.id} is closed as it is, by decision of a person", Tone.WARN)
    elif one.ending is not None:
        head = Heading(f"Change {one.record.id} is closed: {words[one.ending]}", Tone.GOOD)
    else:
        head = Heading(f"Change {one.record.id} needs a person", Tone.BAD)
    items = tuple(
        Item(text, label=state.value) for text, state in zip(one.situation.words, one.situation.states, strict=True)
    )
    blocks: list[Block] = [head, Bullets(items)]
    blocks += [Paragraph(f"Unhealthy: {text}", Tone.WARN) for text in one.situation.unwell]
    if one.result is not None and one.result.outcome.why:
        blocks.append(Paragraph(one.result.outcome.why, Tone.BAD))
    if one.result is not None and one.result.outcome.doubts:
        blocks.append(Paragraph("Rolled back; as unhealthy as before:", Tone.WARN))
        blocks += [Paragraph(text, Tone.WARN) for text in one.result.outcome.doubts]
    if one.ending is None:
        blocks.append(Code(f"agentops recover {one.record.id} --roll-back    roll it back, through the guard"))
        blocks.append(Code(f"agentops recover {one.record.id} --keep         close it and change nothing"))
    return blocks


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
