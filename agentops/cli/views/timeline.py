"""The timeline of a run or an incident, from the audit log: what was read, decided, approved and applied.

Comes in: the records, oldest first. Goes out: one line for each event worth reading the next
morning; stages that passed before the plan are folded into it. Foreign text is quoted, never obeyed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agentops.cli.report import Block, Bullets, Heading, Item, Tone
from agentops.cli.times import local_clock
from agentops.core.audit import AuditRecord
from agentops.core.text import one_line

_LINE = 300
_Line = tuple[str, Tone]
_QUIETLY_PASSED = frozenset({"policy", "dry-run", "diff", "blast-radius", "ruling", "asked", "intent"})


def timeline_blocks(records: Iterable[AuditRecord]) -> list[Block]:
    """Return the timeline, run by run."""
    blocks: list[Block] = []
    run, items = "", list[Item]()
    for record in records:
        if record.run != run:
            blocks += _run(run, items)
            run, items = record.run, []
        told = told_of(record)
        if told is not None:
            items.append(Item(one_line(told[0], _LINE), label=local_clock(record.time), tone=told[1]))
    return [*blocks, *_run(run, items)]


def _run(run: str, items: list[Item]) -> list[Block]:
    return [Heading(f"Run {run}"), Bullets(tuple(items))] if items else []


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
    words = f"plan {plan.get('code')} by {by}: {'; '.join(steps)}; policy requires approval {asks!r}"
    return words + ("; it rolls back change " + plan["rolls_back"] if plan.get("rolls_back") else ""), Tone.STRONG


def _step(step: Mapping[str, Any]) -> str:
    change = step.get("change") or {}
    blast = step.get("blast_radius") or {}
    target = str(change.get("target", "")).partition("://")[2].partition("/")[2]
    # Records of plans up to version 2 counted pods by their name.
    count, total = blast.get("instances", blast.get("pods")), blast.get("instances_total", blast.get("pods_total"))
    unit = blast.get("unit", "pod")
    reached = f"{unit}s not known" if count is None else f"{count} of {total} {unit}s"
    return f"{change.get('tool')} on {target} ({reached}, risk {step.get('risk')}, undo {step.get('reversal')})"


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
    return f"finding by {finding.get('by')}: {finding.get('conclusion')}{cited}", Tone.STRONG


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
    return f"change {payload.get('change')} is about to run, approved by {people}", Tone.WARN


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
    "change_closed": _plainly("change {} ended: {}", "change", "status", tone=Tone.STRONG),
    "approval_signed": _plainly("an approval of plan {} was signed", "code"),
    "approver_added": _plainly("{} is trusted to approve from now on", "name", tone=Tone.WARN),
    "approver_removed": _plainly("{} is no longer trusted to approve", "name", tone=Tone.WARN),
    "incidents_pruned": _plainly("old incidents were removed: {}", "incidents", tone=Tone.WARN),
    "interrupted": _plainly("interrupted by the user", tone=Tone.WARN),
    "run_ended": _plainly("the run ended: {}, exit {}", "status", "exit_code"),
}
