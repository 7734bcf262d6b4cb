"""The surroundings of the test process: the same for everybody who starts the tests, whatever their shell passes on.

Comes in: the process as it was started. Goes out: the same process with signals, environment, time zone and file mode
mask as the tests expect them; child processes inherit them. Must never reach outside this process.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping

PINNED = {"LANG": "C.UTF-8", "TZ": "UTC", "TERM": "dumb"}
"""What each test finds in its environment unless it sets something else itself."""

# What the tests' own machinery is told through the environment, and what a program needs to be found and to start.
_KEPT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "CI", "PYTHONPATH")
_KEPT_PREFIXES = ("AGENTOPS_E2E", "AGENTOPS_REAL_", "AGENTOPS_WRITE_", "COV_", "COVERAGE_", "HYPOTHESIS_", "PYTEST_")
_MASK = 0o022


def pinned(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that the tests see.

    An end-to-end run on a cluster of the caller's own keeps everything: credential programs and cloud SDKs read it.
    """
    if environ.get("AGENTOPS_E2E") == "1":
        return dict(environ)
    kept = {name: value for name, value in environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    return kept | PINNED


def settle() -> None:
    """Make this process independent of who started it. To be called in the main thread, before any test."""
    found = pinned(os.environ)
    os.environ.clear()
    os.environ.update(found)
    time.tzset()
    os.umask(_MASK)
    # ``nohup COMMAND &`` starts a process that ignores SIGINT and SIGHUP. What is ignored or blocked is inherited by
    # every child: a test that presses Ctrl-C would wait for ever.
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # Nothing that a test writes has to outlive a power cut, and waiting for a busy disk takes as long as all the rest.
    # Whoever is killed by a test is a child process, which this does not reach.
    os.fsync = os.fdatasync = _written


def _written(_descriptor: object) -> None:
    """Stand in for ``fsync``: what was written is in the kernel's hands, as it is when a process is killed."""


def seen() -> dict[str, object]:
    """Return what ``settle`` is about, as this process has it now."""
    mask = os.umask(_MASK)
    os.umask(mask)
    handlers = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT)
    return {
        "environ": {name: value for name, value in os.environ.items() if name not in _KEPT},
        "zone": time.tzname[0],
        "mask": mask,
        "ignored": sorted(number.name for number in handlers if signal.getsignal(number) is signal.SIG_IGN),
        "blocked": sorted(int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    }
