"""The list of incidents as a table and as JSON: one line each, newest first; and what of it was removed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agentops.cli.report import Block, Heading, Paragraph, Table, Tone
from agentops.cli.times import age_of
from agentops.core.commands import command_line
from agentops.core.jsonable import to_json
from agentops.core.text import plural

if TYPE_CHECKING:
    from agentops.app.history import History, IncidentSummary
    from agentops.app.prune import Prunable

_CUT = ("object", "cause")


def history_blocks(found: History, now: datetime, *, namespace: str = "", whole: bool = False) -> list[Block]:
    """Return the incidents as a table, and how to see those that it leaves out.

    Arguments:
        now: ages are counted up to it.
        namespace: only its incidents were looked for; empty where all were.
        whole: long cells are folded and not cut.
    """
    if not found.newest:
        words = f"No incidents in namespace {namespace}." if namespace else "No incidents yet."
        return [Paragraph(words if found.total or namespace else f"{words} Try: agentops investigate --sandbox")]
    rows = tuple(_row(one, now) for one in found.newest)
    blocks: list[Block] = [Table(("age", "object", "cause", "status", "id"), rows, () if whole else _CUT)]
    older = found.total - len(found.newest)
    if older:
        blocks.append(Paragraph(f"{older} older ones: --limit {found.total}", Tone.QUIET))
    blocks.append(Paragraph(f"See one: {command_line('show', found.newest[0].short_id)}", Tone.QUIET))
    return blocks


def history_document(found: History) -> dict[str, Any]:
    """Return the envelope's parts of the list."""
    return {"incidents": [to_json(one) for one in found.newest], "total": found.total}


def prune_blocks(found: Prunable, now: datetime, *, done: bool, whole: bool = False) -> list[Block]:
    """Return what was or would be removed, and what stays although it is old.

    Arguments:
        done: it is removed already.
    """
    blocks: list[Block] = []
    if found.remove:
        head = plural(len(found.remove), "incident") + (" removed" if done else " would be removed")
        rows = tuple(_row(one, now) for one in found.remove)
        table = Table(("age", "object", "cause", "status", "id"), rows, () if whole else _CUT)
        blocks += [Heading(head, Tone.GOOD if done else Tone.WARN), table]
    else:
        blocks.append(Paragraph("Nothing to remove."))
    if found.keep:
        reasons = Counter(why for _, why in found.keep)
        said = "; ".join(f"{count:,}: {why}" for why, count in sorted(reasons.items()))
        blocks.append(Paragraph(f"Old and kept: {said}.", Tone.QUIET))
    return blocks


def prune_document(found: Prunable, *, done: bool) -> dict[str, Any]:
    """Return the envelope's parts of a removal."""
    kept = [{"incident": name, "why": why} for name, why in found.keep]
    return {"pruned": {"incidents": [one.id for one in found.remove], "kept": kept, "done": done}}


def _row(one: IncidentSummary, now: datetime) -> tuple[str, ...]:
    if one.kind != "incident":
        return (age_of(one.opened_at, now), one.kind, one.alert, one.verdict, one.short_id)
    status = one.outcome.replace("-", " ") or one.verdict
    return (age_of(one.opened_at, now), one.target or "-", _cause(one), status, one.short_id)


def _cause(one: IncidentSummary) -> str:
    """Return the condition, with its object where that is another one; what was concluded where there is none."""
    if not one.condition:
        return one.conclusion
    return one.condition if one.cause == one.target else f"{one.condition} {one.cause}"
