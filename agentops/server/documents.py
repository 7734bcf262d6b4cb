"""Values of the use cases as JSON for another agent: short, in one order, with foreign text made harmless.

Comes in: values that ``app`` returned. Goes out: plain JSON. Texts that a system or an alert may have written are one
line, or fenced where they are long; nothing here decides or reads anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agentops.app.apply_pending import approve_command
from agentops.app.fixing.conversation import told
from agentops.app.history import IncidentSummary, StoredIncident
from agentops.app.propose import Proposed
from agentops.app.providers import describe
from agentops.app.services import Investigation, Scan
from agentops.core.alert import Incident
from agentops.core.audit import AuditRecord
from agentops.core.clock import to_iso
from agentops.core.errors import NotApproved, PolicyRefused
from agentops.core.evidence import Evidence
from agentops.core.finding import Finding, Problem
from agentops.core.plan import Change, ChangePlan
from agentops.core.text import one_line
from agentops.guard.pipeline_result import PipelineResult
from agentops.server.answers import STOP
from agentops.store.pending import PendingPlan

Json = dict[str, Any]
_SENTENCE = 600
_MOST = 20


def scan_document(scan: Scan) -> Json:
    """Return what triage found now."""
    return {
        "status": scan.status,
        "place": scan.context,
        "conclusion": one_line(scan.finding.conclusion, _SENTENCE),
        "problems": [problem_document(one) for one in scan.problems[:_MOST]],
        "more_problems": max(0, len(scan.problems) - _MOST),
        "not_read": [one_line(f"{what}: {why}", 200) for what, why in scan.gaps[:_MOST]] + list(scan.unasked),
    }


def problem_document(problem: Problem) -> Json:
    """Return one problem of triage."""
    return {
        "object": problem.resource.short,
        "condition": problem.condition,
        "severity": problem.severity.value,
        "summary": one_line(problem.summary, _SENTENCE),
        "advice": one_line(problem.advice, _SENTENCE),
    }


def finding_document(incident: Incident, finding: Finding | None) -> Json:
    """Return the finding of an incident."""
    head = {
        "incident": incident.short_id,
        "alert": one_line(incident.group.lead.name, 200),
        "target": str(incident.group.target),
        "opened_at": to_iso(incident.opened_at),
    }
    if finding is None:
        return {**head, "verdict": "open", "conclusion": "no finding yet"}
    cause = finding.cause
    return {
        **head,
        "verdict": finding.verdict.value,
        "confidence": finding.confidence.value,
        "conclusion": one_line(finding.conclusion, 2 * _SENTENCE),
        "cause": {"object": cause.resource.short, "condition": cause.condition} if cause else None,
        "evidence": list(finding.evidence),
        "ruled_out": [one_line(one.statement, 300) for one in finding.ruled_out[:_MOST]],
        "not_checked": [one_line(one, 300) for one in finding.not_checked[:_MOST]],
        "next_steps": [one_line(one, 300) for one in finding.next_steps[:_MOST]],
        "warnings": [one_line(one, 300) for one in (*filter(None, [finding.guess]), *finding.warnings)],
        "proposed": [change_words(one) for one in finding.proposed[:_MOST]],
        "notes_of_owners": [one_line(f"{one.resource.short}: {one.words}", 300) for one in finding.notes[:_MOST]],
    }


def investigation_document(found: Investigation) -> Json:
    """Return what an investigation came to, with the ids of its evidence."""
    return {
        "status": found.status,
        **finding_document(found.incident, found.finding),
        "evidence_seen": [evidence_line(one) for one in found.evidence[:_MOST]],
        "next": f"propose_plan with incident {found.incident.short_id}, where a change is proposed; else tell a person",
    }


def stored_document(found: StoredIncident) -> Json:
    """Return a stored incident as a resource shows it."""
    return {
        **finding_document(found.incident, found.finding),
        "problems": [problem_document(one) for one in found.problems[:_MOST]],
        "evidence_seen": [evidence_line(one) for one in found.evidence[:_MOST]],
    }


def summary_document(found: IncidentSummary) -> Json:
    """Return one line of the history."""
    return {
        "incident": found.short_id,
        "opened_at": found.opened_at,
        "alert": one_line(found.alert, 120),
        "target": found.target,
        "verdict": found.verdict,
        "cause": found.cause,
        "outcome": found.outcome,
    }


def evidence_line(found: Evidence) -> str:
    """Return one piece of evidence in a line."""
    return f"{found.id} {one_line(found.summary, 200)}"


def change_words(change: Change) -> str:
    """Return what a change does, in words."""
    return one_line(describe(change) or f"{change.tool} on {change.target.short}", 200)


def pending_document(pending: PendingPlan, now: datetime) -> Json:
    """Return a pending plan: what it is, how it stands, and what a person has to do."""
    plan = pending.plan
    standing = pending.standing(now)
    document: Json = {
        "plan": plan.code,
        "digest": plan.digest,
        "status": standing.value,
        "expires_at": to_iso(plan.expires_at),
        "approval": plan.obligation.approval.value,
        "approvals_missing": pending.approvals_missing,
        "approve_command": approve_command(pending),
        "incident": plan.intent.incident.rpartition("-")[2],
        "risk": plan.risk.value,
        "undo": plan.reversal.value,
    }
    if pending.declined is not None:
        document["declined"] = {"by": pending.declined.by, "why": one_line(pending.declined.why, 300)}
    if pending.ended is not None:
        document["ended"] = {"status": pending.ended.status, "change": pending.ended.change}
    return document


def preview_document(pending: PendingPlan, now: datetime) -> Json:
    """Return a pending plan with all of its steps."""
    return {**pending_document(pending, now), "steps": steps_document(pending.plan)}


def steps_document(plan: ChangePlan) -> list[Json]:
    """Return the steps of a plan: the words, and line by line what the guard found out about each."""
    return [
        {
            "does": change_words(step.change),
            "tool": step.change.tool,
            "target": step.change.target.short,
            "risk": step.risk.value,
            "preview": [one_line(line, 400) for line in told(step)],
        }
        for step in plan.steps
    ]


def proposed_document(done: Proposed, now: datetime) -> Json:
    """Return what came of a proposal."""
    refused = [one_line(f"{change_words(one.change)}: {one.error.message}", _SENTENCE) for one in done.refusals[:_MOST]]
    is_no = any(isinstance(one.error, NotApproved | PolicyRefused) for one in done.refusals)
    if done.pending is None:
        said: Json = {"status": done.status, "why": one_line(done.why, _SENTENCE), "left_out": refused}
        return {**said, "stop": STOP} if is_no or done.status == "refused" else said
    document = preview_document(done.pending, now)
    document["left_out"] = refused
    if is_no:
        document["stop"] = f"What was left out is refused. {STOP}"
    document["next"] = (
        f"nothing is changed yet. Show this to a person, who runs: {document['approve_command']}. Then call apply_plan."
    )
    return document


def outcome_document(result: PipelineResult) -> Json:
    """Return what came of an applied plan."""
    plan, outcome = result.planned.plan, result.outcome
    return {
        "plan": plan.code,
        "digest": plan.digest,
        "status": result.status,
        "change": outcome.change_id,
        "verified": outcome.verified,
        "why": one_line(outcome.why, _SENTENCE),
        "doubts": [one_line(one, 300) for one in outcome.doubts[:_MOST]],
        "stages": [
            f"{one.stage}: {'passed' if one.passed else 'failed'}: {one_line(one.reason, 160)}"
            for one in outcome.stages[-12:]
        ],
    }


def record_document(record: AuditRecord, shown: Sequence[str]) -> Json:
    """Return one audit record in short: which, when, and the fields of its payload that are named."""
    payload = {name: record.payload[name] for name in shown if name in record.payload}
    return {"seq": record.seq, "time": record.time, "run": record.run, "event": record.event, **payload}
