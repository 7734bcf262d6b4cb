"""What every command that touches a cluster shares: settings, live progress, and the run's record from start to end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agentops.cli.options import Common, Output
from agentops.core.errors import UsageError
from agentops.core.progress import no_progress

if TYPE_CHECKING:
    from agentops.app.run import App


@contextmanager
def running(command: str, options: Common, flags: Mapping[str, Any], *, use_model: bool) -> Iterator[App]:
    """Yield the wired application; progress goes to stderr while the block runs.

    Raises:
        UsageError: the options name two places.
        what the block raises; the run's end is in the audit chain by then.
    """
    from agentops.app.run import open_app
    from agentops.cli.live import Live
    from agentops.config import load

    if options.sandbox is not None and (named := options.named_places()):
        raise UsageError(f"--sandbox and {named[0]} name two places", hint="Leave out one of them.")
    settings = load(options.flags() | dict(flags), os.environ)
    # For a script: progress only when somebody is watching, or asked for it.
    watched = options.output in (Output.TEXT, Output.MARKDOWN) or sys.stderr.isatty() or options.verbose > 0
    with Live(sys.stderr, verbose=options.verbose) as live:
        progress = live if watched else no_progress
        with open_app(
            settings,
            command=command,
            sandbox=options.sandbox,
            use_model=use_model,
            progress=progress,
            simulated=options.simulated,
        ) as app:
            app.undisturbed = live.paused
            yield app
