"""The words of a request as they come in: on the command line, or on standard input; whole, and from nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from agentops.core.errors import UsageError
from agentops.core.foreign_files import read_stream
from agentops.core.request import MOST_CHARS

_MOST_BYTES = MOST_CHARS * 4 + 1
"""More than so many bytes are more characters than are taken, whatever they are."""


def check_words(words: Sequence[str] | None, resume: str | None, command: str) -> None:
    """Raise unless there are either words or something to go on with."""
    if words and resume is not None:
        raise UsageError("--resume takes no WORDS", hint="Leave out one of them.")
    if not words and resume is None:
        raise UsageError(
            "no WORDS were given", hint=f'Say what you want: agentops {command} "..."; or - for standard input.'
        )


def words_given(words: Sequence[str] | None, command: str) -> str:
    """Return the words: those of the command line with a space between them, or what ``-`` stands for.

    Raises:
        UsageError: standard input is a terminal, or holds no text.
    """
    given = list(words or ())
    if given != ["-"]:
        return " ".join(given)
    if sys.stdin.isatty():
        raise UsageError(
            "standard input is a terminal", hint=f"Pipe the words in: agentops {command} - < words.txt", code="no-words"
        )
    try:
        return read_stream(sys.stdin.buffer, "a request", _MOST_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError("standard input is no UTF-8 text", code="no-words") from error
