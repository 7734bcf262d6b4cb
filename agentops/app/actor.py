"""Who acts in this process, and the id of the run: the names under which the audit log keeps what is done."""

from __future__ import annotations

import getpass
import os
import secrets

from agentops.core.clock import Clock


def user_name() -> str:
    """Return the name of the user who runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a user id that no password file names.
        return f"uid-{os.getuid()}"


def current_actor() -> str:
    """Return who acts, as the audit log names them: ``human:ana``."""
    return f"human:{user_name()}"


def new_run(clock: Clock) -> str:
    """Return a run id that sorts by time: ``20261122T155933-4f2a1c``."""
    return f"{clock():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
