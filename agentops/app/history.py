"""The use cases ``history`` and ``show``: what was investigated before, as it was kept; no system is read.

Comes in: settings, the id of an incident or of a run. Goes out: incidents, their evidence, and what the audit log says
of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from agentops.app.changes import outcomes
from agentops.core.alert import Incident, short_incident
from agentops.core.clock import to_iso, utc_now
from agentops.core.commands import command_line
from agentops.core.errors import StoreError, UsageError
from agentops.core.evidence import Evidence
from agentops.core.finding import Finding, Problem
from agentops.core.plan import Change
from agentops.core.request import RequestReply
from agentops.core.scope import sandbox_begun_in
from agentops.core.text import one_line
from agentops.core.usage import Usage
from agentops.store.incidents import IncidentFolder, Incidents

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.core.audit import AuditRecord

_RUN = re.compile(r"\d{8}T\d{4,6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSummary:
    """One line of the history; an incident that cannot be read has verdict ``unreadable``, and why as conclusion.

    ``cause`` is the object and the condition that the finding names, empty where it names none. ``namespace`` is where
    the incident is about. ``kind`` is ``incident``, or ``request`` or ``question``: then ``alert`` is the beginning of
    its words, and ``verdict`` how it stands. ``outcome`` is what the journal knows of its fix: ``fixed``,
    ``rolled-back``, or empty.
    """

    id: str
    short_id: str
    opened_at: str
    alert: str
    target: str
    verdict: str
    conclusion: str
    cause: str = ""
    condition: str = ""
    namespace: str = ""
    kind: str = "incident"
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The newest incidents, and how many there are in all."""

    newest: tuple[IncidentSummary, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIncident:
    """An incident as it was kept; ``drafts`` were drafted and not carried out; ``reply`` is that to a request."""

    incident: Incident
    finding: Finding | None
    evidence: tuple[Evidence, ...]
    problems: tuple[Problem, ...]
    usage: Usage | None
    drafts: tuple[Change, ...]
    reply: RequestReply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeEvidence:
    """One piece of evidence with its whole text."""

    incident: str
    evidence: Evidence
    body: str


def list_incidents(settings: Settings, limit: int, namespace: str = "") -> History:
    """Return the newest ``limit`` incidents.

    Arguments:
        namespace: only those that are about this one; empty for all.

    Raises:
        StoreError: the folder cannot be listed.
    """
    folders = _store(settings).list()
    if not namespace:
        return History(newest=_with_outcomes(settings, map(summary_of, folders[:limit])), total=len(folders))
    found = [one for one in map(summary_of, folders) if one.namespace == namespace]
    return History(newest=_with_outcomes(settings, found[:limit]), total=len(found))


def _with_outcomes(settings: Settings, found: Iterable[IncidentSummary]) -> tuple[IncidentSummary, ...]:
    """Return the incidents with what became of their fixes; a request's reply says that itself."""
    try:
        known = outcomes(settings)
    except StoreError:
        # A list of incidents is of use without it; agentops changes says what is wrong with the journal.
        known = {}
    return tuple(replace(one, outcome=known.get(one.id, "")) if one.kind == "incident" else one for one in found)


def last_incident(settings: Settings) -> IncidentSummary | None:
    """Return the newest incident that was begun for an alert; a request or a question is none to fix."""
    every = map(summary_of, _store(settings).list())
    return next((one for one in every if one.kind == "incident"), None)


def sandbox_of(settings: Settings, incident: str) -> tuple[str, str | None]:
    """Return the sandbox scenario that an incident was begun in (empty for a real place), and the context chosen there.

    Raises:
        UsageError: there is no such incident, or several begin or end so.
        StoreError: it cannot be read.
    """
    return sandbox_begun_in(_folder(settings, incident).incident.places)


def stored_incident(settings: Settings, wanted: str | None) -> StoredIncident:
    """Return an incident by its id or the beginning of it; None means the last one.

    Raises:
        UsageError: there is none, or several begin so.
        StoreError: it cannot be read.
    """
    folder = _folder(settings, wanted)
    return StoredIncident(
        incident=folder.incident,
        finding=folder.finding(),
        evidence=folder.all(),
        problems=folder.problems(),
        usage=folder.usage(),
        drafts=folder.drafts(),
        reply=folder.reply(),
    )


def whole_evidence(settings: Settings, wanted: str | None, name: str) -> WholeEvidence:
    """Return one piece of evidence of an incident, with its whole text.

    Raises:
        UsageError: there is no such incident, or no such evidence in it.
    """
    folder = _folder(settings, wanted)
    entry = next((item for item in folder.all() if item.id.lower() == name.lower()), None)
    if entry is None:
        raise UsageError(
            f"{folder.id} has no evidence {one_line(name, 40)!r}",
            hint=f"See them all: {command_line('show', short_incident(folder.id))}",
        )
    return WholeEvidence(incident=folder.id, evidence=entry, body=folder.body(entry.id))


def is_run_id(text: str | None) -> bool:
    """Return whether ``text`` is a run's id or the beginning of one, and so no incident's."""
    return text is not None and _RUN.match(text) is not None


def timeline(settings: Settings, wanted: str | None) -> tuple[AuditRecord, ...]:
    """Return what the audit log says of one run, or of the runs that worked on an incident.

    Arguments:
        wanted: a run's id or an incident's, or the beginning of one; None means the last incident.

    Raises:
        UsageError: there is no such incident, or the log says nothing of it.
        AuditError: the log cannot be read.
    """
    from agentops.audit.read import Query, read_records

    if wanted is not None and is_run_id(wanted):
        what = f"run {wanted}"
        found = tuple(read_records(settings.folders.audit, Query(run=wanted)))
    else:
        incident = _folder(settings, wanted).id
        what = f"incident {incident}"
        # Read twice: a log may be larger than memory.
        every = partial(read_records, settings.folders.audit, Query())
        runs = {record.run for record in every() if incident in _incidents_of(record)}
        found = tuple(record for record in every() if record.run in runs)
    if not found:
        raise UsageError(
            f"the audit log has no records of {one_line(what, 80)}", hint="agentops audit log lists the runs."
        )
    return found


def _incidents_of(record: AuditRecord) -> tuple[Any, ...]:
    """Return the incidents that a record names; a run that took one up again names it in its plans alone."""
    intent = (record.payload.get("plan") or {}).get("intent") or {}
    return record.payload.get("incident"), intent.get("incident")


def _store(settings: Settings) -> Incidents:
    return Incidents(settings.folders.incidents, utc_now)


def _folder(settings: Settings, wanted: str | None) -> IncidentFolder:
    store = _store(settings)
    folder = store.latest() if wanted is None else store.open(wanted)
    if folder is None:
        raise UsageError("there are no incidents yet", hint="Try: agentops investigate --sandbox")
    return folder


def summary_of(folder: IncidentFolder) -> IncidentSummary:
    """Return an incident's line of the history; one that cannot be read has one too."""
    try:
        incident, finding = folder.incident, folder.finding()
        if incident.request is not None:
            return _summary_of_request(incident, folder.reply())
    except StoreError as error:
        return IncidentSummary(
            id=folder.id,
            short_id=short_incident(folder.id),
            opened_at="",
            alert="",
            target="",
            verdict="unreadable",
            conclusion=error.message,
        )
    cause = finding.cause if finding else None
    target = incident.group.target
    return IncidentSummary(
        id=folder.id,
        short_id=incident.short_id,
        opened_at=to_iso(incident.opened_at),
        alert=incident.group.lead.name,
        target=str(target),
        verdict=finding.verdict.value if finding else "open",
        conclusion=finding.conclusion if finding else "no finding yet",
        cause=cause.resource.short if cause else "",
        condition=cause.condition if cause else "",
        namespace=target.namespace or (cause.resource.namespace if cause else "") or incident.namespace,
    )


def _summary_of_request(incident: Incident, reply: RequestReply | None) -> IncidentSummary:
    return IncidentSummary(
        id=incident.id,
        short_id=incident.short_id,
        opened_at=to_iso(incident.opened_at),
        alert=incident.group.lead.name,
        target=str(incident.group.target),
        verdict=reply.standing if reply else "open",
        conclusion=reply.because or reply.text if reply else "no reply yet",
        namespace=incident.namespace,
        kind=incident.kind,
    )
