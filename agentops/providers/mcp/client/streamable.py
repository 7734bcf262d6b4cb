"""``http_transport``: a server that is spoken to over streamable HTTP, by the SDK's own transport under our rules.

Comes in: an address, headers, a sign-in. Goes out: the two streams that the SDK's client wants. Below the SDK, every
request goes through ``_Guarded``: TLS with verified certificates, or plain HTTP to this machine; no compression, since
a few bytes of it can become any number; and of an answer no more than the cap, cut as a line of a stdio server is.

Must never: follow a redirect to another host, send a request twice, or hold more than the cap.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agentops.core.errors import ToolError
from agentops.core.text import one_line
from agentops.providers.mcp.client.exchange import CURRENT, Exchange
from agentops.providers.mcp.client.lines import CappedLines, WireLine, message_of
from agentops.providers.mcp.objects.server import is_loopback

if TYPE_CHECKING:
    import httpx2
    from mcp.client._transport import TransportStreams

NO_RESPONSE = 599
"""The status that stands for no response: HTTP has none so high."""
_CONNECT_S = 10.0
_SLACK_BYTES = 1 << 16
_FIELD = b"data:"


def require_safe_address(url: str, server: str) -> None:
    """Raise unless an address is one that may be spoken to: HTTPS, or HTTP to this machine; without a password in it.

    Raises:
        ToolError: it is another one.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    hint = "Give url as https://HOST/PATH; plain http is for servers on this machine."
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ToolError(f"the address of MCP server {server} cannot be used", hint=hint, code="mcp-address")
    if parts.username or parts.password:
        hint = "Put it into headers, as a reference such as ${env:TOKEN}."
        raise ToolError(f"the address of MCP server {server} holds a credential", hint=hint, code="mcp-address")


@asynccontextmanager
async def http_transport(
    url: str, headers: Mapping[str, str], auth: httpx2.Auth | None, *, most_bytes: int, read_s: float
) -> AsyncIterator[TransportStreams]:
    """Open a client for one server, yield its streams, and close it.

    Arguments:
        most_bytes: kept of one answer.
        read_s: without a byte, until an answer counts as lost.
    """
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    timeout = httpx2.Timeout(_CONNECT_S, read=read_s, write=_CONNECT_S, pool=_CONNECT_S)
    own = {"Accept-Encoding": "identity", "User-Agent": "agentops"}
    async with (
        httpx2.AsyncClient(
            transport=guarded(most_bytes, plain=is_loopback(urlsplit(url).hostname or "")),
            headers={**own, **headers},
            auth=auth,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
        ) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=most_bytes + _SLACK_BYTES) as streams,
    ):
        yield streams


def guarded(most_bytes: int, *, plain: bool) -> httpx2.AsyncBaseTransport:
    """Return a transport of HTTP that keeps the rules of this module.

    Arguments:
        plain: whether the server is on this machine: only then may it send us to other ports of this machine, where
            a sign-in has us look.
    """
    import httpx2

    class _Guarded(httpx2.AsyncBaseTransport):
        def __init__(self) -> None:
            # OpenSSL's own certificates, as everywhere in agentops; no proxy, and nothing asked twice.
            trust = ssl.create_default_context()
            self._inner = httpx2.AsyncHTTPTransport(verify=trust, trust_env=False, retries=0)

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            host, scheme = request.url.host, request.url.scheme
            if is_loopback(host) and not plain:
                raise httpx2.UnsupportedProtocol("a server elsewhere sends us to this machine")
            if scheme != "https" and not (scheme == "http" and plain and is_loopback(host)):
                raise httpx2.UnsupportedProtocol(f"{scheme}://{one_line(host, 100)} is not spoken to: it is no HTTPS")
            exchange = (CURRENT.get() if request.method == "POST" else None) or Exchange()
            try:
                response = await self._inner.handle_async_request(request)
            except httpx2.TransportError as error:
                # Raised, it would end all that is under way with this server.
                exchange.sent &= not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
                exchange.failure = _words(error)
                return httpx2.Response(NO_RESPONSE, request=request)
            exchange.status = response.status_code
            return _capped(response, exchange, most_bytes)

        async def aclose(self) -> None:
            await self._inner.aclose()

    return _Guarded()


def _capped(response: httpx2.Response, exchange: Exchange, most_bytes: int) -> httpx2.Response:
    import httpx2

    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    make = _events if kind == "text/event-stream" else _document
    body = response.stream

    class _Body(httpx2.AsyncByteStream):
        def __aiter__(self) -> AsyncIterator[bytes]:
            return make(body, exchange, most_bytes)

        async def aclose(self) -> None:
            await body.aclose()  # type: ignore[union-attr]

    # Without the length and the encoding: what is passed on is of neither.
    kept = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in _BODY_HEADERS]
    return httpx2.Response(response.status_code, headers=kept, stream=_Body(), extensions=response.extensions)


_BODY_HEADERS = frozenset({"content-length", "content-encoding", "transfer-encoding"})


async def _document(body: Any, exchange: Exchange, most_bytes: int) -> AsyncIterator[bytes]:
    """Yield a body; of one that is too large, what JSON can be made of its beginning."""
    lines = CappedLines(most_bytes)
    async for chunk in _whole(body, exchange):
        # One line of all of it: white space outside of strings means nothing in JSON.
        for line in lines.feed(chunk.replace(b"\n", b" ")):
            yield line.head
    if (rest := lines.end()) is not None:
        yield _kept(rest, exchange)


async def _events(body: Any, exchange: Exchange, most_bytes: int) -> AsyncIterator[bytes]:
    """Yield a stream of events; of an event that is too large, what JSON can be made of its beginning."""
    lines = CappedLines(most_bytes)
    async for chunk in _whole(body, exchange):
        for line in lines.feed(chunk):
            yield _event_line(line, exchange) + b"\n"
    if (rest := lines.end()) is not None:
        yield _event_line(rest, exchange)


async def _whole(body: Any, exchange: Exchange) -> AsyncIterator[bytes]:
    """Yield a body to its end, or to where it breaks off: that is one answer less, and no end of the others."""
    import httpx2

    try:
        async for chunk in body:
            yield chunk
    except httpx2.TransportError as error:
        exchange.failure = _words(error)


def _words(error: Exception) -> str:
    said = one_line(str(error), 200)
    return said or type(error).__name__


def _event_line(line: WireLine, exchange: Exchange) -> bytes:
    if not line.dropped or not line.head.startswith(_FIELD):
        return line.head
    return _FIELD + b" " + _kept(WireLine(line.head[len(_FIELD) :], line.tail, line.dropped), exchange)


def _kept(line: WireLine, exchange: Exchange) -> bytes:
    if not line.dropped:
        return line.head
    exchange.cut += line.dropped
    found = message_of(line)
    return b"" if found is None else json.dumps(found).encode()
