"""``agentops mcp tools``, ``trust``, ``call`` and ``doctor``: what a server lists, may be used for, and answers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Code, Heading, Pairs, Paragraph, Quote, Table, Tone
from agentops.cli.result import Result
from agentops.core.commands import command_line
from agentops.core.errors import ExitCode, UsageError
from agentops.core.text import one_line, plural

TOOLS_HELP = """List a server's tools, and which are held back.

Starts the server. A tool is offered when a person has trusted it, it is as it was then, and it is allowed.
"""
TOOLS_EPILOG = """\b
Examples:
  agentops mcp tools git
  agentops mcp tools git -v              with the server's words on each
  agentops mcp tools git --output json
"""
TRUST_HELP = """Look at a server's tools, and trust those that may be used.

Starts the server, shows what is new and what has changed since it was trusted, and asks. Only at a terminal. A tool
that changes in any field afterwards is held back until somebody has looked at it again.
"""
TRUST_EPILOG = """\b
Examples:
  agentops mcp trust git                 all that are held back
  agentops mcp trust git git_log git_diff
"""
CALL_HELP = """Call one tool that only reads, and print what it answers.

Starts the server. Only a tool that is trusted, allowed and classified as a read; what changes something goes through a
plan. The call is recorded before it is sent.
"""
CALL_EPILOG = """\b
Examples:
  agentops mcp call git git_log --arg repo_path=/srv/shop --arg max_count=5
  agentops mcp call pg execute_sql --json '{"sql": "select 1"}' --output json

\b
Exit codes: 0 it answered, 1 it failed or says that it failed, 4 no read or not
allowed, 5 held back until somebody has looked.
"""
DOCTOR_HELP = """Start servers and say what is wrong with them.

Whether the program and the secrets are there, how it is confined, how long it takes to start and to list its tools,
what is held back, and what nobody has classified. No tool is called.
"""
DOCTOR_EPILOG = """\b
Examples:
  agentops mcp doctor                    all servers, at the same time
  agentops mcp doctor git
  agentops mcp doctor --output json

\b
Exit codes: 0 nothing is wrong, 1 a check failed.
"""
_ANSWER_CHARS = 8_000
Server = Annotated[str, typer.Argument(metavar="SERVER", help="Name of the server.", show_default=False)]


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``mcp``."""
    group.command("tools", help=TOOLS_HELP, epilog=TOOLS_EPILOG)(with_common(tools))
    group.command("trust", help=TRUST_HELP, epilog=TRUST_EPILOG)(with_common(trust))
    group.command("call", help=CALL_HELP, epilog=CALL_EPILOG)(with_common(call))
    group.command("doctor", help=DOCTOR_HELP, epilog=DOCTOR_EPILOG)(with_common(doctor))


def tools(options: Common, server: Server) -> Result:
    """List the tools of a server."""
    from agentops.app.mcp_sessions import look_at
    from agentops.cli.views.mcp import look_blocks, look_document

    look = look_at(options.settings(), server, "tools")
    held = sum(one.pin is not None for one in look.tools)
    closing: tuple[Block, ...] = ()
    if held:
        what = Paragraph(f"{plural(held, 'tool')} held back until somebody has looked:", Tone.WARN)
        closing = (what, Code(command_line("mcp", "trust", look.server.name)))
    report = (*look_blocks(look, full=bool(options.verbose)), *closing)
    return Result(command="mcp tools", document=look_document(look), report=report)


def trust(
    options: Common,
    server: Server,
    tool: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TOOL ...]", help="Only these (default: all held back).", show_default=False),
    ] = None,
) -> Result:
    """Show what would be trusted, ask, and pin it."""
    from agentops.app.mcp_sessions import look_at, trust, trustable
    from agentops.cli.mcp_asking import require_agreement, require_somebody
    from agentops.cli.views.mcp import look_document, only_reads, trust_blocks

    settings = options.settings()
    require_somebody(options, f"Trust it at a terminal; to look: {command_line('mcp', 'tools', server)}")
    look = look_at(settings, server, "trust")
    chosen = trustable(look, tool or ())
    if chosen:
        shown, full = trust_blocks(look, chosen), trust_blocks(look, chosen, full=True)
        what = plural(len(chosen), "tool")
        require_agreement(shown, f"Trust {what} of {server}?", f"trust {what}", () if full == shown else full)
        trust(settings, look, chosen)
    title = f"{plural(len(chosen), 'tool')} of {look.server.name} trusted" if chosen else "Nothing is held back"
    usable = sum(one.classification.effect.value == "read" for one in chosen)
    changes = len(chosen) - usable
    follow = (
        f" (none can be planned before: {command_line('mcp', 'allow', look.server.name, 'TOOL')})" if changes else ""
    )
    counted = (("reads", str(usable)), ("changes", f"{changes}{follow}"))
    unclassified = not all(one.is_classified for one in chosen)
    report = (
        Heading(title, Tone.GOOD),
        *((Pairs(counted),) if chosen else ()),
        *((Paragraph(only_reads(look)),) if unclassified else ()),
    )
    document = look_document(look) | {"trusted": [one.name for one in chosen]}
    return Result(command="mcp trust", document=document, report=report)


def call(
    options: Common,
    server: Server,
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="The server's name of the tool.", show_default=False)],
    arg: Annotated[
        list[str] | None,
        typer.Option("--arg", metavar="NAME=VALUE", help="An argument; may be repeated."),
    ] = None,
    whole: Annotated[str, typer.Option("--json", metavar="OBJECT", help="All arguments as one JSON object.")] = "",
) -> Result:
    """Call a tool once."""
    from agentops.app.mcp_calls import call_read

    if arg and whole:
        raise UsageError("--arg and --json both say what the arguments are", hint="Give one of the two.")
    found = call_read(options.settings(), server, tool, _object(whole) if whole else None, dict(map(_pair, arg or ())))
    text = found.text or "(nothing)"
    cut = len(text) > _ANSWER_CHARS and not options.verbose
    notes = [f"{found.cut:,} bytes were left out by the server's limits."] if found.cut else []
    notes += [f"{len(text) - _ANSWER_CHARS:,} characters more: -v prints all."] if cut else []
    title = f"{found.tool} of {found.server} {'failed' if found.is_error else 'answered'} in {found.seconds:.1f} s"
    answer = {"text": found.text, "structured": found.structured, "is_error": found.is_error, "cut_bytes": found.cut}
    return Result(
        command="mcp call",
        status="failed" if found.is_error else "done",
        exit_code=ExitCode.ERROR if found.is_error else ExitCode.DONE,
        document={"mcp_answer": answer | {"server": found.server, "tool": found.tool, "digest": found.digest}},
        report=(
            Heading(title, Tone.BAD if found.is_error else Tone.GOOD),
            Quote(text[:_ANSWER_CHARS] if cut else text),
            *(Paragraph(note, Tone.WARN) for note in notes),
        ),
    )


def doctor(
    options: Common,
    server: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SERVER ...]", help="Only these (default: all).", show_default=False),
    ] = None,
) -> Result:
    """Run every check; one that fails never hides another."""
    from agentops.app.mcp_doctor import check_servers

    checks = check_servers(options.settings(), server or ())
    bad = sum(one.state == "bad" for one in checks)
    rows = tuple((one.name, one.state, one.text) for one in checks)
    todo = tuple(dict.fromkeys((one.name, one.hint) for one in checks if one.hint))
    title = f"{plural(bad, 'check')} of {len(checks)} failed" if bad else "Nothing is wrong"
    none = Paragraph("No MCP servers are connected. Connect one: agentops mcp add NAME -- COMMAND")
    return Result(
        command="mcp doctor",
        status="bad" if bad else "done",
        exit_code=ExitCode.ERROR if bad else ExitCode.DONE,
        document={"checks": [{"name": c.name, "state": c.state, "text": c.text, "hint": c.hint} for c in checks]},
        report=(
            Table(("check", "state", "found"), rows) if rows else none,
            *((Heading("What to do"), Pairs(todo)) if todo else ()),
            *((Heading(title, Tone.BAD if bad else Tone.GOOD),) if rows else ()),
        ),
    )


def _pair(said: str) -> tuple[str, str]:
    name, equals, value = said.partition("=")
    if not equals or not name:
        raise UsageError("--arg takes NAME=VALUE", hint="--arg repo_path=/srv/shop")
    return name, value


def _object(text: str) -> dict[str, Any]:
    from agentops.core.foreign_documents import read_json

    try:
        found = read_json(text)
    except ValueError as error:
        raise UsageError(f"--json: {one_line(str(error), 120)}", hint='--json \'{"sql": "select 1"}\'') from error
    if not isinstance(found, dict):
        raise UsageError("--json takes one object of arguments by name", hint='--json \'{"sql": "select 1"}\'')
    return found
