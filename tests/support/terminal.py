"""A command line at a real pseudo-terminal: keys go in when the screen says what they answer."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LONGEST_S = 30.0
Keys = str | Callable[[], str]
"""What is typed; a function is called when the text is there, and may do something before it says what to type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What came of it: the exit code, what went to stdout (a pipe), and what was on the screen."""

    code: int
    out: str
    screen: str


def at_terminal(
    words: Sequence[str],
    dialogue: Sequence[tuple[str, Keys]],
    environ: Mapping[str, str],
    *,
    hang_up: bool = False,
    output_too: bool = False,
) -> Session:
    """Run ``agentops WORDS`` with stdin and stderr on a terminal of 100 columns.

    Arguments:
        dialogue: (text to wait for on the screen, keys to press then).
        hang_up: close the terminal after the dialogue.
        output_too: stdout is the terminal as well, not a pipe.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    settings = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "NO_COLOR": "1", "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        # The home of the environment is the account's own one, so that what stands there counts.
        [sys.executable, str(Path(__file__).with_name("account.py")), *words],
        stdin=theirs,
        stderr=theirs,
        stdout=theirs if output_too else subprocess.PIPE,
        env=settings | dict(environ),
        start_new_session=True,
        # Ctrl-C is a signal only to whom the terminal belongs.
        preexec_fn=(lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)) if output_too else None,
    ) as process:
        os.close(theirs)
        try:
            screen = _converse(ours, dialogue)
            if not hang_up:
                screen += _rest(ours)
            os.close(ours)
            out, _ = process.communicate(timeout=_LONGEST_S)
        except BaseException:
            process.kill()
            raise
    return Session(code=process.returncode, out=(out or b"").decode(), screen=screen.decode("utf-8", "replace"))


def _converse(terminal: int, dialogue: Sequence[tuple[str, Keys]]) -> bytes:
    screen, seen = b"", 0
    for text, keys in dialogue:
        screen, seen = _wait_for(terminal, screen, seen, text.encode())
        os.write(terminal, (keys if isinstance(keys, str) else keys()).encode())
    return screen


def _wait_for(terminal: int, screen: bytes, seen: int, text: bytes) -> tuple[bytes, int]:
    """Read until ``text`` stands behind ``seen``; return the screen and where the text ends."""
    ends = time.monotonic() + _LONGEST_S
    while (at := screen.find(text, seen)) < 0:
        if time.monotonic() > ends:
            raise AssertionError(f"{text!r} did not appear; the screen says {screen[seen:]!r}")
        data = _read(terminal)
        if data is None:
            raise AssertionError(f"the program ended before it said {text!r}; the screen says {screen[seen:]!r}")
        screen += data
    return screen, at + len(text)


def _rest(terminal: int) -> bytes:
    """Read until the other side is closed."""
    ends, found = time.monotonic() + _LONGEST_S, b""
    while time.monotonic() < ends:
        data = _read(terminal)
        if data is None:
            return found
        found += data
    raise AssertionError(f"the program did not end; the screen says {found!r}")


def _read(terminal: int) -> bytes | None:
    """Return what came within a second, None when the other side is closed."""
    ready, _, _ = select.select([terminal], [], [], 1.0)
    try:
        return (os.read(terminal, 65536) or None) if ready else b""
    except OSError:
        return None
