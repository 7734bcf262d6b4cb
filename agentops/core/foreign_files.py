"""Opens what somebody else wrote: files that an option, a setting or a folder of theirs names, and standard input.

Comes in: a path, what it should be, and how large such a thing ever is. Goes out: its bytes, or one error that says
what is there instead and what to do. A pipe without a writer, a device without an end and a file of any size cost
nothing.

Must never: wait in ``open``, read from what is no regular file unless pipes are asked for, or hold more than the cap.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from agentops.core.errors import AgentopsError, UsageError
from agentops.core.text import one_line

SILENT_PIPE_S = 10.0
"""How long a pipe that was named as a file may hold still."""
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_PIECE_BYTES = 1024 * 1024
_PATH_CHARS = 200
_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def read_foreign(
    path: Path,
    noun: str,
    most_bytes: int,
    *,
    error: type[AgentopsError] = UsageError,
    hint: str = "",
    code: str = "",
    follow: bool = True,
    pipes: bool = False,
) -> bytes:
    """Return the bytes of a regular file.

    Arguments:
        noun: what the file should be, with its article, for messages: ``a plan``.
        most_bytes: the size that such a file never exceeds.
        error: what is raised; a kind of ``AgentopsError``.
        hint: what to do when it is not there or cannot be read; empty for general advice.
        code: of the error; empty for the kind's own.
        follow: whether the path itself may be a symbolic link.
        pipes: whether a pipe is read, too, as ``<(command)`` of a shell makes one.

    Raises:
        AgentopsError: of the kind ``error``: it is not there, no regular file, too large or unreadable.
    """
    shown = one_line(str(path), _PATH_CHARS)
    flags = _FLAGS if follow else _FLAGS | os.O_NOFOLLOW
    with _opened(path, flags, noun, error, hint, code, pipes=pipes) as (descriptor, found):
        if found.st_size > most_bytes:
            raise too_large(shown, noun, most_bytes, error=error, code=code)
        is_pipe = not stat.S_ISREG(found.st_mode)
        data = _read(descriptor, most_bytes + 1, shown if is_pipe else "", error)
    if len(data) > most_bytes:
        # Some files (of /proc, of a share that grows) hold more than their size says.
        raise too_large(shown, noun, most_bytes, error=error, code=code)
    return data


def read_foreign_text(
    path: Path,
    noun: str,
    most_bytes: int,
    *,
    error: type[AgentopsError] = UsageError,
    hint: str = "",
    code: str = "",
) -> str:
    """Return the UTF-8 text of a regular file; see ``read_foreign``."""
    data = read_foreign(path, noun, most_bytes, error=error, hint=hint, code=code)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        shown = one_line(str(path), _PATH_CHARS)
        raise error(f"{shown} is not UTF-8 text", hint=hint or "Save it as UTF-8.", code=code) from failure


def read_end(path: Path, most_bytes: int, *, error: type[AgentopsError] = UsageError) -> bytes:
    """Return the last bytes of a regular file, however large it is; see ``read_foreign``."""
    with _opened(path, _FLAGS, "text", error) as (descriptor, found):
        os.lseek(descriptor, max(found.st_size - most_bytes, 0), os.SEEK_SET)
        return _read(descriptor, most_bytes, "", error)


@contextlib.contextmanager
def _opened(
    path: Path,
    flags: int,
    noun: str,
    error: type[AgentopsError],
    hint: str = "",
    code: str = "",
    *,
    pipes: bool = False,
) -> Iterator[tuple[int, os.stat_result]]:
    """Yield a descriptor of a regular file (of a pipe or socket too, with ``pipes``), and what was found of it."""
    shown = one_line(str(path), _PATH_CHARS)
    try:
        descriptor = os.open(path, flags)
        try:
            found = os.fstat(descriptor)
            is_pipe = pipes and (stat.S_ISFIFO(found.st_mode) or stat.S_ISSOCK(found.st_mode))
            if not is_pipe and (kind := _other_kind(found.st_mode)):
                raise _not_a_file(shown, kind, noun, error, code)
            yield descriptor, found
        finally:
            os.close(descriptor)
    except OSError as failure:
        raise _unreadable(shown, failure, error, hint, code) from failure
    except ValueError as failure:  # a NUL in the path
        raise error(f"{shown} cannot be the path of a file", hint=hint, code=code) from failure


def read_stream(stream: BinaryIO, noun: str, most_bytes: int, *, error: type[AgentopsError] = UsageError) -> bytes:
    """Return what comes through standard input, to its end.

    Raises:
        AgentopsError: of the kind ``error``: it is longer than ``most_bytes``.
    """
    data = stream.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise too_large("standard input", noun, most_bytes, error=error)
    return data


def too_large(
    shown: str, noun: str, most_bytes: int, *, error: type[AgentopsError] = UsageError, code: str = ""
) -> AgentopsError:
    """Return the error for what is larger than such a thing ever is."""
    return error(f"{shown} is larger than {size_words(most_bytes)}; {noun} never is", hint="Is it the one?", code=code)


def size_words(size_bytes: int) -> str:
    """Return a round size in words: ``32 MB``, ``64 KB``."""
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if size_bytes >= factor:
            return f"{size_bytes // factor} {unit}"
    return f"{size_bytes} bytes"


def _other_kind(mode: int) -> str:
    """Return what a thing is that is no regular file; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    return next((name for test, name in _KINDS if test(mode)), "no regular file")


def _not_a_file(shown: str, kind: str, noun: str, error: type[AgentopsError], code: str) -> AgentopsError:
    said = f"{shown} is {kind}, not a file"
    if kind == "a folder":
        return error(said, hint=f"Give the file in it that holds {noun}.", code=code)
    if kind == "a pipe":
        return error(said, hint="Save what comes through it to a file, and give that.", code=code)
    return error(said, hint=f"Give a file that holds {noun}.", code=code)


def _unreadable(shown: str, failure: OSError, error: type[AgentopsError], hint: str, code: str) -> AgentopsError:
    if failure.errno == errno.ENXIO:
        # What open says of a socket.
        return error(f"{shown} is a socket, not a file", hint=hint, code=code)
    why = (failure.strerror or str(failure)).lower()
    return error(f"{shown} cannot be read: {why}", hint=hint or _advice(failure), code=code)


def _advice(failure: OSError) -> str:
    if failure.errno in (errno.ENOENT, errno.ENOTDIR):
        return "Check the path."
    if failure.errno in (errno.EACCES, errno.EPERM):
        return "Check who owns it and who may read it."
    if failure.errno == errno.ELOOP:
        return "Give the file itself, not a link to it."
    return ""


def _read(descriptor: int, room: int, pipe: str, error: type[AgentopsError]) -> bytes:
    """Read up to ``room`` bytes; of the pipe of that name, which may hold still for a while."""
    pieces: list[bytes] = []
    while room > 0:
        if pipe and not select.select([descriptor], [], [], SILENT_PIPE_S)[0]:
            raise error(f"nothing was written to {pipe} for {SILENT_PIPE_S:.0f} s", hint="Is its writer running?")
        piece = os.read(descriptor, min(room, _PIECE_BYTES))
        if not piece:
            break
        pieces.append(piece)
        room -= len(piece)
    return b"".join(pieces)
