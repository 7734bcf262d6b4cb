"""``agentops audit rotate``: close the file that the record is appended to, compress closed ones, drop expired ones."""

from __future__ import annotations

import typer

from agentops.cli.commands.proofs import audit_settings
from agentops.cli.options import Common, with_common
from agentops.cli.report import Heading, Pairs, Tone
from agentops.cli.result import Result
from agentops.core.text import plural

ROTATE_EPILOG = """\b
Examples:
  agentops audit rotate
  agentops audit verify                      reads every segment as one chain

The next segment begins with a record of what the closed one holds. A segment
is also closed when it reaches audit_segment_mib. It is dropped only if
audit_keep_days is set, after a signed record of the log says so.
"""


def register(group: typer.Typer) -> None:
    """Add the command to the ``audit`` group."""
    rotate_help = "Close the active segment; compress closed ones, drop expired ones."
    group.command("rotate", help=rotate_help, epilog=ROTATE_EPILOG)(with_common(rotate))


def rotate(options: Common) -> Result:
    """Close the active segment, compress what is closed and drop what is expired."""
    from agentops.app.actor import current_actor, new_run
    from agentops.audit.log import open_log
    from agentops.audit.segments.retention import Retention, compress_closed
    from agentops.core.clock import utc_now

    settings = audit_settings(options)
    folder = settings.folders.audit
    retention = Retention(segment_bytes=settings.audit_segment_mib << 20, retention_days=settings.audit_keep_days)
    with open_log(folder, run=new_run(utc_now), actor=current_actor(), clock=utc_now, retention=retention) as log:
        closed = log.close_segment()
        packed = compress_closed(folder)
        dropped = log.drop_expired()
    rows = (
        ("closed", closed),
        ("compressed", ", ".join(packed) or "none"),
        ("dropped", ", ".join(dropped) or ("none" if settings.audit_keep_days else "none: everything is kept")),
    )
    return Result(
        command="audit rotate",
        document={"segments": {"closed": closed, "compressed": list(packed), "dropped": list(dropped)}},
        report=(Heading(f"Closed {closed}; {plural(len(dropped), 'segment')} dropped", Tone.GOOD), Pairs(rows)),
    )
