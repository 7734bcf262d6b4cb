"""Who asks: from what a connection shows to a ``Client``, with its scope, its rate, and what it read last.

Comes in: a request. Goes out: the program, or a refusal. Everything that is kept of a program is bounded, in its size
and in the number of programs.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from agentops.app.mcp_clients import HTTP, STDIO, Client, KnownClients, clients_of, plain_name
from agentops.app.reading import LastReadings
from agentops.core.errors import AgentopsError, PolicyRefused
from agentops.core.text import one_line
from agentops.server.refusals import RefusedRequests

if TYPE_CHECKING:
    from agentops.config import Settings

_MOST_PROGRAMS = 64
_READ_AGAIN_S = 2.0
_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def trace_of(meta: Mapping[str, Any] | None) -> str:
    """Return the W3C ``traceparent`` of a request; empty where there is none, or it is not one."""
    found = (meta or {}).get("traceparent")
    return found if isinstance(found, str) and _TRACE.fullmatch(found) else ""


@dataclass(slots=True)
class _Allowance:
    """What is left of a program's requests, and when that was counted."""

    left: float
    at: float


@dataclass(slots=True)
class Programs:
    """The programs that ask at one door.

    Arguments:
        settings: as they are now; asked every few seconds, not for each request.
        named: the name that the command line gives the program; empty: its own word.
        monotonic: seconds.
    """

    settings: Callable[[], Settings]
    named: str = ""
    monotonic: Callable[[], float] = time.monotonic
    refusals: RefusedRequests = field(init=False)
    _known: KnownClients | None = field(default=None, init=False)
    _read_at: float = field(default=0.0, init=False)
    _buckets: OrderedDict[str, _Allowance] = field(default_factory=OrderedDict, init=False)
    _readings: OrderedDict[str, LastReadings] = field(default_factory=OrderedDict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self.refusals = RefusedRequests(self.settings, self.monotonic)

    def over_stdio(self, claims: Mapping[str, str]) -> Client:
        """Return the program at the other end of standard input.

        Raises:
            PolicyRefused: it may do nothing here.
            ConfigError: the file of clients cannot be believed.
        """
        name = plain_name(self.named or claims.get("name", ""))
        how = "option" if self.named else "claim"
        return self._scoped(Client(name=name, door=STDIO, established_by=how, claims=claims))

    def over_http(self, subject: str, claims: Mapping[str, str]) -> Client:
        """Return the program whose token was shown.

        Raises:
            as ``over_stdio``.
        """
        return self._scoped(Client(name=subject, door=HTTP, established_by="token", claims=claims))

    def _scoped(self, client: Client) -> Client:
        try:
            return replace(client, scope=self.known().scope_of(client.name))
        except AgentopsError as error:
            self.refusals.count(client.on_record(), error.code)
            raise

    def subject(self, token: str) -> str:
        """Return whose token it is; empty when nobody's, or the file of clients cannot be believed any more."""
        try:
            return self.known().subject(token)
        except AgentopsError:
            return ""

    def known(self) -> KnownClients:
        """Return the programs of the file, read again after a few seconds.

        Raises:
            ConfigError: it cannot be believed.
        """
        with self._lock:
            if self._known is None or self.monotonic() - self._read_at > _READ_AGAIN_S:
                self._known, self._read_at = None, self.monotonic()
                self._known = clients_of(self.settings())
            return self._known

    def require_room(self, client: Client) -> None:
        """Count a request.

        Raises:
            PolicyRefused: the program has asked too often in the last minute.
        """
        rate = client.scope.per_minute
        with self._lock:
            now = self.monotonic()
            found = self._buckets.setdefault(client.name, _Allowance(float(rate), now))
            self._buckets.move_to_end(client.name)
            found.left = min(float(rate), found.left + (now - found.at) * rate / 60)
            found.at = now
            if found.left < 1:
                wait = (1 - found.left) * 60 / rate
                self.refusals.count(client.on_record(), "rate-limited")
                raise PolicyRefused(
                    f"{client.name!r} may ask {rate} times a minute", hint=f"Wait {wait:.0f} s.", code="rate-limited"
                )
            found.left -= 1
            # A new name is no new allowance for one that is full: only the longest unused are forgotten.
            while len(self._buckets) > 16 * _MOST_PROGRAMS:
                self._buckets.popitem(last=False)

    def readings_of(self, client: Client) -> LastReadings:
        """Return what a program read last."""
        with self._lock:
            found = self._readings.setdefault(f"{client.door}/{client.name}", LastReadings())
            self._readings.move_to_end(f"{client.door}/{client.name}")
            while len(self._readings) > _MOST_PROGRAMS:
                self._readings.popitem(last=False)
            return found


def claims_of(info: Any) -> dict[str, str]:
    """Return what a program says of itself, cut and without controls."""
    if info is None:
        return {}
    return {"name": one_line(str(info.name), 80), "version": one_line(str(info.version), 40)}
