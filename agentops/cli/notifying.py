"""Notifications on the desktop: ``notify-send`` of Linux, ``osascript`` of macOS; nothing where neither is there.

Comes in: a title and a line, of which any part may be foreign. Goes out: a program that was started and is not waited
for long. Text is handed over as an argument, never as a script or markup. Must never: fail a command.
"""

from __future__ import annotations

import html
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

from agentops.core.text import one_line

_LONGEST_S = 5.0
_CHARS = 240
_SCRIPT = ("on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run")

Notify = Callable[[str, str], None]


def notifier(platform: str = sys.platform, find: Callable[[str], str | None] = shutil.which) -> Notify | None:
    """Return what shows a title and a line on the desktop; None where no program for it is installed."""
    name = "osascript" if platform == "darwin" else "notify-send"
    program = find(name)
    if program is None:
        return None

    def notify(title: str, line: str) -> None:
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                notification(program, title, line, is_mac=name == "osascript"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_LONGEST_S,
                check=False,
            )

    return notify


def notification(program: str, title: str, line: str, *, is_mac: bool) -> list[str]:
    """Return the words that show a notification; neither text is an option, a script or markup."""
    title, line = one_line(title, _CHARS), one_line(line, _CHARS)
    if is_mac:
        return [program, *(word for part in _SCRIPT for word in ("-e", part)), "--", title, line]
    # Servers of freedesktop.org's protocol may read the line as markup.
    return [program, "--app-name=agentops", "--urgency=critical", "--", title, html.escape(line, quote=False)]
