"""``Lifecycle``: starts a server when it is needed, again when it has ended, later each time, and not for ever.

Comes in: a configured server and what it is given. Goes out: a ``ServerConnection`` that can be used. It is
run on the loop alone.

Must never: start a server twice at once, or let many callers wait for the same failure one after another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.core.errors import AgentopsError, ToolError
from agentops.core.text import one_line, visible
from agentops.core.threads import Monotonic
from agentops.providers.mcp.client.asking import AskPerson, answered
from agentops.providers.mcp.client.background import in_thread
from agentops.providers.mcp.client.confine import ConfinementFact, confined
from agentops.providers.mcp.client.connection import AnswerInput, AnswerLost, ServerConnection
from agentops.providers.mcp.client.launch import Given, Launch, discard, prepared, without
from agentops.providers.mcp.client.oauth import PERSON_S, KeptSignIn, Show, sign_in_file, signed_in
from agentops.providers.mcp.client.stdio import Process, stdio_transport
from agentops.providers.mcp.client.streamable import http_transport
from agentops.providers.mcp.client.wire import ServerWatch
from agentops.providers.mcp.objects.server import Confinement, ServerConfig, ServerTransport

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

MOST_STARTS = 4
"""How often a server is started without answering a call in between; after that it is out of order."""
OUT_OF_ORDER_S = 300.0
"""How long a server that is out of order is left alone, in seconds; then it is tried once more."""
_BACKOFF_S = (0.0, 0.5, 1.0, 2.0)
_RESTART_TIMEOUTS, _MOST_TIMEOUTS = 2, 3
_SHOWN_WORDS, _WORDS_CHARS = 3, 160
_SLACK_BYTES = 1 << 16


class Lifecycle:
    """The lives of one server, one after another.

    Arguments:
        given: what the server is given; asked for once it is started.
        redact: takes secrets out of its last words and of its refusals.
        show: shows a person where to sign in; None: nobody is there.
        ask: asks a person what the server asks; None: nobody is there.
    """

    def __init__(
        self,
        config: ServerConfig,
        *,
        given: Callable[[], Given],
        home: Path,
        redact: Callable[[str], str],
        confinement: Callable[[], ConfinementFact],
        monotonic: Monotonic,
        show: Show | None,
        ask: AskPerson | None,
    ) -> None:
        self.config = config
        self.connection: ServerConnection | None = None
        self.process: Process | None = None
        self.starts = 0
        self._given, self._home, self._redact = given, home, redact
        self._confinement, self._monotonic = confinement, monotonic
        self._show, self._ask = show, ask
        self._kept: KeptSignIn | None = None
        self._scratch: Path | None = None
        self._lock: asyncio.Lock | None = None
        self.is_closed = False
        self._closing: asyncio.Task[None] | None = None
        self._timeouts = self._fruitless = 0
        self._ended_at = self._hung_at = 0.0
        self._failed: tuple[float, AgentopsError] | None = None

    async def alive(self) -> ServerConnection:
        """Return a connection that can be used.

        Raises:
            ToolError: the server cannot be started, or has ended too often.
        """
        asked_at = self._monotonic()
        self._lock = self._lock or asyncio.Lock()
        async with self._lock:
            if self.is_closed:
                raise ToolError(f"the session with MCP server {self.config.name} is closed", code="mcp-closed")
            if self._timeouts >= _MOST_TIMEOUTS and asked_at - self._hung_at < OUT_OF_ORDER_S:
                raise ToolError(
                    f"MCP server {self.config.name} answered none of the last {self._timeouts} calls in time, and is "
                    f"not called again for {OUT_OF_ORDER_S / 60:g} minutes",
                    hint="See whether the system behind it answers, or give it longer: limits.call_s.",
                    code="mcp-out-of-order",
                )
            if self.connection is not None and self.connection.is_alive:
                return self.connection
            if self._failed is not None and self._failed[0] >= asked_at:
                raise self._failed[1]
            await self._clear()
            try:
                return await self._start()
            except AgentopsError as error:
                await self._clear()
                self._failed = (self._monotonic(), error)
                raise

    async def _start(self) -> ServerConnection:
        name = self.config.name
        if self._fruitless >= MOST_STARTS and self._monotonic() - self._ended_at < OUT_OF_ORDER_S:
            raise ToolError(
                f"MCP server {name} ended {self._fruitless} times and is not started again for "
                f"{OUT_OF_ORDER_S / 60:g} minutes{self.last_words()}",
                code="mcp-out-of-order",
            )
        if self._fruitless:
            await asyncio.sleep(
                max(self._ended_at + _BACKOFF_S[min(self._fruitless, MOST_STARTS - 1)] - self._monotonic(), 0)
            )
        self.starts += 1
        self._fruitless += 1
        self.connection = connection = self._made(self._given(), ServerWatch())
        try:
            # A person who signs in takes their time.
            await connection.begin(self.config.limits.start_s if self._show is None else PERSON_S)
        except AnswerLost as error:
            await connection.end()
            raise ToolError(
                f"MCP server {name} cannot be started: {self.shown(str(error))}{self.last_words()}", code="mcp-start"
            ) from error
        return connection

    def _made(self, given: Given, watch: ServerWatch) -> ServerConnection:
        limits = self.config.limits
        most = max(limits.list_bytes, limits.result_bytes) + _SLACK_BYTES
        if self.config.transport is ServerTransport.HTTP:
            return ServerConnection(lambda: self._over_http(given, most), watch, self._answer())
        launch = self._launch(given)
        self.process = process = Process()
        return ServerConnection(lambda: stdio_transport(process, launch, watch, most_bytes=most), watch, self._answer())

    def _answer(self) -> AnswerInput | None:
        ask, name = self._ask, self.config.name
        return None if ask is None else lambda raw: answered(ask, name, raw)

    @asynccontextmanager
    async def _over_http(self, given: Given, most_bytes: int) -> AsyncIterator[TransportStreams]:
        name, limits = self.config.name, self.config.limits
        async with AsyncExitStack() as stack:
            auth = None
            if self.config.oauth:
                self._kept = KeptSignIn(sign_in_file(self._home, name), given.url)
                auth = await stack.enter_async_context(signed_in(self._kept, self._show, name))
            read_s = max(limits.call_s, limits.start_s)
            opened = http_transport(given.url, given.headers, auth, most_bytes=most_bytes, read_s=read_s)
            yield await stack.enter_async_context(opened)

    def shown(self, text: str) -> str:
        """Return words of the server, or of whoever speaks to it, without secrets and safe to show."""
        return visible(self._redact(self.hide(text)))

    def hide(self, text: str) -> str:
        """Return ``text`` without the secrets that the server was given, tokens included."""
        text = self._given().hide(text)
        return text if self._kept is None else without(text, self._kept.secrets())

    def _launch(self, given: Given) -> Launch:
        launch = prepared(self.config, given, self._home)
        self._scratch = launch.scratch
        if self.config.confinement is Confinement.NONE:
            return launch
        command = confined(
            launch.command,
            self.config.confinement,
            (launch.home, launch.scratch),
            server=self.config.name,
            fact=self._confinement(),
        )
        return replace(launch, command=command)

    def now(self) -> float:
        """Return the time for ``note_timeout``."""
        return self._monotonic()

    def note_timeout(self, began_at: float) -> None:
        """Count a call that was not answered in time, calls side by side once.

        After two in a row the server is ended, to be started anew; after a third it is out of order for a while: nobody
        waits for it all through a run.

        Arguments:
            began_at: when the call began.
        """
        if began_at < self._hung_at:
            return
        self._hung_at = self._monotonic()
        self._timeouts += 1
        if self._timeouts == _RESTART_TIMEOUTS and self.connection is not None:
            self.connection.watch.ended.set()

    def note_answer(self) -> None:
        """Note that the server answers: it was worth starting."""
        self._timeouts = self._fruitless = 0

    def last_words(self) -> str:
        """Return how it exited and its last lines of standard error, as the end of a message; empty without either."""
        words = [one_line(word, _WORDS_CHARS) for word in self.all_words()[-_SHOWN_WORDS:]]
        code = self.process.exit_code if self.process is not None and self.process.pid else None
        exited = f" (exit code {code})" if code is not None else ""
        return exited + (f"; its last words: {' | '.join(words)}" if words else "")

    def all_words(self) -> tuple[str, ...]:
        """Return the last lines of its standard error, without secrets and safe to show."""
        if self.process is None:
            return ()
        # A copy in one step: the loop goes on writing.
        said = tuple(self.process.last_words)
        return tuple(self.shown(word) for word in said if word.strip())

    async def close(self) -> None:
        """End what runs; nothing is started any more. Whoever comes second waits for the same end."""
        self.is_closed = True
        self._closing = self._closing or asyncio.create_task(self._clear())
        await asyncio.shield(self._closing)

    async def _clear(self) -> None:
        if self.connection is not None:
            await self.connection.end()
            self.connection = None
            self._ended_at = self._monotonic()
        if self._scratch is not None:
            scratch, self._scratch = self._scratch, None
            try:
                await in_thread(lambda: discard(scratch))
            except RuntimeError:
                # At the end of the program no thread is started any more.
                discard(scratch)
