"""``agentops mcp``: the MCP servers whose tools agentops may use, each with its scope and its pins."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.commands import mcp_classify, mcp_install, mcp_login, mcp_serve, mcp_tools
from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Bullets, Code, Heading, Item, Pairs, Paragraph, Table, Tone
from agentops.cli.result import Result
from agentops.cli.views.mcp import given_words
from agentops.core.commands import command_line
from agentops.core.errors import UsageError
from agentops.core.homographs import marked
from agentops.core.text import one_line, plural

if TYPE_CHECKING:
    from agentops.app.mcp_imports import ImportPlan, ImportSource
    from agentops.providers.mcp.objects.server import ServerConfig

HELP = "Connect MCP servers, and say what they may be used for."
LIST_EPILOG = """\b
Examples:
  agentops mcp list
  agentops mcp list --output json
"""
ADD_HELP = """Connect an MCP server: a command after --, or --url.

The server gets no variable of your environment but those that --env names. None of its tools is used before you have
looked at them: agentops mcp trust NAME.
"""
ADD_EPILOG = """\b
Examples:
  agentops mcp add git -- uvx mcp-server-git --repository /srv/shop
  agentops mcp add grafana --env GRAFANA_URL=http://localhost:3000 \\
      --env GRAFANA_SERVICE_ACCOUNT_TOKEN -- mcp-grafana --disable-write
  agentops mcp add pagerduty --url https://mcp.pagerduty.com/mcp \\
      --header 'Authorization=Bearer ${env:PAGERDUTY_TOKEN}'
  agentops mcp add linear --url https://mcp.example/mcp --oauth
  agentops mcp add db --confinement no-network -- my-server
  agentops mcp add git --allow git_log --allow git_diff -- uvx mcp-server-git

--env NAME alone hands on the variable NAME as it is when the server starts. A secret is never written down: say where
it is with ${env:NAME} or ${keyring:NAME} (docs/mcp/README.md).
"""
REMOVE_EPILOG = """\b
Examples:
  agentops mcp remove git
"""
IMPORT_HELP = """Connect the servers that another MCP client has configured.

Without an argument: list the files of other clients that are here. Secrets in a file are not copied: a reference takes
their place, and it is said which variable to set. Asks first; without a terminal nothing is imported.
"""
IMPORT_EPILOG = """\b
Examples:
  agentops mcp import                    which files there are
  agentops mcp import claude-code
  agentops mcp import .mcp.json          a project's file; remembered by its digest
  agentops mcp import ~/.cursor/mcp.json
"""


class Confined(StrEnum):
    """The values of ``--confinement``."""

    NONE = "none"
    NO_NETWORK = "no-network"
    READ_ONLY = "read-only"
    BOTH = "no-network+read-only"


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(name="mcp", help=HELP, no_args_is_help=True)
    group.command("add", help=ADD_HELP, epilog=ADD_EPILOG)(with_common(add))
    group.command("list", help="List the connected servers.", epilog=LIST_EPILOG)(with_common(list_servers))
    group.command("remove", help="Disconnect a server, and forget what was trusted of it.", epilog=REMOVE_EPILOG)(
        with_common(remove)
    )
    group.command("import", help=IMPORT_HELP, epilog=IMPORT_EPILOG)(with_common(import_from))
    mcp_tools.register(group)
    mcp_login.register(group)
    mcp_serve.register(group)
    mcp_classify.register(group)
    mcp_install.register(group)
    app.add_typer(group)


def list_servers(options: Common) -> Result:
    """List the configured servers; none is started."""
    from agentops.app.mcp_servers import mcp_pins, mcp_servers

    settings = options.settings()
    found, pins = mcp_servers(settings), mcp_pins(settings)
    trusted = {name: len(pin.tools) for name, pin in pins.items()}
    columns = ("name", "transport", "server", "confined", "trusted", "state")
    rows = tuple(_row(one, trusted.get(one.name, 0)) for one in found.servers)
    empty = Paragraph("No MCP servers are connected. Connect one: agentops mcp add NAME -- COMMAND", Tone.PLAIN)
    return Result(
        command="mcp list",
        document={
            "servers": [server_document(one) | {"trusted": trusted.get(one.name, 0)} for one in found.servers],
            "file": str(found.file),
            "not_followed": list(found.notes),
        },
        report=(
            Table(columns, rows, () if options.verbose else ("server",)) if rows else empty,
            *(Paragraph(note, Tone.WARN) for note in found.notes),
            Paragraph(str(found.file), Tone.QUIET),
        ),
    )


def add(
    options: Common,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What to call it: a-z, 0-9 and dashes.", show_default=False)
    ],
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- COMMAND ...]", help="Command of a local server.", show_default=False),
    ] = None,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Address of a remote server.")] = "",
    env: Annotated[
        list[str] | None,
        typer.Option("--env", metavar="NAME[=VALUE]", help="Variable that it is given; may be repeated."),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", metavar="NAME=VALUE", help="Header of --url; may be repeated."),
    ] = None,
    cwd: Annotated[
        Path | None, typer.Option("--cwd", help="Folder that it runs in (default: an empty one).", show_default=False)
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="TOOL", help="Only these tools; may be repeated (default: the reads)."),
    ] = None,
    confinement: Annotated[
        Confined, typer.Option("--confinement", help="What the system keeps it from, where it can.")
    ] = Confined.NONE,
    oauth: Annotated[bool, typer.Option("--oauth", help="Sign in to --url by OAuth: agentops mcp login.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the server of this name.")] = False,
) -> Result:
    """Write the server into the user's file; it is not started."""
    from agentops.app.mcp_servers import NewServer, add_server, new_server

    if bool(command) == bool(url):
        raise UsageError("give a command after --, or --url", hint="agentops mcp add git -- uvx mcp-server-git")
    ours: dict[str, Any] = {"allowed": allow or []} | ({"oauth": True} if oauth else {})
    ours |= {"confinement": confinement.value} if confinement is not Confined.NONE else {}
    entry: dict[str, Any] = {"agentops": ours}
    entry |= {"env": dict(map(_variable, env))} if env else {}
    entry |= {"headers": dict(map(_header, header))} if header else {}
    entry |= {"cwd": str(cwd.absolute())} if cwd else {}
    settings = options.settings()
    server = new_server(settings, NewServer(name=name, command=tuple(command or ()), url=url, entry=entry))
    add_server(settings, server, replacing=replace)
    sign_in = (Paragraph("Sign in:", Tone.QUIET), Code(command_line("mcp", "login", server.name))) if oauth else ()
    missing = bool(server.command) and shutil.which(server.command) is None
    later = "it must be there" if "/" in server.command else "it is looked for on PATH"
    absent = Paragraph(f"{server.command} is not there now: {later} when it starts.", Tone.WARN)
    report: tuple[Block, ...] = (
        Heading(f"{server.name} is connected", Tone.GOOD),
        *((absent,) if missing else ()),
        Pairs((("server", server.identity), ("tools", "none is trusted yet"))),
        *sign_in,
        Paragraph("Look at its tools, and trust those that may be used:", Tone.QUIET),
        Code(command_line("mcp", "trust", server.name)),
    )
    return Result(command="mcp add", document={"servers": [server_document(server)]}, report=report)


def remove(
    options: Common,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the server.", show_default=False)],
) -> Result:
    """Take a server out of the user's file."""
    from agentops.app.mcp_servers import remove_server

    gone = remove_server(options.settings(), name)
    heading = Heading(f"{gone.name} is disconnected; what was trusted of it is forgotten", Tone.GOOD)
    return Result(command="mcp remove", document={"servers": [server_document(gone)]}, report=(heading,))


def import_from(
    options: Common,
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE|CLIENT]",
            help="A file, or: claude-code, claude-desktop, vscode, cursor.",
            show_default=False,
        ),
    ] = None,
) -> Result:
    """List what there is to import, or import one file after asking."""
    from agentops.app.mcp_imports import chosen_sources, import_servers, import_sources, plan_import
    from agentops.cli.mcp_asking import require_agreement, require_somebody

    settings, folder, home = options.settings(), Path.cwd(), Path.home()
    if what is None:
        sources = import_sources(settings, folder, home)
        document = {"imports": [_source_document(one) for one in sources]}
        return Result(command="mcp import", document=document, report=_source_blocks(sources))
    plans, done = [], []
    for source in chosen_sources(settings, what, folder, home):
        # What was connected from the file before is there already.
        plan = plan_import(settings, source, home)
        plans.append(plan)
        if not plan.usable:
            continue
        names = plural(len(plan.usable), "server")
        require_somebody(options, "Import it at a terminal; 'agentops mcp add' connects one without asking.")
        require_agreement(_plan_blocks(plan), f"Connect {names}?", f"connect {names}")
        import_servers(settings, plan)
        done += list(plan.usable)
    left_out = [one for plan in plans for one in plan.servers if one.server is None]
    title = f"{plural(len(done), 'server')} connected" if done else "Nothing was imported"
    first = done[0].name if len(done) == 1 else "NAME"
    follow = (Paragraph("Look at their tools:", Tone.QUIET), Code(command_line("mcp", "trust", first))) if done else ()
    return Result(
        command="mcp import",
        document={
            "imports": [_plan_document(plan) for plan in plans],
            "servers": [server_document(one) for one in done],
        },
        report=(
            Heading(title, Tone.GOOD if done else Tone.WARN),
            *((Bullets(tuple(Item(one.why, label=one.given) for one in left_out)),) if left_out else ()),
            *follow,
        ),
    )


def server_document(server: ServerConfig) -> dict[str, Any]:
    """Return a server as JSON tells it: of variables and headers the names alone."""
    return {
        "name": server.name,
        "transport": server.transport.value,
        "identity": server.identity,
        "enabled": server.enabled,
        "env": sorted(server.env),
        "headers": sorted(server.headers),
        "allowed": list(server.allowed),
        "confinement": server.confinement.value,
    }


def _row(server: ServerConfig, trusted: int) -> tuple[str, ...]:
    state = "on" if server.enabled else "off"
    tools = plural(trusted, "tool") if trusted else "none"
    return (server.name, server.transport.value, server.identity, server.confinement.value, tools, state)


def _variable(said: str) -> tuple[str, str]:
    name, equals, value = said.partition("=")
    return name, value if equals else f"${{env:{name}}}"


def _header(said: str) -> tuple[str, str]:
    name, equals, value = said.partition("=")
    if not equals:
        raise UsageError("--header takes NAME=VALUE", hint="--header 'Authorization=Bearer ${env:TOKEN}'")
    return name.strip(), value.strip()


def _source_document(one: ImportSource) -> dict[str, Any]:
    return {"client": one.client, "file": str(one.path), "digest": one.digest, "seen": one.seen}


def _source_blocks(sources: tuple[ImportSource, ...]) -> tuple[Block, ...]:
    if not sources:
        return (Paragraph("No file of another MCP client was found here."),)
    words = {"new": "not imported", "unchanged": "imported", "changed": "changed since it was imported"}
    rows = tuple((one.client, str(one.path), words[one.seen]) for one in sources)
    return Table(("client", "file", "state"), rows), Code("agentops mcp import FILE")


def _plan_document(plan: ImportPlan) -> dict[str, Any]:
    servers = [
        {"name": one.name, "given": one.given, "usable": one.server is not None, "why": one.why}
        | {"notes": list(one.notes)}
        for one in plan.servers
    ]
    return _source_document(plan.source) | {"servers": servers}


def _plan_blocks(plan: ImportPlan) -> list[Block]:
    blocks: list[Block] = [Heading(f"Servers in {one_line(str(plan.source.path), 200)}")]
    if plan.source.seen == "changed":
        blocks.append(Paragraph("The file has changed since it was imported.", Tone.WARN))
    left_out = tuple(Item(one.why, label=one.given) for one in plan.servers if one.server is None)
    for one in plan.servers:
        if one.server is None:
            continue
        given = given_words(one.server)
        rows = (
            ("server", marked(one.server.identity)),
            ("runs in", one.server.cwd or "an empty folder"),
            ("is given", given),
        )
        blocks += [Heading(one.name), Pairs(rows if one.server.command else rows[::2])]
        blocks += [Bullets(tuple(Item(note) for note in one.notes))] if one.notes else []
    return [*blocks, Heading("Left out"), Bullets(left_out)] if left_out else blocks
