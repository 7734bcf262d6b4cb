"""``agentops doctor``: is everything there that an investigation needs, and what to do where it is not."""

from __future__ import annotations

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Bullets, Heading, Item, Tone
from agentops.cli.result import Result
from agentops.core.errors import ExitCode
from agentops.core.text import plural

EPILOG = """\b
Examples:
  agentops doctor
  agentops doctor --context prod-eu --output json

\b
Exit codes: 0 ready to investigate, 1 a check failed.
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("doctor", help="Check folders, cluster, permissions, model and audit log.", epilog=EPILOG)(
        with_common(doctor, ("context", "namespace", "kubeconfig"))
    )


def doctor(options: Common) -> Result:
    """Run every check; one that fails never hides another."""
    from agentops.app.doctor import check_everything

    checks = check_everything(options.settings())
    bad = [check for check in checks if check.state == "bad"]
    tones = {"ok": Tone.PLAIN, "warn": Tone.WARN, "bad": Tone.BAD}
    marks = {"ok": "ok", "warn": "warn", "bad": "bad"}
    items = tuple(
        Item(f"{check.name}: {check.text}", label=marks[check.state], note=check.hint, tone=tones[check.state])
        for check in checks
    )
    title = f"{plural(len(bad), 'check')} of {len(checks)} failed" if bad else "Ready"
    return Result(
        command="doctor",
        status="bad" if bad else "done",
        exit_code=ExitCode.ERROR if bad else ExitCode.DONE,
        document={"checks": [{"name": c.name, "state": c.state, "text": c.text, "hint": c.hint} for c in checks]},
        report=(Bullets(items), Heading(title, Tone.BAD if bad else Tone.GOOD)),
    )
