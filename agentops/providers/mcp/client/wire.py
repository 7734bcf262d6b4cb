"""``watched``: a transport of the SDK whose two streams write down what passes, and let only so much of it pass.

Comes in: any transport. Goes out: the same for the SDK's client. The answer to a call is taken out as it was written
and replaced by an empty one, because the SDK refuses what does not follow the protocol or the server's own schema, and
a result that came after a change must be seen whatever it looks like. Notifications end here: nothing rests on them but
that the list of tools has changed.

Must never: pass on more than a bounded number of messages that nobody asked for.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

from agentops.providers.mcp.client.exchange import CURRENT, Exchange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcp.client._transport import TransportStreams
    from mcp.shared.message import SessionMessage
    from mcp_types import JSONRPCMessage

_CALL = "tools/call"
_EMPTY = {"content": [], "isError": True, "resultType": "complete"}
MOST_UNASKED = 10_000
"""Messages that nobody asked for between two answers; a server that sends more is ended."""
MOST_REQUESTS = 100
"""What a server may ask of us between two answers; what is more is dropped."""


class ServerWatch:
    """What was seen of one life of a server.

    Arguments:
        listed_anew: set when the server says that its tools have changed.
        ended: set when nothing more can come; ``flooded`` is why, where that is the reason.
    """

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.listed_anew = False
        self.flooded = False
        self.noise = 0
        self._asked: dict[int | str, Exchange] = {}
        self._unasked = 0
        self._requests = 0

    def note_cut(self, request_id: object, size_bytes: int) -> None:
        """Note that so many bytes of the answer to a request were left out."""
        if (exchange := self._asked.get(_key(request_id))) is not None:
            exchange.cut += size_bytes

    def note_unreadable(self, request_id: object) -> bool:
        """Note that the answer to a request cannot be read; return whether anybody waits for it."""
        exchange = self._asked.get(_key(request_id))
        if exchange is not None:
            exchange.unreadable = True
        return exchange is not None

    def only_asked(self) -> int | str | None:
        """Return the id of the one request that waits for an answer; None where none or several do."""
        return next(iter(self._asked)) if len(self._asked) == 1 else None

    def note_unasked(self, count: int = 1) -> None:
        """Count messages that nobody asked for, and end the server when they are too many."""
        self._unasked += count
        if self._unasked > MOST_UNASKED:
            self.flooded = True
            self.ended.set()

    def sends(self, message: JSONRPCMessage) -> None:
        """Note a message that is about to be sent."""
        exchange = CURRENT.get()
        if exchange is not None and (request_id := getattr(message, "id", None)) is not None:
            exchange.sent, exchange.method = True, getattr(message, "method", "")
            self._asked[request_id] = exchange

    def passes(self, message: JSONRPCMessage) -> JSONRPCMessage | None:
        """Return what the SDK is to see of a message; None where it is nothing."""
        from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

        if isinstance(message, JSONRPCNotification):
            self.listed_anew |= message.method == "notifications/tools/list_changed"
            self.note_unasked()
            return None
        if isinstance(message, JSONRPCRequest):
            self._requests += 1
            self.note_unasked()
            return message if self._requests <= MOST_REQUESTS else None
        self._unasked = self._requests = 0
        exchange = self._asked.pop(_key(message.id), None)
        if exchange is None:
            return message
        if isinstance(message, JSONRPCError):
            exchange.refused = not exchange.unreadable
            return message
        exchange.answer = message.result
        if exchange.method != _CALL:
            return message
        return JSONRPCResponse(jsonrpc="2.0", id=message.id, result=dict(_EMPTY))


def _key(request_id: object) -> int | str:
    """Return the id under which a request waits; a server may write the number 7 as ``"7"``."""
    if isinstance(request_id, str):
        return int(request_id) if request_id.isascii() and request_id.isdigit() else request_id
    return request_id if isinstance(request_id, int) else ""


@asynccontextmanager
async def watched(
    transport: AbstractAsyncContextManager[TransportStreams], watch: ServerWatch
) -> AsyncIterator[TransportStreams]:
    """Enter a transport and yield its streams, watched."""
    async with transport as (read, write):
        yield _WatchedRead(read, watch), _WatchedWrite(write, watch)


class _WatchedStream:
    """What both streams have: they are closed with what they are made of."""

    def __init__(self, inner: Any, watch: ServerWatch) -> None:
        self._inner, self._watch = inner, watch

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_raised: object) -> None:
        await self.aclose()


class _WatchedRead(_WatchedStream):
    """The server's messages, without those that end here."""

    @property
    def last_context(self) -> Any:
        """The context in which the transport received the last message."""
        return getattr(self._inner, "last_context", None)

    def __aiter__(self) -> _WatchedRead:
        return self

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message that the SDK is to see.

        Raises:
            EndOfStream: the server sent too much, or has ended.
        """
        from mcp.shared.message import SessionMessage

        try:
            while not self._watch.flooded:
                item = await self._inner.receive()
                if isinstance(item, Exception):
                    self._watch.noise += 1
                    self._watch.note_unasked()
                    continue
                if (kept := self._watch.passes(item.message)) is not None:
                    return SessionMessage(message=kept, metadata=item.metadata)
        except BaseException:
            self._watch.ended.set()
            raise
        from anyio import EndOfStream

        raise EndOfStream

    async def __anext__(self) -> SessionMessage | Exception:
        from anyio import EndOfStream

        try:
            return await self.receive()
        except EndOfStream:
            raise StopAsyncIteration from None


class _WatchedWrite(_WatchedStream):
    """Our messages."""

    async def send(self, item: SessionMessage) -> None:
        """Send one, noted before it leaves."""
        self._watch.sends(item.message)
        await self._inner.send(item)
