"""Small files that decide who may approve: read with a cap, written durably, refused when others can touch them.

Comes in: paths. Goes out: bytes, or a ``ConfigError`` that says what is wrong, where, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from agentops.core.durable_files import advice, create_file, locked_folder, make_folder, reason, replace_file
from agentops.core.errors import ConfigError
from agentops.core.own_files import read_own

_MOST_BYTES = 256 * 1024


@contextmanager
def explained(path: Path, verb: str) -> Iterator[None]:
    """Turn an ``OSError`` into a ``ConfigError`` that says what could not be done."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            reason(verb, path, error), hint=advice(error) or "Check who owns it and its folder."
        ) from error


def read_small(path: Path, *, private: bool, root_only: bool = False) -> bytes | None:
    """Return the file's bytes, when only this user (or root) can have written it; None where there is none.

    Arguments:
        private: refuse it also when somebody else can read it.
        root_only: refuse it also when this user can have written it and is not root.

    Raises:
        ConfigError: it cannot be believed or read, or is larger than such a file ever is.
    """
    return read_own(path, _MOST_BYTES, private=private, root_only=root_only)


def write_new(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that is not there yet; durable when this returns.

    Raises:
        ConfigError: it is there, or cannot be written.
    """
    with explained(path, "write"):
        make_folder(path.parent)
        create_file(path, data)


def replace(path: Path, data: bytes) -> None:
    """Put a file of mode 0600 in place of what is there; durable when this returns.

    Raises:
        ConfigError: it cannot be written.
    """
    with explained(path, "write"):
        make_folder(path.parent)
        replace_file(path, data)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: what is read in the block is still so when it is written back.

    Raises:
        ConfigError: it cannot be created or locked.
    """
    with ExitStack() as held:
        with explained(folder, "lock"):
            make_folder(folder)
            held.enter_context(locked_folder(folder))
        yield
