"""``ReadingLimits``: how many bytes a run reads of an API server, and how much memory they may come to.

Comes in: the size of each piece as it arrives. Goes out: nothing, or an error that names the setting to raise. One
object is shared by all that a run reads, so that many answers of a modest size cannot do what one large answer may not.
Source: proc(5), statm; getrusage(2).
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agentops.core.errors import ClusterError

_MIB = 1 << 20
_LOOK_EVERY = 4 * _MIB
_STATM = Path("/proc/self/statm")
RUN_CODE = "read-limit"


def memory_bytes() -> int:
    """Return how much memory this process has in use; its peak where the system does not tell more."""
    try:
        return int(_STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


@dataclass(slots=True)
class ReadingLimits:
    """What is left of a run's limits; safe to use from several threads.

    Arguments:
        run_mib: of all answers together.
        memory_mib: by which this process may grow while it reads; what it had before is not the reading's.
        memory: returns how many bytes it has in use.
        large: held while the rest of a large answer is read, so that few are in memory at once.
    """

    run_mib: int = 4096
    memory_mib: int = 768
    memory: Callable[[], int] = memory_bytes
    large: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(2))
    _before: int = field(default=0, init=False)
    _read: int = field(default=0, init=False)
    _looked_at: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        """Look at what is in use before anything is read."""
        self._before = self.memory()

    def take(self, size: int) -> None:
        """Count bytes that arrived.

        Raises:
            ClusterError: they are more than the run may read, or the process has grown too large.
        """
        with self._lock:
            self._read += size
            is_due = self._read - self._looked_at >= _LOOK_EVERY
            self._looked_at = self._read if is_due else self._looked_at
        if self._read > self.run_mib * _MIB:
            raise _over(f"more than {self.run_mib:,} MiB were read in this run", "max_read_mib")
        if is_due and self.memory() - self._before > self.memory_mib * _MIB:
            raise _over(f"what was read takes more than {self.memory_mib:,} MiB of memory", "max_memory_mib")


def _over(what: str, setting: str) -> ClusterError:
    return ClusterError(
        f"{what}, so no more is read",
        hint=f"Read less (--namespace), or raise limits.{setting} in the config file.",
        code=RUN_CODE,
    )
