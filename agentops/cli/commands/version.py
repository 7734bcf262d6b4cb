"""``agentops version``: which agentops this is, and on what it runs."""

from __future__ import annotations

import platform

import typer

from agentops import __version__
from agentops.cli.options import Common, with_common
from agentops.cli.report import Heading, Tone
from agentops.cli.result import Result

EPILOG = """\b
Examples:
  agentops version
  agentops version --output json
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("version", help="Print the version; the same as --version.", epilog=EPILOG)(with_common(version))


def version(options: Common) -> Result:
    """Print the version; in JSON with that of Python and the platform."""
    document = {"version": __version__, "python": platform.python_version(), "platform": platform.platform()}
    return Result(command="version", document=document, report=(Heading(f"agentops {__version__}", Tone.PLAIN),))
