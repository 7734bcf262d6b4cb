"""Writes files so that they are on the medium, and whole, when the call returns.

Comes in: paths and bytes. Goes out: a file that replaced another one in one step, a file that was not there before, or
lines after the last whole line of a file; each synced, with the name in its folder. A line that a crash cut short was
never reported as written, and the next append takes it away.

The functions raise ``OSError``, and each room says in its own words what a failure means to it; ``reason`` and
``advice`` give the part that is the same for all of them.

Must never: leave half a file under a name that a reader knows, or follow a link that somebody laid in the way.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o600
_FOLDER_MODE = 0o700
# Disks without hard links (FAT, some network shares) say so in one of these ways.
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_CHUNK_BYTES = 64 * 1024
# On macOS, fsync leaves the data in the drive's own cache, where a power cut still loses it.
_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)
_data_sync = getattr(os, "fdatasync", os.fsync)


def replace_file(path: Path, data: bytes, *, mode: int = PRIVATE) -> None:
    """Put a file in the place of what is there, in one step: a reader sees the old bytes or the new ones.

    Raises:
        OSError: it cannot be written; what was there is unchanged.
    """
    draft = write_draft(path, data, mode=mode)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def create_file(path: Path, data: bytes, *, mode: int = PRIVATE) -> None:
    """Write a file that is not there yet; of several who try at once, one is first and the others raise.

    Raises:
        FileExistsError: it is there; it is unchanged.
        OSError: it cannot be written.
    """
    draft = write_draft(path, data, mode=mode)
    try:
        _give_name(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_draft(path: Path, data: bytes, *, mode: int = PRIVATE) -> Path:
    """Write what is to become the file ``path``, and return where it is until somebody gives it that name.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    # Two threads of one process write the same file, too, and a name that can be guessed can be taken beforehand.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, PRIVATE)
    try:
        os.fchmod(descriptor, mode)
        write_all(descriptor, data)
        sync(descriptor)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return draft


def make_folder(folder: Path) -> None:
    """Create a folder that only this user can enter, with those above it, unless it is there.

    Raises:
        OSError: it cannot be created, or something else has its name.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    sync_folder(folder.parent)


def sync(descriptor: int) -> None:
    """Return when the bytes of an open file, and the size that is needed to read them back, are on the medium."""
    if _FULL_SYNC is not None:
        fcntl.fcntl(descriptor, _FULL_SYNC)
    else:
        _data_sync(descriptor)


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on the medium; a synced file is lost all the same when its name is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; a full disk shows as ``OSError``, not as a short count."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def locked_for_appending(path: Path) -> Iterator[int]:
    """Open a file for ``append`` under an exclusive lock until the block ends; other processes wait.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold a folder's lock until the block ends: what is read in the block is still so when it is written back.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def append(descriptor: int, lines: bytes) -> int:
    """Write whole lines after the last whole line of a file that is locked, and return where they end."""
    size = os.fstat(descriptor).st_size
    _, end = last_line(descriptor, size)
    if end < size:
        os.ftruncate(descriptor, end)
    os.lseek(descriptor, end, os.SEEK_SET)
    write_all(descriptor, lines)
    sync(descriptor)
    return end + len(lines)


def last_line(descriptor: int, size: int) -> tuple[bytes, int]:
    """Return the last whole line before ``size``, without its newline, and the offset where whole lines end.

    What follows that offset is a torn tail. The line is empty when there is no whole line.
    """
    end, found = -1, b""
    start = size
    # From the end backwards: the file may be large, and a line seldom is.
    while start > 0:
        step = min(_CHUNK_BYTES, start)
        start -= step
        found = os.pread(descriptor, step, start) + found
        if end < 0 and (at := found.rfind(b"\n")) >= 0:
            end = start + at + 1
        if end >= 0:
            whole = found[: end - start - 1]
            at = whole.rfind(b"\n")
            if at >= 0 or start == 0:
                return whole[at + 1 :], end
    return b"", 0


def reason(verb: str, path: Path | str, error: OSError) -> str:
    """Return what could not be done and why: ``cannot write /x/y: no space left on device``."""
    return f"cannot {verb} {path}: {(error.strerror or str(error)).lower()}"


def advice(error: OSError) -> str:
    """Return what to do about an error of the disk; empty where nothing general can be said."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Free some space, or set AGENTOPS_HOME to a folder on another disk."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Check who owns the folder, or set AGENTOPS_HOME to one that you may write."
    return ""


def _give_name(draft: Path, path: Path) -> None:
    try:
        # Unlike a rename, a hard link never takes the place of what is there.
        path.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Without links a look has to do: whoever comes between it and the rename is replaced.
        if path.exists() or path.is_symlink():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        draft.replace(path)
