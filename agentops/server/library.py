"""The resources and prompts of the server: incidents, findings and plans to read, and openings for common alerts.

Comes in: an address or a prompt's name with arguments. Goes out: plain JSON, or the text of a prompt. It reads what was
kept, as far as the program may see it, and no system.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentops.app.apply_pending import own_plan
from agentops.app.pending import list_pending
from agentops.app.visibility import visible_incident, visible_incidents
from agentops.core.clock import utc_now
from agentops.core.errors import UsageError
from agentops.core.text import one_line
from agentops.server.documents import (
    finding_document,
    pending_document,
    preview_document,
    stored_document,
    summary_document,
)

if TYPE_CHECKING:
    from agentops.app.run import App

Json = dict[str, Any]
SCHEME = "agentops://"
_LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A kind of resource: ``many`` returns the list of it, ``one`` a single one by its name."""

    name: str
    description: str
    many: Callable[[App], Json]
    one: Callable[[App, str], Json]


def _incidents(app: App) -> Json:
    return {"incidents": [summary_document(one) for one in visible_incidents(app, _LISTED)]}


def _incident(app: App, name: str) -> Json:
    return stored_document(visible_incident(app, name))


def _finding(app: App, name: str) -> Json:
    found = visible_incident(app, name)
    return finding_document(found.incident, found.finding)


def _plans(app: App) -> Json:
    name, now = app.client.name if app.client else "", utc_now()
    mine = [one for one in list_pending(app.settings, every=True) if one.asked.client == name]
    return {"plans": [pending_document(one, now) for one in mine[:_LISTED]]}


def _plan(app: App, name: str) -> Json:
    return preview_document(own_plan(app, name), utc_now())


SHELVES = {
    one.name: one
    for one in (
        Shelf(name="incidents", description="What was investigated, newest first.", many=_incidents, one=_incident),
        Shelf(name="findings", description="The root cause of an incident.", many=_incidents, one=_finding),
        Shelf(name="plans", description="Your plans, and how they stand.", many=_plans, one=_plan),
    )
}


def read_resource(app: App, address: str) -> Json:
    """Return what stands behind an address: ``agentops://incidents``, ``agentops://findings/7f3a``.

    Raises:
        UsageError: nothing does, as far as the program may know.
        NotApproved: it is another program's plan.
        StoreError: it cannot be read.
    """
    shelf, _, name = address.removeprefix(SCHEME).partition("/")
    if not address.startswith(SCHEME) or shelf not in SHELVES or "/" in name or len(name) > 120:
        raise UsageError(f"there is no resource {one_line(address, 120)!r}", code="no-such-resource")
    return SHELVES[shelf].one(app, name) if name else SHELVES[shelf].many(app)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPrompt:
    """An opening for one kind of alert. ``wanted`` are its arguments, ``text`` has them in braces."""

    name: str
    description: str
    wanted: tuple[str, ...]
    text: str


_WAY = (
    " Use `investigate` on it, cite the evidence by its ids, and say what was not checked. If a change is proposed, "
    "call `propose_plan` with the incident, show the plan and its approve command to a person, and wait. A refusal is "
    "final."
)
PROMPTS = {
    one.name: one
    for one in (
        AlertPrompt(
            name="alert",
            description="Find the root cause of any alert.",
            wanted=("alert",),
            text="This alert fired: {alert}.",
        ),
        AlertPrompt(
            name="certificate-expiring",
            description="A certificate expires soon.",
            wanted=("namespace", "name"),
            text="The certificate in Secret or Ingress {name} of namespace {namespace} is about to expire.",
        ),
        AlertPrompt(
            name="node-not-ready",
            description="A node is not ready.",
            wanted=("name",),
            text="Node {name} is not ready. Its target is k8s:Node/{name}.",
        ),
        AlertPrompt(
            name="pod-crash-looping",
            description="A container restarts again and again.",
            wanted=("namespace", "name"),
            text="Pod {name} in namespace {namespace} is crash-looping. Its target is k8s:{namespace}/Pod/{name}.",
        ),
        AlertPrompt(
            name="rollout-stuck",
            description="A rollout does not come to its end.",
            wanted=("namespace", "name"),
            text=(
                "The rollout of Deployment {name} in namespace {namespace} does not progress. Its target is "
                "k8s:{namespace}/Deployment/{name}."
            ),
        ),
        AlertPrompt(
            name="target-unhealthy",
            description="A target group of a load balancer has unhealthy targets.",
            wanted=("alarm",),
            text="The alarm cloudwatch:{alarm} fired: targets of a load balancer are unhealthy.",
        ),
        AlertPrompt(
            name="volume-pending",
            description="A claim for a volume is not bound.",
            wanted=("namespace", "name"),
            text=(
                "Claim {name} in namespace {namespace} is pending. Its target is "
                "k8s:{namespace}/PersistentVolumeClaim/{name}."
            ),
        ),
    )
}


def prompt_text(name: str, arguments: Mapping[str, str]) -> str:
    """Return the text of a prompt, with its arguments as one line each.

    Raises:
        UsageError: there is no such prompt, or an argument is missing or unknown.
    """
    prompt = PROMPTS.get(name)
    if prompt is None:
        raise UsageError(f"there is no prompt {one_line(name, 60)!r}", code="no-such-prompt")
    wrong = sorted(set(prompt.wanted) ^ set(arguments))
    if wrong:
        raise UsageError(f"prompt {name} takes {', '.join(prompt.wanted)}: check {one_line(wrong[0], 60)!r}")
    text = prompt.text
    for wanted in prompt.wanted:
        # Not ``format``: braces of an argument are nobody's fields.
        text = text.replace(f"{{{wanted}}}", one_line(str(arguments[wanted]), 300))
    return text + _WAY
