"""Who acts in this process, how that was established, and the id of the run.

Who acts is who the kernel says runs the process: the real user id, with the name that the system's user database has
for it. ``LOGNAME``, ``USER`` and the like are what somebody can type, and are not looked at. What ``sudo`` says of who
called it is kept as a claim beside it: it is believed by nobody.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentops.core.clock import Clock

_UID_MAP = Path("/proc/self/uid_map")
_ALL_IDS = 2**32 - 1
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@\\-]{0,63}\$?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessOwner:
    """Who runs this process.

    Arguments:
        name: what the user database calls the user id, ``ana``; ``uid:1001`` where it has no name for it.
        uid: the user id; of a process in a user namespace the one outside, as far as it can be told.
        established_by: ``uid``; or ``uid-in-namespace`` where the id is one that a user namespace gave out, which any
            user can make.
        claims: what the environment says of who is behind it, believed by nobody.
    """

    name: str
    uid: int
    established_by: str
    claims: Mapping[str, str]

    def on_record(self) -> dict[str, object]:
        """Return what the audit log keeps of it."""
        return {"uid": self.uid, "established_by": self.established_by, "claims": dict(self.claims)}


def process_owner() -> ProcessOwner:
    """Return who runs this process."""
    uid, established_by = _outer_uid(os.getuid())
    # Only a number: a name in the environment could be read as somebody's.
    sudo = os.environ.get("SUDO_UID", "")
    claims = {"sudo_uid": sudo} if sudo.isascii() and sudo.isdecimal() and len(sudo) <= len(str(_ALL_IDS)) else {}
    return ProcessOwner(name=name_of(uid), uid=uid, established_by=established_by, claims=claims)


def name_of(uid: int) -> str:
    """Return the name of a user id; ``uid:1001`` where there is none, as in a container that runs as any id."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return f"uid:{uid}"
    # The database is the system's; a name that could pass for another kind of actor is none.
    return name if _NAME.fullmatch(name) else f"uid:{uid}"


def outer_uid(uid: int, uid_map: str) -> int | None:
    """Return the id outside of a user namespace that ``uid`` stands for inside; None where the map does not say.

    Arguments:
        uid_map: the text of ``/proc/self/uid_map``: first id inside, first id outside, how many (user_namespaces(7)).
    """
    for line in uid_map.splitlines():
        inside, outside, count = map(int, line.split())
        if inside <= uid < inside + count:
            return outside + uid - inside
    return None


def _outer_uid(uid: int) -> tuple[int, str]:
    """Return the id to go by, and how it was established: ``unshare --map-root-user`` makes anybody root to getuid."""
    try:
        text = _UID_MAP.read_text("ascii")
        if text.split() == ["0", "0", str(_ALL_IDS)]:
            return uid, "uid"
        outer = outer_uid(uid, text)
    except (OSError, ValueError):
        # No /proc, as on macOS: there are no user namespaces.
        return uid, "uid"
    return (uid if outer is None else outer), "uid-in-namespace"


def user_name() -> str:
    """Return the name of the user who runs this process."""
    return process_owner().name


def current_actor() -> str:
    """Return who acts, as the audit log names them: ``human:ana``."""
    return f"human:{user_name()}"


def new_run(clock: Clock) -> str:
    """Return a run id that sorts by time: ``20261122T155933-4f2a1c``."""
    return f"{clock():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
