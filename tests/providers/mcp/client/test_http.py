"""A server over streamable HTTP: what it is sent, where nothing is sent, and what its answers may be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentops.core.errors import ToolError
from agentops.providers.mcp.client.session import ServerSession
from agentops.providers.mcp.client.streamable import require_safe_address
from agentops.providers.mcp.objects.tool import ForeignResult, Part, ServerFacts
from tests.support.mcp_servers.over_http import HttpServer

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
