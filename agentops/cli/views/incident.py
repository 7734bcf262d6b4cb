"""An investigation, fresh or from the store, as a page and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from agentops.app.providers import can_be_named
from agentops.app.stored_incident import continue_command
from agentops.cli.report import Block, Bullets, Code, Heading, Item, Pairs, Paragraph, Quote, Tone
from agentops.cli.views.finding import alert_blocks, closing_blocks, finding_blocks, problem_items, usage_line
from agentops.cli.views.wording import change_words
from agentops.core.alert import Incident, Severity
from agentops.core.clock import to_iso
from agentops.core.commands import command_line
from agentops.core.evidence import ALERT_EXPRESSION, Evidence
from agentops.core.finding import Finding, Problem, Verdict
from agentops.core.jsonable import to_json
from agentops.core.scope import options_to
from agentops.core.text import plural
from agentops.core.usage import Usage

if TYPE_CHECKING:
    from agentops.app.history import StoredIncident

_ALSO_SEEN = 5


def incident_blocks(
    incident: Incident,
    finding: Finding | None,
    evidence: Sequence[Evidence],
    problems: Sequence[Problem],
    usage: Usage | None,
    *,
    details: bool = True,
    remarks: Sequence[Block] = (),
) -> list[Block]:
    """Return the page: the alert, what was seen, what it took, and in the last lines the answer and what comes next.

    Arguments:
        details: everything that is kept; without, what a person needs to decide.
        remarks: what must be said of the run itself, above the answer.
    """
    blocks: list[Block] = [*alert_blocks(incident.group, finding), *_measured(evidence)]
    if finding is not None:
        blocks += finding_blocks(finding, evidence, details=details)
    if details:
        blocks += _also_seen(finding, evidence, problems)
        rows = [
            ("incident", incident.id),
            ("opened", to_iso(incident.opened_at)),
            ("context", incident.context),
            ("namespace", incident.namespace),
        ]
        blocks.append(Pairs(tuple(row for row in rows if row[1])))
    by = "" if finding is None or finding.by == "triage" else finding.by
    if usage is not None and (details or by):
        blocks.append(Paragraph(usage_line(usage, by or ("the model" if usage.turns else "")), Tone.QUIET))
    blocks += remarks
    if finding is None:
        return [*blocks, Heading("No finding yet", Tone.WARN), Code(f"Resume it: {continue_command(incident)}")]
    if not details:
        blocks += _left_out(incident, finding, evidence, problems)
    others = _other_causes(finding, evidence, problems)
    return [*blocks, *closing_blocks(finding, next_command(incident, finding, others))]


def _measured(evidence: Sequence[Evidence]) -> Iterator[Block]:
    """Yield the chart of the alert's own expression, as it was read last."""
    found = [one for one in evidence if one.tool == ALERT_EXPRESSION]
    if found:
        yield Paragraph(f"{found[-1].summary} [{found[-1].id}]")
        yield Quote(found[-1].excerpt.partition("\n\n")[0])


def next_command(incident: Incident, finding: Finding, others: Sequence[Problem]) -> str:
    """Return what to type next: the fix where one is proposed, a look at what else is wrong where the target is well.

    It is made by code alone: a command in a model's own words is advice, and never stands there as ours.
    """
    if finding.proposed and finding.supported:
        return command_line("fix", incident.short_id)
    if not incident.group.lead.is_named or finding.verdict not in (Verdict.NO_PROBLEM, Verdict.RECOVERED):
        return ""
    grave = [one.resource for one in others if one.severity.rank <= Severity.HIGH.rank and can_be_named(one.resource)]
    return command_line("investigate", f"{grave[0].scheme}:{grave[0].short}") if grave else ""


def _left_out(
    incident: Incident, finding: Finding, evidence: Sequence[Evidence], problems: Sequence[Problem]
) -> Iterator[Block]:
    """Say how much there is besides, and how to see it."""
    others = len(_other_causes(finding, evidence, problems))
    parts = [
        f"{plural(others, 'other problem')} seen" if others else "",
        f"{len(finding.ruled_out)} checked and healthy" if finding.ruled_out else "",
        f"{len(finding.not_checked)} not checked" if finding.not_checked else "",
    ]
    said = ", ".join(filter(None, parts)) or "the evidence in full"
    yield Paragraph(f"Besides: {said}. All of it: {command_line('show', incident.short_id)}", Tone.QUIET)


def _other_causes(finding: Finding | None, evidence: Sequence[Evidence], problems: Sequence[Problem]) -> list[Problem]:
    """Return the possible causes that the finding does not cite."""
    cited = set(finding.evidence) if finding is not None else set()
    told = {(item.arguments.get("resource"), item.arguments.get("condition")) for item in evidence if item.id in cited}
    if finding is not None and finding.cause is not None:
        told.add((str(finding.cause.resource), finding.cause.condition))
    return [
        problem
        for problem in problems
        if problem.root and problem.is_wrong and (str(problem.resource), problem.condition) not in told
    ]


def _also_seen(finding: Finding | None, evidence: Sequence[Evidence], problems: Sequence[Problem]) -> list[Block]:
    """Return the possible causes that the finding does not cite; shown so that nobody takes them for not seen."""
    others = _other_causes(finding, evidence, problems)
    if not others:
        return []
    blocks: list[Block] = [Heading("Also seen"), problem_items(others, _ALSO_SEEN)]
    if len(others) > _ALSO_SEEN:
        blocks.append(Paragraph(f"and {len(others) - _ALSO_SEEN} more: agentops triage", Tone.QUIET))
    return blocks


def stored_blocks(found: StoredIncident) -> list[Block]:
    """Return the whole page of an incident from the store; its evidence and drafts stand above the answer."""
    above = (*draft_blocks(found), *evidence_blocks(found.evidence))
    return incident_blocks(found.incident, found.finding, found.evidence, found.problems, found.usage, remarks=above)


def stored_document(found: StoredIncident) -> dict[str, Any]:
    """Return the envelope's parts of an incident from the store."""
    return incident_document(found.incident, found.finding, found.evidence, found.problems, found.usage)


def incident_document(
    incident: Incident,
    finding: Finding | None,
    evidence: Sequence[Evidence],
    problems: Sequence[Problem],
    usage: Usage | None,
) -> dict[str, Any]:
    """Return the envelope's parts of an incident."""
    return {
        "incident": {
            "id": incident.id,
            "alert": to_json(incident.group.lead),
            "alerts": len(incident.group.alerts),
            "left_out": [{"alert": alert.name, "reason": reason} for alert, reason in incident.group.left_out],
            "notes": list(incident.group.notes),
            "target": to_json(incident.group.target),
            "context": incident.context,
            "namespace": incident.namespace,
            "opened_at": to_iso(incident.opened_at),
        },
        "finding": None if finding is None else _finding_document(finding, evidence),
        "problems": to_json(tuple(problems)),
        "usage": None if usage is None else usage_document(usage),
    }


def _finding_document(finding: Finding, evidence: Sequence[Evidence]) -> dict[str, Any]:
    document: dict[str, Any] = to_json(finding)
    document["evidence"] = evidence_documents(finding.evidence, evidence)
    return document


def evidence_documents(cited: Sequence[str], evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Return what is cited, each with what was read."""
    by_id = {item.id: item for item in evidence}
    return [
        {
            "id": name,
            "tool": by_id[name].tool,
            "summary": by_id[name].summary,
            "digest": by_id[name].digest,
            "observed_at": to_iso(by_id[name].observed_at),
        }
        if name in by_id
        else {"id": name, "observed": False}
        for name in cited
    ]


def usage_document(usage: Usage) -> dict[str, Any]:
    """Return the envelope's ``usage``."""
    document: dict[str, Any] = to_json(usage)
    document["wall_s"] = round(usage.wall_s, 3)
    return document


def draft_blocks(found: StoredIncident) -> list[Block]:
    """Return the changes that were drafted and not carried out, and the command that takes them up again."""
    if not found.drafts:
        return []
    items = tuple(Item(change_words(change), label="→", note=change.reason) for change in found.drafts)
    begun = found.incident
    again = f"{command_line('fix', begun.short_id, '--dry-run')} {options_to(begun.places)}"
    again = again if begun.request is None else continue_command(begun)
    return [Heading("Drafted, not applied"), Bullets(items), Code(f"Resume it: {again}")]


def evidence_blocks(evidence: Sequence[Evidence]) -> list[Block]:
    """Return all evidence of an incident, a line each."""
    if not evidence:
        return []
    items = tuple(
        Item(item.summary, label=item.id, note=f"{item.tool}, {item.size_bytes:,} bytes") for item in evidence
    )
    return [Heading("All evidence"), Bullets(items)]
