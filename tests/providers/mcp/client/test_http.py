"""A server over streamable HTTP: what it is sent, where nothing is sent, and what its answers may be."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agentops.core.errors import AgentopsError, InDoubt, ToolError
from agentops.providers.mcp.client.session import ServerSession
from agentops.providers.mcp.client.streamable import require_safe_address
from agentops.providers.mcp.objects.server import ServerConfig, ServerLimits, ServerTransport
from agentops.providers.mcp.objects.tool import ForeignResult, Part, ServerFacts
from tests.providers.mcp.client.conftest import QUICK
from tests.support.certificates import own_certificate
from tests.support.mcp_servers.over_http import (
    PROTOCOL,
    Handler,
    HttpServer,
    Message,
    Request,
    call,
    error,
    reply,
)

Remote = Callable[..., ServerSession]


def test_a_server_over_http_is_asked_and_called(over_http: Remote, http: HttpServer) -> None:
    """The whole way, with the configured headers on every request and no wish for compression."""
    session = over_http(headers={"Authorization": "Bearer ${env:TOKEN}"}, options={"resolve": lambda _name: "abcdef"})
    assert session.facts() == ServerFacts(name="over-http", version="2.0", protocol="2025-11-25")
    assert [tool.name for tool in session.tools()] == ["echo"]
    assert session.call("echo", {"a": "abcdef"}) == ForeignResult(parts=(Part(kind="text", text='{"a": "[hidden]"}'),))
    sent = {(one.headers.get("authorization"), one.headers.get("accept-encoding")) for one in http.seen}
    assert (sent, len(http.calls())) == ({("Bearer abcdef", "identity")}, 1)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://mcp.example.com/mcp", "cannot be used"),
        ("http://localhost.example.com/mcp", "cannot be used"),
        ("ftp://127.0.0.1/mcp", "cannot be used"),
        ("127.0.0.1/mcp", "cannot be used"),
        ("", "cannot be used"),
        ("http://[::1", "cannot be used"),
        ("https://user:word@mcp.example.com/mcp", "holds a credential"),
    ],
)
def test_an_address_that_is_not_safe_is_not_spoken_to(url: str, why: str) -> None:
    """A token must not travel in the clear, nor stand in an address."""
    with pytest.raises(ToolError) as caught:
        require_safe_address(url, "remote")
    assert why in caught.value.message


@pytest.mark.parametrize(
    "url", ["https://mcp.example.com/mcp", "http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost/"]
)
def test_https_and_this_machine_are_safe(url: str) -> None:
    """TLS anywhere, plain HTTP on the loopback."""
    require_safe_address(url, "remote")


def _call(session: ServerSession) -> ForeignResult | tuple[type[AgentopsError], str]:
    try:
        return session.call("echo", {"a": 1})
    except AgentopsError as error:
        return type(error), error.message


_ECHO = ForeignResult(parts=(Part(kind="text", text='{"a": 1}'),))
_UNKNOWN = "whether echo took effect on MCP server remote is not known: "
_REFUSED = "MCP server remote refused the call of echo: "


def _closes(request: Request, _message: Message) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


def _breaks_off(request: Request, _message: Message) -> None:
    request.send_response(200)
    request.send_header("content-type", "application/json")
    request.send_header("content-length", "1000")
    request.end_headers()
    request.wfile.write(b'{"jsonrpc": "2.0", ')
    request.wfile.flush()
    request.connection.shutdown(socket.SHUT_RDWR)


def _hangs(_request: Request, _message: Message) -> None:
    time.sleep(8)


def _drips(request: Request, _message: Message) -> None:
    request.send_response(200)
    request.send_header("content-type", "application/json")
    request.end_headers()
    for _ in range(80):
        request.wfile.write(b" ")
        request.wfile.flush()
        time.sleep(0.1)


def _answers(status: int, body: bytes = b"", **headers: str) -> Handler:
    return lambda request, _message: reply(request, body, status=status, **headers)


# Made before the call: a busy machine takes longer for it than a call may.
_SQUEEZED = gzip.compress(b"x" * 50_000_000)


def _compressed(request: Request, message: Message) -> None:
    reply(request, _SQUEEZED, content_encoding="gzip")


@pytest.mark.parametrize(
    ("handler", "came"),
    [
        (_closes, (InDoubt, f"{_UNKNOWN}there was no whole response: ")),
        (_breaks_off, (InDoubt, f"{_UNKNOWN}there was no whole response: ")),
        (_hangs, (InDoubt, f"{_UNKNOWN}no answer came in 2 s")),
        (_drips, (InDoubt, f"{_UNKNOWN}no answer came in 2 s")),
        (_compressed, (InDoubt, f"{_UNKNOWN}Failed to parse JSON response")),
        (_answers(200, b"<html>"), (InDoubt, f"{_UNKNOWN}Failed to parse JSON response")),
        (_answers(200, b"<html>", content_type="text/html"), (InDoubt, f"{_UNKNOWN}Unexpected content type")),
        (_answers(202), (InDoubt, f"{_UNKNOWN}server answered a request with 202")),
        (_answers(500), (InDoubt, f"{_UNKNOWN}HTTP 500: Internal Server Error")),
        (_answers(502, b"<html>"), (InDoubt, f"{_UNKNOWN}HTTP 502: Bad Gateway")),
        (_answers(504), (InDoubt, f"{_UNKNOWN}HTTP 504: Gateway Timeout")),
        (_answers(408), (InDoubt, f"{_UNKNOWN}HTTP 408: ")),
        (_answers(401), (ToolError, f"{_REFUSED}HTTP 401: it wants to know who asks")),
        (_answers(403), (ToolError, f"{_REFUSED}HTTP 403: whoever asks may not")),
        (_answers(429), (ToolError, f"{_REFUSED}HTTP 429: it was asked too often")),
        (_answers(302, location="/elsewhere"), (ToolError, f"{_REFUSED}HTTP 302: it sends us to another address")),
        (
            lambda request, message: error(request, message, -32602, "no such namespace"),
            (ToolError, f"{_REFUSED}no such"),
        ),
        (
            lambda request, message: error(request, message, -32000, "busy"),
            (ToolError, "MCP server remote failed the call of echo: busy"),
        ),
    ],
)
def test_what_a_response_says_of_a_call(over_http: Remote, http: HttpServer, handler: Handler, came: Any) -> None:
    """A refusal is one only where the server itself refuses; a gateway's error leaves the call in doubt. Sent once."""
    http.handlers["tools/call"] = handler
    kind, words = _call(over_http(limits=ServerLimits(call_s=2.0 if handler in (_hangs, _drips) else 30.0)))
    assert (kind, words[: len(came[1])], len(http.calls())) == (came[0], came[1], 1)


def test_one_call_that_fails_does_not_end_the_others(over_http: Remote, http: HttpServer) -> None:
    """A connection that breaks is one answer less."""

    def first_breaks(request: Request, message: Message) -> None:
        if message["params"]["arguments"]["a"] == 0:
            _closes(request, message)
        else:
            time.sleep(0.5)
            call(request, message)

    http.handlers["tools/call"] = first_breaks
    session = over_http()
    session.facts()
    with ThreadPoolExecutor(4) as pool:
        came = [pool.submit(session.call, "echo", {"a": number}) for number in range(4)]
    assert [one.exception() is None for one in came] == [False, True, True, True]


def test_a_server_that_is_not_there_was_sent_nothing(opened: Remote, slow: None) -> None:
    """Nothing is in doubt where no connection came about."""
    config = ServerConfig(name="remote", transport=ServerTransport.HTTP, url="http://127.0.0.1:9/mcp", limits=QUICK)
    assert _call(opened(config)) == (
        ToolError,
        "MCP server remote cannot be started: there was no whole response: All connection attempts failed",
    )


def test_a_server_that_went_away_was_sent_nothing(over_http: Remote, http: HttpServer) -> None:
    """The same, after it was there."""
    session = over_http()
    session.facts()
    http.stop()
    assert _call(session) == (
        ToolError,
        "echo was not called on MCP server remote: there was no whole response: All connection attempts failed",
    )


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(over_http: Remote, http: HttpServer, status: int) -> None:
    """The credential stays where it was meant to go."""
    with HttpServer() as other:
        http.first = lambda request, _message: not reply(request, b"", status=status, location=other.url)
        session = over_http(headers={"Authorization": "Bearer word"})
        came = _call(session)
        seen = list(other.seen)
    assert (came[0], f"HTTP {status}: it sends us to another address" in came[1], seen) == (ToolError, True, [])


def test_a_session_that_the_server_forgot_is_begun_anew(over_http: Remote, http: HttpServer) -> None:
    """The call that met it was refused; the next one shakes hands again, with the new id."""
    ids = iter(["one", "two"])
    current = []

    def start(request: Request, message: Message) -> None:
        current[:] = [next(ids)]
        body = {"protocolVersion": PROTOCOL, "capabilities": {}, "serverInfo": {"name": "s", "version": "1"}}
        said = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": body}).encode()
        reply(request, said, **{"mcp-session-id": current[0]})

    def known(request: Request, message: Message) -> None:
        if request.headers.get("mcp-session-id") == current[0]:
            call(request, message)
        else:
            reply(request, b"", status=404)

    http.handlers.update({"initialize": start, "tools/call": known})
    session = over_http()
    assert _call(session) == _ECHO
    current[:] = ["forgotten"]
    assert _call(session)[0] is ToolError
    assert _call(session) == _ECHO


def _event(message: dict[str, Any]) -> bytes:
    return b"event: message\ndata: " + json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n\n"


def test_an_answer_may_come_as_a_stream_of_events(over_http: Remote, http: HttpServer) -> None:
    """Notifications before it are left out."""

    def stream(request: Request, message: Message) -> None:
        said = {"content": [{"type": "text", "text": "streamed"}]}
        log = {"method": "notifications/message", "params": {"level": "info", "data": "x"}}
        body = b": hello\n\n" + _event(log) * 3 + _event({"id": message["id"], "result": said})
        reply(request, body, content_type="text/event-stream")

    http.handlers["tools/call"] = stream
    assert _call(over_http()) == ForeignResult(parts=(Part(kind="text", text="streamed"),))


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_a_result_of_100_mb_is_shown_in_part(over_http: Remote, http: HttpServer, kind: str) -> None:
    """As with a stdio server; it is read on to its end, and not kept."""

    def large(request: Request, message: Message) -> None:
        before = f'{{"jsonrpc":"2.0","id":{message["id"]},"result":{{"content":[{{"type":"text","text":"begin '.encode()
        if kind == "text/event-stream":
            before = b"data: " + before
        request.send_response(200)
        request.send_header("content-type", kind)
        request.send_header("connection", "close")
        request.end_headers()
        request.wfile.write(before)
        for _ in range(100):
            request.wfile.write(b"y" * (1 << 20))
        request.wfile.write(b'"}]}}\n\n')

    http.handlers["tools/call"] = large
    found = over_http(limits=ServerLimits(result_bytes=100_000, list_bytes=100_000)).call("echo", {})
    text = found.parts[0].text
    assert (text[:8], len(text), 100 << 20 < len(text) + found.cut < (100 << 20) + 200) == ("begin yy", 100_000, True)


def test_a_stream_of_notifications_without_an_end_is_ended(over_http: Remote, http: HttpServer) -> None:
    """A server that only talks is given up, as with stdio."""

    def flood(request: Request, _message: Message) -> None:
        request.send_response(200)
        request.send_header("content-type", "text/event-stream")
        request.end_headers()
        for _ in range(1000):
            request.wfile.write(_event({"method": "notifications/progress", "params": {"progress": 1}}) * 100)

    http.handlers["tools/call"] = flood
    kind, words = _call(over_http(limits=ServerLimits(call_s=30.0)))
    assert (kind, words) == (InDoubt, f"{_UNKNOWN}it sent more than anybody asked for, and was ended")


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(opened: Remote, slow: None, tmp_path: Path) -> None:
    """There is no way to switch the check off; nothing is sent before it."""
    with HttpServer(certificate=own_certificate(tmp_path)) as server:
        config = ServerConfig(name="remote", transport=ServerTransport.HTTP, url=server.url, limits=QUICK)
        kind, words = _call(opened(config))
    assert (kind, "CERTIFICATE_VERIFY_FAILED" in words, server.seen) == (ToolError, True, [])
