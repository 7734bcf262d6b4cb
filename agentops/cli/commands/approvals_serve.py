"""``agentops approvals serve``: the approval page, for the browser of whoever sits at this terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Heading, Paragraph, Tone
from agentops.cli.result import Result
from agentops.cli.times import duration_s
from agentops.core.clock import utc_now
from agentops.core.errors import AgentopsError, NotApproved
from agentops.core.text import plural, visible

if TYPE_CHECKING:
    from agentops.cli.page.site import ApprovalSite

HELP = """Serve a page on which you approve plans in a browser.

It shows the same as agentops approve, and signs with your key. It listens on 127.0.0.1 alone, and lets one browser in:
the first that opens the link which is printed here. It ends with Ctrl-C.
"""
EPILOG = """\b
Examples:
  agentops approvals serve
  agentops approvals serve --for 2h --port 8790

\b
Exit codes: 0 ended, 1 the port is taken, 5 no terminal: a page that a program
starts would be a program's approval.
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("approvals serve", help=HELP, epilog=EPILOG)(with_common(serve))


def serve(
    options: Common,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="Port (default: one that is free).")
    ] = 0,
    length: Annotated[str, typer.Option("--for", metavar="TIME", help="When it ends by itself: 30m, 8h.")] = "8h",
) -> Result:
    """Serve until Ctrl-C or the time is over."""
    from agentops.app.actor import current_actor
    from agentops.app.approvers import require_own_key
    from agentops.cli.guarding import key_dialogue
    from agentops.cli.page.server import PageServer
    from agentops.cli.page.site import ApprovalSite
    from agentops.cli.page.visit import PageSecrets
    from agentops.cli.prompting import cannot_ask

    length_s = duration_s(length, "--for")
    if trouble := cannot_ask(no_input=options.no_input):
        raise NotApproved(
            f"the approval page is for a person, and {trouble}", hint="Start it at a terminal.", code="no-terminal"
        )
    settings = options.settings()
    guarded = require_own_key(settings, key_dialogue(options))
    try:
        server = PageServer(port)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        hint = "Leave out --port: any free one will do."
        raise AgentopsError(f"port {port} cannot be listened on: {why}", hint=hint, code="port") from error
    known = PageSecrets(port=server.port)
    site = ApprovalSite(settings=settings, known=known, actor=current_actor(), guarded=guarded, clock=utc_now)
    server.begin(site.respond)
    try:
        _tell(site, length)
        _wait(site, time.monotonic() + length_s)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    finally:
        server.end()
    counts = f"{plural(site.approved, 'plan')} approved, {site.declined} refused."
    return Result(
        command="approvals serve",
        status="ended",
        document={"approved": site.approved, "refused": site.declined},
        report=(Heading("The approval page has ended.", Tone.GOOD), Paragraph(counts)),
    )


def _tell(site: ApprovalSite, length: str) -> None:
    """Print the link on the terminal alone: what reads stdout is a program."""
    sys.stderr.write(
        f"Open this link in your browser. It works once, in one browser:\n\n  {site.known.address}\n\n"
        f"You are {visible(site.actor)}. Ctrl-C ends the page; it ends by itself after {length}.\n"
    )
    sys.stderr.flush()


def _wait(site: ApprovalSite, end: float) -> None:
    """Tell of each plan until the time is over."""
    from agentops.app.pending import list_pending
    from agentops.cli.commands.approvals import desktop
    from agentops.cli.pending_watch import PendingNews, news_line

    with PendingNews(lambda: list_pending(site.settings), utc_now, desktop(site.settings)) as news:
        while (left := end - time.monotonic()) > 0:
            found = news.next(min(1.0, left))
            if found is not None:
                sys.stderr.write(visible(news_line(found, utc_now())) + "\n")
                sys.stderr.flush()
