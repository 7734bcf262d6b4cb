"""``Alert``: what fired, in one shape, whoever sent it; and ``Incident``: our record of working on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agentops.core.request import Request
from agentops.core.resource import ResourceRef
from agentops.core.scope import Scope


class Severity(StrEnum):
    """How bad it is, worst first; senders' words are mapped onto these."""

    CRITICAL = "critical"
    HIGH = "high"
    WARNING = "warning"
    INFO = "info"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """0 for the worst; sorts a list with the worst first."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the alert says it is about, before anyone looked: any part may be empty.

    ``kind`` is the provider's word (``Pod``, ``Deployment``, ``Node`` ...) or empty when only a namespace is known.
    ``scheme`` is the provider's, where a person named it (``k8s:shop/Deployment/web``); empty where nobody did.
    """

    namespace: str = ""
    kind: str = ""
    name: str = ""
    container: str = ""
    scheme: str = ""

    @property
    def known(self) -> bool:
        """Whether it names an object, not only a namespace."""
        return bool(self.kind and self.name)

    def __str__(self) -> str:
        return "/".join(part for part in (self.namespace, self.kind, self.name) if part) or "the cluster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert as its sender stated it. Every string in it is untrusted.

    ``source`` is who sent it, as the alert format says (``alertmanager``, ``pagerduty``), or ``resource``
    (``k8s:NS/KIND/NAME``) or ``text``. ``status`` is ``firing`` or ``resolved``; ``state`` is what the sender says
    beyond it: acknowledged, no data, paused, silenced, pending, or unknown where it says nothing. ``purpose`` is for an
    alert that speaks of alerting itself, such as a heartbeat: a sentence that says what it is for. ``from_words``: the
    target was read out of words, or none was, so it is held against the names that exist before it counts.
    ``expression`` is the rule's query, where the alert carries it.
    """

    name: str
    source: str
    status: str = "firing"
    severity: Severity = Severity.UNKNOWN
    summary: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    target: Target = Target()
    fingerprint: str = ""
    runbook_url: str = ""
    state: str = ""
    purpose: str = ""
    expression: str = ""
    from_words: bool = False

    @property
    def is_named(self) -> bool:
        """Whether it is no alert of a monitoring system, but a resource that a person named."""
        return self.source == "resource"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertGroup:
    """What one payload held: the alerts that make one incident, and those left out with the reason for each.

    ``target`` is what the grouped alerts share. ``alerts`` is never empty.
    """

    alerts: tuple[Alert, ...]
    target: Target
    left_out: tuple[tuple[Alert, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lead(self) -> Alert:
        """The alert that names the incident: the worst of those still firing, else the first."""
        return min(self.alerts, key=lambda alert: (alert.status != "firing", alert.severity.rank))


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Our record of working on an alert; ``id`` names its folder in the store.

    ``scopes`` are what the run was pinned to. ``context`` and ``cluster`` are the place and the server of the first of
    them, for scripts, and for incidents that were written before there was more than one. ``request`` is what a person
    asked for in words; then ``group`` says only where it is about.
    """

    id: str
    group: AlertGroup
    opened_at: datetime
    context: str = ""
    namespace: str = ""
    cluster: str = ""
    resource: ResourceRef | None = None
    scopes: tuple[Scope, ...] = ()
    request: Request | None = None

    @property
    def kind(self) -> str:
        """``incident``, or ``request`` or ``question`` where a person asked for something."""
        return "incident" if self.request is None else self.request.kind

    @property
    def short_id(self) -> str:
        """The end of the id, which no other incident of its folder has: ``7f54``; what people type."""
        return short_incident(self.id)

    @property
    def places(self) -> tuple[Scope, ...]:
        """What it was begun on; of an incident of an older version, its cluster."""
        if self.scopes:
            return self.scopes
        options = f"--context {self.context}"
        return (Scope(provider="kubernetes", place=self.context, server=self.cluster, options=options),)


def short_incident(incident_id: str) -> str:
    """Return the end of an incident's id, which no other one of its folder has."""
    return incident_id.rpartition("-")[2]
