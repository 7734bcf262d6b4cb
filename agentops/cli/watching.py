"""``triage --watch``: sweeps one after another; on a terminal a table that is kept up to date, else a line for news.

Comes in: a run and what of it is wanted. Goes out: text on stdout until Ctrl-C, and the last scan. A sweep that fails
is said and tried again; it never looks like "nothing is wrong".
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from agentops.app.baseline import identities, identity
from agentops.cli.render import console_for
from agentops.core.clock import age
from agentops.core.conditions import CHANGES
from agentops.core.errors import NotFound, ToolError
from agentops.core.finding import Problem
from agentops.core.text import clip, plural, visible

if TYPE_CHECKING:
    from rich.console import Group

    from agentops.app.run import App
    from agentops.app.services import KnownProblem, Scan
    from agentops.app.triage import Wanted

_ROWS = 40
_LINE_CHARS = 200


def watch(app: App, target: str | None, wanted: Wanted, every: int) -> Scan | None:
    """Scan until Ctrl-C, and show what is new and what is gone; returns the last scan that succeeded.

    Raises:
        UsageError, NotFound: what the first scan says of its arguments.
        ToolError: the first scan could not be made.
        AuditError: the log cannot be written.
    """
    screen = _Table(every) if sys.stdout.isatty() else _Lines()
    last: Scan | None = None
    try:
        with screen:
            for scan in _scans(app, target, wanted, every, screen):
                last = scan
                screen.show(scan)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    return last


def _scans(app: App, target: str | None, wanted: Wanted, every: int, screen: _Table | _Lines) -> Iterator[Scan]:
    from agentops.app.triage import triage

    seen: frozenset[KnownProblem] | None = None
    while True:
        try:
            # What tells of the same every ten seconds is on record once.
            scan = triage(app, target, wanted, before=seen)
            seen = identities(scan.problems)
            yield scan
        except NotFound:
            raise
        except ToolError as error:
            if seen is None:
                raise
            screen.trouble(error.message)
        time.sleep(every)


def _told(scan: Scan) -> Iterable[Problem]:
    return (one for one in scan.problems if one.condition not in CHANGES)


class _Lines:
    """A line for each problem that comes or goes."""

    def __init__(self) -> None:
        self._seen: dict[KnownProblem, Problem] = {}

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, scan: Scan) -> None:
        now = {identity(one): one for one in _told(scan)}
        moment = f"{scan.observed_at.astimezone():%H:%M:%S}"
        if not self._seen and not now:
            self._say(f"{moment}  no problem" if scan.status == "done" else f"{moment}  {scan.finding.conclusion}")
        for key, one in now.items():
            if key not in self._seen:
                self._say(f"{moment}  new   {one.severity.value:8}  {key.resource}  {key.condition}: {one.summary}")
        for key, one in self._seen.items():
            if key not in now:
                self._say(f"{moment}  gone  {one.severity.value:8}  {key.resource}  {key.condition}")
        self._seen = now

    def trouble(self, why: str) -> None:
        self._say(f"not read: {why}; trying again")

    def _say(self, text: str) -> None:
        sys.stdout.write(clip(visible(text), _LINE_CHARS) + "\n")
        sys.stdout.flush()


class _Table:
    """A table on a terminal, drawn anew after each sweep."""

    def __init__(self, every: int) -> None:
        from rich.live import Live

        self._every = every
        self._first: frozenset[KnownProblem] | None = None
        self._last: Scan | None = None
        self._trouble = ""
        self._live = Live(console=console_for(sys.stdout), get_renderable=self._page, auto_refresh=False, screen=False)

    def __enter__(self) -> _Table:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, scan: Scan) -> None:
        self._last, self._trouble = scan, ""
        if self._first is None:
            self._first = identities(scan.problems)
        self._live.refresh()

    def trouble(self, why: str) -> None:
        self._trouble = why
        self._live.refresh()

    def _page(self) -> Group:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        scan = self._last
        if scan is None:
            return Group(Text("reading ..."))
        problems = list(_told(scan))
        head = plural(len(problems), "problem") if problems else self._nothing(scan)
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("", "AGE", "SEVERITY", "OBJECT", "CONDITION"):
            table.add_column(name, no_wrap=True, overflow="ellipsis")
        room = min(_ROWS, max(self._live.console.height - 5, 3))
        for one in problems[:room]:
            new = self._first is not None and identity(one) not in self._first
            old = "-" if one.since is None else age(one.since, scan.observed_at)
            cells = ("new" if new else "", old, one.severity.value, one.resource.short, one.condition)
            table.add_row(*(Text(visible(cell)) for cell in cells), style="bold" if new else "")
        foot = f"{scan.context}, {', '.join(scan.namespaces) or 'all namespaces'}; every {self._every} s; Ctrl-C ends"
        more = [Text(f"and {len(problems) - room} more", style="dim")] if len(problems) > room else []
        trouble = [Text(f"not read: {visible(self._trouble)}; trying again", style="bold red")] if self._trouble else []
        unread = [Text(f"{plural(len(scan.gaps), 'thing')} not read", style="yellow")] if scan.gaps else []
        moment = f"{scan.observed_at.astimezone():%H:%M:%S}"
        return Group(
            Text(f"{moment}  {head}", style="bold"), table, *more, *unread, *trouble, Text(visible(foot), style="dim")
        )

    def _nothing(self, scan: Scan) -> str:
        return "no problem" if scan.status == "done" else visible(scan.finding.conclusion)
