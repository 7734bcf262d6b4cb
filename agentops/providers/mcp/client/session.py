"""``open_session``: one MCP server as the rest of this provider sees it (``McpSession``).

Comes in: a configured server, and what stands behind its references. Goes out: its facts, its tools, what its calls
gave. All of it is synchronous; what waits for the server waits on the loop of ``background``.

Must never: send a call twice, call a tool that has changed since it was listed, or wait without an end.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from agentops.core.errors import AgentopsError, InDoubt, ToolError
from agentops.core.text import one_line
from agentops.core.threads import Monotonic
from agentops.providers.mcp.client.asking import ANSWER_S, MOST_ROUNDS, AskPerson
from agentops.providers.mcp.client.background import background
from agentops.providers.mcp.client.confine import ConfinementFact, confinement_offered
from agentops.providers.mcp.client.connection import AnswerLost, CallRefused, ServerConnection, wants_input
from agentops.providers.mcp.client.decode import facts_of, result_of
from agentops.providers.mcp.client.exchange import Exchange
from agentops.providers.mcp.client.launch import Given, Resolve, resolved
from agentops.providers.mcp.client.lifecycle import Lifecycle
from agentops.providers.mcp.client.listing import listed, require_unchanged
from agentops.providers.mcp.client.oauth import PERSON_S, Show
from agentops.providers.mcp.client.rate import Rate
from agentops.providers.mcp.client.streamable import require_safe_address
from agentops.providers.mcp.objects.server import ServerConfig, ServerTransport
from agentops.providers.mcp.objects.session import McpSession
from agentops.providers.mcp.objects.tool import ForeignResult, ForeignTool, ServerFacts

Value = TypeVar("Value")

_MARGIN_S = 15.0
_CLOSE_S = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerReport:
    """What can be said of a server without asking it: for ``doctor``.

    Arguments:
        pid: of its process while it runs; 0 otherwise.
        noise: lines and messages on its output that were none.
        last_words: the last lines of its standard error, without secrets.
    """

    running: bool = False
    pid: int = 0
    starts: int = 0
    noise: int = 0
    last_words: tuple[str, ...] = ()


def open_session(
    config: ServerConfig,
    *,
    resolve: Resolve,
    home: Path,
    redact: Callable[[str], str] = str,
    show: Show | None = None,
    ask: AskPerson | None = None,
    confinement: Callable[[], ConfinementFact] = confinement_offered,
    monotonic: Monotonic = time.monotonic,
) -> ServerSession:
    """Return a session with one server. Nothing is started or read yet.

    Arguments:
        resolve: returns what a reference in the settings stands for; called once, in the thread that asks first.
        home: of agentops; the server's own folders are made below it.
        redact: takes secrets out of what the server writes to its standard error, and of its refusals. Results are
            for the caller to redact; what the server was given is hidden in them all the same.
        show: shows a person where to sign in to a server that wants OAuth, and starts it with a new sign-in, which is
            kept; None: nobody is there, and the sign-in that is kept is used.
        ask: asks a person for the input that a server wants in the middle of a call; None: nobody is there, and it is
            declined. Whether a server may ask at all is for the caller to have decided.
        confinement: whether servers can be confined on this machine.
    """
    session = ServerSession(
        config,
        resolve=resolve,
        home=home,
        redact=redact,
        show=show,
        ask=ask,
        confinement=confinement,
        monotonic=monotonic,
    )
    _remember(session)
    return session


class ServerSession(McpSession):
    """One server; made by ``open_session``. Safe to use from several threads."""

    def __init__(
        self,
        config: ServerConfig,
        *,
        resolve: Resolve,
        home: Path,
        redact: Callable[[str], str],
        show: Show | None,
        ask: AskPerson | None,
        confinement: Callable[[], ConfinementFact],
        monotonic: Monotonic,
    ) -> None:
        self.config = config
        self._start_s = config.limits.start_s if show is None else PERSON_S
        self._person_s = 0.0 if ask is None else MOST_ROUNDS * ANSWER_S
        self._resolve = resolve
        self._settling = threading.Lock()
        self._known: Given | None = None
        self._rate = Rate(config.name, config.limits.calls_per_minute, monotonic)
        self._lives = Lifecycle(
            config,
            given=self._given,
            home=home,
            redact=redact,
            show=show,
            ask=ask,
            confinement=confinement,
            monotonic=monotonic,
        )
        self._tools: tuple[ForeignTool, ...] | None = None
        self._tools_of: ServerConnection | None = None
        self._tools_now: tuple[ForeignTool, ...] = ()
        self._unlistable: tuple[ServerConnection, ToolError] | None = None

    def facts(self) -> ServerFacts:
        """Return what the server says of itself; see ``McpSession``."""
        return self._ask(self._ask_facts, self._start_s)

    def tools(self) -> Sequence[ForeignTool]:
        """Return all of its tools in the order of their names; see ``McpSession``."""
        return self._ask(self._ask_tools, 2 * self._start_s)

    def call(self, tool: str, arguments: Mapping[str, Any]) -> ForeignResult:
        """Call one tool once; see ``McpSession``."""
        self._rate.take()
        exchange = Exchange()
        try:
            return self._run(
                lambda: self._call(tool, arguments, exchange),
                2 * self._start_s + self.config.limits.call_s + self._person_s,
            )
        except TimeoutError as error:
            raise self._unanswered(exchange, tool, "no answer came in time") from error

    def report(self) -> ServerReport:
        """Return what is known of it without asking it."""
        connection, process = self._lives.connection, self._lives.process
        running = connection is not None and connection.is_alive
        return ServerReport(
            running=running,
            pid=process.pid if running and process is not None else 0,
            starts=self._lives.starts,
            noise=connection.watch.noise if connection is not None else 0,
            last_words=self._lives.all_words(),
        )

    def close(self) -> None:
        """End it, and every process that it started. Never raises."""
        self._lives.is_closed = True
        if self._lives.starts:
            with contextlib.suppress(Exception):
                background().run(self._lives.close, timeout_s=_CLOSE_S)
        _forget(self)

    def end_soon(self) -> None:
        """Have it end without waiting for that; nothing is started any more."""
        self._lives.is_closed = True
        if self._lives.starts:
            with contextlib.suppress(Exception):
                background().start(self._lives.close)

    def _ask(self, make: Callable[[], Coroutine[Any, Any, Value]], timeout_s: float) -> Value:
        try:
            return self._run(make, timeout_s)
        except TimeoutError as error:
            raise ToolError(f"MCP server {self.config.name} did not answer in time", code="mcp-no-answer") from error

    def _run(self, make: Callable[[], Coroutine[Any, Any, Value]], timeout_s: float) -> Value:
        self._given()
        return background().run(make, timeout_s=timeout_s + _MARGIN_S)

    def _given(self) -> Given:
        """Return what the server is given. References are resolved once: a keyring may want to be unlocked.

        Raises:
            AgentopsError: one stands for nothing, or the address is none that may be spoken to.
        """
        with self._settling:
            if self._known is None:
                given = resolved(self.config, self._resolve)
                if self.config.transport is ServerTransport.HTTP:
                    require_safe_address(given.url, self.config.name)
                self._known = given
            return self._known

    async def _ask_facts(self) -> ServerFacts:
        return facts_of(*(await self._lives.alive()).said_of_itself())

    async def _ask_tools(self) -> tuple[ForeignTool, ...]:
        connection = await self._lives.alive()
        if self._tools is None:
            self._tools = await self._list(connection)
        return self._tools

    async def _list(self, connection: ServerConnection) -> tuple[ForeignTool, ...]:
        if self._unlistable is not None and self._unlistable[0] is connection and not connection.watch.listed_anew:
            raise self._unlistable[1]
        connection.watch.listed_anew = False
        try:
            self._tools_now = await listed(connection, self.config)
        except ToolError as error:
            # Asked again it would take as long to fail.
            self._unlistable = (connection, error)
            raise
        self._tools_of = connection
        return self._tools_now

    async def _call(self, tool: str, arguments: Mapping[str, Any], exchange: Exchange) -> ForeignResult:
        connection = await self._lives.alive()
        await self._require_unchanged(connection, tool)
        limits, began_at = self.config.limits, self._lives.now()
        try:
            await connection.call(tool, arguments, exchange, limits.call_s)
        except CallRefused as error:
            self._lives.note_answer()
            said = self._lives.shown(str(error))
            did, code = ("refused", "mcp-refused") if error.nothing_done else ("failed", "mcp-failed")
            raise ToolError(
                f"MCP server {self.config.name} {did} the call of {one_line(tool, 80)}: {said}", code=code
            ) from error
        except AnswerLost as error:
            if error.timed_out:
                self._lives.note_timeout(began_at)
            raise self._unanswered(exchange, tool, str(error)) from error
        self._lives.note_answer()
        if wants_input(exchange):
            raise ToolError(
                f"MCP server {self.config.name} asks for input before it runs {one_line(tool, 80)}, and was declined",
                code="mcp-input-declined",
            )
        return result_of(exchange.answer or {}, most_bytes=limits.result_bytes, cut=exchange.cut, hide=self._lives.hide)

    async def _require_unchanged(self, connection: ServerConnection, tool: str) -> None:
        """List again what may have changed: after a new start, and when the server says so."""
        if self._tools is None:
            return
        if connection is not self._tools_of or connection.watch.listed_anew:
            await self._list(connection)
        require_unchanged(self._tools, self._tools_now, tool, self.config)

    def _unanswered(self, exchange: Exchange, tool: str, why: str) -> AgentopsError:
        said = self._lives.shown(why)
        place = f"MCP server {self.config.name}"
        if not exchange.sent:
            return ToolError(
                f"{one_line(tool, 80)} was not called on {place}: {said}{self._lives.last_words()}", code="mcp-not-sent"
            )
        return InDoubt(
            f"whether {one_line(tool, 80)} took effect on {place} is not known: {said}{self._lives.last_words()}",
            hint="Look at the system that it changes. It is not called again by itself.",
        )


_open: set[ServerSession] = set()
_open_lock = threading.Lock()


def _remember(session: ServerSession) -> None:
    """Have it ended with the program at the latest; what that does not reach, the supervisors do."""
    with _open_lock:
        if not _open:
            atexit.unregister(close_all)
            atexit.register(close_all)
        _open.add(session)


def _forget(session: ServerSession) -> None:
    with _open_lock:
        _open.discard(session)


def close_all() -> None:
    """End every server of this process, all at once. Never raises."""
    with _open_lock:
        sessions = list(_open)
    for session in sessions:
        session.end_soon()
    for session in sessions:
        session.close()
