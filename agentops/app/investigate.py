"""The use cases: what agentops does, step by step, with every part handed in.

Comes in: services (made by the composition root) and what the user wants. Goes out: a value that says what was found.
Each step is in the audit chain before the next one depends on it. Nothing here can change a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agentops.app.connections import Connections
from agentops.app.first_evidence import MOST_PROBLEMS, keep_alert, keep_logs, keep_problems
from agentops.app.look import Sighting, sweep_and_rank, symptoms_of
from agentops.app.services import Conversation, Investigation, Scan, Services
from agentops.core.alert import AlertGroup, Incident, Target
from agentops.core.errors import Interrupted, ModelError
from agentops.core.evidence import Evidence
from agentops.core.finding import Finding, Problem
from agentops.core.jsonable import from_json, to_json
from agentops.core.progress import Stage, Step
from agentops.core.scope import options_to
from agentops.core.text import one_line
from agentops.core.usage import Usage

if TYPE_CHECKING:
    from agentops.agent.model import Model
    from agentops.agent.result import LoopResult
    from agentops.agent.toolbox import Toolbox
    from agentops.store.incidents import IncidentFolder

_RESUMED = "The run was interrupted and goes on now. Everything was read again; this is what it looks like."


def triage(services: Services, about: AlertGroup | None) -> Scan:
    """Sweep, analyze and rank, without a model and without an incident.

    Raises:
        ToolError: no provider can be reached.
        AuditError: the chain cannot be written.
    """
    from agentops.triage.conclusion import conclude

    begun = services.monotonic()
    target = Target() if about is None else about.target
    seen = sweep_and_rank(services, services.connector.for_alert(about), target, None)
    ranking, read = seen.ranking, seen.outline
    finding = conclude(ranking, [""] * len(ranking.problems))
    services.audit.append("triage", _outline(seen, ()))
    return Scan(
        context=read.place,
        namespaces=read.groups,
        problems=ranking.problems,
        finding=finding,
        counts=read.counts,
        gaps=tuple((gap.what, gap.reason) for gap in read.gaps),
        wall_s=services.monotonic() - begun,
    )


def investigate(services: Services, group: AlertGroup) -> Investigation:
    """Take an alert to a finding with cited evidence.

    Raises:
        ToolError: no provider can be reached, so there is nothing to look at.
        Interrupted: Ctrl-C; what was found so far is saved, and the hint says how to go on.
        AuditError, StoreError: what must be kept cannot be kept.
    """
    try:
        # Connecting teaches the redactor the cluster's credentials, so it comes before anything is kept or shown.
        connections = services.connector.for_alert(group)
    finally:
        # Secrets reach neither the disk nor the model: from here on, only the redacted alert exists.
        group = from_json(AlertGroup, services.redactor.value(to_json(group)))
        services.audit.append("alert", {"group": to_json(group)})
    services.progress(Step(stage=Stage.ALERT, text=f"{group.lead.name}: {group.target}"))
    folder = services.incidents.create(group, connections.scopes, group.target.namespace)
    return _interruptible(services, folder, lambda: _investigate(services, group, connections, folder))


def resume(services: Services, folder: IncidentFolder) -> Investigation:
    """Go on with an interrupted investigation: the same incident, a fresh sweep, the conversation continued.

    Raises:
        as ``investigate``.
    """
    group = folder.incident.group
    services.audit.append("resume", {"incident": folder.id})
    connections = services.connector.for_scopes(folder.incident.places)
    return _interruptible(services, folder, lambda: _investigate(services, group, connections, folder))


def way_back(incident: Incident) -> str:
    """Return the command that goes on with an incident on the cluster that it was begun on."""
    return f"agentops investigate --resume {incident.id} {options_to(incident.places)}"


def _interruptible(services: Services, folder: IncidentFolder, work: Callable[[], Investigation]) -> Investigation:
    try:
        return work()
    except KeyboardInterrupt:
        services.audit.append("interrupted", {"incident": folder.id})
        stopped = Interrupted(
            f"interrupted; what was found so far is kept in incident {folder.id}",
            hint=f"Go on with it: agentops investigate --resume {folder.id}{services.resume_flags}",
        )
        stopped.incident = folder.id
        raise stopped from None


def _investigate(
    services: Services, group: AlertGroup, connections: Connections, folder: IncidentFolder
) -> Investigation:
    from agentops.triage.conclusion import conclude

    begun = services.monotonic()
    seen = sweep_and_rank(services, connections, group.target, group.lead)
    ranking = seen.ranking
    toolbox = _toolbox(services, connections, folder)
    evidence = keep_problems(services, toolbox, seen)
    folder.save_problems(ranking.problems)
    symptoms = symptoms_of(ranking)
    folder.save_symptoms(symptoms)
    services.audit.append("triage", _outline(seen, evidence) | {"incident": folder.id})
    ids = [item.id for item in evidence] + [""] * (len(ranking.problems) - len(evidence))
    finding = conclude(ranking, ids)
    finding = replace(finding, evidence=tuple(filter(None, finding.evidence)))
    usage, failed, conversation = Usage(), None, None
    # Kept before the model is asked: whoever interrupts it still has the answer that was there already.
    folder.save_finding(finding)
    if services.model is not None:
        try:
            result = _think(services, services.model, group, seen, evidence, toolbox, folder)
            usage = result.usage
            finding = _noted(_believed(services, result.finding, finding), ranking.problems)
            conversation = Conversation(
                messages=result.messages,
                toolbox=toolbox,
                folder=folder,
                context=connections.lead.place,
                drafted=result.drafted,
            )
            folder.save_drafts(result.drafted)
        except ModelError as error:
            failed, usage = error, folder.usage() or usage
            services.audit.append("model_failed", {"code": error.code, "message": one_line(error.message, 300)})
    usage = replace(usage, wall_s=round(services.monotonic() - begun, 3))
    folder.save_finding(finding)
    folder.save_usage(usage)
    services.audit.append("finding", {"incident": folder.id, "finding": to_json(finding)})
    return Investigation(
        incident=folder.incident,
        finding=finding,
        problems=ranking.problems,
        evidence=folder.all(),
        usage=usage,
        model_error=failed,
        conversation=conversation,
        symptoms=symptoms,
    )


def _believed(services: Services, answer: Finding | None, triage_finding: Finding) -> Finding:
    """Return the model's finding when what it cites was observed; else triage's stands.

    Raises:
        ModelError: the answer is not supported; it says what the model said.
    """
    if answer is None or answer.supported:
        return answer or triage_finding
    services.audit.append("finding_unsupported", {"finding": to_json(answer)})
    raise ModelError(
        f"its answer is not supported by evidence that was observed: {one_line(answer.conclusion, 600)}",
        hint="Do not act on that answer. Look at what it says, or run it again.",
        code="model-unsupported",
    )


def _noted(finding: Finding, problems: Sequence[Problem]) -> Finding:
    """Return the finding with what owners wrote on its cause, whoever found that."""
    resource = finding.cause.resource if finding.cause is not None else None
    notes = dict.fromkeys(note for one in problems if one.resource == resource for note in one.notes)
    return replace(finding, notes=tuple(notes))


def _toolbox(services: Services, connections: Connections, folder: IncidentFolder) -> Toolbox:
    from agentops.agent.fence import Fence
    from agentops.agent.toolbox import Toolbox

    return Toolbox(
        tuple(tool for reader in connections.readers for tool in reader.read_tools()),
        store=folder,
        redactor=services.redactor,
        audit=services.audit,
        progress=services.progress,
        fence=Fence(services.nonce),
        monotonic=services.monotonic,
        excerpt_chars=services.excerpt_chars,
        fingerprint=services.fingerprint,
        drafting=services.drafting(connections)
        if services.drafting is not None and services.model is not None
        else None,
    )


def _think(
    services: Services,
    model: Model,
    group: AlertGroup,
    seen: Sighting,
    evidence: Sequence[Evidence],
    toolbox: Toolbox,
    folder: IncidentFolder,
) -> LoopResult:
    """Let the model take over from triage; an earlier conversation is continued, not begun anew.

    Raises:
        ModelError: the model could not be used to the end.
        KeyboardInterrupt: the user stopped it.
    """
    from agentops.agent.briefing import briefing
    from agentops.agent.loop import investigate
    from agentops.agent.result import Stop

    problems = seen.ranking.problems
    earlier = folder.transcript()
    known = (*evidence, *keep_logs(toolbox, seen), keep_alert(toolbox, group))
    opening = briefing(group, seen.outline, problems, known, toolbox.fence)
    if earlier:
        opening = f"{_RESUMED}\n\n{opening}"
    result = investigate(
        model=model,
        toolbox=toolbox,
        opening=opening,
        context=seen.swept[0].reader.scope.place,
        limits=services.limits,
        progress=services.progress,
        monotonic=services.monotonic,
        resume=earlier,
        keep=folder.append_messages,
    )
    folder.save_usage(result.usage)
    if result.stop is Stop.INTERRUPTED:
        raise KeyboardInterrupt
    if result.error is not None:
        raise result.error
    return result


def _outline(seen: Sighting, evidence: Sequence[Evidence]) -> dict[str, Any]:
    """Return what the audit chain keeps of a sweep: what was read, what was not, and what was found."""
    problems, read = seen.ranking.problems, seen.outline
    ids = [item.id for item in evidence] + [""] * (len(problems) - len(evidence))
    return {
        "context": read.place,
        "namespaces": list(read.groups),
        "read": dict(read.counts),
        "not_read": [{"what": gap.what, "reason": one_line(gap.reason, 200)} for gap in read.gaps],
        "problems": [
            {"resource": str(problem.resource), "condition": problem.condition, "evidence": name}
            for problem, name in zip(problems, ids, strict=True)
        ][:MOST_PROBLEMS],
        "problem_count": len(problems),
    }
