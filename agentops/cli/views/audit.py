"""The audit log as pages and as JSON: what verification came to, and one line for each record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agentops.app.recorded_changes import lost_words
from agentops.cli.report import Block, Heading, Pairs, Table, Tone
from agentops.cli.times import local_time
from agentops.core.jsonable import to_json
from agentops.core.text import one_line, plural
from agentops.store.changes import short_change

if TYPE_CHECKING:
    from agentops.app.audit_verify import VerifiedLog
    from agentops.core.audit import AuditRecord

_MOST_NAMED = 3


def verification_blocks(found: VerifiedLog) -> list[Block]:
    """Return the verdict in one line, and what was read to reach it."""
    seen = found.verification
    held = plural(seen.records - (seen.dropped.records if seen.dropped else 0), "record")
    told = f"{held}, all intact" if seen.intact else seen.why
    told += f"; {seen.dropped}" if seen.intact and seen.dropped else ""
    if found.unrecorded:
        names = ", ".join(map(short_change, found.unrecorded[:_MOST_NAMED]))
        more = " ..." if len(found.unrecorded) > _MOST_NAMED else ""
        words = f"{plural(len(found.unrecorded), 'change')} that the journal keeps stand in no record: {names}{more}"
        title = Heading(f"Audit chain begun anew: {words}", Tone.BAD)
        return [title, Pairs(tuple(_verification_rows(found)))]
    if found.lost:
        title = Heading(f"Audit chain {seen.verdict.value}, changes lost: {lost_words(found.lost)}", Tone.BAD)
        return [title, Pairs(tuple(_verification_rows(found)))]
    title = Heading(f"Audit chain {seen.verdict.value}: {told}", Tone.GOOD if found.is_good else Tone.BAD)
    return [title, Pairs(tuple(_verification_rows(found)))]


def _verification_rows(found: VerifiedLog) -> list[tuple[str, str]]:
    seen = found.verification
    rows = [("chain", str(found.folder)), ("records", f"{seen.records:,}"), ("size", f"{seen.size_bytes:,} bytes")]
    if seen.head and seen.records:
        rows += [("head", seen.head), ("signed", f"{seen.signed_records:,} of {plural(seen.records, 'record')}")]
    if found.anchors:
        rows.append(("anchors", f"{found.anchors}, to record {found.anchored_records:,}"))
    if seen.segments > 1:
        rows.append(("segments", str(seen.segments)))
    if seen.dropped:
        rows.append(("dropped", str(seen.dropped)))
    if found.is_copy and seen.records:
        rows.append(("changes", "not compared: this is a copy of a log, without its key and changes/"))
    if seen.bad_seq is not None or seen.offset is not None:
        first = "the torn tail" if seen.bad_seq is None else f"record {seen.bad_seq}"
        rows.append(("first bad", f"{first}, byte {seen.offset} of {seen.segment}"))
    return rows


def verification_document(found: VerifiedLog) -> dict[str, Any]:
    """Return the envelope's part of a verification."""
    anchored = {"anchors": found.anchors, "anchored_records": found.anchored_records} if found.anchors else {}
    missing = {"unrecorded_changes": list(found.unrecorded)} if found.unrecorded else {}
    missing |= {"lost_changes": list(found.lost)} if found.lost else {}
    return {"verification": to_json(found.verification) | {"folder": str(found.folder)} | anchored | missing}


def records_table(records: Iterable[AuditRecord], now: datetime, *, whole: bool = False) -> Table:
    """Return records as a table, one line each; ``whole``: long cells are folded and not cut."""
    rows = tuple(record_row(record, now) for record in records)
    return Table(("seq", "time", "run", "actor", "event", "what"), rows, () if whole else ("actor", "what"))


def record_row(record: AuditRecord, now: datetime) -> tuple[str, ...]:
    """Return a record as the columns of a table, the time local, the one thing that a person looks for last."""
    run = record.run.rpartition("-")[2]
    return (str(record.seq), local_time(record.time, now), run, record.actor, record.event, _brief(record))


_TELLING = (
    "command",
    "conclusion",
    "tool",
    "status",
    "why",
    "message",
    "problem_count",
    "incident",
    "context",
    "change",
    "code",
    "name",
)


def _brief(record: AuditRecord) -> str:
    """Return the one thing of a record that a person looks for."""
    payload = record.payload
    finding = payload.get("finding")
    if isinstance(finding, dict):
        return f"{finding.get('verdict')}: {one_line(str(finding.get('conclusion')), 120)}"
    if record.event == "triage":
        return plural(int(payload.get("problem_count", 0)), "problem")
    if record.event == "guard_stage":
        stage = str(payload.get("stage"))
        return stage if payload.get("passed") else one_line(f"{stage} stopped: {payload.get('reason')}", 120)
    for name in _TELLING:
        if payload.get(name) not in (None, ""):
            value = payload[name]
            extra = payload.get("evidence") or payload.get("error") or ""
            return f"{name} {value}" + (f" → {extra}" if extra else "")
    return ""
