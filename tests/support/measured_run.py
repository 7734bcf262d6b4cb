"""``measured``: the command line in a process of its own, and the most memory that it had in use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# The process looks itself: what the kernel tells a parent counts the parent's own memory in, from before the exec.
_MEASURED = """
import atexit, re, resource, sys
from pathlib import Path

def tell():
    status = Path("/proc/self/status")
    found = re.search("VmHWM:\\\\s+([0-9]+) kB", status.read_text()) if status.exists() else None
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    print(found[1] if found else own, file=sys.stderr)

atexit.register(tell)
from agentops.__main__ import main
sys.exit(main())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How a run ended, what it printed, and its peak memory in MiB."""

    code: int
    out: str
    peak_mib: float


def measured(words: Sequence[str], folder: Path) -> Measured:
    """Run ``agentops WORDS`` with JSON output in a folder."""
    command = [sys.executable, "-c", _MEASURED, *words, *(() if "-o" in words else ("-o", "json"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return Measured(code=done.returncode, out=done.stdout, peak_mib=int(done.stderr.splitlines()[-1]) / 1024)
