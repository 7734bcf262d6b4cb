"""Whether a file that decides or signs is in the hands of those who may: one check for all of them.

Comes in: a path, and whether others may read it. Goes out: nothing, or ``NotOwn`` with the path that is wrong, what is
wrong with it, and what to type. Every name on the way from the root is looked at, through links as well: who may write
to one of these folders may put another file, link or folder in the place of the next. Each must belong to this user or
to root, and nobody else may write to it; a folder such as ``/tmp``, in which everybody may only write their own
(sticky), may stand on the way, and so may one on a mount that is read-only, as a ConfigMap's is.

A process that runs as root believes root's files alone, in a container too: files of another user that are mounted
there belong to somebody outside. Access lists beyond the mode (ACL) are not looked at.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from agentops.core.commands import quoted
from agentops.core.durable_files import reason
from agentops.core.errors import ConfigError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITERS = stat.S_IWGRP | stat.S_IWOTH
_MOST_LINKS = 40


class NotOwn(ConfigError):
    """A file that decides or signs could have been written by somebody else."""

    default_code = "not-own"


def require_own(path: Path, *, private: bool = False, root_only: bool = False, descriptor: int = -1) -> None:
    """Raise unless only this user or root could have written what stands at ``path``.

    Arguments:
        path: a file or a folder that is there.
        private: nobody else may read it either; a key.
        root_only: only root may have written it, whoever runs this.
        descriptor: the open file that is being read; it must be what stands at ``path``.

    Raises:
        NotOwn: somebody else could; the message names every name on the way that is wrong, the hint all that mends it.
        OSError: it, or a folder above it, is not there or cannot be looked at.
    """
    *above, last = _way(path)
    found = [(place, state, False) for place, state in above] + [(*last, True)]
    _require(path, found, private=private, root_only=root_only)
    if descriptor >= 0:
        opened = os.fstat(descriptor)
        if (opened.st_dev, opened.st_ino) != (last[1].st_dev, last[1].st_ino):
            raise NotOwn(f"{path} was replaced while it was read", hint="Look at it, then try again.")


def require_own_folder(folder: Path) -> None:
    """Raise unless what is kept in ``folder``, or will be once it is made, is in the hands of this user and root.

    Raises:
        NotOwn: it is not; as ``require_own``. Nothing was made.
        OSError: a folder above it cannot be looked at.
    """
    if folder.exists():
        require_own(folder)
        return
    nearest = next(place for place in folder.absolute().parents if place.exists())
    # It stays a folder on the way: everybody may write to /tmp, and what is made there is one's own.
    _require(folder, [(place, state, False) for place, state in _way(nearest)], private=False, root_only=False)


def read_own(path: Path, most_bytes: int, *, private: bool = False, root_only: bool = False) -> bytes | None:
    """Return the bytes of a file that decides or signs; None where there is none.

    Raises:
        NotOwn: somebody else could have written it; as ``require_own``.
        ConfigError: it is no regular file, too large, or cannot be read.
    """
    try:
        # One descriptor for the check and the read: a name could be pointed elsewhere in between.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(reason("read", path, error), hint="Correct this, or remove the file.") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ConfigError(f"{path} is not a regular file", hint="Put a file there, or remove what is there.")
        require_own(path, private=private, root_only=root_only, descriptor=descriptor)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise ConfigError(reason("read", path, error), hint="Correct this, or remove the file.") from error
    finally:
        os.close(descriptor)
    if len(data) > most_bytes:
        raise ConfigError(f"{path} is larger than {most_bytes:,} bytes", hint="Check the path: such a file is small.")
    return data


def _way(path: Path) -> list[tuple[Path, os.stat_result]]:
    """Return each name on the way from the root to what ``path`` means, links included, with what it is."""
    left = list(reversed((Path.cwd() / path).parts[1:]))
    here, links = Path("/"), 0
    found = [(here, here.lstat())]
    while left:
        name = left.pop()
        if name == "..":
            here = here.parent
            continue
        state = (here / name).lstat()
        found.append((here / name, state))
        if not stat.S_ISLNK(state.st_mode):
            here = here / name
            continue
        links += 1
        if links > _MOST_LINKS:
            raise NotOwn(f"{path} goes through more than {_MOST_LINKS} links", hint="Put the file itself there.")
        target = (here / name).readlink()
        if target.is_absolute():
            here = Path("/")
        left += reversed([part for part in target.parts if part not in ("/", ".")])
    return found


def _require(path: Path, way: Sequence[tuple[Path, os.stat_result, bool]], *, private: bool, root_only: bool) -> None:
    """Raise unless each name on the way is in the right hands; each comes with whether it is ``path`` itself."""
    owners = (0,) if root_only else (os.geteuid(), 0)
    wrong: list[str] = []
    mends: dict[str, list[str]] = {}
    strangers: dict[int, None] = {}
    for place, state, is_last in way:
        what = "it" if is_last else f"the {'link' if stat.S_ISLNK(state.st_mode) else 'folder'} {place}"
        for problem, mend in _problems(place, state, owners, is_last=is_last, private=private and is_last):
            wrong.append(f"{what} {problem}")
            mends.setdefault(mend, []).append(quoted(str(place)))
        if state.st_uid not in owners:
            strangers[state.st_uid] = None
    if wrong:
        # One command for all that one command mends; a link may lead over one folder twice.
        lines = [f"{mend} {' '.join(dict.fromkeys(places))}" for mend, places in mends.items()]
        if owners[0] == os.geteuid() == 0:
            lines += [
                f"In a container: copy it into the image, or run as its owner (--user {uid})" for uid in strangers
            ]
        raise NotOwn(f"{path} is not trusted: {'; '.join(dict.fromkeys(wrong))}", hint="\n".join(lines))


def _problems(
    place: Path, found: os.stat_result, owners: tuple[int, ...], *, is_last: bool, private: bool
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with one name, and what to type before the name."""
    mode, is_link = stat.S_IMODE(found.st_mode), stat.S_ISLNK(found.st_mode)
    if found.st_uid not in owners:
        own = owners[0]
        wanted = f"you (uid {own}) or root" if own else "root"
        mend = f"Look at what it says, then\nRun: chown {'-h ' if is_link else ''}{own}"
        yield f"belongs to uid {found.st_uid}, not to {wanted}", mend
    if is_link:
        # The mode of a link means nothing: who may write to its folder may replace it, and that is looked at.
        return
    is_folder = stat.S_ISDIR(found.st_mode)
    is_sticky = is_folder and bool(mode & stat.S_ISVTX) and not is_last
    if private and mode & _OTHERS:
        yield f"can be read or changed by other users (mode {mode:04o})", "Run: chmod go-rwx"
    elif mode & _WRITERS and not is_sticky and not (is_folder and _is_read_only(place)):
        yield f"can be changed by other users (mode {mode:04o})", "Run: chmod go-w"


def _is_read_only(place: Path) -> bool:
    """Return whether nobody can write there, whatever the mode says."""
    return bool(os.statvfs(place).f_flag & os.ST_RDONLY)
