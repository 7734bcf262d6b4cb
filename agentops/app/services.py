"""``App``, the wired services of a run, and the values that the use cases return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agentops.core.alert import Incident
from agentops.core.clock import Clock
from agentops.core.errors import AgentopsError, ExitCode, ModelError
from agentops.core.evidence import Evidence, Redactor
from agentops.core.finding import Cause, Finding, Problem, Verdict
from agentops.core.plan import Change
from agentops.core.progress import Progress
from agentops.core.resource import Home
from agentops.core.usage import Limits, Usage

if TYPE_CHECKING:
    from agentops.agent.drafting import Drafting
    from agentops.agent.model import Model
    from agentops.agent.toolbox import Toolbox
    from agentops.app.connections import Connections, Connector
    from agentops.core.audit import AuditLog
    from agentops.store.incidents import IncidentFolder, Incidents


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedChange:
    """A change that did not become part of a plan, and why."""

    change: Change
    error: AgentopsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the use cases work with.

    ``model`` is None for a run without one. ``connector`` opens the providers that a run is about. ``monotonic``
    measures durations. ``nonce`` marks the fences round untrusted text. ``resume_flags`` are the options that lead a
    later run to the same places. ``groups`` (namespaces) narrow the sweep; empty means wherever the alert leads, or
    everywhere. ``fingerprint`` is of a call's arguments before redaction, for its record. ``refused_changes`` collects
    what the model wanted to draft and policy refused, so that the run can end with that. ``disabled_tools`` are the
    names of those that a setting switches off.
    """

    audit: AuditLog
    incidents: Incidents
    redactor: Redactor
    clock: Clock
    monotonic: Callable[[], float]
    progress: Progress
    limits: Limits
    excerpt_chars: int
    connector: Connector
    nonce: str
    resume_flags: str = ""
    groups: tuple[str, ...] = ()
    model: Model | None = None
    drafting: Callable[[Connections], Drafting | None] | None = None
    fingerprint: Callable[[Any], str] | None = None
    refused_changes: list[RefusedChange] = field(default_factory=list)
    disabled_tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProblem:
    """A problem by what stays the same from scan to scan: the object, without the place, and its condition."""

    resource: str
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a triage sweep found: problems with the best explanation first, and an outline of what was read.

    ``is_unexplained``: nothing explains the object that was named, or too little was read to tell; which is not
    "nothing is wrong". ``observed_at``
    is when it was looked at, or when what was saved of a cluster was. ``known`` are the problems that a baseline has
    already and ``gone`` what it has besides; both are left out of ``problems``, as is what a filter leaves out
    (``hidden`` of them). ``unasked`` says for each provider of which nothing could be read why that is.
    ``everything`` is what was looked at where ``namespaces`` is empty, in words.
    """

    context: str
    namespaces: tuple[str, ...]
    problems: tuple[Problem, ...]
    finding: Finding
    counts: Mapping[str, int]
    gaps: tuple[tuple[str, str], ...]
    wall_s: float
    observed_at: datetime
    is_unexplained: bool = False
    known: tuple[Problem, ...] = ()
    gone: tuple[KnownProblem, ...] = ()
    hidden: int = 0
    unasked: tuple[str, ...] = ()
    everything: str = "all namespaces"

    @property
    def status(self) -> str:
        """What was found, in one word for scripts: ``found``, ``undetermined``, or ``done`` (nothing is wrong)."""
        if any(problem.is_wrong for problem in self.problems):
            return "found"
        return "undetermined" if self.is_unexplained else "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation that can be gone on with: what was said, the toolbox, and the changes that were drafted in it."""

    messages: tuple[Mapping[str, Any], ...]
    toolbox: Toolbox
    folder: IncidentFolder
    home: Home
    drafted: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Investigation:
    """What an investigation came to.

    ``model_error`` is what went wrong with the model when the finding had to come from triage alone. ``conversation``
    is the conversation with the model, where there was one. ``symptoms`` is what triage saw wrong with the alert's
    target. ``drafts`` are changes that an earlier run drafted and did not carry out; ``stored``: it comes from the
    store.
    """

    incident: Incident
    finding: Finding
    problems: tuple[Problem, ...]
    evidence: tuple[Evidence, ...]
    usage: Usage
    model_error: ModelError | None = None
    conversation: Conversation | None = None
    symptoms: tuple[Cause, ...] = ()
    drafts: tuple[Change, ...] = ()
    stored: bool = False

    @property
    def status(self) -> str:
        """How it ended, in one word for scripts: ``done`` (nothing is wrong), ``found``, ``undetermined``,
        ``degraded``."""
        if self.model_error is not None:
            return "degraded"
        if self.finding.verdict in (Verdict.RECOVERED, Verdict.NO_PROBLEM):
            return "done"
        # "Undetermined" is not "nothing is wrong": a script must be able to tell them apart.
        return "undetermined" if self.finding.verdict is Verdict.UNDETERMINED else "found"

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that says how it ended; that something was found is no error."""
        return ExitCode.DONE if self.model_error is None else ExitCode.ERROR
