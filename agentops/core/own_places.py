"""Where the organisation and the user say what may be changed: two folders that no environment variable names.

Comes in: nothing but the user database. Goes out: paths. ``HOME``, ``XDG_CONFIG_HOME`` and ``AGENTOPS_HOME`` lead to
other folders, and a shell, a job or a checkout can set them: what stands there may only be stricter.
"""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

SYSTEM_FOLDER = Path("/etc/agentops")
"""The organisation's: root's alone. What it says wins."""
_NOBODYS_HOME = Path("/nonexistent")
"""Of a uid that the user database does not know, as in a container that runs as any uid."""


def own_config_folder() -> Path:
    """Return the config folder of the user who runs this process, as the user database has their home."""
    try:
        home = Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except (KeyError, OverflowError):
        home = _NOBODYS_HOME
    return home / ("Library/Application Support" if sys.platform == "darwin" else ".config") / "agentops"


def is_same_folder(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one folder, through links too; both may be missing."""
    return one.resolve() == other.resolve()
