"""``agentops mcp install``: agentops as an MCP server in the list of another agent's client."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.options import PLACE, Common, Output, with_common
from agentops.cli.report import Block, Code, Diff, DiffLine, Heading, Mark, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.clock import utc_now
from agentops.core.commands import command_line
from agentops.core.errors import UsageError
from agentops.core.text import plural, visible

if TYPE_CHECKING:
    from agentops.app.agent_clients.install import Installation

HELP = """Put agentops into an agent client, as a guarded MCP server.

CLIENT is claude-code, claude-desktop, copilot, vscode, cursor or codex. It shows what it would write, and asks. Other
servers in the file stay as they are, and the earlier file is kept beside the new one.
"""
EPILOG = """\b
Examples:
  agentops mcp install claude-code
  agentops mcp install vscode --project            for the project in this folder alone
  agentops mcp install copilot --context staging   serve that cluster, whatever the kubeconfig says later
  agentops mcp install cursor --print              print the entry, write nothing
  agentops mcp install codex --yes --output json   from a script

\b
Exit codes: 0 written, printed, or there already; 1 it cannot be written;
2 no such client, a file that agentops does not edit, or nobody can be asked;
5 not wanted.
"""


def register(group: typer.Typer) -> None:
    """Add the command to the group ``mcp``."""
    group.command("install", help=HELP, epilog=EPILOG)(with_common(install, PLACE))


def install(
    options: Common,
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The agent client.", show_default=False)],
    in_project: Annotated[
        bool, typer.Option("--project", help="Write the file of the project in this folder, not your own.")
    ] = False,
    only_print: Annotated[bool, typer.Option("--print", help="Print the entry; write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write it without asking.")] = False,
) -> Result:
    """Show what would be written, ask, write it."""
    from agentops.app.agent_clients.clients import client_named
    from agentops.app.agent_clients.install import SERVER, installation, new_entry, write
    from agentops.cli.guarding import is_taken, not_wanted
    from agentops.cli.prompting import cannot_ask
    from agentops.config import process_environ

    if yes and only_print:
        raise UsageError("--yes and --print contradict each other", hint="Leave out one of them.")
    chosen = client_named(client)
    if in_project and not chosen.project_file:
        raise UsageError(f"{chosen.title} has no file for one project", hint="Leave out --project.")
    environ = process_environ()
    file = Path.cwd() / chosen.project_file if in_project else chosen.path(environ, sys.platform)
    entry = new_entry(chosen, ("mcp", "serve", "--client", chosen.name, *_place(options)), environ)
    if only_print:
        return _printed(options, chosen.key, chosen.form.value, {SERVER: entry}, file)
    wanted = installation(chosen, file, entry, in_project=in_project)
    document = _document(wanted)
    if wanted.is_done:
        head = Heading(f"{chosen.title} has agentops already", Tone.GOOD)
        return Result(command="mcp install", status="unchanged", document=document, report=(head, _see(wanted)))
    words = ("mcp", "install", chosen.name, *(["--project"] if in_project else []))
    if not yes:
        if trouble := cannot_ask(no_input=options.no_input):
            hint = f"Print it: {command_line(*words, '--print')}\nWrite it: {command_line(*words, '--yes')}"
            raise UsageError(f"agentops mcp install asks before it writes, and {trouble}", hint=hint)
        _show(_preview(wanted))
        if not is_taken(f"Write it to {wanted.file}?"):
            return not_wanted("mcp install", f"Print it instead: {command_line(*words, '--print')}")
    kept = write(wanted, utc_now())
    notes = [Paragraph(f"The earlier file is kept as {kept}.", Tone.QUIET)] if kept else []
    return Result(
        command="mcp install",
        status="written",
        document=document | {"kept": str(kept) if kept else None},
        report=(
            Heading(f"{chosen.title} has agentops: {wanted.file}", Tone.GOOD),
            *([*_preview(wanted)[1:]] if yes else []),
            *notes,
            _see(wanted),
        ),
    )


def _place(options: Common) -> tuple[str, ...]:
    """Return the options that lead the server to the place that was named here."""
    said: dict[str, Any] = {name: getattr(options, name) for name in PLACE if name != "sandbox"}
    if options.kubeconfig is not None:
        said["kubeconfig"] = options.kubeconfig.absolute()
    words = [word for name, value in said.items() if value for word in (f"--{name.replace('_', '-')}", str(value))]
    return (*([] if options.sandbox is None else [f"--sandbox={options.sandbox}"]), *words)


def _printed(options: Common, key: str, form: str, servers: dict[str, Any], file: Path) -> Result:
    from agentops.app.agent_clients.entries import table_text

    text = table_text(key, servers) if form == "toml" else json.dumps({key: servers}, indent=2) + "\n"
    if options.output is Output.TEXT:
        # The entry as it is, at the margin: it is copied, or goes into a pipe. Where it belongs is said beside that.
        sys.stderr.write(f"Of {visible(str(file))}:\n")
        sys.stdout.write(text)
        return Result(command="")
    document = {"file": str(file), "entry": servers, "text": text}
    return Result(command="mcp install", status="printed", document=document, report=(Code(text, form),))


def _document(wanted: Installation) -> dict[str, Any]:
    return {
        "client": wanted.client.name,
        "file": str(wanted.file),
        "entry": {wanted.server: _shown(wanted.entry)},
        "replaces": None if wanted.before is None else sorted(wanted.before),
    }


def _preview(wanted: Installation) -> list[Block]:
    """Return what would change: the entry alone, since other entries may hold credentials."""
    name = f"{wanted.client.key}.{wanted.server}"
    blocks: list[Block] = [
        Heading(f"This will be written to {wanted.file}, for {wanted.client.title}:"),
        Diff(f"{name} as it is", f"{name} as it would be", _lines(wanted)),
    ]
    if wanted.others:
        said = f"{plural(len(wanted.others), 'other server')} in it: as before ({', '.join(wanted.others)})."
        blocks.append(Paragraph(said, Tone.QUIET))
    if wanted.anew:
        blocks.append(Paragraph("The lines of the file are laid out anew; what they say stays.", Tone.QUIET))
    return blocks


def _lines(wanted: Installation) -> tuple[DiffLine, ...]:
    import difflib

    before, after = (
        [] if entry is None else json.dumps(_shown(entry), indent=2, ensure_ascii=False).splitlines()
        for entry in (wanted.before, wanted.entry)
    )
    marks = {"  ": Mark.SAME, "- ": Mark.OLD, "+ ": Mark.NEW}
    found = (line for line in difflib.ndiff(before, after) if line[:2] in marks)
    return tuple(DiffLine(marks[line[:2]], line[2:]) for line in found)


def _shown(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry without secrets: a person may have put a token into the one that is there."""
    from agentops.redaction.redactor import SecretRedactor

    found: dict[str, Any] = SecretRedactor().value(dict(entry))
    return found


def _see(wanted: Installation) -> Paragraph:
    return Paragraph(f"To see it there: {wanted.client.see.format(server=wanted.server)}")


def _show(blocks: list[Block]) -> None:
    from agentops.cli.render import page

    sys.stderr.write(page(tuple(blocks), sys.stderr) + "\n")
