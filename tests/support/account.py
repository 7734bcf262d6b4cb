"""Whose account a test runs as: the user database says where the user's own config folder is, and no variable does.

``user_database(home)`` makes a home of a test the own one of whoever runs it, so that what stands there counts. In a
process of its own, ``python tests/support/account.py WORDS`` is ``agentops WORDS`` with its ``AGENTOPS_HOME`` as that.
"""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Callable
from pathlib import Path

_REAL = pwd.getpwuid


def user_database(home: Path) -> Callable[[int], pwd.struct_passwd]:
    """Return a look-up of users for whom ``home`` is the config folder."""
    account = home.parent / f".account-of-{home.name}"
    parts = ("Library", "Application Support") if sys.platform == "darwin" else (".config",)
    folder = account.joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    link = folder / "agentops"
    if not link.is_symlink():
        link.symlink_to(home)

    def found(uid: int) -> pwd.struct_passwd:
        fields = list(_REAL(uid))
        fields[5] = str(account)
        return pwd.struct_passwd(fields)

    return found


def main() -> int:
    """Run the command line with ``AGENTOPS_HOME`` as the account's own folder."""
    pwd.getpwuid = user_database(Path(os.environ["AGENTOPS_HOME"]))
    from agentops.__main__ import main as agentops

    return agentops()


if __name__ == "__main__":
    raise SystemExit(main())
