"""Makes an optional package absent for the imports of one thread.

The Anthropic SDK imports aiohttp when it finds it (the kubernetes package brings it along), for an asynchronous
transport that agentops never uses; measured, that is a seventh of its import time. Within ``absent`` the importing
thread does not find the package; other threads, and everybody afterwards, do.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType


class _Absent:
    def __init__(self, name: str) -> None:
        self._name = name
        self._thread = threading.get_ident()

    def find_spec(self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None, /) -> None:
        """Find nothing; for the one package and the one thread, say that there is nothing to be found."""
        if fullname == self._name and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


@contextmanager
def absent(name: str) -> Iterator[None]:
    """Let ``import name`` fail in this thread; a package that is imported already stays imported."""
    finder = _Absent(name)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
