"""``serve``: opens a door and keeps it open; the one function that the command line calls.

Comes in: settings, the sandbox if one is to be played, and how to listen. Goes out: nothing, when the door is closed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentops.app.mcp_clients import plain_name
from agentops.app.serving import door_runs
from agentops.core.errors import UsageError
from agentops.server.door import Door, of_http, of_stdio
from agentops.server.over_http import Listening, require_safe, serve_http
from agentops.server.over_stdio import serve_stdio
from agentops.server.programs import Programs
from agentops.server.protocol import server_of
from agentops.server.spans import spans_of

if TYPE_CHECKING:
    from agentops.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """How to serve.

    Arguments:
        profile: which tools there are; see ``catalogue``.
        client: the name of the program on standard input, as whoever wrote the command line says; empty: its own word.
        listening: where to listen over HTTP; None for standard input and output.
        sandbox: the scenario to play; None for real places.
    """

    profile: str = "full"
    client: str = ""
    listening: Listening | None = None
    sandbox: str | None = None


def serve(settings: Callable[[], Settings], options: ServeOptions, ready: Callable[[str], None]) -> None:
    """Serve until the program goes away, or over HTTP until the process is told to end.

    Arguments:
        settings: read anew for each run.
        ready: told the address of HTTP, once it is listened on.

    Raises:
        UsageError: a name is none, it is not safe to listen there, or no client has a token.
        ConfigError: the settings or the file of clients cannot be used, or spans are asked for and cannot be made.
        AuditError: the log cannot be written.
    """
    if options.client and plain_name(options.client) != options.client:
        raise UsageError(f"--client {plain_name(options.client)!r}: letters, digits and . _ @ - make a name")
    # What the SDK would say of requests that it refuses is the program's to read, not this terminal's.
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    programs = Programs(settings=settings, named=options.client)
    known = programs.known()
    if options.listening is not None:
        require_safe(options.listening)
        if not known.tokens:
            raise UsageError(
                "no client has a token, and over HTTP each shows one", hint="Make one: agentops mcp token NAME"
            )
    spans = spans_of(settings())
    with closing(programs.refusals), closing(spans), door_runs(settings, options.sandbox) as runs:
        way = of_stdio if options.listening is None else of_http
        door = Door(runs=runs, programs=programs, who=way(programs), profile=options.profile, spans=spans)
        server = server_of(door)
        if options.listening is None:
            serve_stdio(server)
        else:
            serve_http(server, options.listening, programs, ready)
