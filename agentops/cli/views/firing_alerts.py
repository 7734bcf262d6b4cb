"""The alerts that fire as a table and as JSON: one line each, worst first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from agentops.cli.report import Block, Paragraph, Table, Tone
from agentops.core.clock import age
from agentops.core.commands import command_line
from agentops.core.jsonable import to_json
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.app.firing_alerts import FiringAlert, FiringAlerts

_CUT = ("alert", "object")


def firing_blocks(found: FiringAlerts, now: datetime, *, namespace: str = "", whole: bool = False) -> list[Block]:
    """Return the alerts as a table, and how to look into one.

    Arguments:
        now: ages are counted up to it.
        namespace: only alerts about it were looked for; empty where all were.
        whole: long cells are folded and not cut.
    """
    if not found.shown:
        where = f" about namespace {namespace}" if namespace else ""
        return [Paragraph(f"No alert{where} fires at {found.server}.", Tone.GOOD)]
    rows = tuple(firing_row(one, now) for one in found.shown)
    blocks: list[Block] = [Table(("age", "alert", "severity", "object", "state", "id"), rows, () if whole else _CUT)]
    if found.total > len(rows):
        blocks.append(Paragraph(f"{found.total - len(rows)} more: --limit {found.total}", Tone.QUIET))
    first = found.shown[0].key or found.shown[0].name
    blocks.append(Paragraph(f"Look into one: {command_line('investigate', f'alertmanager:{first}')}", Tone.QUIET))
    return blocks


def firing_row(one: FiringAlert, now: datetime) -> tuple[str, ...]:
    """Return the cells of one alert."""
    old = age(one.started_at, now) if one.started_at else "-"
    return (old, one_line(one.name, 120), one.severity.value, one.object or "-", one.state, one.key)


def firing_document(found: FiringAlerts) -> dict[str, Any]:
    """Return the envelope's parts of the list."""
    return {"alerts": [to_json(one) for one in found.shown], "total": found.total, "server": found.server}
