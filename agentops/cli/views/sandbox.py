"""A served sandbox as a page and as JSON: what it is, where it is, and the options that lead to it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from agentops.cli.report import Block, Code, Heading, Pairs, Paragraph, Tone
from agentops.cli.times import age_of
from agentops.core.commands import command_line, quoted

if TYPE_CHECKING:
    from agentops.app.served_sandboxes import ServedSandbox


def served_blocks(found: ServedSandbox, now: datetime) -> list[Block]:
    """Return where the sandbox that runs in the background is, and what to type to use it."""
    if not found.url:
        return [Paragraph(f"The sandbox {found.scenario} is starting (pid {found.pid}); its log: {found.log}")]
    words = ("--kubeconfig", found.kubeconfig, "--context", found.context)
    rows = (
        ("for", age_of(found.since, now)),
        ("pid", str(found.pid)),
        ("server", found.url),
        ("contexts", ", ".join(map(str, found.document.get("contexts", ())))),
        ("log", str(found.log)),
    )
    return [
        Heading(f"The sandbox {found.scenario} is running", Tone.GOOD),
        Pairs(rows),
        Code(f"{command_line('triage', *words)}\nexport KUBECONFIG={quoted(found.kubeconfig)}\nagentops sandbox down"),
    ]


def served_document(found: ServedSandbox) -> dict[str, Any]:
    """Return the envelope's parts of the sandbox that runs in the background."""
    named = {name: found.document.get(name) for name in ("kubeconfig", "context", "contexts", "url", "alert")}
    return named | {"scenario": found.scenario, "pid": found.pid, "since": found.since, "log": str(found.log)}
