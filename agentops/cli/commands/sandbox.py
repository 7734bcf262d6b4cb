"""``agentops sandbox``: the embedded cluster to try everything on."""

from __future__ import annotations

import os
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Code, Heading, Paragraph, Table, Tone
from agentops.cli.result import Result
from agentops.core.clock import utc_now
from agentops.core.commands import command_line, quoted
from agentops.core.errors import UsageError

if TYPE_CHECKING:
    from agentops.config import Folders
    from agentops.sandbox.scenario import Scenario

LIST_EPILOG = """\b
Examples:
  agentops sandbox list
  agentops investigate --sandbox=NAME
"""
UP_EPILOG = """\b
Examples:
  agentops sandbox up                        serve the default scenario until Ctrl-C
  agentops sandbox up NAME                   then, in another terminal: the export command that it prints
  agentops sandbox up -d                     in the background; agentops sandbox status says where
"""
DOWN_EPILOG = """\b
Examples:
  agentops sandbox down
"""
STATUS_EPILOG = """\b
Examples:
  agentops sandbox status                    the options that lead to the sandbox in the background
  agentops sandbox status --output json
"""
NEW_EPILOG = """\b
Examples:
  agentops sandbox new my-outage
  agentops investigate --sandbox=./my-outage.yaml
"""


def scenario_names() -> frozenset[str]:
    """Return the names of the shipped scenarios, from their file names alone."""
    folders = (files("agentops.sandbox").joinpath(*parts) for parts in (("scenarios",), ("cloud", "scenarios")))
    entries = (entry.name for folder in folders for entry in folder.iterdir())
    return frozenset(name.partition(".")[0] for name in entries if not name.startswith("_"))


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        name="sandbox", help="Serve embedded clusters with incidents, to try agentops.", no_args_is_help=True
    )
    group.command("list", help="List the scenarios.", epilog=LIST_EPILOG)(with_common(list_scenarios))
    group.command("up", help="Serve a scenario's cluster on loopback.", epilog=UP_EPILOG)(with_common(up))
    group.command("status", help="Show where the background sandbox is.", epilog=STATUS_EPILOG)(with_common(status))
    group.command("down", help="Stop the background sandbox.", epilog=DOWN_EPILOG)(with_common(down))
    new_help = "Write a template for a scenario of your own."
    group.command("new", help=new_help, epilog=NEW_EPILOG)(with_common(new))
    app.add_typer(group)


def list_scenarios(options: Common) -> Result:
    """List what can follow ``--sandbox=``."""
    from agentops.sandbox.cloud.scenario import all_cloud_scenarios
    from agentops.sandbox.scenario import all_scenarios

    rows = (
        *((entry.name, entry.difficulty, entry.title) for entry in all_scenarios()),
        *((entry.name, entry.difficulty, entry.title) for entry in all_cloud_scenarios()),
    )
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
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Serve it in the background, until agentops sandbox down.")
    ] = False,
) -> Result:
    """Serve until Ctrl-C; the lines needed to use it are printed at once."""
    from agentops.app.run import DEFAULT_SCENARIO
    from agentops.sandbox.cloud.scenario import all_cloud_scenarios
    from agentops.sandbox.scenario import load

    if scenario is not None and scenario in {one.name for one in all_cloud_scenarios()}:
        if detach:
            raise UsageError(
                f"{scenario} is served in the foreground only",
                hint=f"Leave out --detach, in a terminal of its own: {command_line('sandbox', 'up', scenario)}",
            )
        return _serve_account(options, scenario)
    name = scenario or DEFAULT_SCENARIO
    chosen = load(name)
    folders = options.settings().folders
    return _in_background(folders, name) if detach else _serve_cluster(options, folders, chosen, name)


def _serve_cluster(options: Common, folders: Folders, chosen: Scenario, named: str) -> Result:
    """Serve an incident of Kubernetes until Ctrl-C; ``named`` is what leads to it: a name or a file."""
    from agentops.app.served_sandboxes import remember
    from agentops.sandbox.cluster import Sandbox
    from agentops.sandbox.users import CONTEXTS

    with Sandbox(chosen) as sandbox:
        remember(folders, sandbox.url, named)
        lines = f"export KUBECONFIG={quoted(str(sandbox.kubeconfig))}"
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
        _until_ctrl_c(serving, options)
    return Result(command="")


def _serve_account(options: Common, scenario: str) -> Result:
    """Serve an incident of AWS until Ctrl-C."""
    from agentops.app.sandboxes import load_scenario, sandbox_of_scenario
    from agentops.sandbox.cloud.sandbox import REGION, account_environment

    chosen = load_scenario(scenario)
    with sandbox_of_scenario(chosen) as sandbox:
        kubeconfig = sandbox.place_options.get("kubeconfig")
        environment = account_environment(sandbox.url) | ({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})
        # A profile or a token of the user's would go before what is said here.
        lines = "\n".join(
            [
                "unset AWS_PROFILE AWS_SESSION_TOKEN",
                *(f"export {quoted(f'{name}={value}')}" for name, value in environment.items()),
            ]
        )
        serving = Result(
            command="sandbox up",
            status="serving",
            document={
                "scenario": chosen.name,
                "url": sandbox.url,
                "text": lines,
                "alert": sandbox.alert_payload,
                **({"kubeconfig": str(kubeconfig)} if kubeconfig else {}),
            },
            report=(
                Paragraph(f"{chosen.name}: {chosen.title}", Tone.STRONG),
                Code(lines),
                Paragraph(f"Serving {sandbox.url} ({REGION}) until Ctrl-C.", Tone.QUIET),
            ),
        )
        _until_ctrl_c(serving, options)
    return Result(command="")


def _until_ctrl_c(serving: Result, options: Common) -> None:
    """Show what is served, and wait."""
    from agentops.cli.render import show

    try:
        # A reader may press Ctrl-C at once.
        show(serving, options.output.value)
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped\n")


def _in_background(folders: Folders, scenario: str) -> Result:
    from agentops.app.served_sandboxes import start
    from agentops.cli.views.sandbox import served_blocks, served_document

    found = start(folders, scenario)
    page = tuple(served_blocks(found, utc_now()))
    return Result(command="sandbox up", status="serving", document=served_document(found), report=page)


def status(options: Common) -> Result:
    """Say where the sandbox in the background is, and how to use it."""
    from agentops.app.served_sandboxes import running
    from agentops.cli.views.sandbox import served_blocks, served_document

    found = running(options.settings().folders)
    if found is None:
        return Result(command="sandbox status", status="stopped", report=(_NONE,))
    page = tuple(served_blocks(found, utc_now()))
    return Result(command="sandbox status", status="serving", document=served_document(found), report=page)


def down(options: Common) -> Result:
    """End the sandbox in the background, and only that."""
    from agentops.app.served_sandboxes import stop

    found = stop(options.settings().folders)
    if found is None:
        return Result(command="sandbox down", status="nothing-to-do", report=(_NONE,))
    said = Heading(f"The sandbox {found.scenario} (pid {found.pid}) has ended", Tone.GOOD)
    document = {"scenario": found.scenario, "pid": found.pid}
    report: tuple[Block, ...] = (said,)
    if found.kubeconfig and found.kubeconfig in os.environ.get("KUBECONFIG", "").split(os.pathsep):
        report += (Paragraph("KUBECONFIG still names its file, which is gone:"), Code("unset KUBECONFIG"))
    return Result(command="sandbox down", status="stopped", document=document, report=report)


_NONE = Paragraph("No sandbox runs in the background. Start one: agentops sandbox up -d")


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
            Code(command_line("investigate", f"--sandbox={path if path.is_absolute() else f'./{path}'}")),
        ),
    )
