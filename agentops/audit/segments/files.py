"""The chain's files on disk, their lock, and how disk errors are reported.

Comes in: the audit folder. Goes out: paths and locks; files are written by ``core/durable_files.py``. Every ``OSError``
leaves here as an ``AuditError`` that says what could not be done, where, and what to do next.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentops.core import durable_files
from agentops.core.errors import AuditError, ConfigError
from agentops.core.own_files import read_own, require_own_folder

LOG = "audit.jsonl"
LOCK = "audit.lock"
BROKEN_HINT = (
    "Look with 'agentops audit verify'. Keep the folder as evidence: move it away whole, keys included; "
    "then a new chain begins."
)
_LOCK_WAIT_S = 30.0
_KEY_FILES = ("audit.key*", "audit.hmac")
_MOST_KEY_BYTES = 64 * 1024


@contextmanager
def explained(path: Path, verb: str) -> Iterator[None]:
    """Turn an ``OSError`` into an ``AuditError``."""
    try:
        yield
    except OSError as error:
        raise refused(path, verb, error) from error


def read_key_file(path: Path) -> str:
    """Return the text of a key; empty where there is none.

    Raises:
        AuditError: it cannot be read, or somebody else could have written or read it.
    """
    try:
        data = read_own(path, _MOST_KEY_BYTES, private=True)
    except ConfigError as error:
        raise AuditError(error.message, hint=error.hint, code=error.code) from error
    return (data or b"").decode("ascii", "replace")


def require_own_log(folder: Path) -> None:
    """Raise where a log in ``folder``, or its keys, would not be trusted; the folder may not be there yet.

    Raises:
        AuditError: others could write there, or read a key. Nothing was made.
    """
    try:
        with explained(folder, "look at"):
            require_own_folder(folder)
            keys = [path for pattern in _KEY_FILES for path in folder.glob(pattern)]
    except ConfigError as error:
        raise AuditError(error.message, hint=error.hint, code=error.code) from error
    for path in keys:
        read_key_file(path)


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
    """Create the folder with mode 0700, durably, unless it is there; raises as ``explained``."""
    with explained(folder, "create"):
        durable_files.make_folder(folder)


def refused(path: Path | str, verb: str, error: OSError) -> AuditError:
    """Return what an ``OSError`` means to the user: what cannot be done, where, and what to do next."""
    hint = f"Nothing continues without its record. {durable_files.advice(error)}".rstrip()
    return AuditError(durable_files.reason(verb, path, error), hint=hint)
