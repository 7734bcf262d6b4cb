"""The process between agentops and a stdio server: it ends the server, and all that the server started, when agentops
is gone, however that ended.

It is run by its path, by ``python -I -S``, and imports nothing of agentops. It watches a pipe whose other end agentops
holds and never writes to: the kernel closes that end when agentops ends, also by SIGKILL. On Linux every descendant
that loses its parent becomes a child of this process (PR_SET_CHILD_SUBREAPER), so that none can hide by forking twice
or by a session of its own; elsewhere the server's process group is ended. It touches none of the server's bytes: the
server has agentops' own pipes.

Arguments: the descriptor of the pipe that is watched, that of a pipe to report on, seconds between SIGTERM and SIGKILL,
then the command. It reports one line, ``started PID`` or ``failed WHY``, and exits as the server did.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress

_SUBREAPER, _DEATH_SIGNAL = 36, 1
_LINUX = sys.platform.startswith("linux")
_TURN_S = 0.02
_POLL_S = 1.0
_UNKILLABLE_S = 5.0


def _prctl(option: int, value: int) -> None:
    if _LINUX:
        with suppress(Exception):
            import ctypes

            ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _start(command: list[str], life: int, report: int) -> int:
    """Start the server in a session of its own and return its process id; it holds neither pipe."""
    os.set_inheritable(life, False)
    os.set_inheritable(report, False)
    own = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        _prctl(_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != own:
            os._exit(1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(command[0], command, os.environ)  # noqa: S606 - the command is what a person configured
    except OSError as error:
        os.write(report, f"failed {error.strerror}\n".encode())
    finally:
        os._exit(127)


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)


def _descendants() -> list[int]:
    """Return every live process below this one."""
    parents: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                # The name of a program stands in brackets and may hold anything, brackets too.
                state, parent = _read(f"{entry.path}/stat").rpartition(b")")[2].split()[:2]
                if state not in (b"Z", b"X"):
                    parents[int(entry.name)] = int(parent)
    below, found = {os.getpid()}, []
    while new := [pid for pid, parent in parents.items() if parent in below and pid not in below]:
        below.update(new)
        found += new
    return found


def _signal_all(server: int, number: int) -> bool:
    """Signal every descendant, or the server's group where they cannot be told; return whether there was any."""
    if not _LINUX:
        try:
            os.killpg(server, number)
        except OSError:
            return False
        return True
    found = _descendants()
    for pid in found:
        with suppress(OSError):
            os.kill(pid, number)
    return bool(found)


def _reap(server: int, status: int | None) -> int | None:
    """Take in those who ended, and return the server's status once it is among them."""
    with suppress(ChildProcessError):
        while True:
            pid, ended = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            if pid == server:
                status = ended
    return status


def _end(server: int, status: int | None, grace_s: float) -> int | None:
    """End all that is left: with SIGTERM first, then with SIGKILL until none is."""
    _signal_all(server, signal.SIGTERM)
    kill_at = time.monotonic() + grace_s
    give_up_at = kill_at + _UNKILLABLE_S
    while time.monotonic() < give_up_at:
        status = _reap(server, status)
        number = 0 if time.monotonic() < kill_at else signal.SIGKILL
        if not _signal_all(server, number):
            break
        time.sleep(_TURN_S)
    return _reap(server, status)


def _watch(server: int, life: int, wake: int, parent: int, told: list[int]) -> int | None:
    """Wait until the server ended or agentops did; return the server's status in the first case."""
    while True:
        ready, _, _ = select.select([life, wake], [], [], _POLL_S)
        if wake in ready:
            with suppress(OSError):
                os.read(wake, 64)
        status = _reap(server, None)
        # A program that inherited the other end of the pipe could hold it open: who the parent is cannot be held.
        if status is not None or told or life in ready or os.getppid() != parent:
            return status


def main(words: list[str]) -> int:
    """Run one server to its end."""
    life, report, grace_s, command = int(words[0]), int(words[1]), float(words[2]), words[3:]
    parent = os.getppid()
    _prctl(_SUBREAPER, 1)
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    told: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Whoever ends this process means the server.
        signal.signal(number, lambda number, _frame: told.append(number))
    server = _start(command, life, report)
    os.write(report, f"started {server}\n".encode())
    os.close(report)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    status = _end(server, _watch(server, life, wake, parent, told), grace_s)
    return os.waitstatus_to_exitcode(status) if status is not None else 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code if code >= 0 else 128 - code)
