"""The use case ``investigate``: from an alert to a finding with cited evidence, kept as an incident.

Comes in: a run, and an alert or the id of an interrupted incident. Goes out: an ``Investigation``. Each step is in the
audit log before the next one depends on it. Nothing here can change a cluster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from agentops.app.connections import Connections
from agentops.app.firing_alerts import PREFIX, fetch_for
from agentops.app.investigating.first_evidence import keep_alert_readings, keep_problems, keep_readings
from agentops.app.investigating.model_part import ModelAnswer, ask_model, toolbox_for
from agentops.app.look import Sighting, exact_target, guess_of, sweep_and_rank, sweep_record, symptoms_of, worded_target
from agentops.app.providers import target_schemes
from agentops.app.services import Investigation, Services
from agentops.app.stored_incident import connect_again, require_incident
from agentops.core.alert import AlertGroup, short_incident
from agentops.core.commands import command_line
from agentops.core.errors import AlertError, Interrupted, UsageError
from agentops.core.evidence import Evidence
from agentops.core.finding import Confidence, Finding, Verdict
from agentops.core.jsonable import from_json, to_json
from agentops.core.progress import Stage, Step
from agentops.core.text import one_line
from agentops.core.usage import Usage

if TYPE_CHECKING:
    from agentops.agent.toolbox import Toolbox
    from agentops.app.run import App
    from agentops.store.incidents import IncidentFolder


def investigate(app: App, argument: str | None, read_stdin: Callable[[], bytes]) -> Investigation:
    """Take an alert to a finding with cited evidence.

    Arguments:
        argument: a file, ``-``, a target or words; None means the sandbox scenario's own alert.
        read_stdin: returns what ``-`` stands for.

    Raises:
        AlertError: the alert cannot be read; the refusal is in the audit log.
        UsageError: it names a resource that is not there; what resembles it is not looked at instead.
        ToolError: no provider can be reached, so there is nothing to look at.
        Interrupted: Ctrl-C; what was found so far is saved, and the hint says how to go on.
        AuditError, StoreError: what must be kept cannot be kept.
    """
    services = app.services
    group = _read_alert(app, argument, read_stdin)
    try:
        # Connecting teaches the redactor the cluster's credentials, so it comes before anything is kept or shown.
        connections = services.connector.for_alert(group)
    finally:
        # Secrets reach neither the disk nor the model: from here on, only the redacted alert exists.
        group = from_json(AlertGroup, services.redactor.value(to_json(group)))
        services.audit.append("alert", {"group": to_json(group)})
    try:
        group = worded_target(connections, exact_target(connections, group), services.groups)
    except UsageError as error:
        services.audit.append("alert_refused", {"code": error.code, "why": one_line(error.message, 300)})
        raise
    services.progress(Step(stage=Stage.ALERT, text=f"{group.lead.name}: {group.target}"))
    folder = services.incidents.create(group, connections.scopes, group.target.namespace)
    return _worked(app, folder, lambda: _find_cause(services, group, connections, folder))


def resume(app: App, incident: str) -> Investigation:
    """Go on with an interrupted investigation: the same incident, a fresh sweep, the conversation continued.

    Raises:
        UsageError: no such incident, it already has a finding, or it was begun in another place.
        as ``investigate``.
    """
    services = app.services
    folder = services.incidents.open(incident)
    require_incident(folder.incident)
    finding = folder.finding()
    if finding is not None and finding.by != "triage":
        raise UsageError(
            f"incident {folder.id} already has a finding",
            hint=f"See it: {command_line('show', short_incident(folder.id))}",
        )
    connections = connect_again(app, folder.incident)
    services.audit.append("resume", {"incident": folder.id})
    group = folder.incident.group
    return _worked(app, folder, lambda: _find_cause(services, group, connections, folder))


def _read_alert(app: App, argument: str | None, read_stdin: Callable[[], bytes]) -> AlertGroup:
    from agentops.alerts.source import read_alert

    if argument is None and app.sandbox is not None:
        own_alert = json.dumps(app.sandbox.alert_payload).encode()
        argument, read_stdin = "-", lambda: own_alert
    schemes = target_schemes(app.providers)
    try:
        if argument is not None and argument.startswith(PREFIX) and argument != PREFIX:
            fetched = fetch_for(app, argument)
            argument, read_stdin = "-", lambda: fetched
        return read_alert(argument or "", stdin=read_stdin, now=app.services.clock(), schemes=schemes)
    except AlertError as error:
        app.log.append("alert_refused", {"code": error.code, "why": one_line(error.message, 300)})
        raise


def _worked(app: App, folder: IncidentFolder, work: Callable[[], Investigation]) -> Investigation:
    """Do the work on an incident; Ctrl-C ends it with the command that goes on with it."""
    services = app.services
    try:
        found = work()
    except KeyboardInterrupt:
        services.audit.append("interrupted", {"incident": folder.id})
        stopped = Interrupted(
            f"interrupted; what was found so far is kept in incident {folder.id}",
            hint=f"Resume it: {command_line('investigate', '--resume', folder.id)}{services.resume_flags}",
        )
        stopped.incident = folder.id
        raise stopped from None
    app.finish(found.status, found.exit_code)
    return found


def _find_cause(
    services: Services, group: AlertGroup, connections: Connections, folder: IncidentFolder
) -> Investigation:
    """Sweep and rank, then let the model take over, if there is one; the incident's folder always holds an answer."""
    begun = services.monotonic()
    about_alerting = _about_alerting(group)
    if about_alerting is not None:
        return _without_looking(services, folder, about_alerting)
    seen = sweep_and_rank(services, connections, group.target, group.lead)
    toolbox = toolbox_for(services, connections, folder)
    evidence, finding = _triage_finding(services, seen, toolbox, folder)
    looked_at = keep_readings(toolbox, seen)
    measured, missing = keep_alert_readings(toolbox, seen, group.lead)
    finding = _with_measured(replace(finding, not_checked=(*finding.not_checked, *missing)), measured)
    answer = ModelAnswer(finding=finding)
    if services.model is not None:
        known = (*evidence, *measured, *looked_at)
        answer = ask_model(services, services.model, group, seen, known, toolbox, folder, finding)
    usage = replace(answer.usage, wall_s=round(services.monotonic() - begun, 3))
    found = replace(
        _kept_back(answer.finding, seen.ranking.unread), guess=guess_of(seen.ranking.target, seen.ranking.alert)
    )
    folder.save_finding(found)
    folder.save_usage(usage)
    services.audit.append("finding", {"incident": folder.id, "finding": to_json(found)})
    return Investigation(
        incident=folder.incident,
        finding=found,
        problems=seen.ranking.problems,
        evidence=folder.all(),
        usage=usage,
        model_error=answer.error,
        conversation=answer.conversation,
        symptoms=symptoms_of(seen.ranking),
    )


def _kept_back(finding: Finding, unread: Sequence[str]) -> Finding:
    """Return a finding that does not say that all is well where what that takes was not read, whoever concludes it."""
    if not unread or finding.verdict not in (Verdict.NO_PROBLEM, Verdict.RECOVERED):
        return finding
    warning = f"Whether all is well could not be judged; not read in full: {', '.join(unread[:6])}."
    return replace(
        finding, verdict=Verdict.UNDETERMINED, confidence=Confidence.LOW, warnings=(*finding.warnings, warning)
    )


def _with_measured(finding: Finding, measured: Sequence[Evidence]) -> Finding:
    """Return triage's finding with what the alert's expression says, where nothing surely explains the alert."""
    unexplained = (Verdict.UNDETERMINED, Verdict.NO_PROBLEM, Verdict.RECOVERED)
    if not measured or not (finding.verdict in unexplained or finding.confidence is Confidence.LOW):
        return finding
    said = "; ".join(one.summary for one in measured)
    return replace(
        finding,
        conclusion=f"{finding.conclusion} Measured: {said}.",
        evidence=(*finding.evidence, *(one.id for one in measured)),
    )


def _about_alerting(group: AlertGroup) -> Finding | None:
    """Return the answer to an alert that speaks of alerting itself; None for all that may have a cause to look for.

    A heartbeat is no sign of trouble, whatever it is labelled with. A rule without data tells nothing of the cluster,
    but the object that it names may be gone, so that is looked at.
    """
    lead = group.lead
    if not lead.purpose or (lead.state and (group.target.known or group.target.namespace)):
        return None
    if not lead.state:
        words = f"{lead.purpose}: there is nothing to investigate."
        return Finding(verdict=Verdict.NO_PROBLEM, conclusion=words, confidence=Confidence.HIGH, by="triage")
    words = f"{lead.purpose}. It names no object of the cluster, so nothing was looked at."
    step = "Look at the rule's query and at its data source first."
    return Finding(
        verdict=Verdict.UNDETERMINED, conclusion=words, confidence=Confidence.LOW, by="triage", next_steps=(step,)
    )


def _without_looking(services: Services, folder: IncidentFolder, finding: Finding) -> Investigation:
    """Keep an answer that needs no look at the cluster."""
    usage = Usage()
    folder.save_problems(())
    folder.save_symptoms(())
    folder.save_finding(finding)
    folder.save_usage(usage)
    services.audit.append("finding", {"incident": folder.id, "finding": to_json(finding)})
    return Investigation(incident=folder.incident, finding=finding, problems=(), evidence=(), usage=usage)


def _triage_finding(
    services: Services, seen: Sighting, toolbox: Toolbox, folder: IncidentFolder
) -> tuple[tuple[Evidence, ...], Finding]:
    """Keep what triage saw as evidence, and return it with the finding that triage makes of it."""
    from agentops.triage.conclusion import conclude

    problems = seen.ranking.problems
    evidence = keep_problems(services, toolbox, seen)
    folder.save_problems(problems)
    folder.save_symptoms(symptoms_of(seen.ranking))
    services.audit.append("triage", sweep_record(seen, evidence) | {"incident": folder.id})
    ids = [item.id for item in evidence] + [""] * (len(problems) - len(evidence))
    finding = conclude(seen.ranking, ids)
    cited = tuple(filter(None, finding.evidence))
    finding = replace(finding, evidence=cited, guess=guess_of(seen.ranking.target, seen.ranking.alert))
    # Kept before the model is asked: whoever interrupts it still has the answer that was there already.
    folder.save_finding(finding)
    return evidence, finding
