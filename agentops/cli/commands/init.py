"""``agentops init``: a few questions, and the config file that follows from the answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.options import Common, Output, with_common
from agentops.cli.report import Code, Heading, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.commands import quoted
from agentops.core.errors import AgentopsError, ConfigError, UsageError

if TYPE_CHECKING:
    from agentops.cli.prompting import Prompts
    from agentops.config import Folders

HELP = """Ask a few questions and write the config file.

It asks for the cluster to look at, the model, whether anything may be changed, and which clusters are not production.
It shows the file before it writes it, and asks before it replaces one. A key is never asked for and never written.
"""
EPILOG = """\b
Examples:
  agentops init
  agentops init --print                        print the file, write nothing
  agentops init --print --no-input > FILE      without questions: every setting, as a comment, to edit
  agentops config show --origin                what is in force afterwards

\b
Exit codes: 0 written (or printed), 1 nothing was written, 2 nobody can be asked.
"""
_NOTHING = "nothing was written"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("init", help=HELP, epilog=EPILOG)(with_common(init))


def init(
    options: Common,
    only_print: Annotated[bool, typer.Option("--print", help="Print the file; write nothing.")] = False,
) -> Result:
    """Ask, show, ask whether to write it, write it."""
    from agentops.app.configuration import config_text
    from agentops.cli.prompting import Prompts, cannot_ask
    from agentops.cli.setup_questions import answers
    from agentops.config import folders, process_environ

    places = folders(process_environ())
    trouble = cannot_ask(no_input=options.no_input)
    values = _present()
    if not trouble:
        prompts = Prompts()
        found = answers(prompts, values, None if places.led_by else _identify)
        if found is None:
            raise AgentopsError(_NOTHING, hint="Run it again: agentops init", code="declined")
        text = config_text(found, places.config_file)
        if not only_print:
            return _written(prompts, places, text)
    elif not only_print:
        raise UsageError(f"agentops init asks questions, and {trouble}", hint=_instead(places.config_file))
    else:
        text = config_text(values, places.config_file, with_defaults=True)
    if options.output is Output.TEXT:
        # The file as it is, at the margin: it may go into a pipe.
        sys.stdout.write(text)
        return Result(command="")
    document = {"text": text, "file": str(places.config_file)}
    return Result(command="init", status="printed", document=document, report=(Code(text, "toml"),))


def _instead(path: Path) -> str:
    """Return what to do where nobody can be asked; a file that is there must not be redirected into."""
    if path.exists():
        return f"Edit {path}\nWhat is in force: agentops config show --origin"
    folder, file = quoted(str(path.parent)), quoted(str(path))
    command = f"mkdir -p {folder} && agentops init --print --no-input > {file}"
    return f"{command}\nThen edit it: every setting is in it, as a comment."


def _present() -> dict[str, Any]:
    """Return what the config file says now; nothing where it cannot be read, for then it is to be made anew."""
    from agentops.config import file_values, folders, process_environ

    try:
        return file_values(folders(process_environ()).config_file)
    except ConfigError:
        return {}


def _identify(context: str) -> str:
    from agentops.app.environments import identity_of
    from agentops.config import load, process_environ

    found = identity_of(load({}, process_environ()), context)
    return found.key if found else ""


def _written(prompts: Prompts, places: Folders, text: str) -> Result:
    from agentops.app.configuration import write_config
    from agentops.app.models import model_trouble
    from agentops.cli.prompting import Choice
    from agentops.cli.render import page
    from agentops.config import load, process_environ

    path = places.config_file
    exists = path.exists()
    heading = Heading(f"This will replace {path}:" if exists else f"This will be written to {path}:")
    sys.stderr.write(page((heading, Code(text, "toml")), sys.stderr) + "\n")
    question = f"{path.name} exists. Replace it, and keep the old one as {path.name}.old?" if exists else "Write it?"
    yes = "yes: replace it" if exists else "yes: write it"
    choices = [Choice("yes", yes, "y"), Choice("no", "no: write nothing", "n")]
    if prompts.choose(question, choices, "no" if exists else "yes") != "yes":
        raise AgentopsError(_NOTHING, hint="Print it instead: agentops init --print", code="declined")
    old = write_config(places, text)
    notes = [Paragraph(f"The earlier file is kept as {old}.", Tone.QUIET)] if old else []
    if trouble := model_trouble(load({}, process_environ())):
        notes.append(Paragraph(f"Without a model there is triage only: {trouble}.", Tone.WARN))
    return Result(
        command="init",
        status="written",
        document={"file": str(path), "kept": str(old) if old else None},
        report=(Heading(f"Wrote {path}", Tone.GOOD), *notes, Code("agentops config show --origin\nagentops doctor")),
    )
