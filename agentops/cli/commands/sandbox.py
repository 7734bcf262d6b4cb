"""``agentops sandbox``: the embedded cluster to try everything on."""

from __future__ import annotations

import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Code, Paragraph, Table, Tone
from agentops.cli.result import Result

LIST_EPILOG = """\b
Examples:
  agentops sandbox list
  agentops investigate --sandbox=NAME
"""
UP_EPILOG = """\b
Examples:
  agentops sandbox up                        serve the default scenario until Ctrl-C
  agentops sandbox up NAME                   then, in another terminal: the export command that it prints
"""
NEW_EPILOG = """\b
Examples:
  agentops sandbox new my-outage
  agentops investigate --sandbox=./my-outage.yaml
"""


def scenario_names() -> frozenset[str]:
    """Return the names of the shipped scenarios, from their file names alone."""
    folder = files("agentops.sandbox").joinpath("scenarios")
    return frozenset(entry.name.partition(".")[0] for entry in folder.iterdir() if not entry.name.startswith("_"))


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        name="sandbox", help="Try agentops on an embedded cluster with ready-made incidents.", no_args_is_help=True
    )
    group.command("list", help="List the scenarios.", epilog=LIST_EPILOG)(with_common(list_scenarios))
    group.command("up", help="Serve a scenario's cluster on loopback until Ctrl-C.", epilog=UP_EPILOG)(with_common(up))
    new_help = "Write a template for a scenario of your own."
    group.command("new", help=new_help, epilog=NEW_EPILOG)(with_common(new))
    app.add_typer(group)


def list_scenarios(options: Common) -> Result:
    """List what can follow ``--sandbox=``."""
    from agentops.sandbox.scenario import all_scenarios

    scenarios = all_scenarios()
    rows = tuple((entry.name, entry.difficulty, entry.title) for entry in scenarios)
    return Result(
        command="sandbox list",
        document={"scenarios": [{"name": n, "title": t, "difficulty": d} for n, d, t in rows]},
        report=(
            Table(("scenario", "difficulty", "what is wrong"), rows),
            Paragraph("Try one: agentops investigate --sandbox=NAME", Tone.QUIET),
        ),
    )


def up(
    options: Common,
    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="Name of the scenario.", show_default=False)
    ] = None,
) -> Result:
    """Serve until Ctrl-C; the lines needed to use it are printed at once."""
    from agentops.app.run import DEFAULT_SCENARIO
    from agentops.cli.render import show
    from agentops.sandbox.cluster import Sandbox
    from agentops.sandbox.scenario import load
    from agentops.sandbox.users import CONTEXTS

    chosen = load(scenario or DEFAULT_SCENARIO)
    with Sandbox(chosen) as sandbox:
        lines = f"export KUBECONFIG={sandbox.kubeconfig}"
        serving = Result(
            command="sandbox up",
            status="serving",
            document={
                "scenario": chosen.name,
                "kubeconfig": str(sandbox.kubeconfig),
                "context": sandbox.context,
                "contexts": list(CONTEXTS),
                "url": sandbox.url,
                "alert": sandbox.alert_payload,
            },
            report=(
                Paragraph(f"{chosen.name}: {chosen.title}", Tone.STRONG),
                Code(lines),
                Paragraph(f"Contexts: {', '.join(CONTEXTS)}.", Tone.QUIET),
                Paragraph(f"Serving {sandbox.url} until Ctrl-C.", Tone.QUIET),
            ),
        )
        try:
            # A reader may press Ctrl-C at once.
            show(serving, options.output.value)
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            sys.stderr.write("\nstopped\n")
    return Result(command="")


def new(
    options: Common,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and dashes.", show_default=False)
    ],
    folder: Annotated[Path, typer.Option("--folder", metavar="DIR", help="Folder to write to.")] = Path(),
) -> Result:
    """Write a scenario that works and has every field in its place."""
    from agentops.sandbox.scaffold import new_scenario

    path = new_scenario(name, folder)
    return Result(
        command="sandbox new",
        document={"scenario": {"name": name, "file": str(path)}},
        report=(
            Paragraph(f"Wrote {path}. Try it:"),
            Code(f"agentops investigate --sandbox={path if path.is_absolute() else f'./{path}'}"),
        ),
    )
