"""What each tool of the server does: it parses what an agent asks for, calls one use case, and returns the value.

Comes in: an ``Asking``: the program, its arguments, the runs. Goes out: a ``ToolAnswer``. All of it runs in a worker
thread. No use case is written here, and no argument of a call is ever read as an approval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentops.agent.fence import neutral
from agentops.alerts.source import names_target
from agentops.app.apply_pending import apply_pending, own_plan
from agentops.app.audit_tail import audit_tail
from agentops.app.firing_alerts import PREFIX
from agentops.app.investigate import investigate
from agentops.app.policy_explain import Question, explain_plan, explain_question
from agentops.app.propose import Proposed, propose_changes, propose_fix, propose_rollback
from agentops.app.providers import target_schemes
from agentops.app.reading import LastReadings, read
from agentops.app.triage import triage
from agentops.app.visibility import require_visible
from agentops.core.clock import utc_now
from agentops.core.errors import UsageError
from agentops.core.progress import Progress, no_progress
from agentops.core.text import one_line
from agentops.server.answers import ToolAnswer
from agentops.server.documents import (
    investigation_document,
    outcome_document,
    preview_document,
    proposed_document,
    record_document,
    scan_document,
)

if TYPE_CHECKING:
    from agentops.app.mcp_clients import Client
    from agentops.app.serving import Runs
    from agentops.core.approval import Approver

_TAIL = ("tool", "digest", "code", "change", "incident", "status", "error", "evidence", "stage", "passed", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request of one program.

    Arguments:
        arguments: as they came, checked against the tool's schema.
        trace: the W3C trace context of the request; empty without.
        relaying: what a person said through the program, where it was asked; see ``confirming``.
    """

    runs: Runs
    client: Client
    arguments: Mapping[str, Any]
    readings: LastReadings
    trace: str = ""
    progress: Progress = no_progress
    relaying: Approver | None = None

    def text(self, name: str) -> str:
        """Return a text of the arguments; empty when it was not given."""
        return str(self.arguments.get(name) or "")


def read_tool(name: str) -> Callable[[Asking], ToolAnswer]:
    """Return what calls a read tool."""

    def call(asking: Asking) -> ToolAnswer:
        with asking.runs.shared(asking.client, asking.trace) as app:
            found = read(app, name, asking.arguments, asking.readings)
        document: dict[str, Any] = {"text": found.content}
        if found.evidence is not None:
            seen = found.evidence
            document |= {
                "evidence": seen.id,
                "summary": neutral(one_line(seen.summary, 300)),
                "truncated": seen.truncated,
            }
        return ToolAnswer(document=document, text=found.content, is_error=found.is_error, is_clean=True)

    return call


def run_triage(asking: Asking) -> ToolAnswer:
    """Look at what is wrong now."""
    with asking.runs.shared(asking.client, asking.trace) as app:
        return ToolAnswer(document=scan_document(triage(app, asking.arguments.get("target"))))


def run_investigate(asking: Asking) -> ToolAnswer:
    """Take an alert to a finding. Its text is never a file's name: an agent must not read files through us."""
    text = asking.text("alert")
    with asking.runs.own("investigate", asking.client, trace=asking.trace, progress=asking.progress) as app:
        named = names_target(text, target_schemes(app.providers)) or text.startswith(PREFIX)
        found = investigate(app, text if named else "-", lambda: text.encode("utf-8", "replace"))
        return ToolAnswer(document=investigation_document(found))


def run_propose(asking: Asking) -> ToolAnswer:
    """Make a plan that waits for a person.

    Raises:
        UsageError: the call names neither an incident nor changes.
        as ``propose_fix`` and ``propose_changes``.
    """
    incident, changes = asking.text("incident"), asking.arguments.get("changes") or ()
    if not incident and not changes:
        raise UsageError("name an incident, or changes")
    with asking.runs.own("propose", asking.client, trace=asking.trace, progress=asking.progress) as app:
        if incident:
            require_visible(app, incident)
        done = propose_changes(app, changes, asking.text("reason"), incident) if changes else propose_fix(app, incident)
        return _proposed(done, app.services.clock())


def run_rollback(asking: Asking) -> ToolAnswer:
    """Make a plan that takes a change back."""
    with asking.runs.own("rollback", asking.client, trace=asking.trace, progress=asking.progress) as app:
        return _proposed(propose_rollback(app, asking.text("change")), app.services.clock())


def _proposed(done: Proposed, now: Any) -> ToolAnswer:
    return ToolAnswer(document=proposed_document(done, now))


def run_preview(asking: Asking) -> ToolAnswer:
    """Show a plan of this program's."""
    with asking.runs.shared(asking.client, asking.trace) as app:
        return ToolAnswer(document=preview_document(own_plan(app, asking.text("plan_digest")), utc_now()))


def run_apply(asking: Asking) -> ToolAnswer:
    """Run an approved plan.

    Raises:
        as ``apply_pending``; and whatever kept the plan from being applied.
    """
    with asking.runs.own("apply", asking.client, trace=asking.trace, progress=asking.progress) as app:
        result = apply_pending(app, asking.text("plan_digest"), asking.relaying)
    if result.error is not None:
        raise result.error
    return ToolAnswer(document=outcome_document(result))


def run_explain(asking: Asking) -> ToolAnswer:
    """Say what policy says of a change of this program's, or of a plan of its own."""
    with asking.runs.shared(asking.client, asking.trace) as app:
        if asking.text("plan_digest"):
            found = explain_plan(app.settings, own_plan(app, asking.text("plan_digest")).file)
        else:
            question = Question(
                tool=asking.text("tool"),
                target=asking.text("target"),
                principal=f"agent:{asking.client.agent}",
                on_behalf_of=app.user,
                facts=tuple(asking.arguments.get("facts") or ()),
                simulated=app.sandbox is not None,
            )
            found = explain_question(app.settings, question)
    requests = [
        {
            "request": one_line(one.title, 200),
            "allowed": one.ruling.allowed,
            "why": one_line(one.ruling.why, 600),
            "policies": list(one.ruling.policies),
            "approval": one.ruling.obligation.approval.value if one.ruling.allowed else "none can help",
        }
        for one in found.requests
    ]
    return ToolAnswer(document={"allowed": found.allowed, "requests": requests})


def run_audit_tail(asking: Asking) -> ToolAnswer:
    """Show the newest records of this program's own requests."""
    with asking.runs.shared(asking.client, asking.trace) as app:
        found = audit_tail(app.settings, asking.client.name, limit=int(asking.arguments.get("limit") or 20))
    return ToolAnswer(document={"records": [record_document(one, _TAIL) for one in found]})
