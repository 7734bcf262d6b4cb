"""Files of this room that are read, changed and written back: locked, written durably, each failure in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from agentops.core.durable_files import advice, locked_folder, make_folder, reason, replace_file
from agentops.core.errors import ConfigError


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder's lock: what is read in the block is still so when it is written back.

    Raises:
        ConfigError: it cannot be made or locked.
    """
    with ExitStack() as held:
        try:
            make_folder(folder)
            held.enter_context(locked_folder(folder))
        except OSError as error:
            raise ConfigError(reason("lock", folder, error), hint=advice(error)) from error
        yield


def replace(path: Path, data: bytes) -> None:
    """Put a file of mode 0600 in place of what is there; durable when this returns.

    Raises:
        ConfigError: it cannot be written; what was there is unchanged.
    """
    try:
        make_folder(path.parent)
        replace_file(path, data)
    except OSError as error:
        raise ConfigError(reason("write", path, error), hint=advice(error)) from error
