"""What the operating system keeps a stdio server from: bubblewrap, where it is installed and works.

Comes in: a command and what it is to be kept from. Goes out: the command inside of a sandbox, or a refusal; and, for
``doctor``, what this machine offers. Whether it works is found out by trying it once: many machines have the program
and forbid what it does.

systemd-run is not used: its units outlive whoever started them, so a server would outlive agentops.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from agentops.core.errors import ToolError
from agentops.core.text import one_line
from agentops.providers.mcp.objects.server import Confinement

_PROBE_S = 5.0
_NO_NETWORK = frozenset({Confinement.NO_NETWORK, Confinement.BOTH})
_READ_ONLY = frozenset({Confinement.READ_ONLY, Confinement.BOTH})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfinementFact:
    """Whether servers can be confined on this machine. ``why`` says why not, or by what they are."""

    offered: bool
    why: str


@functools.cache
def confinement_offered() -> ConfinementFact:
    """Return whether servers can be confined here; a sandbox is started once to see."""
    program = _bubblewrap()
    if program is None:
        return ConfinementFact(offered=False, why="bubblewrap (bwrap) is not installed")
    try:
        done = subprocess.run(
            [*_prefix(program, Confinement.BOTH, ()), "true"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_PROBE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return ConfinementFact(offered=False, why=f"bubblewrap does not run: {one_line(str(error))}")
    if done.returncode != 0:
        said = one_line(done.stderr.decode("utf-8", "replace"))
        return ConfinementFact(offered=False, why=f"bubblewrap cannot make a sandbox on this machine: {said}")
    return ConfinementFact(offered=True, why=f"by bubblewrap ({program})")


def confined(
    command: tuple[str, ...],
    confinement: Confinement,
    writable: tuple[Path, ...],
    *,
    server: str,
    fact: ConfinementFact,
) -> tuple[str, ...]:
    """Return a command inside of the sandbox that its server is to have.

    Arguments:
        writable: folders that it may write to where the rest is read-only.

    Raises:
        ToolError: it is to be confined, and this machine offers no way to do it.
    """
    if confinement is Confinement.NONE:
        return command
    program = _bubblewrap()
    if not fact.offered or program is None:
        raise ToolError(
            f"MCP server {server} is to run confined ({confinement.value}), and cannot here: {fact.why}",
            hint="Install bubblewrap, or set its confinement to none if you accept that it is not confined.",
            code="mcp-confinement",
        )
    return (*_prefix(program, confinement, writable), "--", *command)


def _bubblewrap() -> str | None:
    """Return the program; none that a PATH finds below the folder in which agentops runs."""
    found = shutil.which("bwrap")
    return found if found is not None and Path(found).is_absolute() else None


def _prefix(program: str, confinement: Confinement, writable: tuple[Path, ...]) -> tuple[str, ...]:
    words = [program, "--die-with-parent", "--unshare-pid", "--unshare-ipc"]
    words += ["--ro-bind" if confinement in _READ_ONLY else "--dev-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    if confinement in _NO_NETWORK:
        # The sockets of this machine's services (Docker, D-Bus) are files, and lead to the network.
        words += ["--unshare-net", "--tmpfs", "/run"]
    for folder in writable:
        words += ["--bind", str(folder), str(folder)]
    return tuple(words)
