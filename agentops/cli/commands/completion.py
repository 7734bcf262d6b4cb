"""``agentops completion``: the script that lets a shell complete agentops' words with TAB."""

from __future__ import annotations

import sys
from enum import StrEnum
from importlib.resources import files
from typing import Annotated

import typer

from agentops.cli.options import Common, Output, with_common
from agentops.cli.report import Code
from agentops.cli.result import Result

HELP = """Print the completion script of a shell.

It completes commands, options, scenarios, contexts, namespaces that were seen, ids of incidents, changes and runs, and
files. It asks no cluster: names come from your kubeconfig and from what agentops has kept.
"""
EPILOG = """\b
Install it, one line for your shell; new terminals have it:
  bash   echo 'source <(agentops completion bash)' >> ~/.bashrc
  zsh    echo 'source <(agentops completion zsh)' >> ~/.zshrc
  fish   mkdir -p ~/.config/fish/completions && agentops completion fish > ~/.config/fish/completions/agentops.fish
"""


class Shell(StrEnum):
    """The shells that there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("completion", help=HELP, epilog=EPILOG)(with_common(completion))


def completion(
    options: Common, shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]
) -> Result:
    """Print the script, the same for everybody: what can be completed is asked at each TAB."""
    text = files("agentops.cli.completing").joinpath(f"agentops.{shell.value}").read_text("utf-8")
    if options.output is Output.TEXT:
        # Not a page for people: a shell reads it, and the first line must stand at the margin.
        sys.stdout.write(text)
        return Result(command="")
    return Result(
        command="completion",
        document={"shell": shell.value, "script": text},
        report=(Code(text.rstrip("\n"), shell.value),),
    )
