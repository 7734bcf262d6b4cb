"""``agentops mcp serve`` and ``agentops mcp token``: the door for other agents, and who may come in by it over HTTP."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agentops.cli.options import PLACE, Common, Output, with_common
from agentops.cli.report import Code, Heading, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.errors import UsageError
from agentops.core.text import one_line

SERVE_EPILOG = """\b
Examples:
  agentops mcp serve --client claude-code            (started by the client itself, over stdio)
  agentops mcp serve --http --listen 127.0.0.1:7337
  agentops mcp serve --sandbox --profile minimal

Other agents read, triage and investigate through it, and propose plans. What they
propose runs once a person approved it: agentops approve CODE. See docs/mcp-serve.md.

\b
Exit codes: 0 the client went away, 1 a place cannot be reached or the port is taken,
2 usage, 8 the audit log cannot be written.
"""
NEW_EPILOG = """\b
Examples:
  agentops mcp token ci-bot

The token is printed once and kept nowhere; its digest is in mcp-clients.toml.
"""
_DEFAULT = "127.0.0.1:7337"
_MOST_PORT = 65535


class Profile(StrEnum):
    """Which tools are offered."""

    FULL = "full"
    MINIMAL = "minimal"


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``mcp``."""
    group.command("serve", help="Serve read tools, triage and guarded plans to other agents.", epilog=SERVE_EPILOG)(
        with_common(serve, PLACE)
    )
    group.command("token", help="Make the token of a client over HTTP.", epilog=NEW_EPILOG)(with_common(token))


def serve(
    options: Common,
    http: Annotated[bool, typer.Option("--http", help="Serve over HTTP; each client shows a token.")] = False,
    listen: Annotated[
        str | None,
        typer.Option("--listen", metavar="HOST:PORT", help=f"With --http (default: {_DEFAULT}).", show_default=False),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option("--tls-cert", metavar="FILE", help="Certificate; needed off loopback.", show_default=False),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="FILE", help="Key of the certificate.", show_default=False)
    ] = None,
    profile: Annotated[Profile, typer.Option("--profile", help="Which tools to offer.")] = Profile.FULL,
    client: Annotated[
        str | None,
        typer.Option("--client", metavar="NAME", help="Name of the client on stdio, for policy.", show_default=False),
    ] = None,
) -> Result:
    """Serve until the client goes away."""
    from agentops.server.over_http import Listening
    from agentops.server.serve import ServeOptions, serve

    if not http and (listen or tls_cert or tls_key):
        raise UsageError("--listen, --tls-cert and --tls-key are for --http")
    if not http and options.output is not Output.TEXT:
        raise UsageError("without --http, standard output is the client's wire: --output has no place there")
    if http and client:
        raise UsageError("--client names the program on stdio; over HTTP its token does")
    if options.sandbox is not None and options.kubeconfig is not None:
        raise UsageError("--sandbox and --kubeconfig name two clusters", hint="Leave out one of them.")
    listening = None
    if http:
        host, port = _address(listen or _DEFAULT)
        listening = Listening(host=host, port=port, certificate=tls_cert, key=tls_key)
    said = ServeOptions(profile=profile.value, client=client or "", listening=listening, sandbox=options.sandbox)
    serve(options.settings, said, lambda address: _say(f"Serving on {address}"))
    return Result(command="mcp serve", document={"http": http})


def token(
    options: Common, name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the client, for policy.")]
) -> Result:
    """Make a token and show it once."""
    from agentops.app.mcp_clients import FILE, new_token

    made = new_token(options.settings(), name)
    return Result(
        command="mcp token",
        document={"client": name, "token": made},
        report=(
            Heading(f"A token for {name}; it is not shown again.", Tone.GOOD),
            Code(f"Authorization: Bearer {made}"),
            Paragraph(f"What {name} may do stands in {FILE}.", Tone.QUIET),
        ),
    )


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > _MOST_PORT:
        raise UsageError(f"--listen {one_line(text, 60)} is not HOST:PORT", hint=f"For example: {_DEFAULT}")
    return host.strip("[]"), int(port)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
