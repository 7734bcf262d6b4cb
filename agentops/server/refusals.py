"""``RefusedRequests``: puts on record who was turned away before any tool ran, and holds a flood to a few records.

Comes in: each refusal, with who asked as far as it is known. Goes out: audit records ``mcp_refused``: the first one of
a program at once, then one a minute with how many there were. Names are the programs' own words, so new names are no
way around the limit: beyond ``MOST_NAMES`` in a minute they are counted together.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agentops.app.audit_run import record
from agentops.core.clock import to_iso, utc_now
from agentops.core.errors import AgentopsError

if TYPE_CHECKING:
    from agentops.config import Settings

logger = logging.getLogger(__name__)
EVERY_S = 60.0
MOST_NAMES = 8
_Key = tuple[str, str, str]
_MANY = "many names"


@dataclass(slots=True)
class _Minute:
    """The refusals of one program for one reason since the last record of them."""

    until: float
    since: str
    said: Mapping[str, Any]
    unwritten: int = 0


@dataclass(slots=True)
class RefusedRequests:
    """The refusals of one door.

    Arguments:
        settings: where the audit log is; read when there is something to write.
        monotonic: seconds.
    """

    settings: Callable[[], Settings]
    monotonic: Callable[[], float] = time.monotonic
    _minutes: dict[_Key, _Minute] = field(default_factory=dict, init=False)
    _due: list[dict[str, Any]] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _writing: threading.Lock = field(default_factory=threading.Lock, init=False)

    def count(self, client: Mapping[str, Any], code: str) -> bool:
        """Count one refusal; quick, and nothing is written yet. Return whether ``write`` has something to do.

        Arguments:
            client: who asked, as ``Client.on_record`` has it.
            code: why it was refused.
        """
        with self._lock:
            now = self.monotonic()
            key: _Key = (client["door"], client["name"], code)
            self._end_minutes(now, kept=key)
            if key not in self._minutes and len(self._minutes) >= MOST_NAMES:
                key = (client["door"], _MANY, "")
                client = {"name": _MANY, "door": client["door"], "established_by": "claim", "claims": {}}
                code = "many"
            found = self._minutes.get(key)
            if found is not None and now < found.until:
                found.unwritten += 1
            else:
                before = found if found is not None and found.unwritten else None
                found = _Minute(
                    now + EVERY_S,
                    before.since if before else to_iso(utc_now()),
                    {"client": dict(client), "code": code},
                    1 + (before.unwritten if before else 0),
                )
                self._minutes[key] = found
                self._take(found)
            return bool(self._due)

    def write(self) -> None:
        """Write what is due. Where that fails nothing more comes of it: what it is about was refused anyway."""
        with self._writing:
            with self._lock:
                due, self._due = self._due, []
            try:
                for payload in due:
                    record(self.settings(), "mcp_refused", payload)
            except AgentopsError as error:
                logger.warning("refused requests are not on record: %s", error.message)

    def close(self) -> None:
        """Write all that was counted and not written."""
        with self._lock:
            self._end_minutes(float("inf"))
        self.write()

    def _end_minutes(self, now: float, kept: _Key | None = None) -> None:
        for key, found in list(self._minutes.items()):
            if now >= found.until and key != kept:
                del self._minutes[key]
                self._take(found)

    def _take(self, found: _Minute) -> None:
        if found.unwritten:
            self._due.append({**found.said, "requests": found.unwritten, "since": found.since})
            found.unwritten, found.since = 0, to_iso(utc_now())
