"""Pending plans as a table, as lines of a watch, and as JSON: what other agents asked for, and how each stands.

Comes in: pending plans and the moment. Goes out: blocks, a line, or plain JSON. The name of a client is what it says of
itself: foreign text, cut to one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agentops.cli.report import Block, Paragraph, Table, Tone
from agentops.cli.times import local_clock
from agentops.cli.views.plan import deed_words, objects_of
from agentops.core.clock import age, to_iso
from agentops.core.commands import command_line
from agentops.core.jsonable import to_json
from agentops.core.text import one_line, plural
from agentops.store.pending import PendingPlan, PlanStanding

_CLIENT_CHARS = 40
_CUT = ("asked by", "object")


def pending_blocks(found: Sequence[PendingPlan], now: datetime, *, whole: bool = False) -> list[Block]:
    """Return the plans as a table, and what to type about the first that waits.

    Arguments:
        whole: say in words what each does, too; long cells are folded and not cut.
    """
    if not found:
        return [Paragraph("No plan waits for a person.")]
    rows = tuple(
        (
            one.plan.code,
            age(one.asked.at, now),
            client_of(one),
            one.plan.risk.value,
            objects_of(one.plan),
            *([deed_words(one.plan)] if whole else []),
            standing_words(one, now),
        )
        for one in found
    )
    columns = ("plan", "age", "asked by", "risk", "object", *(["what"] if whole else []), "status")
    blocks: list[Block] = [Table(columns, rows, () if whole else _CUT)]
    waiting = [one for one in found if one.standing(now) is PlanStanding.WAITING]
    if waiting:
        blocks.append(Paragraph(f"Decide one: {command_line('approve', waiting[0].plan.code)}", Tone.QUIET))
    return blocks


def client_of(pending: PendingPlan) -> str:
    """Return who asked, as the program says it, with a mark where it is for a sandbox."""
    name = one_line(pending.asked.client, _CLIENT_CHARS) or "?"
    return f"{name} (sandbox)" if pending.asked.simulated else name


def standing_words(pending: PendingPlan, now: datetime) -> str:
    """Return how a plan stands, in a word or two: ``waiting, until 16:03:07``."""
    standing = pending.standing(now)
    if standing is PlanStanding.WAITING and pending.approvals:
        return f"{plural(pending.approvals_missing, 'approval')} missing"
    if standing in (PlanStanding.WAITING, PlanStanding.APPROVED):
        return f"{standing.value}, until {local_clock(to_iso(pending.plan.expires_at))}"
    if standing is PlanStanding.ENDED and pending.ended is not None:
        return one_line(pending.ended.status, 40)
    return standing.value


def pending_line(pending: PendingPlan, now: datetime) -> str:
    """Return a plan on one line: for a pipe, or a desktop."""
    plan = pending.plan
    what = f"{plan.risk.value.upper()} risk, {objects_of(plan)}: {one_line(deed_words(plan), 100)}"
    return f"plan {plan.code}  {standing_words(pending, now)}  {what}  (asked by {client_of(pending)})"


def pending_document(pending: PendingPlan, now: datetime) -> dict[str, Any]:
    """Return the envelope's entry of one plan."""
    plan = pending.plan
    return {
        "code": plan.code,
        "digest": plan.digest,
        "standing": pending.standing(now).value,
        "client": pending.asked.client,
        "door": pending.asked.door,
        "on_behalf_of": pending.asked.on_behalf_of,
        "simulated": pending.asked.simulated,
        "asked_at": to_iso(pending.asked.at),
        "expires_at": to_iso(plan.expires_at),
        "what": deed_words(plan),
        "object": objects_of(plan),
        "where": plan.places,
        "risk": plan.risk.value,
        "approval": plan.obligation.approval.value,
        "approvals_missing": pending.approvals_missing,
        "approved_by": [approval.by for approval in pending.approvals],
        "declined": None if pending.declined is None else to_json(pending.declined),
        "ended": None if pending.ended is None else to_json(pending.ended),
        "file": str(pending.file),
    }
