"""Take a picture of a terminal in which a command line really ran: ``capture.py OUT.svg COLUMNS LINES -- WORDS...``

tmux is the terminal, so that prompts which move the cursor look as they do to a person. ``--wait TEXT`` waits for a
text before the picture is taken (else the command's end). Needs tmux; nothing of the tests or of CI depends on it.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

_LONGEST_S = 60
_END = "--ended--"


def main(words: list[str]) -> int:
    """Run the command in a terminal of its own and write what is on its screen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("columns", type=int)
    parser.add_argument("lines", type=int)
    parser.add_argument("--wait", default=_END)
    parser.add_argument("--title", default="")
    parser.add_argument("words", nargs="+")
    given = parser.parse_args(words)
    session = f"agentops-capture-{time.monotonic_ns()}"
    command = f"{shlex.join(given.words)}; printf %s {_END}; sleep {_LONGEST_S}"
    size = ["-x", str(given.columns), "-y", str(given.lines)]
    subprocess.run(["tmux", "-f", "/dev/null", "new-session", "-d", "-s", session, *size, command], check=True)
    try:
        screen = _screen(session, given.wait)
    finally:
        subprocess.run(["tmux", "kill-session", "-t", session], check=False)
    given.out.write_text(_svg(screen, given.columns, given.title or shlex.join(given.words)), encoding="utf-8")
    return 0


def _screen(session: str, text: str) -> str:
    """Return the screen, colours and all, when ``text`` has been on it for a moment."""
    for _ in range(_LONGEST_S * 4):
        time.sleep(0.25)
        if text in _captured(session):
            time.sleep(0.5)
            return _captured(session).split(_END)[0].rstrip()
    raise SystemExit(f"{text!r} did not appear; the screen says:\n{_captured(session)}")


def _captured(session: str) -> str:
    done = subprocess.run(
        ["tmux", "capture-pane", "-e", "-p", "-t", session], check=True, capture_output=True, text=True
    )
    return done.stdout


def _svg(screen: str, columns: int, title: str) -> str:
    from rich.console import Console
    from rich.text import Text

    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=columns, file=nowhere, highlight=False, markup=False, soft_wrap=False)
        for line in screen.splitlines():
            console.print(Text.from_ansi(line))
    picture = console.export_svg(title=title, unique_id="capture")
    # Nothing is fetched from elsewhere by whoever looks at it, and blanks at the start of a line are kept.
    picture = re.sub(r"@font-face \{.*?\}\n", "", picture, flags=re.DOTALL)
    picture = picture.replace("<svg ", '<svg xml:space="preserve" ', 1)
    return "\n".join(line.rstrip() for line in picture.splitlines()) + "\n"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
