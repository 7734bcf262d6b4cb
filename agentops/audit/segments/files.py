"""Where the chain lies on disk, and the raw file operations that the log and the verifier share.

Comes in: the audit folder. Goes out: paths, locks, bytes. Every ``OSError`` leaves here as an ``AuditError`` that says
what could not be done, where, and what to do next.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentops.core.errors import AuditError

LOG = "audit.jsonl"
LOCK = "audit.lock"
BROKEN_HINT = (
    "Look with 'agentops audit verify'. Keep the folder as evidence: move it away whole, keys included; "
    "then a new chain begins."
)
_LOCK_WAIT_S = 30.0
_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone leaves data in the drive's cache

_data_sync = getattr(os, "fdatasync", os.fsync)


@contextmanager
def explained(path: Path, verb: str) -> Iterator[None]:
    """Turn an ``OSError`` into an ``AuditError``."""
    try:
        yield
    except OSError as error:
        raise refused(path, verb, error) from error


class ChainLock:
    """The chain's lock for one that takes it often: the lock file stays open in between.

    It is opened anew after a fork, because a lock belongs to an open file and a child shares its parent's, and when it
    was deleted. Whoever finds the log itself replaced calls ``renew``: then the folder may be another one.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = -1
        self._process = -1

    def take(self) -> None:
        """Hold the lock until ``release``; wait half a minute at most for other processes.

        Raises:
            AuditError: another process holds it too long, or it cannot be opened.
        """
        if self._descriptor >= 0 and self._process == os.getpid():
            _acquire(self._descriptor, self._path, _LOCK_WAIT_S)
            if os.fstat(self._descriptor).st_nlink:
                return
        self.renew()

    def renew(self) -> None:
        """Hold the lock of the file that has the name now; raises as ``take``."""
        self.close()
        self._descriptor, self._process = take_lock(self._path), os.getpid()

    def release(self) -> None:
        """Let others take the lock."""
        if self._descriptor >= 0:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the lock and its file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def take_lock(path: str, *, wait_s: float = _LOCK_WAIT_S) -> int:
    """Hold the chain's lock until the returned descriptor is closed; wait half a minute at most for other processes.

    Raises:
        AuditError: another process holds it too long, or it cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise refused(path, "lock", error) from error
    try:
        _acquire(descriptor, path, wait_s)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _acquire(descriptor: int, path: str, wait_s: float) -> None:
    pause_s, waited_s = 0.0005, 0.0
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if waited_s > wait_s:
                raise AuditError(
                    f"another process has held {path} for {wait_s:.0f} s",
                    hint="Look for a stopped agentops process and end it.",
                ) from error
        time.sleep(pause_s)
        waited_s += pause_s
        pause_s = min(pause_s * 1.5, 0.01)


def make_folder(folder: Path) -> None:
    """Create the folder with mode 0700, durably, unless it is there."""
    with explained(folder, "create"):
        if folder.is_dir():
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def sync(descriptor: int) -> None:
    """Return when the file's bytes, and the size that is needed to read them back, are on the medium."""
    if _FULL_SYNC is not None:
        fcntl.fcntl(descriptor, _FULL_SYNC)
    else:
        _data_sync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
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


def write_new(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 durably, in one step, in place of an earlier one."""
    write_draft(path, data).replace(path)
    sync_folder(path.parent)


def write_draft(path: Path, data: bytes) -> Path:
    """Write durably what is to become the file ``path``, and return where it is until then."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, data)
        sync(descriptor)
    finally:
        os.close(descriptor)
    return draft


def last_line(descriptor: int, size: int) -> tuple[bytes, int]:
    """Return the last whole line before ``size``, without its newline, and the offset where whole lines end.

    What follows that offset is a torn tail. The line is empty when there is no whole line.
    """
    chunk, end, found = 64 * 1024, -1, b""
    start = size
    while start > 0:
        step = min(chunk, start)
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


def refused(path: Path | str, verb: str, error: OSError) -> AuditError:
    """Return what an ``OSError`` means to the user: what cannot be done, where, and what to do next."""
    return AuditError(f"cannot {verb} {path}: {(error.strerror or str(error)).lower()}", hint=_hint(error))


def _hint(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Nothing goes on without its record. Free some space, or set AGENTOPS_HOME to a folder on another disk."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Nothing goes on without its record. Set AGENTOPS_HOME to a folder that you can write to."
    return "Nothing goes on without its record."
