"""Take pictures of a terminal in which a command line really ran.

One picture of one command::

    capture.py one OUT.svg COLUMNS LINES -- agentops version

The pictures of docs/terminal.md, from one sandbox for each size, and how long each report is::

    capture.py flows --into docs/images --sizes 80x24 120x40 50x24 --program .venv/bin/agentops
    capture.py table docs/terminal.md

tmux is the terminal, so that prompts which move the cursor look as they do to a person. ``--program`` may be an older
edition. Needs tmux; of the tests one takes one picture where there is a tmux.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LONGEST_S = 90
_END = "--ended--"
_TARGET = "k8s:shop/Deployment/checkout"
_SCENARIO = "bad-image-tag"
_QUESTION = r"q\) stop"
_APPLYING = r"verif|waiting for|rollout"
FIGURES = "figures.json"
FLOWS = (
    "investigate",
    "triage",
    "fix-dry-run",
    "fix-question",
    "fix-done",
    "show",
    "show-timeline",
    "rollback-question",
    "rollback-done",
    "recover",
)
"""The pictures, in the order in which they are taken: each rests on what those before it did."""


@dataclass(frozen=True, slots=True)
class Size:
    """Columns and lines of a terminal."""

    columns: int
    lines: int

    @classmethod
    def parse(cls, text: str) -> Size:
        """Return the size that ``80x24`` says."""
        columns, lines = text.split("x")
        return cls(int(columns), int(lines))

    def __str__(self) -> str:
        return f"{self.columns}x{self.lines}"


class Terminal:
    """One command line in a tmux of its own; a context manager.

    Arguments:
        environ: what the command gets besides this process's environment.
    """

    def __init__(self, words: Sequence[str], size: Size, environ: Mapping[str, str]) -> None:
        self._session = f"agentops-capture-{time.monotonic_ns()}"
        self._size = size
        self._command = f"{shlex.join(words)}; printf %s {_END}; sleep {_LONGEST_S}"
        self._environ = environ

    def __enter__(self) -> Terminal:
        given = [word for name, value in self._environ.items() for word in ("-e", f"{name}={value}")]
        size = ["-x", str(self._size.columns), "-y", str(self._size.lines)]
        # A server of its own: the size and the settings of one that runs already are somebody else's.
        self._tmux("new-session", "-d", "-s", "0", *size, *given, self._command)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._tmux("kill-server", check=False)

    def wait(self, pattern: str) -> None:
        """Wait until the screen shows ``pattern``, and a moment longer.

        Raises:
            SystemExit: it does not appear.
        """
        for _ in range(_LONGEST_S * 4):
            if re.search(pattern, self._tmux("capture-pane", "-p")):
                time.sleep(0.5)
                return
            time.sleep(0.25)
        raise SystemExit(f"{pattern!r} did not appear; the screen says:\n{self.text()}")

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names of them."""
        self._tmux("send-keys", *keys)

    def kill(self, program: str) -> None:
        """Kill the command with SIGKILL: what a lost machine does."""
        pane = self._tmux("list-panes", "-F", "#{pane_pid}").strip()
        for child in subprocess.run(["ps", "-o", "pid=,args=", "--ppid", pane], **_OUTPUT).stdout.splitlines():
            pid, _, args = child.strip().partition(" ")
            if program in args:
                os.kill(int(pid), 9)

    def text(self, *, all_of_it: bool = False) -> str:
        """Return what is on the screen, or all that went over it, without colours."""
        return self._tmux("capture-pane", "-p", *(("-S", "-") if all_of_it else ())).split(_END)[0].rstrip()

    def coloured(self) -> str:
        """Return the screen with its colours."""
        return self._tmux("capture-pane", "-e", "-p").split(_END)[0].rstrip()

    def _tmux(self, *words: str, check: bool = True) -> str:
        command = ["tmux", "-L", self._session, "-f", "/dev/null", *words]
        return str(subprocess.run(command, check=check, **_OUTPUT).stdout)


_OUTPUT: Any = {"capture_output": True, "text": True}


def main(words: list[str]) -> int:
    """Do what the words say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(required=True, dest="what")
    one = kinds.add_parser("one", help="one picture of one command")
    one.add_argument("out", type=Path)
    one.add_argument("columns", type=int)
    one.add_argument("lines", type=int)
    one.add_argument("--wait", default=_END)
    one.add_argument("--title", default="")
    one.add_argument("words", nargs="+")
    flows = kinds.add_parser("flows", help="the pictures of docs/terminal.md")
    flows.add_argument("--into", type=Path, required=True)
    flows.add_argument("--sizes", nargs="+", type=Size.parse, default=[Size(80, 24)])
    flows.add_argument("--program", type=Path, default=Path(sys.executable).with_name("agentops"))
    flows.add_argument("--home", type=Path, default=Path("/tmp/agentops-demo"), help="made anew; seen on the screen")
    flows.add_argument("--until", choices=FLOWS, default=FLOWS[-1], help="the last picture to take")
    table = kinds.add_parser("table", help="write the figures into a page")
    table.add_argument("page", type=Path)
    given = parser.parse_args(words)
    if given.what == "one":
        with Terminal(given.words, Size(given.columns, given.lines), {}) as terminal:
            terminal.wait(given.wait)
            _write(given.out, terminal, given.columns, given.title or shlex.join(given.words))
    elif given.what == "flows":
        for size in given.sizes:
            Session(given.program.absolute(), size, given.into, given.home).take(given.until)
    else:
        write_table(given.page)
    return 0


class Session:
    """The flows of one size on one sandbox, one after the other."""

    def __init__(self, program: Path, size: Size, into: Path, home: Path) -> None:
        self._program, self._size, self._into, self._home = program, size, into, home
        self._environ = {"AGENTOPS_HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8"}

    def take(self, until: str) -> None:
        """Take every picture up to ``until``."""
        shutil.rmtree(self._home, ignore_errors=True)
        self._into.mkdir(parents=True, exist_ok=True)
        with self._sandbox() as kubeconfig:
            self._environ["KUBECONFIG"] = str(kubeconfig)
            for name in self._pictures():
                print(f"{self._into}/{name}-{self._size}.svg", flush=True)
                if name == until:
                    return

    def _pictures(self) -> Iterator[str]:
        yield self._plain("investigate", "investigate", _TARGET)
        yield self._plain("triage", "triage", "--namespace", "shop")
        yield self._plain("fix-dry-run", "fix", _TARGET, "--dry-run")
        yield from self._asked("fix", "fix", _TARGET)
        yield self._plain("show", "show")
        yield self._plain("show-timeline", "show", "--timeline")
        yield from self._asked("rollback", "rollback", self._newest_change())
        self._killed("fix", _TARGET)
        yield self._plain("recover", "recover")

    def _plain(self, name: str, *words: str) -> str:
        with self._terminal(*words) as terminal:
            terminal.wait(_END)
            self._keep(name, terminal, words)
        return name

    def _asked(self, name: str, *words: str) -> Iterator[str]:
        """Run a command that asks: a picture of its question, an answer, a picture of its end."""
        with self._terminal(*words) as terminal:
            terminal.wait(_QUESTION)
            self._keep(f"{name}-question", terminal, words)
            yield f"{name}-question"
            self._agree(terminal)
            terminal.wait(_END)
            self._keep(f"{name}-done", terminal, words)
        yield f"{name}-done"

    def _killed(self, *words: str) -> None:
        """Run a change and kill it while it waits for the rollout: what recover is for."""
        with self._terminal(*words) as terminal:
            terminal.wait(_QUESTION)
            self._agree(terminal)
            for _ in range(200):
                time.sleep(0.05)
                if self._is_applied():
                    terminal.kill("agentops")
                    return
        raise SystemExit("the change was not applied")

    def _agree(self, terminal: Terminal) -> None:
        terminal.press("a")
        time.sleep(0.3)
        terminal.press("Enter")

    def _is_applied(self) -> bool:
        """Return whether the audit log says that this run has carried out its change and not yet closed it."""
        text = (self._home / "audit" / "audit.jsonl").read_text("utf-8")
        run = text.rpartition('"event":"run_started"')[2]
        return '"event":"apply"' in run and '"event":"change_closed"' not in run

    def _newest_change(self) -> str:
        done = self._run("changes", "--output", "json")
        return str(json.loads(done)["changes"][0]["id"])

    def _run(self, *words: str) -> str:
        environ = {**os.environ, **self._environ}
        return str(subprocess.run([str(self._program), *words], env=environ, check=True, **_OUTPUT).stdout)

    def _terminal(self, *words: str) -> Terminal:
        return Terminal([str(self._program), *words], self._size, self._environ)

    def _keep(self, name: str, terminal: Terminal, words: Sequence[str]) -> None:
        _write(self._into / f"{name}-{self._size}.svg", terminal, self._size.columns, shlex.join(["agentops", *words]))
        text = terminal.text(all_of_it=True)
        path = self._into / FIGURES
        figures = json.loads(path.read_text("utf-8")) if path.exists() else {}
        figures[f"{name}-{self._size}"] = {"lines": len(text.splitlines()), "bytes": len(text.encode())}
        path.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    @contextmanager
    def _sandbox(self) -> Iterator[Path]:
        """Serve the scenario for as long as the pictures take; yield its kubeconfig."""
        command = [str(self._program), "sandbox", "up", _SCENARIO]
        environ = {**os.environ, **self._environ, "PYTHONUNBUFFERED": "1"}
        with (
            tempfile.TemporaryFile("w+") as said,
            subprocess.Popen(command, env=environ, stdout=said, stderr=said, text=True) as server,
        ):
            try:
                yield _kubeconfig(said)
            finally:
                server.terminate()
                server.wait(10)


def _kubeconfig(said: Any) -> Path:
    for _ in range(120):
        time.sleep(0.25)
        said.seek(0)
        if found := re.search(r"KUBECONFIG=(\S+)", said.read()):
            return Path(found[1].strip("'\""))
    raise SystemExit("the sandbox did not say where its kubeconfig is")


def write_table(page: Path) -> None:
    """Write lines and bytes of each report, before and now, between the page's two marks."""
    text = page.read_text("utf-8")
    head, _, rest = text.partition("<!-- figures -->\n")
    _, _, tail = rest.partition("<!-- end of figures -->")
    table = figures_table(page.parent / "images")
    page.write_text(f"{head}<!-- figures -->\n{table}<!-- end of figures -->{tail}", encoding="utf-8")


def figures_table(images: Path) -> str:
    """Return the table of the figures that were taken with the pictures in ``images`` and ``images/before``."""
    now = json.loads((images / FIGURES).read_text("utf-8"))
    before = json.loads((images / "before" / FIGURES).read_text("utf-8"))
    rows = ["| report at 80x24 | lines before | lines now | bytes before | bytes now |", "|---|---|---|---|---|"]
    for flow in FLOWS:
        old, new = before.get(f"{flow}-80x24"), now[f"{flow}-80x24"]
        lines, size = (f"{old['lines']}", f"{old['bytes']:,}") if old else ("-", "-")
        rows.append(f"| {flow} | {lines} | {new['lines']} | {size} | {new['bytes']:,} |")
    return "\n".join(rows) + "\n"


def _write(out: Path, terminal: Terminal, columns: int, title: str) -> None:
    out.write_text(_svg(terminal.coloured(), columns, title), encoding="utf-8")


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
