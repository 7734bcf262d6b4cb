"""``agentops audit rotate``: close the file that the record is appended to, compress closed ones, drop expired ones."""

from __future__ import annotations

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Heading, Pairs, Tone
from agentops.cli.result import Result
from agentops.core.jsonable import to_json
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
    rotate_help = "Close the active segment and compress closed ones."
    group.command("rotate", help=rotate_help, epilog=ROTATE_EPILOG)(with_common(rotate))


def rotate(options: Common) -> Result:
    """Close the active segment, compress what is closed and drop what is expired."""
    from agentops.app.audit_upkeep import rotate_segments

    settings = options.settings()
    done = rotate_segments(settings)
    rows = (
        ("closed", done.closed),
        ("compressed", ", ".join(done.compressed) or "none"),
        ("dropped", ", ".join(done.dropped) or ("none" if settings.audit_keep_days else "none: everything is kept")),
    )
    return Result(
        command="audit rotate",
        document={"segments": to_json(done)},
        report=(
            Heading(f"Closed {done.closed}; {plural(len(done.dropped), 'segment')} dropped", Tone.GOOD),
            Pairs(rows),
        ),
    )
