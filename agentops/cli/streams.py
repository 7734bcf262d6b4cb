"""Keeps a run from failing because of where its words go: an old encoding, a full disk, a terminal that went away.

What was changed is changed, whether or not it can be shown. Signs that an encoding lacks are written in ASCII; what
stderr does not take is lost in silence. Standard output still fails loudly, full or closed: a half-written result is no
result.
"""

from __future__ import annotations

import codecs
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

_PLAIN = {
    "•": "*", "→": "->", "←": "<-", "↩": "<-", "↻": "~", "✓": "v", "✗": "x", "○": "o", "▸": ">", "»": ">", "·": "-",
    "…": "...", "—": "-", "–": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "×": "x", "├": "|", "└": "`", "─": "-",
    "│": "|", "▁": "_", "▂": ".", "▃": ":", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#",
}  # fmt: skip
_HANDLER = "agentops-plain"


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign, "?") for sign in missing), error.end


class Unfailing:
    """A stream whose writes never fail; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write what can be written."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        """Flush what can be flushed."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            # What is buffered would be tried again at exit, and fail again.
            abandon(self._stream)


class Unwritable(OSError):
    """Standard output takes nothing: it is closed, or what it leads to is full."""


class Loud:
    """Standard output, whose failures can be told from all others; what is left in it is not tried again at exit."""

    def __init__(self, stream: TextIO, *, closed: bool) -> None:
        self._stream = stream
        self._closed = closed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write; raises ``Unwritable``, or BrokenPipeError where the reader has what it wanted."""
        if self._closed:
            raise Unwritable(errno.EBADF, "standard output is closed")
        with self._told():
            return self._stream.write(text)

    def flush(self) -> None:
        """Flush; raises as ``write``."""
        with self._told():
            self._stream.flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            abandon(self._stream)
            raise Unwritable(error.errno, error.strerror) from error


@contextmanager
def unfailing_streams() -> Iterator[None]:
    """While the block runs, stderr takes everything, and both streams write ASCII for signs that they lack.

    A stream that whoever started us closed is None; stdout then raises ``Unwritable`` as a full one does.
    """
    codecs.register_error(_HANDLER, _plain)
    out, err = sys.stdout, sys.stderr
    for stream in (out, err):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)
    nowhere = open(os.devnull, "w", encoding="utf-8") if out is None or err is None else None  # noqa: SIM115, PTH123
    sys.stdout = cast("TextIO", Loud(cast("TextIO", out or nowhere), closed=out is None))
    sys.stderr = cast("TextIO", Unfailing(cast("TextIO", err or nowhere)))
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stdout, sys.stderr = out, err
        if nowhere is not None:
            nowhere.close()


def abandon(stream: TextIO) -> None:
    """Send what is left in a stream nowhere, so that the interpreter does not complain when it closes it."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
