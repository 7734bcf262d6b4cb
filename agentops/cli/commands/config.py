"""``agentops config``: which settings are in force and who says so; which environment a cluster is."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.options import PLACE, Common, with_common
from agentops.cli.report import Block, Heading, Pairs, Paragraph, Table, Tone
from agentops.cli.result import Result, error_document
from agentops.core.jsonable import to_json

if TYPE_CHECKING:
    from agentops.app.configuration import SettingsInForce
    from agentops.core.own_files import NotOwn

EPILOG = """\b
Examples:
  agentops config show
  agentops config show --origin                     default, file and line, environment variable or option
  agentops config show --origin --context prod-eu   what an option would change
  agentops config show --output json

Order, strongest first: /etc/agentops/config.toml, option, AGENTOPS_* variable, config.toml, default. read_only is on
when any of them sets it. What decides about changes is read from files alone. No key is ever shown. To write a first
file: agentops init
"""
ENVIRONMENT_EPILOG = """\b
Examples:
  agentops config environment                                 what the current context counts as, and why
  agentops config environment development --context kind-lab
  agentops config environment production --context kind-lab   take it back

What is said holds for the cluster's server and certificate authorities, whatever the context is called. What nobody
said of a cluster is production. Nothing is sent to it.
"""


class Environment(StrEnum):
    """What a person may say of a cluster."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        name="config", help="Show the settings; say which environment a cluster is.", no_args_is_help=True
    )
    text = "Show each setting and, with --origin, where it comes from."
    places = tuple(name for name in PLACE if name != "sandbox")
    group.command("show", help=text, epilog=EPILOG)(with_common(show, places))

    text = "Show or say which environment a cluster counts as."
    group.command("environment", help=text, epilog=ENVIRONMENT_EPILOG)(
        with_common(environment, ("context", "kubeconfig"))
    )
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

    settings, untrusted = options.settings_to_show()
    found = settings_in_force(settings, process_environ())
    document = {
        "settings": [to_json(one) for one in found.settings],
        "file": str(found.file),
        "file_exists": found.file_exists,
        "credentials": list(found.credentials),
        "not_followed": list(found.notes),
    }
    if untrusted:
        told = [block for error in untrusted for block in _untrusted_blocks(error)]
        return Result(
            command="config show",
            status=untrusted[0].code,
            exit_code=untrusted[0].exit_code,
            document=document | {"errors": [error_document(error) for error in untrusted]},
            report=(*_blocks(found, origin), *told),
        )
    return Result(command="config show", document=document, report=tuple(_blocks(found, origin)))


def environment(
    options: Common,
    environment: Annotated[
        Environment | None,
        typer.Argument(help="What the cluster is; left out: show it.", show_default=False),
    ] = None,
) -> Result:
    """Show how the cluster of a context is judged, or write what it is."""
    from agentops.app.environments import judged, set_environment

    settings = options.settings()
    found = judged(settings) if environment is None else set_environment(settings, environment.value)
    facts = Pairs(
        (
            ("why", found.why),
            ("proved by", found.identity or "nothing: no https server that is checked"),
            ("said in", f"[environments] of {found.file}"),
        )
    )
    tone = Tone.STRONG if found.environment == "production" else Tone.WARN
    return Result(
        command="config environment",
        status="shown" if environment is None else "written",
        document={"environment": to_json(found)},
        report=(Heading(f"{found.place} counts as {found.environment}", tone), facts),
    )


def _untrusted_blocks(error: NotOwn) -> tuple[Block, ...]:
    return (
        Heading("Every run is refused, and what the file says is not shown", Tone.BAD),
        Pairs((("why", error.message), ("what to do", error.hint))),
    )


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
        *(Paragraph(note, Tone.WARN) for note in found.notes),
        Paragraph(key if found.credentials else "model key: not set in the environment", Tone.QUIET),
    ]


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ", ".join(f"{place}: {said}" for place, said in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value in (None, "") else str(value)
