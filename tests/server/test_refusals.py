"""Who is turned away before any tool runs: on record under the name that they claim, and a flood in a few records."""

from __future__ import annotations

import asyncio
import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from agentops.app.mcp_clients import Client as Program
from agentops.audit.read import Query, read_records
from agentops.server.refusals import MOST_NAMES, RefusedRequests
from tests.support.mcp_door import ERAS, Place, http_client, named


def _said(place: Place) -> list[tuple[str, str, str, int]]:
    """Return what the log says of the refusals: name, how it was established, why, how many."""
    found = [one.payload for one in read_records(place.home / "audit", Query(event="mcp_refused"))]
    return [(one["client"]["name"], one["client"]["established_by"], one["code"], one["requests"]) for one in found]


def _program(name: str) -> dict[str, Any]:
    return Program(name=name, door="mcp-stdio", established_by="claim").on_record()


def test_a_flood_is_a_record_a_minute(place: Place) -> None:
    """The first refusal is written at once, the others of its minute as a count, and the end writes what is left."""
    now = [0.0]
    refusals = RefusedRequests(lambda: place.settings, lambda: now[0])
    for second in range(150):
        now[0] = float(second)
        refusals.count(_program("flood"), "unknown-client")
        refusals.write()
    assert [requests for *_, requests in _said(place)] == [1, 60, 60]
    refusals.close()
    assert [requests for *_, requests in _said(place)] == [1, 60, 60, 29]
    refusals.close()
    assert len(_said(place)) == 4


def test_new_names_are_no_way_around(place: Place) -> None:
    """A thousand names in a minute are nine records, and none of the thousand is lost from the count."""
    refusals = RefusedRequests(lambda: place.settings, lambda: 0.0)
    for number in range(1_000):
        refusals.count(_program(f"n{number}"), "unknown-client")
        refusals.write()
    refusals.close()
    said = _said(place)
    assert sum(requests for *_, requests in said) == 1_000
    assert [name for name, *_ in said[: MOST_NAMES + 1]] == [*(f"n{number}" for number in range(8)), "many names"]
    assert len(said) == MOST_NAMES + 2


@pytest.mark.parametrize("mode", ERAS)
def test_who_is_not_in_the_file_is_on_record(place: Place, mode: str) -> None:
    """Listing, calling, reading and prompts by a program that may do nothing: refused, and the log has its name."""
    place.clients('[clients."other"]\n')

    async def tries(client: Client) -> int:
        refused = 0
        asked = (
            client.list_tools,
            client.list_prompts,
            client.list_resources,
            lambda: client.call_tool("triage", {}),
            lambda: client.read_resource("agentops://plans"),
        )
        for ask in asked:
            try:
                await ask()
            except MCPError:
                refused += 1
        return refused

    assert place.with_client(tries, mode, client_info=named("Eve, the other")) == 5
    said = _said(place)
    assert {one[:3] for one in said} == {("Eve-the-other", "claim", "unknown-client")}
    assert (said[0][3], sum(one[3] for one in said) >= 5, len(said) <= 2) == (1, True, True)


def test_who_asks_too_often_is_on_record(place: Place) -> None:
    """Lists count against the rate as calls do, and what is beyond it is in the log."""
    place.clients('[clients."eager"]\nper_minute = 2\n')

    async def asks(client: Client) -> Any:
        await client.list_prompts()
        await client.list_resources()
        call = await client.call_tool("explain_policy", {"tool": "kubernetes_scale", "target": "k8s:shop/Pod/a"})
        with pytest.raises(MCPError, match="2 times a minute"):
            await client.list_prompts()
        return call

    call = place.with_client(asks, client_info=named("eager"))
    assert (call.is_error, call.structured_content["code"]) == (True, "rate-limited")
    assert _said(place)[0] == ("eager", "claim", "rate-limited", 1)
    methods = [one.payload["method"] for one in read_records(place.home / "audit", Query(event="mcp_request"))]
    assert methods == ["prompts/list", "resources/list"]


def test_who_shows_no_token_is_on_record(place: Place) -> None:
    """Over HTTP there is no name yet: where it came from, why, and how often; who has a token goes on meanwhile."""
    token = place.token("ci-bot")

    async def works(address: str) -> int:
        async with http_client(address, token) as client:
            return len((await client.list_tools()).tools)

    with place.over_http() as address:
        parts = urlsplit(address)
        for shown in ("Bearer agentops_wrong",) * 20:
            wire = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
            wire.request("POST", parts.path, "{}", {"Authorization": shown})
            assert wire.getresponse().status == 401
            wire.close()
        assert _said(place)[0] == ("", "nothing", "http-401", 1)
        assert asyncio.run(works(address)) > 0
    records = [one.payload for one in read_records(place.home / "audit", Query(event="mcp_refused"))]
    assert [one["requests"] for one in records] == [1, 19]
    assert "agentops_wrong" not in str(records)
    assert records[0]["client"]["claims"] == {"peer": "127.0.0.1"}
