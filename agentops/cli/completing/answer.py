"""Answers a shell that completes a word: ``agentops __complete WORD...``, called by the scripts beside this file.

Comes in: the words behind the program's name up to the cursor, the last of them unfinished. Goes out: a line ``:`` that
says whether the shell should offer ``files`` or ``folders`` too, then one line a name: the whole word, a tab, a few
words about it. It answers at once or, where a disk does not answer, with what is known after two seconds. It never says
that something went wrong: what somebody is writing must not be covered with a message. Modules are imported for types
alone, where that can be.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from agentops.cli.completing.line import slot_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType
    from typing import Any

    from agentops.cli.completing.line import Slot

_PATIENCE_S = 2.0
_PATHS = ("files", "folders")
_TYPED_PATH = "files-by-path"
"""A file where a name is meant as a rule: offered once what is written can only be a path."""
_HELP_CHARS = 80


def answer(words: Sequence[str]) -> int:
    """Print what may stand in place of the last word; return 0 whatever happens."""
    # A disk that does not answer must not hold up the keyboard.
    signal.signal(signal.SIGALRM, _give_up)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE_S)
    found: list[str] = []
    try:
        for line in lines(words, os.environ):
            found.append(line)  # noqa: PERF402 - what was found before the time is up counts
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Exception:  # noqa: BLE001, S110 - there is nobody to tell: somebody is in the middle of a word
        pass
    try:
        sys.stdout.write("".join(f"{line}\n" for line in found))
        sys.stdout.flush()
    except (AttributeError, OSError):
        # Closed or full; the interpreter would complain of it at exit.
        sys.stdout = None
    return 0


def lines(words: Sequence[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of the answer."""
    slot = slot_at(table(), words)
    is_path = "/" in slot.begun or slot.begun.startswith(".")
    paths = {"files" if kind == _TYPED_PATH and is_path else kind for kind in slot.kinds}
    yield " ".join([":", *(kind for kind in _PATHS if kind in paths)])
    for name, words_about in _fitting(slot, environ):
        yield f"{slot.settled}{name}\t{_plain(words_about)}"


def table() -> Mapping[str, Any]:
    """Return the command tree as ``scripts/generate.py`` wrote it down."""
    with open(__file__.removesuffix("answer.py") + "table.json", encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs a third of the start-up
        found: Mapping[str, Any] = json.load(file)
    return found


def _fitting(slot: Slot, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, about in slot.names.items():
        if name.startswith(slot.begun):
            yield name, about
    kinds = [kind for kind in slot.kinds if kind not in (*_PATHS, _TYPED_PATH)]
    if not kinds:
        return
    from agentops.app.completion import KnownNames

    known = KnownNames(environ, slot.said, slot.arguments)
    for kind in kinds:
        for name, about in known.names(kind):
            if name.isprintable() and name.startswith(slot.begun):
                yield name, about


def _plain(text: str) -> str:
    """Return foreign text as one short line that a terminal can be given."""
    return "".join(one if one.isprintable() else " " for one in text[:_HELP_CHARS])


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError
