"""``agentops doctor``: is everything there that an investigation needs, and what to do where it is not."""

from __future__ import annotations

from typing import Annotated

import typer

from agentops.cli.options import PLACE, Common, with_common
from agentops.cli.report import Code, Heading, Pairs, Table, Tone
from agentops.cli.result import Result
from agentops.core.errors import ExitCode
from agentops.core.text import plural

EPILOG = """\b
Examples:
  agentops doctor
  agentops doctor --try                     also write a file, and ask the model, AWS and the anchors' place
  agentops doctor --context prod-eu --output json

"ok" is said only of what was tried; "not tried" means that nothing was sent or written. The cluster is always asked.
--try sends the model one question of a few tokens, with no data of a cluster, and removes the file that it wrote.

\b
Exit codes: 0 ready to investigate, 1 a check failed.
"""
_LABELS = {"untried": "not tried"}


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    text = "Check the set-up and say how to fix what is wrong."
    app.command("doctor", help=text, epilog=EPILOG)(with_common(doctor, [one for one in PLACE if one != "sandbox"]))


def doctor(
    options: Common,
    trying: Annotated[
        bool, typer.Option("--try", help="Also write a file, and ask the model, AWS and the anchors' place.")
    ] = False,
) -> Result:
    """Run every check; one that fails never hides another."""
    from agentops.app.doctor import check_everything

    settings, untrusted = options.settings_to_show()
    checks = check_everything(settings, untrusted, trying=trying)
    bad = [check for check in checks if check.state == "bad"]
    untried = [check.name for check in checks if check.state == "untried"]
    rows = tuple((check.name, _LABELS.get(check.state, check.state), check.text) for check in checks)
    todo = tuple((check.name, check.hint) for check in checks if check.hint and check.state != "untried")
    title = f"{plural(len(bad), 'check')} of {len(checks)} failed" if bad else "Ready"
    title += f"; not tried: {', '.join(untried)}" if untried else ""
    return Result(
        command="doctor",
        status="bad" if bad else "done",
        exit_code=ExitCode.ERROR if bad else ExitCode.DONE,
        document={"checks": [{"name": c.name, "state": c.state, "text": c.text, "hint": c.hint} for c in checks]},
        report=(
            Table(("check", "state", "found"), rows),
            *((Heading("What to do"), Pairs(todo)) if todo else ()),
            Heading(title, Tone.BAD if bad else Tone.GOOD),
            *((Code("Try what was not tried: agentops doctor --try"),) if untried and not trying else ()),
        ),
    )
