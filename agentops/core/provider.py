"""``Provider``: the seam between agentops and a system that it looks at and changes.

A provider is one folder and one line in ``app/providers.py``. What it is made of is declared here; the rest of the
house calls nothing else of it. Three objects, each of which can do no more than it says:

* ``Provider`` knows its tools, its words and its rules. It is made without any I/O and imports no SDK.
* ``Reader`` is pinned to one place (a cluster, an account) and only reads.
* ``Changer`` previews and applies; only the guard is handed one, and only ``guard/apply.py`` and
  ``guard/rollback.py`` call what applies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from agentops.core.alert import Alert, AlertGroup, Target
from agentops.core.analysis import Analysis
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.finding import Problem
from agentops.core.place_identity import PlaceIdentity
from agentops.core.plan import Call, Change, Note, ObjectChange, Preview
from agentops.core.policy import ObjectFacts
from agentops.core.progress import Progress, no_progress
from agentops.core.resource import Home, ResourceRef
from agentops.core.scope import Scope
from agentops.core.tool import Applier, ChangeTool, ReadTool, ToolCall, ToolSpec

SETTLED_LOG_WINDOW_S = 30
"""After a change, log lines older than this tell of the trouble that it cured; a settled sweep leaves them out."""
ONLY = "only"
"""The option that names the providers of a sandbox or a dump; no other one is opened beside them."""
NoRemedy = Callable[[Sequence[Change], ObjectChange], Iterator[str]]
"""Says why what becomes of one object in the end, by these steps, silences an alert and cures nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """That an alert may be about a resource of this provider: named exactly, or guessed, and why (in words).

    ``is_asked``: a person named a resource of it, so it is opened although no setting leads to it.
    """

    exact: bool
    reason: str
    is_asked: bool = False


def nothing_permits(_spec: ToolSpec, _ref: ResourceRef, _arguments: Mapping[str, Any]) -> str:
    """Return why a read is refused where no policy can be asked."""
    return "no policy can be asked here"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderContext:
    """What a run hands to the providers that it opens.

    Arguments:
        options: the settings that name a place, by their names in the settings: ``context``, ``namespace``,
            ``kubeconfig``. A provider reads those that it knows.
        cache: a folder for what may be fetched again.
        clock: the run's time, which a simulated world may send ahead.
        learn: told every credential that the provider uses, so that the redactor hides it wherever it turns up.
        scope_name: stands for the server's address where that changes from run to run: ``sandbox:SCENARIO``.
        redacted: hides the secrets of a text; for what a provider quotes of logs on the disk and the screen.
        beside: where the references of the providers stand that are open already; a witness tells of their resources.
        refusal: why policy refuses one call of a read tool, with these arguments; empty where it permits it. For tools
            that somebody else's server runs.
    """

    options: Mapping[str, Any]
    cache: Path
    clock: Clock
    learn: Callable[[str], None]
    progress: Progress = no_progress
    scope_name: str = ""
    redacted: Callable[[str], str] = str
    beside: tuple[Home, ...] = ()
    refusal: Callable[[ToolSpec, ResourceRef, Mapping[str, Any]], str] = nothing_permits


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One thing that ``agentops doctor`` looked at.

    Arguments:
        state: ``ok`` (it was tried and works), ``untried`` (it is configured; nothing was sent or written), ``warn`` (a
            run works without it) or ``bad``.
    """

    name: str
    state: str
    text: str
    hint: str = ""


class HeldLease(Protocol):
    """A lease in the provider, by which runs with separate homes see each other."""

    @property
    def place(self) -> str:
        """Where it is, in words."""
        ...

    def holder(self, own: str = "") -> str:
        """Return who holds it, in words; empty when nobody does, or the change ``own``.

        Raises:
            ToolError: it cannot be read.
        """
        ...

    def taking(self, change_id: str, seconds: int) -> Call:
        """Return the call that takes it for so many seconds at most.

        Raises:
            ToolError: it cannot be read.
        """
        ...

    def releasing(self) -> Call | None:
        """Return the call that releases it; None when it is not there.

        Raises:
            ToolError: it cannot be read.
        """
        ...

    def send(self, call: Call) -> None:
        """Send one of these calls, which is on record. Only ``guard/lease.py`` may call this.

        Raises:
            AgentopsError: it was refused, or its answer was lost.
        """
        ...


class PlanGrant(Protocol):
    """A short-lived credential for one approved plan, where a setting asks for one: until it is there, and after it was
    given back, nothing of the plan can be sent."""

    @property
    def account(self) -> str:
        """Whose credential it is, in words."""
        ...

    @property
    def place(self) -> str:
        """What is written beside the plan for it, and as whom the plan is sent, in words."""
        ...

    def asking(self, seconds: int, digest: str, previews: Sequence[Preview]) -> Call | None:
        """Return the call that asks for it, for the record; None where nothing of these previews is the account's.

        Arguments:
            previews: those of the plan's steps that touch the provider's own place, here and in ``opening``.

        Raises:
            ToolError: what the credential is for cannot be said.
        """
        ...

    def ask(self, call: Call) -> Mapping[str, str]:
        """Send that call; return what may be recorded of the credential: never itself.

        Raises:
            ToolError: it was refused, or the credential may not do what the plan needs.
        """
        ...

    def opening(self, digest: str, previews: Sequence[Preview]) -> Call | None:
        """Return the call that says to the provider what was approved; None where the provider keeps no such list.

        Raises:
            ToolError: the list cannot be read, or the credential may not do what the plan needs.
        """
        ...

    def closing(self, digest: str) -> Call | None:
        """Return the call that takes this back; None when there is nothing to take back.

        Raises:
            ToolError: it cannot be read.
        """
        ...

    def send(self, call: Call) -> None:
        """Send one of these two calls, which is on record. Only ``guard/grant.py`` may call this.

        Raises:
            AgentopsError: it was refused, or its answer was lost.
        """
        ...

    def give_back(self) -> None:
        """Forget the credential."""
        ...


class Reader(Protocol):
    """One place of a provider, for reading. Nothing that it offers can change anything."""

    @property
    def scope(self) -> Scope:
        """What it is pinned to; the same for the whole run."""
        ...

    def sweep(self, target: Target, *, groups: tuple[str, ...], progress: Progress, settled: bool) -> Any:
        """Read the neighbourhood of a target in parallel, and return the provider's own snapshot.

        Arguments:
            groups: only these groups (namespaces); empty means wherever the target leads.
            settled: after a change: what tells of the time before it is left out, so that it does not count again.

        Raises:
            ToolError: nothing can be read at all; what is missing in part is a gap of the snapshot.
        """
        ...

    def analyze(self, snapshot: Any, alert: Alert | None) -> Analysis:
        """Return what the analyzers say of a snapshot. Pure: nothing is read."""
        ...

    def object_text(self, snapshot: Any, ref: ResourceRef, redacted: Callable[[Any], Any]) -> str:
        """Return a resource as text for the model, from the snapshot; empty where it does not hold it.

        Arguments:
            redacted: hides the secrets of a value; asked before the value becomes text.
        """
        ...

    def log_readings(self, snapshot: Any, problems: Sequence[Problem]) -> Sequence[tuple[ToolCall, Reading]]:
        """Return the log lines of the snapshot that tell about ``problems``, each with the call that would read it."""
        ...

    def alert_readings(self, alert: Alert) -> Sequence[tuple[ToolCall, Reading]]:
        """Return what this place holds of an alert itself: what its own expression comes to.

        Raises:
            ToolError: it cannot be asked.
        """
        ...

    def read_tools(self) -> Sequence[ReadTool]:
        """Return the read tools that work here."""
        ...

    def outline(self) -> Reading:
        """Return what there is in this place, in one short and neutral reading, for a model that is asked something.

        Raises:
            ToolError: the place does not answer.
        """
        ...

    def named(self, target: Target) -> ResourceRef:
        """Return the resource that a person named, exactly: what is not there is never taken for another one.

        Raises:
            UsageError: there is no such resource; the hint says what may have been meant.
            ToolError: the provider cannot be asked.
        """
        ...

    def worded(self, alert: Alert, groups: tuple[str, ...]) -> Target:
        """Return what an alert's words name, as far as it exists; where that cannot be told, what they claim.

        Arguments:
            groups: only these groups (namespaces); empty means all.
        """
        ...

    def canonical(self, ref: ResourceRef, group: str = "") -> ResourceRef:
        """Return the full reference of what a person or a model named loosely (``deploy`` for ``Deployment``).

        Arguments:
            group: where something stands that was named without a group (namespace), and needs one.

        Raises:
            ToolInputError: there is no such kind.
        """
        ...

    def whereabouts(self, ref: ResourceRef) -> str:
        """Return what became of a resource that is gone, in one sentence; empty when it is there.

        Raises:
            ToolError: it cannot be read.
        """
        ...


class Changer(Protocol):
    """One place of a provider, for the guard alone: what previews, what applies, and what is asked before a person."""

    def change_tools(self) -> Mapping[str, ChangeTool]:
        """Return the change tools by name; none of them can write."""
        ...

    def appliers(self) -> Mapping[str, Applier]:
        """Return what applies the previews of each tool."""
        ...

    def missing_permissions(self, preview: Preview) -> tuple[str, ...]:
        """Return what the caller may not do of a preview's calls, as the provider says; empty when all is allowed.

        Raises:
            ToolError: the provider cannot be asked.
        """
        ...

    def notes_on(self, change: Change, preview: Preview) -> tuple[tuple[Note, ...], tuple[str, ...]]:
        """Return the notes of owners on what a change touches, and the resources whose notes could not be read."""
        ...

    def lease(self, group: str, who: str) -> HeldLease | None:
        """Return the lease in a group (namespace), held while a plan runs; None where the provider has none."""
        ...

    def is_unlimited(self) -> bool:
        """Return whether the identity that changes things may do everything here; False in a simulated place.

        Raises:
            ToolError: the provider cannot be asked.
        """
        ...

    def grant(self) -> PlanGrant | None:
        """Return what a plan's own credential is asked for with; None where no setting asks for one."""
        ...


def nothing_to_close() -> None:
    """Do nothing: nothing was started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One provider, opened: to read, and for the guard to change. Both speak to the same place as the same identity.

    ``identity`` proves which place it is; None where nothing does, and then it counts as production. ``close`` ends
    what was started for it, when the run ends.
    """

    provider: Provider
    reader: Reader
    changer: Changer
    identity: PlaceIdentity | None = None
    close: Callable[[], None] = nothing_to_close

    @property
    def home(self) -> Home:
        """Where references stand that name only group, kind and name."""
        scheme, scope = self.provider.scheme, self.reader.scope
        return Home(scheme, scope.place, region=scope.group if scheme == "aws" else "")


class Provider(Protocol):
    """A system that agentops can look at: its tools, words and rules. Making one does no I/O and imports no SDK."""

    @property
    def name(self) -> str:
        """``kubernetes``, ``aws``, ``mcp:NAME``: in records and plans."""
        ...

    @property
    def scheme(self) -> str:
        """The scheme of its resource references and of its named targets: ``k8s``."""
        ...

    @property
    def target_form(self) -> str:
        """How a person names one of its resources: ``k8s:NAMESPACE/KIND/NAME``."""
        ...

    @property
    def title(self) -> str:
        """How people call it: ``Kubernetes``."""
        ...

    @property
    def is_witness(self) -> bool:
        """Whether it only tells of the resources of others: it is opened beside another one, never alone, and a run
        goes on without it."""
        ...

    @property
    def stands_alone(self) -> bool:
        """Whether a run may have nothing but it; what changes anything does. A witness that stands alone (an MCP
        server) is opened after the others, and a run goes on without it."""
        ...

    @property
    def origin(self) -> str:
        """The ``ResourceRef.origin`` of its resources."""
        ...

    def is_configured(self, options: Mapping[str, Any]) -> bool:
        """Return whether the settings lead to a place of it, or it finds one by itself; else it is never opened."""
        ...

    def pinned(self, scope: Scope) -> str:
        """Return what a run is pinned to, in this provider's words: ``context prod, namespace shop, https://…``."""
        ...

    def read_specs(self) -> Sequence[ToolSpec]:
        """Return what its read tools declare."""
        ...

    def change_specs(self) -> Sequence[ToolSpec]:
        """Return what its change tools declare."""
        ...

    def claim(self, group: AlertGroup) -> Claim | None:
        """Return whether an alert may be about one of its resources, and why; None when it is not."""
        ...

    def connect(self, context: ProviderContext) -> Connection:
        """Open one place of it, as the settings say.

        Raises:
            UsageError: the settings name no place, or one that is not there.
            ToolError: it cannot be reached.
        """
        ...

    def identify(self, options: Mapping[str, Any], place: str) -> PlaceIdentity | None:
        """Return what proves which place the settings call ``place``, or lead to where that is empty; nothing is sent.

        None where no place is found, or nothing here can be changed.
        """
        ...

    def no_remedy(self, changes: Sequence[Change], result: ObjectChange) -> Iterator[str]:
        """Yield why what becomes of one object is no remedy here; see ``NoRemedy``."""
        ...

    def object_facts(self, ref: ResourceRef, item: ObjectChange | None) -> ObjectFacts:
        """Return what policy is told of a resource here, and of what becomes of it. Pure: nothing is read."""
        ...

    def describe(self, change: Change) -> str | None:
        """Return what a change does, in words; None where only its arguments say it."""
        ...

    def check_up(self, context: ProviderContext) -> Iterator[CheckResult]:
        """Yield what ``agentops doctor`` tells of it: is it configured, does it answer, may it be read."""
        ...
