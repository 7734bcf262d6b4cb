"""Write a file only where none is: of several who try at once, one is first, and what is there is never replaced.

Comes in: a path, bytes. Goes out: a durable file, whole from the moment that its name is seen. Rests on hard links,
which unlike a rename never take another's place; where a disk knows none, on a look before the rename.
"""

from __future__ import annotations

import errno
import secrets
from pathlib import Path

from agentops.audit.segments.files import sync_folder, write_new

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def write_exclusively(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write ``data`` to a new file; when there is one already, leave it as it is.

    Raises:
        OSError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.new-{secrets.token_hex(8)}")
    write_new(draft, data)
    try:
        draft.chmod(mode)
        _name(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def _name(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if not path.exists():
            draft.replace(path)
