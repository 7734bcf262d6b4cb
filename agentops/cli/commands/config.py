"""``agentops config show``: which settings are in force, and who says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Pairs, Paragraph, Table, Tone
from agentops.cli.result import Result
from agentops.core.jsonable import to_json

if TYPE_CHECKING:
    from agentops.app.configuration import SettingsInForce

EPILOG = """\b
Examples:
  agentops config show
  agentops config show --origin                     default, file and line, environment variable or option
  agentops config show --origin --context prod-eu   what an option would change
  agentops config show --output json

Order, strongest first: option, AGENTOPS_* variable, config.toml, default. read_only is on when any of them sets it.
[policy] is read from the file alone. No key is ever shown. To write a first file: agentops init
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        name="config", help="Show the settings in force and where they come from.", no_args_is_help=True
    )
    text = "Show each setting and, with --origin, where it comes from."
    group.command("show", help=text, epilog=EPILOG)(with_common(show, ("context", "namespace", "kubeconfig")))

    @group.callback()
    def config() -> None:
        """Keep ``config`` a group while it has one command."""

    app.add_typer(group)


def show(
    options: Common,
    origin: Annotated[
        bool, typer.Option("--origin", help="Show where each value comes from (JSON always has it).")
    ] = False,
) -> Result:
    """Show what is in force."""
    from agentops.app.configuration import settings_in_force
    from agentops.config import process_environ

    found = settings_in_force(options.settings(), process_environ())
    document = {
        "settings": [to_json(one) for one in found.settings],
        "file": str(found.file),
        "file_exists": found.file_exists,
        "credentials": list(found.credentials),
    }
    return Result(command="config show", document=document, report=tuple(_blocks(found, origin)))


def _blocks(found: SettingsInForce, origin: bool) -> list[Block]:
    rows = [(one.key, _words(one.value), one.origin) for one in found.settings]
    table: Block = Pairs(tuple((key, value) for key, value, _ in rows))
    if origin:
        table = Table(("setting", "value", "from"), tuple(rows))
    there = found.file if found.file_exists else f"{found.file} does not exist; agentops init writes it"
    key = f"model key: in {' and '.join(found.credentials)}, not shown"
    return [
        table,
        Paragraph(f"file: {there}", Tone.QUIET),
        Paragraph(key if found.credentials else "model key: not set in the environment", Tone.QUIET),
    ]


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value in (None, "") else str(value)
