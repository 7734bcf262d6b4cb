"""``ServerConnection``: one life of a server, from its start until it ended or was ended. Runs on the loop alone.

Comes in: a transport, and what was seen on it. Goes out: what the server says of itself, pages of its list, exchanges.
The SDK's client is entered and left in one task of its own, as its cancel scopes demand; calls are other tasks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops import __version__
from agentops.core.errors import AgentopsError
from agentops.core.text import one_line
from agentops.providers.mcp.client.asking import ANSWER_S, MOST_ROUNDS
from agentops.providers.mcp.client.background import quietly
from agentops.providers.mcp.client.exchange import CURRENT, Exchange
from agentops.providers.mcp.client.wire import ServerWatch, watched

if TYPE_CHECKING:
    from mcp import Client, MCPError
    from mcp.client import ClientRequestContext
    from mcp.client._transport import TransportStreams
    from mcp_types import ElicitRequestParams, ElicitResult

AnswerInput: TypeAlias = Callable[[Mapping[str, Any]], Awaitable["ElicitResult"]]
"""Answers the parameters of one question to a person."""

_END_S, _SETTLE_S = 8.0, 2.0
_CLOSED = "Connection closed"
_KNOWN = frozenset(HTTPStatus)
_STATUS_WORDS = {
    401: "it wants to know who asks, or does not know the credential that it was given",
    403: "whoever asks may not",
    404: "there is no MCP server at this address, or it has forgotten the session",
    429: "it was asked too often",
}
# What the SDK's HTTP transport says in the server's place when a response is none.
_GUESSES = ("SSE stream", "Failed to parse", "Unexpected content type", "server answered a request with 202")


class AnswerLost(Exception):
    """No answer came; the exchange says whether the request was sent. The message says why.

    Arguments:
        timed_out: whether the time was over; otherwise the server ended, or answered with something that is no answer.
    """

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out


class CallRefused(Exception):
    """The server answered with an error of the protocol.

    Arguments:
        nothing_done: whether the error is one that says that nothing was run. Any other may come after the call had an
            effect: servers answer so when a statement fails, and not only its first one.
    """

    def __init__(self, message: str, *, nothing_done: bool) -> None:
        super().__init__(message)
        self.nothing_done = nothing_done


class ServerConnection:
    """A server that was started.

    Arguments:
        open_transport: makes the transport; it is entered once.
        watch: what passes on it.
        answer: answers what the server asks of a person; None: nobody is there, and the server is told so beforehand.
    """

    def __init__(
        self,
        open_transport: Callable[[], AbstractAsyncContextManager[TransportStreams]],
        watch: ServerWatch,
        answer: AnswerInput | None = None,
    ) -> None:
        self.watch = watch
        self._answer = answer
        self._clocks: set[asyncio.Timeout] = set()
        self._open_transport = open_transport
        self._client: Client | None = None
        self._error: BaseException | None = None
        self._begun = asyncio.Event()
        self._start = Exchange()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it can be spoken to."""
        return self._client is not None and not self.watch.ended.is_set() and not self._task_ended

    @property
    def _task_ended(self) -> bool:
        return self._task is None or self._task.done()

    async def begin(self, within_s: float) -> None:
        """Start the server and shake hands.

        Raises:
            AnswerLost: it did not come to that; the message says why.
            AgentopsError: nobody has signed in to it.
        """
        self._task = asyncio.create_task(self._live(within_s))
        try:
            await self._begun.wait()
        except asyncio.CancelledError:
            await self.end()
            raise
        if self._client is None:
            await quietly(self._joined(), _END_S)
            if isinstance(self._error, AgentopsError):
                raise self._error
            raise AnswerLost(self.why_ended())

    async def _live(self, within_s: float) -> None:
        CURRENT.set(self._start)
        try:
            client = self._made()
            async with asyncio.timeout(within_s) as limit, client:
                limit.reschedule(None)
                self._client = client
                self._begun.set()
                await self.watch.ended.wait()
        except BaseException as error:
            self._error = _innermost(error)
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self.watch.ended.set()
            self._begun.set()

    def _made(self) -> Client:
        from mcp import Client
        from mcp_types import Implementation

        return Client(
            watched(self._open_transport(), self.watch),
            mode="auto",
            cache=None,
            elicitation_callback=self._elicited if self._answer is not None else None,
            client_info=Implementation(name="agentops", version=__version__),
        )

    def why_ended(self) -> str:
        """Return in a few words why nothing more comes."""
        error = self._error
        if self.watch.flooded:
            return "it sent more than anybody asked for, and was ended"
        if isinstance(error, TimeoutError):
            return "it did not answer in time"
        if self._client is None and (why := http_words(self._start)):
            return why
        if error is None or isinstance(error, asyncio.CancelledError) or str(error) == _CLOSED:
            return "it ended"
        return one_line(str(error) or type(error).__name__, 300)

    def said_of_itself(self) -> tuple[object, object, object]:
        """Return its name and version as the SDK has them, the protocol's date, and its instructions."""
        session = self._begun_client.session
        return session.server_info, session.protocol_version, session.instructions

    @property
    def _begun_client(self) -> Client:
        if self._client is None:
            raise AnswerLost("it was not started")
        return self._client

    async def page(self, cursor: str | None, within_s: float) -> Exchange:
        """Ask for one page of the list of tools, and return the exchange with its answer.

        Raises:
            AnswerLost, CallRefused: as ``call``.
        """
        from mcp_types import PaginatedRequestParams

        async def ask() -> None:
            params = PaginatedRequestParams(cursor=cursor) if cursor is not None else None
            await self._begun_client.session.list_tools(params=params)

        exchange = Exchange()
        await self._exchange(exchange, ask, within_s)
        return exchange

    async def _elicited(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        """Answer a server that asks on the way: the older era."""
        del context
        return await self._asked(params.model_dump(by_alias=True, mode="json", exclude_none=True))

    async def _asked(self, raw: Mapping[str, Any]) -> ElicitResult:
        """Have a person answer, while the clocks of all calls stand still."""
        from mcp_types import ElicitResult

        if self._answer is None:
            return ElicitResult(action="decline")
        loop = asyncio.get_running_loop()
        stopped = {clock: (clock.when() or 0) - loop.time() for clock in self._clocks}
        for clock in stopped:
            clock.reschedule(loop.time() + ANSWER_S)
        try:
            return await asyncio.wait_for(self._answer(raw), ANSWER_S)
        except TimeoutError:
            return ElicitResult(action="cancel")
        finally:
            for clock in stopped.keys() & self._clocks:
                clock.reschedule(loop.time() + stopped[clock])

    async def call(self, tool: str, arguments: Mapping[str, Any], exchange: Exchange, within_s: float) -> None:
        """Call a tool, once; ``exchange`` is filled in. Where the server wants input first, and somebody gives it, the
        same call goes on with that.

        Raises:
            AnswerLost: no answer came.
            CallRefused: the answer is an error of the protocol.
        """

        responses: dict[str, Any] | None = None
        state: str | None = None

        async def ask() -> None:
            # The session's and not the client's: that one sends a call again when a header did not match.
            await self._begun_client.session.call_tool(
                tool, dict(arguments), input_responses=responses, request_state=state, allow_input_required=True
            )

        await self._exchange(exchange, ask, within_s)
        for _ in range(MOST_ROUNDS):
            wanted = (exchange.answer or {}).get("inputRequests")
            if self._answer is None or not wants_input(exchange) or not isinstance(wanted, dict):
                return
            responses = {}
            for key, request in wanted.items():
                if not isinstance(request, dict) or request.get("method") != "elicitation/create":
                    return
                responses[key] = answer = await self._asked(request.get("params") or {})
                if answer.action != "accept":
                    return
            said = (exchange.answer or {}).get("requestState")
            state = said if isinstance(said, str) else None
            exchange.answer, exchange.cut = None, 0
            await self._exchange(exchange, ask, within_s)

    async def _exchange(self, exchange: Exchange, ask: Callable[[], Any], within_s: float) -> None:
        """Make one request. What the SDK thinks of the answer does not matter once the answer is there."""
        from mcp import MCPError

        CURRENT.set(exchange)
        try:
            async with asyncio.timeout(within_s) as clock:
                self._clocks.add(clock)
                try:
                    await ask()
                finally:
                    self._clocks.discard(clock)
        except TimeoutError as error:
            if exchange.answer is None:
                raise AnswerLost(exchange.failure or f"no answer came in {within_s:g} s", timed_out=True) from error
        except MCPError as error:
            if exchange.status == HTTPStatus.NOT_FOUND:
                # It was started anew and knows no session of ours: the next request shakes hands again.
                self.watch.ended.set()
            if exchange.answer is None and exchange.refused and not _is_guess(exchange, error):
                raise CallRefused(_said(exchange, error), nothing_done=_is_refusal(exchange, error)) from error
            if exchange.answer is None:
                raise AnswerLost(await self._why_lost(exchange, error)) from error
        except Exception as error:
            if exchange.answer is None:
                raise AnswerLost(one_line(f"its answer cannot be read: {error}", 300)) from error
        if exchange.answer is None:
            raise AnswerLost("its answer cannot be read")

    async def _why_lost(self, exchange: Exchange, error: MCPError) -> str:
        if exchange.refused or exchange.unreadable or exchange.failure:
            return _said(exchange, error)
        await quietly(self._joined(), _SETTLE_S)
        if isinstance(self._error, AgentopsError) and exchange.status == HTTPStatus.UNAUTHORIZED:
            # The server has refused the request, and nobody is there to sign in.
            raise self._error
        return self.why_ended()

    async def end(self) -> None:
        """End it; never raises, and takes at most some seconds."""
        self.watch.ended.set()
        if self._client is None and self._task is not None:
            # It is still being started, and hears of no end.
            self._task.cancel()
        await quietly(self._joined(), _END_S)
        if self._task is not None and not self._task.done():
            self._task.cancel()

    async def _joined(self) -> None:
        if self._task is not None:
            await asyncio.wait([self._task])


def wants_input(exchange: Exchange) -> bool:
    """Return whether a server wants something before it runs a call: it has not run it."""
    return (exchange.answer or {}).get("resultType") == "input_required"


def _innermost(error: BaseException) -> BaseException:
    """Return the one error that a group of groups is about."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _is_guess(exchange: Exchange, error: MCPError) -> bool:
    """Return whether an error is not the server's own: a proxy's, or the SDK's about a response that it cannot use."""
    status = exchange.status
    return (
        bool(exchange.failure) or status >= 500 or status == 408 or (status > 0 and error.message.startswith(_GUESSES))
    )


def _is_refusal(exchange: Exchange, error: MCPError) -> bool:
    """Return whether an error says that nothing was run: JSON-RPC's own, and HTTP's about the one who asks."""
    from mcp_types import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND

    codes = (INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND)
    return error.error.code in codes or exchange.status >= HTTPStatus.MULTIPLE_CHOICES


def _said(exchange: Exchange, error: MCPError) -> str:
    return http_words(exchange) or one_line(error.message, 300)


def http_words(exchange: Exchange) -> str:
    """Return what is wrong with an exchange by what HTTP says; empty where it says nothing of that."""
    if exchange.failure:
        return f"there was no whole response: {exchange.failure}"
    status = exchange.status
    if 300 <= status < 400:
        return f"HTTP {status}: it sends us to another address, where nothing is sent"
    return f"HTTP {status}: {_STATUS_WORDS.get(status, HTTPStatus(status).phrase)}" if _is_bad(status) else ""


def _is_bad(status: int) -> bool:
    return status >= 400 and status in _KNOWN
