"""Live progress on stderr: what is being looked at, evidence as it arrives, reasoning as it streams.

On a terminal a small live region shows what is under way, and finished steps stay above it. Without a terminal each
finished step is one plain line. stdout is never touched.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from agentops.cli.continuing import Continued
from agentops.cli.render import console_for
from agentops.core.progress import Stage, Step
from agentops.core.text import clip, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

_MARK = {
    Stage.ALERT: ("▸", "bold"),
    Stage.SWEEP: ("▸", "cyan"),
    Stage.PROBLEM: ("!", "yellow"),
    Stage.MODEL: ("▸", "magenta"),
    Stage.TOOL: ("→", "cyan"),
    Stage.EVIDENCE: ("✓", "green"),
    Stage.RETRY: ("↻", "yellow"),
    Stage.NOTICE: ("·", "dim"),
    Stage.CHANGE: ("▸", "green"),
    Stage.REASONING: (" ", "dim italic"),
    Stage.ANSWER: (" ", ""),
}
_SWEEP = "sweep"
_LINE_CHARS = 200
_NARROW = 60
_STREAMED = (Stage.REASONING, Stage.ANSWER)


class Live:
    """Shows steps on ``stream``; use as a context manager and pass the object itself as ``Progress``.

    Arguments:
        stream: stderr.
        verbose: 0 shows finished steps; 1 adds reasoning and tool starts when there is not a terminal.
    """

    def __init__(self, stream: TextIO, *, verbose: int = 0) -> None:
        self._stream = stream
        self._verbose = verbose
        self._lock = threading.Lock()
        self._open: dict[str, tuple[str, float]] = {}
        self._line = ""
        self._line_stage = Stage.REASONING
        self._terminal = stream.isatty()
        # rich costs a tenth of a second to import, on the way to the first request: only a terminal gets it.
        self._console = console_for(stream) if self._terminal else None
        self._live: object | None = None
        # What the refresh thread draws: replaced as a whole, never under our lock. That thread holds rich's lock, and
        # we print while holding ours, so taking ours there would be a deadlock.
        self._shown: tuple[str, Stage, tuple[tuple[str, float], ...]] = ("", Stage.REASONING, ())

    def __enter__(self) -> Live:
        self._start_region()
        return self

    def _start_region(self) -> None:
        if self._console is not None:
            from rich.live import Live as Region

            region = Region(
                console=self._console,
                get_renderable=self._region,
                transient=True,
                refresh_per_second=8,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            region.start()
            self._live = region

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the terminal alone while somebody is asked something on it."""
        with self._lock:
            self._flush_line()
        if self._live is not None:
            self._live.stop()  # type: ignore[attr-defined]
            self._live = None
        try:
            yield
        finally:
            self._start_region()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._flush_line()
            self._open.clear()
            self._shown = ("", Stage.REASONING, ())
        if self._live is not None:
            self._live.stop()  # type: ignore[attr-defined]
            self._live = None
            # The page follows on stdout; on a terminal the two need a gap.
            self._stream.write("\n")

    def __call__(self, step: Step) -> None:
        """Show one step."""
        with self._lock:
            if step.stage in _STREAMED:
                self._stream_fragment(step)
            else:
                self._flush_line()
                self._finish_or_open(step)
            self._shown = (self._line, self._line_stage, tuple(self._open.values()))

    def _finish_or_open(self, step: Step) -> None:
        if step.stage is Stage.EVIDENCE and step.detail.get("tool") == "triage" and not self._verbose:
            # The report says what triage found; said here as well, it would push that off the screen.
            return
        if step.stage is Stage.SWEEP and step.key != _SWEEP and not self._verbose:
            # Thirty lists are read in one go: the live line says which came last, the page keeps only the sum.
            if _SWEEP in self._open:
                self._open[_SWEEP] = (step.text, self._open[_SWEEP][1])
            return
        if step.key and not step.done:
            self._open[step.key] = (step.text, time.monotonic())
            if self._terminal or not self._verbose:
                return
        else:
            self._open.pop(step.key, None)
        if step.text:
            self._say(step.stage, step.text)

    def _stream_fragment(self, step: Step) -> None:
        if not self._terminal and not self._verbose:
            return
        if step.stage != self._line_stage:
            self._flush_line()
            self._line_stage = step.stage
        *whole, self._line = (self._line + step.text).split("\n")
        for line in whole:
            self._say(step.stage, line)

    def _flush_line(self) -> None:
        if self._line.strip():
            self._say(self._line_stage, self._line)
        self._line = ""

    def _say(self, stage: Stage, text: str) -> None:
        mark, style = _MARK[stage]
        if self._console is None:
            self._stream.write(f"{mark} {clip(visible(text), _LINE_CHARS)}".rstrip() + "\n")
            self._stream.flush()
            return
        from rich.table import Table
        from rich.text import Text

        if stage not in _STREAMED and self._console.width >= _NARROW:
            text = clip(text, self._console.width - 3)
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(no_wrap=True, width=1)
        grid.add_column(overflow="fold")
        body = style if stage in (*_STREAMED, Stage.NOTICE) else ""
        grid.add_row(Text(mark, style=style), Continued(Text(visible(text), style=body)))
        self._console.print(grid)

    def _region(self) -> RenderableType:
        from rich.console import Group
        from rich.padding import Padding
        from rich.text import Text

        partial, stage, under_way = self._shown
        now = time.monotonic()
        width = self._console.width if self._console is not None else _LINE_CHARS
        lines: list[RenderableType] = []
        if partial:
            words = Text(visible(partial)[-2 * width :], style=_MARK[stage][1])
            lines.append(Padding(Continued(words, quoted=True), (0, 0, 0, 2), expand=False))
        frame = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"[int(now * 8) % 10]
        for text, since in under_way[-6:]:
            seconds = f" {now - since:.0f}s" if now - since >= 1 else ""
            lines.append(Text(f"{frame} {clip(visible(text), width - 8)}{seconds}", style="cyan"))
        return Group(*lines)
