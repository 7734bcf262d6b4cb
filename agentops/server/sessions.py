"""How many sessions of the older protocol each program holds open, so that one cannot take the room of all.

Comes in: requests and answers of the HTTP door as their headers tell of sessions. Goes out: whether one more may be
opened. It opens and closes nothing: the SDK does, and forgets a session that was idle as long as is said here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Session:
    """When a session was used last, and by how many requests it is used now."""

    at: float
    users: int = 0


@dataclass(slots=True)
class OpenSessions:
    """The sessions that programs hold. For one event loop: nothing here is locked.

    Arguments:
        most: of one program.
        idle_s: a session that was not used for so long is gone.
        monotonic: seconds.
    """

    most: int
    idle_s: float
    monotonic: Callable[[], float] = time.monotonic
    _held: dict[str, dict[str, _Session]] = field(default_factory=dict, init=False)
    _opening: dict[str, int] = field(default_factory=dict, init=False)

    def has_room(self, subject: str) -> bool:
        """Return whether a program may open one more."""
        now, held = self.monotonic(), self._held.get(subject, {})
        for name in [name for name, one in held.items() if not one.users and now - one.at > self.idle_s]:
            del held[name]
        return len(held) + self._opening.get(subject, 0) < self.most

    @contextmanager
    def opening(self, subject: str) -> Iterator[Callable[[str], None]]:
        """Count a session that is being opened; yields what is to be told its name once it has one."""
        self._opening[subject] = self._opening.get(subject, 0) + 1
        names: list[str] = []

        def opened(name: str) -> None:
            # From here on it is held. Counted as both until the answer is gone, it would take the room of two.
            if not names:
                self._opening[subject] -= 1
            names.append(name)
            self._held.setdefault(subject, {})[name] = _Session(self.monotonic())

        try:
            yield opened
        finally:
            if not names:
                self._opening[subject] -= 1

    @contextmanager
    def using(self, subject: str, name: str, *, ends: bool) -> Iterator[None]:
        """Keep a program's session counted while a request uses it, and forget it where the request ends it."""
        found = self._held.get(subject, {}).get(name)
        if found is None:
            yield
            return
        found.users += 1
        try:
            yield
        finally:
            found.users -= 1
            found.at = self.monotonic()
            if ends:
                self._held[subject].pop(name, None)
