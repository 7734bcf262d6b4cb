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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
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
    way = _way(path)
    _require({path: _wrong(way, private=private, root_only=root_only)})
    last = way[-1]
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
    _require({folder: _wrong_of_folder(folder)})


def all_not_own(first: NotOwn, files: Sequence[Path], folder: Path) -> NotOwn:
    """Return ``first`` with all else that is wrong on the way to what a run rests on, so that it is mended in one go.

    Arguments:
        files: those that are missing are left out.
        folder: where a run keeps its records; it may not be there yet.
    """
    found: dict[Path, list[_Wrong]] = {}
    for path in files:
        with suppress(OSError):
            found[path] = _wrong(_way(path), private=False, root_only=False)
    with suppress(OSError):
        found[folder] = _wrong_of_folder(folder)
    try:
        _require(found)
    except NotOwn as error:
        return error
    return first


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wrong:
    """What is wrong with one name on the way, what to type before the name, and its owner where that is a stranger."""

    place: Path
    words: str
    mend: str
    stranger: int | None


def _wrong_of_folder(folder: Path) -> list[_Wrong]:
    if folder.exists():
        return _wrong(_way(folder), private=False, root_only=False)
    nearest = next(place for place in folder.absolute().parents if place.exists())
    # It stays a folder on the way: everybody may write to /tmp, and what is made there is one's own.
    return _wrong([*_way(nearest), None], private=False, root_only=False)


def _wrong(way: Sequence[tuple[Path, os.stat_result] | None], *, private: bool, root_only: bool) -> list[_Wrong]:
    """Return what is wrong with each name on the way; the last is what is asked for, None: not there yet."""
    owners = (0,) if root_only else (os.geteuid(), 0)
    found = []
    for index, (place, state) in ((index, one) for index, one in enumerate(way) if one is not None):
        is_last = index == len(way) - 1
        kind = "link" if stat.S_ISLNK(state.st_mode) else "folder"
        what = "it" if is_last else f"the {kind} {place}"
        stranger = None if state.st_uid in owners else state.st_uid
        for problem, mend in _problems(place, state, owners, is_last=is_last, private=private and is_last):
            found.append(_Wrong(place=place, words=f"{what} {problem}", mend=mend, stranger=stranger))
    return found


def _require(found: Mapping[Path, Sequence[_Wrong]]) -> None:
    """Raise unless nothing is wrong on the way to any path; what is wrong with two of them is said once."""
    said: set[Path] = set()
    sentences: list[str] = []
    mends: dict[str, list[str]] = {}
    strangers: dict[int, None] = {}
    for path, wrong in found.items():
        new = [one for one in wrong if one.place not in said]
        said |= {one.place for one in new}
        if new:
            words = "; ".join(dict.fromkeys(one.words for one in new))
            sentences.append(f"{path} is not trusted: {words}")
        for one in new:
            mends.setdefault(one.mend, []).append(quoted(str(one.place)))
            if one.stranger is not None:
                strangers[one.stranger] = None
    if sentences:
        # One command for all that one command mends; a link may lead over one folder twice.
        lines = [f"{mend} {' '.join(dict.fromkeys(places))}" for mend, places in mends.items()]
        if os.geteuid() == 0:
            beside = "In a container: copy it into the image, or run as its owner (--user"
            lines += [f"{beside} {uid})" for uid in strangers]
        raise NotOwn("; ".join(sentences), hint="\n".join(lines))


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
