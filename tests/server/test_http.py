"""The MCP door over HTTP: who is let in, who is not, and that a web page never is."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from mcp.shared.exceptions import MCPError

from agentops.audit.read import Query, read_records
from tests.support.certificates import own_certificate
from tests.support.mcp_door import ERAS, Place, applied, http_client, image, proposed

Cli = Callable[..., Any]
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


@pytest.fixture
def served(place: Place) -> Iterator[tuple[str, str]]:
    """The address of a server, and the token of a client."""
    token = place.token("ci-bot")
    with place.over_http() as address:
        yield address, token


def _status(address: str, token: str = "", method: str = "POST", **headers: str) -> int:
    """Send one request by hand, and return the status."""
    return _sent(address, token, method, CALL, **headers)[0]


def _sent(address: str, token: str, method: str, message: dict[str, Any], **headers: str) -> tuple[int, str]:
    """Send one message by hand, and return the status and the session that is named."""
    parts = urlsplit(address)
    wire = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    given = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    given |= {"Authorization": f"Bearer {token}"} if token else {}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        wire.putrequest(method, parts.path, skip_host="Host" in given)
        body = json.dumps(message).encode()
        for name, value in (given | {"Content-Length": str(len(body))}).items():
            wire.putheader(name, value)
        wire.endheaders(body)
        answer = wire.getresponse()
        return answer.status, answer.getheader("mcp-session-id", "")
    finally:
        wire.close()


@pytest.mark.parametrize("mode", ERAS)
def test_the_owner_of_a_token_heals_an_incident(place: Place, served: tuple[str, str], mode: str) -> None:
    """Both eras work over HTTP, and the record has the owner of the token, whatever the client calls itself."""
    address, token = served

    async def run() -> tuple[Any, Any, str]:
        async with http_client(address, token, mode) as client:
            plan = await proposed(client)
            early = await applied(client, plan)
            place.agree(plan["plan"])
            done = await applied(client, plan)
            return early.structured_content["status"], done.structured_content["status"], await image(client)

    assert asyncio.run(run()) == ("approval_pending", "applied", "v1.4.1")
    (pending,) = read_records(place.home / "audit", Query(event="plan_pending"))
    said = pending.payload["client"]
    assert (said["name"], said["door"], said["established_by"]) == ("ci-bot", "mcp-http", "token")


def test_a_web_page_gets_nothing(served: tuple[str, str]) -> None:
    """A page of another site, one that rebinds its name to loopback, and a form: refused before they are read."""
    address, token = served
    port = urlsplit(address).port
    seen = {
        "cross-origin": _status(address, token, Origin="https://evil.example"),
        "own origin": _status(address, token, Origin=f"http://127.0.0.1:{port}"),
        "null origin": _status(address, token, Origin="null"),
        "rebound": _status(address, token, Host=f"evil.example:{port}"),
        "rebound, no port": _status(address, token, Host="evil.example"),
        "another port": _status(address, token, Host="127.0.0.1:1"),
        "cross-site fetch": _status(address, token, Sec_Fetch_Site="cross-site"),
        "preflight": _status(address, method="OPTIONS", Origin="https://evil.example"),
        "form": _status(address, token, Content_Type="text/plain"),
    }
    assert seen == {
        "cross-origin": 403,
        "own origin": 403,
        "null origin": 403,
        "rebound": 421,
        "rebound, no port": 421,
        "another port": 421,
        "cross-site fetch": 403,
        "preflight": 403,
        "form": 400,
    }


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer agentops_", "bearer {token}x", "{token}"]
)
def test_without_a_token_of_somebody_nothing_is_answered(served: tuple[str, str], shown: str) -> None:
    """Absent, cut, made longer, of another kind: 401, before the body is looked at."""
    address, token = served
    assert _status(address, Authorization=shown.format(token=token)) == 401


def test_a_session_belongs_to_the_token_that_opened_it(place: Place) -> None:
    """Another client's token does not open it, and learns nothing of it."""
    mine, theirs = place.token("mine"), place.token("theirs")

    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "by hand", "version": "1"},
        },
    }
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    with place.over_http() as address:
        status, session = _sent(address, mine, "POST", hello)
        seen = [_sent(address, token, "POST", ready, Mcp_Session_Id=session)[0] for token in (theirs, "", mine)]
    assert (status, bool(session), seen) == (200, True, [404, 401, 202])


def test_a_client_cannot_take_the_sessions_of_all(place: Place) -> None:
    """Beyond its part it is refused, with a session that it ends it has room again, and others come in meanwhile."""
    greedy, other = place.token("greedy"), place.token("other")
    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client}
    with place.over_http() as address:
        opened = [_sent(address, greedy, "POST", hello) for _ in range(66)]
        theirs, _session = _sent(address, other, "POST", hello)
        ended, _ = _sent(address, greedy, "DELETE", {}, Mcp_Session_Id=opened[0][1])
        again, _session = _sent(address, greedy, "POST", hello)
        full, _session = _sent(address, greedy, "POST", hello)
    assert [status for status, _name in opened] == [200] * 64 + [429] * 2
    assert (theirs, ended, again, full) == (200, 200, 200, 429)


def test_a_token_that_is_taken_away_opens_nothing(place: Place) -> None:
    """Who takes a client out of the file shuts it out within seconds; the server need not be started again."""
    token, _other = place.token("gone"), place.token("stays")
    with place.over_http() as address:
        before = _status(address, token)
        text = (place.home / "mcp-clients.toml").read_text()
        kept = text[text.index('[clients."stays"]') :]
        place.clients(kept)
        time.sleep(2.5)
        assert (before, _status(address, token)) == (400, 401)


def test_a_file_that_is_not_believed_any_more_opens_nothing(place: Place) -> None:
    """Somebody else could have written it: no token counts, and the server says no more than that."""
    token = place.token("ci-bot")
    with place.over_http() as address:
        (place.home / "mcp-clients.toml").chmod(0o666)
        time.sleep(2.5)
        assert _status(address, token) == 401


def test_a_client_that_never_reads_holds_up_nobody(served: tuple[str, str]) -> None:
    """Twenty connections that send a request and read nothing, and others that send half of one: the rest go on."""
    address, token = served
    parts = urlsplit(address)
    stuck = []
    body = json.dumps({**CALL, "method": "tools/call", "params": {"name": "triage", "arguments": {}}})
    for number in range(20):
        wire = socket.create_connection((parts.hostname or "", parts.port or 0))
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        wire.sendall((head + (body if number % 2 else "")).encode())
        stuck.append(wire)

    async def run() -> float:
        async with http_client(address, token) as client:
            began = time.monotonic()
            for _ in range(5):
                found = await client.call_tool("kubernetes_list", {"kind": "Pod", "namespace": "shop"})
                assert not found.is_error
            return time.monotonic() - began

    try:
        assert asyncio.run(run()) < 20
    finally:
        for wire in stuck:
            wire.close()


def test_fifty_clients_are_served_at_once(place: Place) -> None:
    """Each gets its own answers, none is refused, and the chain of the log holds."""
    place.token("many")
    text = (place.home / "mcp-clients.toml").read_text()
    place.clients(text + "per_minute = 10000\n")
    token = place.token("other")

    async def one(address: str, number: int) -> bool:
        async with http_client(address, token, ERAS[number % 2]) as client:
            found = [await client.call_tool("kubernetes_list", {"kind": "Pod", "namespace": "shop"}) for _ in range(3)]
            return all(not said.is_error and "pods in shop" in said.content[0].text for said in found)

    async def run(address: str) -> list[bool]:
        return list(await asyncio.gather(*(one(address, number) for number in range(50))))

    with place.over_http() as address:
        assert asyncio.run(run(address)) == [True] * 50
    assert threading.active_count() < 40
    seqs = [record.seq for record in read_records(place.home / "audit", Query())]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


@pytest.mark.parametrize(
    "words",
    [
        ("--http",),
        ("--http", "--listen", "0.0.0.0:7337"),
        ("--http", "--listen", "192.0.2.1:7337"),
        ("--http", "--listen", "127.0.0.1:7337", "--tls-cert", "cert.pem"),
        ("--http", "--listen", "7337"),
        ("--http", "--listen", "127.0.0.1:99999"),
        ("--listen", "127.0.0.1:7337"),
        ("--http", "--client", "x"),
        ("--client", "no/name"),
        ("-o", "json"),
    ],
)
def test_what_is_not_safe_is_not_served(
    place: Place, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """Without a token, off loopback without TLS, or with words that do not fit: exit 2, and a sentence."""
    from agentops.cli.app import run

    if "0.0.0.0:7337" in words or "192.0.2.1:7337" in words:
        place.token("ci-bot")
    assert run(["mcp", "serve", *words]) == 2
    said = capsys.readouterr()
    assert (bool(said.out or said.err), "Traceback" in said.err) == (True, False)


def test_a_port_that_is_taken_is_said(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, and where to look; no traceback."""
    from agentops.cli.app import run

    place.token("ci-bot")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["mcp", "serve", "--sandbox=bad-image-tag", "--http", "--listen", f"127.0.0.1:{port}"]) == 2
    said = capsys.readouterr()
    assert ("cannot be listened on" in said.err + said.out, "Traceback" in said.err) == (True, False)


def test_the_protocol_refuses_what_it_cannot_name(served: tuple[str, str]) -> None:
    """A tool that there is not is the protocol's own error, and the session goes on."""
    address, token = served

    async def run() -> str:
        async with http_client(address, token) as client:
            with pytest.raises(MCPError, match="There is no tool"):
                await client.call_tool("kubernetes_delete", {"kind": "Pod", "name": "x"})
            found = await client.call_tool("kubernetes_list", {"kind": "Pod"})
            return str(found.structured_content["summary"])

    assert "pods" in asyncio.run(run())


def test_tls_is_spoken_where_a_certificate_is_given(place: Place, tmp_path: Path) -> None:
    """With a certificate the same door is HTTPS, and plain HTTP gets nothing of it."""
    token = place.token("ci-bot")
    certificate, key = own_certificate(tmp_path)
    with place.over_http("--tls-cert", str(certificate), "--tls-key", str(key)) as address:
        assert address.startswith("https://")
        parts = urlsplit(address)
        trusting = ssl.create_default_context(cafile=str(certificate))
        wire = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=20, context=trusting)
        wire.request("POST", parts.path, body="{}", headers={"Content-Type": "application/json"})
        answer = wire.getresponse()
        answer.read()
        wire.close()
        assert answer.status == 401
        with pytest.raises((OSError, http.client.HTTPException)):
            _status(address, token)
