"""Container logs as text lines: any bytes in, clean lines out.

Comes in: the bytes that a container wrote, in any encoding. Goes out: lines without ANSI sequences, broken bytes
replaced, endless lines cut. Control characters that remain are made visible later, where text is shown.
"""

from __future__ import annotations

import re

from agentops.core.text import clip

# CSI and OSC sequences, and the two-character escapes (ECMA-48 5.4, 8.3.89).
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def log_lines(body: bytes, *, line_limit: int = 4_000) -> tuple[str, ...]:
    """Return the lines of a log, each at most ``line_limit`` characters, a last empty one left out."""
    text = body.decode("utf-8", "replace")
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    lines = text.replace("\r\n", "\n").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    # A bare carriage return is how a progress bar rewrites its line; its last state is what was left on the screen.
    return tuple(clip(line.rstrip("\r").rpartition("\r")[2], line_limit) for line in lines)
