"""A real shell at a pseudo-terminal, with ``agentops`` on its path and its completion installed as the help says.

What the shell makes of a line is seen from what it runs: there, ``agentops`` only writes its words down, unless it is
asked for completion.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agentops.cli.commands.completion import EPILOG

_ROOT = Path(__file__).resolve().parents[2]
_LONGEST_S = 30.0
_STARTED = {"bash": ("-i",), "zsh": ("-i",), "fish": ("-i",)}
_ESCAPES = re.compile(rb"\x1b(\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][0-9A-B]|[=>78M])|[\x07\x0f]")
INSTALL = dict(re.findall(r"^  (bash|zsh|fish) +(\S.*)$", EPILOG, re.MULTILINE))
"""The install line of each shell, as ``agentops completion --help`` prints it."""


@dataclass
class Shell:
    """A shell that waits for keys."""

    terminal: int
    ran: Path
    screen: bytes = b""

    def see(self, text: str, after: int = 0) -> None:
        """Wait until ``text`` is on the screen, behind the first ``after`` bytes that were drawn."""
        ends = time.monotonic() + _LONGEST_S
        while text not in plain(self.screen[after:]):
            if time.monotonic() > ends:
                raise AssertionError(f"{text!r} did not appear; the screen says {plain(self.screen[after:])!r}")
            ready, _, _ = select.select([self.terminal], [], [], 1.0)
            if ready:
                self.screen += os.read(self.terminal, 65536)

    def type(self, keys: str) -> int:
        """Press keys; return how much was on the screen before."""
        before = len(self.screen)
        os.write(self.terminal, keys.encode())
        return before

    def completes(self, keys: str, shown: str) -> str:
        """Write ``keys``, press TAB, wait for ``shown`` and press Enter; return the words that were run."""
        self.ran.unlink(missing_ok=True)
        self.type(keys)
        self.see(keys[-3:])
        before = self.type("\t")
        self.see(shown, before)
        before = self.type("\r")
        self.see("ready> ", before)
        return self.ran.read_text("utf-8").removesuffix("\n")

    def offers(self, keys: str, *shown: str) -> str:
        """Write ``keys``, press TAB, wait for all of ``shown``, and drop the line; return what was drawn."""
        self.type(keys)
        self.see(keys[-3:])
        before = self.type("\t")
        for text in shown:
            self.see(text, before)
        # Ctrl-U drops the line; the keys are read when the completion has ended.
        again = self.type("\x15\r")
        self.see("ready> ", again)
        return plain(self.screen[before:])


def plain(screen: bytes) -> str:
    """Return what was drawn without colours and movements."""
    return _ESCAPES.sub(b"", screen).decode("utf-8", "replace").replace("\r", "")


@contextlib.contextmanager
def shell(name: str, home: Path, environ: Mapping[str, str], *, install: str = "") -> Iterator[Shell]:
    """Yield a shell whose home is ``home``, with agentops' completion installed by ``install`` or its one line."""
    program = shutil.which(name) or name
    ran, folder = home / "ran", home / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "agentops").write_text(
        f'#!/bin/sh\ncase $1 in __complete | completion) exec "{sys.executable}" -m agentops "$@" ;; esac\n'
        f'echo "$*" >"{ran}"\n'
    )
    (folder / "agentops").chmod(0o755)
    settings = {
        "HOME": str(home),
        "PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(_ROOT),
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        **environ,
    }
    # A first start, for what the shell itself puts into a new home.
    subprocess.run([program, "-i", "-c", "true"], env=settings, cwd=home, capture_output=True, check=False, timeout=60)
    subprocess.run([program, "-c", install or INSTALL[name]], env=settings, cwd=home, check=True, timeout=60)
    prompt = {
        "bash": "PS1='ready> '; bind 'set enable-bracketed-paste off'; bind 'set show-all-if-ambiguous on'\n",
        "zsh": "PS1='ready> '; unsetopt PROMPT_SP; unset zle_bracketed_paste\n",
        "fish": "function fish_prompt; echo 'ready> '; end\nset -g fish_autosuggestion_enabled 0\n",
    }[name]
    rc = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}[name]
    (home / rc).parent.mkdir(parents=True, exist_ok=True)
    with (home / rc).open("a", encoding="utf-8") as file:
        file.write(prompt)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 160, 0, 0))
    with subprocess.Popen(
        [program, *_STARTED[name]],
        stdin=theirs, stdout=theirs, stderr=theirs, env=settings, cwd=home,
        preexec_fn=lambda: _take_terminal(theirs),
    ) as process:  # fmt: skip
        os.close(theirs)
        found = Shell(terminal=ours, ran=ran)
        try:
            found.see("ready> ")
            yield found
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=_LONGEST_S)
            os.close(ours)


def _take_terminal(descriptor: int) -> None:
    os.setsid()
    fcntl.ioctl(descriptor, termios.TIOCSCTTY, 0)
