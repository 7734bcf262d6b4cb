"""The timeline of a run or an incident, from the audit log: what was read, decided, approved and applied.

Comes in: the records, oldest first. Goes out: one line for each event worth reading the next morning, what matters
first; what an event after it says again is left out. Foreign text is quoted, never obeyed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

from agentops.cli.report import Block, Bullets, Heading, Item, Tone
from agentops.cli.times import local_clock
from agentops.cli.views.shorter import shorter
from agentops.core.audit import AuditRecord
from agentops.core.text import one_line
from agentops.store.changes import short_change

_LINE = 300
_Line = tuple[str, Tone]
_QUIETLY_PASSED = frozenset({"policy", "prediction", "dry-run", "diff", "blast-radius", "ruling", "asked", "intent"})


def timeline_blocks(records: Iterable[AuditRecord], *, whole: bool = False) -> list[Block]:
    """Return the timeline, run by run.

    Arguments:
        whole: long lines are wrapped and not cut.
    """
    blocks: list[Block] = []
    for run, found in groupby(records, key=lambda record: record.run):
        items = tuple(
            Item(one_line(text, _LINE), label=local_clock(record.time), tone=tone)
            for record, (text, tone) in _each_once(list(found))
        )
        blocks += [Heading(f"Run {run}"), Bullets(items, one_line=not whole)] if items else []
    return blocks


def _each_once(records: list[AuditRecord]) -> list[tuple[AuditRecord, _Line]]:
    """Return what is told of a run's records, without what the next one says again."""
    told = [(record, line) for record in records if (line := told_of(record)) is not None]
    kept: list[tuple[AuditRecord, _Line]] = []
    for record, line in told:
        before = kept[-1][0] if kept else None
        if before is not None and _same_call(before, record):
            line = (f"{kept.pop()[1][0]}, {record.payload.get('evidence')}", line[1])
        elif before is not None and _is_said_again(before, record):
            kept.pop()
        kept.append((record, line))
    return kept


def _same_call(before: AuditRecord, record: AuditRecord) -> bool:
    """Return whether both are calls of one tool that brought evidence."""
    return all(one.event == "tool_call" and one.payload.get("evidence") for one in (before, record)) and (
        before.payload.get("tool") == record.payload.get("tool")
    )


def _is_said_again(before: AuditRecord, record: AuditRecord) -> bool:
    """Return whether a record says all that the one before it says: a change's end, a plan that was tried first."""
    if (before.event, record.event) == ("change_closed", "run_ended"):
        return before.payload.get("status") == record.payload.get("status")
    if record.event == "plan_not_run":
        return before.event == "guard_stage" and before.payload.get("reason") == record.payload.get("why")
    # Where remedies are tried before they are proposed, one plan follows another without anybody having been asked.
    return all(one.event == "guard_stage" and one.payload.get("stage") == "plan" for one in (before, record))


def told_of(record: AuditRecord) -> _Line | None:
    """Return a record in words, or None when it adds nothing to the story."""
    payload = record.payload
    if record.event == "guard_stage":
        return _stage(payload)
    words = _WORDS.get(record.event)
    return words(payload) if words else None


def _stage(payload: Mapping[str, Any]) -> _Line | None:
    stage, reason = str(payload.get("stage")), str(payload.get("reason") or "")
    if not payload.get("passed"):
        return f"stopped at {stage}: {reason}", Tone.BAD
    if stage in _QUIETLY_PASSED:
        return None
    if stage == "plan":
        return _plan(payload.get("plan") or {})
    if stage == "verify" and reason.startswith("unwell:"):
        # A rollback that is done, of what was unwell before it as well.
        return reason, Tone.WARN
    said = {
        "confirm": reason,
        "recheck": f"checked again: {reason}",
        "apply": f"applied {reason}",
        "verify": f"verified: {reason}",
        "rollback": f"rolled back {reason}",
    }.get(stage)
    return (said or f"{stage}: {reason}", Tone.GOOD)


def _plan(plan: Mapping[str, Any]) -> _Line:
    steps = [_step(step) for step in plan.get("steps") or ()]
    asks = (plan.get("obligation") or {}).get("approval", "?")
    by = (plan.get("intent") or {}).get("by", "?")
    back = f", rolls back {short_change(str(plan['rolls_back']))}" if plan.get("rolls_back") else ""
    return f"plan {plan.get('code')}{back}: {'; '.join(steps)}; by {by}, approval: {asks}", Tone.STRONG


def _step(step: Mapping[str, Any]) -> str:
    change = step.get("change") or {}
    blast = step.get("blast_radius") or {}
    target = str(change.get("target", "")).partition("://")[2].partition("/")[2]
    # Records of plans up to version 2 counted pods by their name.
    count, total = blast.get("instances", blast.get("pods")), blast.get("instances_total", blast.get("pods_total"))
    unit = blast.get("unit", "pod")
    reached = f"{unit}s not known" if count is None else f"{count} of {total} {unit}s"
    tool = str(change.get("tool")).partition("_")[2] or change.get("tool")
    return f"{tool} on {target} ({reached}, risk {step.get('risk')}, undo {step.get('reversal')})"


def _started(payload: Mapping[str, Any]) -> _Line:
    where = f", sandbox {payload['sandbox']}" if payload.get("sandbox") else ""
    return (
        f"{payload.get('user')}@{payload.get('host')} ran agentops {payload.get('command')}{where} "
        f"(agentops {payload.get('version')})",
        Tone.STRONG,
    )


def _alert(payload: Mapping[str, Any]) -> _Line:
    group = payload.get("group") or {}
    names = ", ".join(str(alert.get("name")) for alert in (group.get("alerts") or ())[:3])
    target = group.get("target") or {}
    place = "/".join(str(target[key]) for key in ("namespace", "kind", "name") if target.get(key))
    return f"the alert {names}" + (f" about {place}" if place else ""), Tone.PLAIN


def _call(payload: Mapping[str, Any]) -> _Line:
    outcome = f"evidence {payload['evidence']}" if payload.get("evidence") else f"failed: {payload.get('error')}"
    return f"called {payload.get('tool')}: {outcome}", Tone.QUIET


def _finding(payload: Mapping[str, Any]) -> _Line:
    finding = payload.get("finding") or {}
    evidence = ", ".join(finding.get("evidence") or ())
    cited = f" [{evidence}]" if evidence else ""
    return f"finding: {shorter(str(finding.get('conclusion')))}{cited}, by {finding.get('by')}", Tone.STRONG


def _request(payload: Mapping[str, Any]) -> _Line:
    request = payload.get("request") or {}
    verb = "asked for" if request.get("wants_change") else "asked"
    return f"a person {verb}: {request.get('words')}", Tone.STRONG


def _reply(payload: Mapping[str, Any]) -> _Line:
    reply = payload.get("reply") or {}
    evidence = ", ".join(reply.get("evidence") or ())
    said = reply.get("outcome") or reply.get("verdict")
    return f"{said}, by {reply.get('by')}: {reply.get('text')}" + (f" [{evidence}]" if evidence else ""), Tone.STRONG


def _intent(payload: Mapping[str, Any]) -> _Line:
    people = ", ".join(f"{one.get('by')} ({one.get('method')})" for one in payload.get("approvals") or ())
    return f"change {short_change(str(payload.get('change')))} begins, approved by {people}", Tone.WARN


def _drafted(payload: Mapping[str, Any]) -> _Line:
    return f"the model drafted {payload.get('tool')} (nothing is executed)", Tone.PLAIN


def _plainly(words: str, *names: str, tone: Tone = Tone.PLAIN) -> Callable[[Mapping[str, Any]], _Line]:
    """Return a teller that fills the payload's fields into ``words``."""
    return lambda payload: (words.format(*(payload.get(name) for name in names)), tone)


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], _Line]] = {
    "run_started": _started,
    "cluster_pinned": _plainly("pinned to context {} at {}", "context", "server"),
    "alert": _alert,
    "alert_refused": _plainly("the alert could not be read: {}", "why", tone=Tone.BAD),
    "request": _request,
    "reply": _reply,
    "triage": _plainly("triage saw {} problems", "problem_count"),
    "tool_call": _call,
    "model_turn": _plainly("model turn (stop reason {})", "stop_reason", tone=Tone.QUIET),
    "model_failed": _plainly("the model failed: {}", "message", tone=Tone.BAD),
    "change_drafted": _drafted,
    "change_not_drafted": _plainly("the model's draft of {} was refused: {}", "tool", "error", tone=Tone.WARN),
    "finding": _finding,
    "finding_unsupported": _plainly("the model's answer was not supported by evidence", tone=Tone.WARN),
    "approval_asked": _plainly("a person was asked to approve plan {} (risk {})", "code", "risk"),
    "plan_not_run": _plainly("the plan was not run: {}", "why", tone=Tone.WARN),
    "intent": _intent,
    "rollback_apply": _plainly("rolling back step {}", "step", tone=Tone.WARN),
    "needs_person": _plainly("a person is needed: {}", "left", tone=Tone.BAD),
    "stopped": _plainly("stopped: {}", "reason", tone=Tone.WARN),
    "recovery": _plainly("checked what an interrupted run did of change {}: {}", "change", "words"),
    "change_closed": lambda payload: (
        f"change {short_change(str(payload.get('change')))} ended: {payload.get('status')}",
        Tone.STRONG,
    ),
    "approval_signed": _plainly("an approval of plan {} was signed", "code"),
    "approver_added": _plainly("{} is trusted to approve from now on", "name", tone=Tone.WARN),
    "approver_removed": _plainly("{} is no longer trusted to approve", "name", tone=Tone.WARN),
    "environment_set": _plainly("{} counts as {} from now on", "place", "environment", tone=Tone.WARN),
    "incidents_pruned": _plainly("old incidents were removed: {}", "incidents", tone=Tone.WARN),
    "interrupted": _plainly("interrupted by the user", tone=Tone.WARN),
    "run_ended": _plainly("the run ended: {}, exit {}", "status", "exit_code"),
}
