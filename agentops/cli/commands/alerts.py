"""``agentops alerts``: which alerts fire now, and on a terminal one of them to investigate."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.commands.investigate import investigate
from agentops.cli.options import Common, Output, limit_option, with_common
from agentops.cli.result import Result
from agentops.core.clock import utc_now

if TYPE_CHECKING:
    from agentops.app.firing_alerts import FiringAlerts

HELP = """List the alerts that fire, and pick one to investigate.

They come from Alertmanager: set alertmanager_url in config.toml, or AGENTOPS_ALERTMANAGER_URL. On a terminal you are
asked which one to investigate; --no-input only lists them.
"""
EPILOG = """\b
Examples:
  agentops alerts
  agentops alerts --namespace shop --no-input
  agentops alerts -l 5 --output json
  agentops investigate alertmanager:KubePodCrashLooping
"""
_NONE = "none"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("alerts", help=HELP, epilog=EPILOG)(with_common(alerts, ("context", "namespace", "kubeconfig")))


def alerts(options: Common, limit: Annotated[int, limit_option("Maximum number to list.")] = 20) -> Result:
    """List what fires, and let a person at a terminal pick one."""
    from agentops.app.firing_alerts import PREFIX, firing_alerts
    from agentops.cli.views.firing_alerts import firing_blocks, firing_document

    namespace = options.namespace or ""
    found = firing_alerts(options.settings(), limit, namespace)
    picked = _picked(options, found)
    if picked:
        # The alert says which namespace it is about; the filter of the list must not narrow the search for its cause.
        return investigate(replace(options, namespace=None), f"{PREFIX}{picked}")
    return Result(
        command="alerts",
        document=firing_document(found),
        report=tuple(firing_blocks(found, utc_now(), namespace=namespace, whole=bool(options.verbose))),
    )


def _picked(options: Common, found: FiringAlerts) -> str:
    """Return the fingerprint of the alert that a person picked; empty for none, or where nobody can be asked."""
    from agentops.cli.prompting import Choice, Prompts, cannot_ask
    from agentops.cli.views.firing_alerts import firing_row

    is_page = options.output is Output.TEXT and sys.stdout.isatty()
    named = [one for one in found.shown if one.fingerprint]
    if not named or not is_page or cannot_ask(no_input=options.no_input):
        return ""
    now = utc_now()
    choices = [Choice(one.fingerprint, "  ".join(firing_row(one, now)[:5])) for one in named]
    choices.append(Choice(_NONE, "none: only list them"))
    chosen = Prompts().choose("Which one to investigate?", choices, named[0].fingerprint)
    return "" if chosen in (None, _NONE) else str(chosen)
