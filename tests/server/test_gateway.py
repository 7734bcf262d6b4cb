"""The connected MCP servers through the same door: their reads, under policy, pins and audit; no changes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from mcp import Client

from agentops.audit.read import Query, read_records
from tests.support.mcp_door import Place
from tests.support.mcp_shelf import connect

GROW = {"tool": "shelf__set_size", "target": "mcp://shelf/set_size", "arguments": {"name": "web", "size": 5}}


def test_reads_of_a_connected_server_come_through(place: Place) -> None:
    """What a person trusted of it can be read, fenced and on record; what changes can neither be called nor planned."""
    shelf = connect(place.home)

    async def work(client: Client) -> Any:
        names = [one.name for one in (await client.list_tools()).tools]
        await client.call_tool("tool_search", {"words": "thing"})
        read = await client.call_tool("tool_read", {"tool": "shelf__get_thing", "arguments": {"name": "web"}})
        changing = await client.call_tool("tool_read", {"tool": "shelf__set_size", "arguments": GROW["arguments"]})
        assert changing.is_error
        asked = {"changes": [{**GROW, "reason": "more room"}], "reason": "more room"}
        return names, read, (await client.call_tool("propose_plan", asked)).structured_content

    names, read, made = replace(place, words=()).with_client(work)
    assert {"tool_search", "tool_read"} <= set(names)
    assert not any(name.startswith("shelf__") for name in names)
    assert (read.is_error, "<untrusted " in read.content[0].text) == (False, True)
    # Nothing says what a foreign tool cures; who asks for it is a person, in their own words.
    assert (made["status"], made["code"], made["hint"]) == ("refused", "not-a-cure", ""), made
    assert (shelf.things["web"]["size"], shelf.calls) == (1, [])
    called = [record.payload["tool"] for record in read_records(place.home / "audit", Query(event="tool_call"))]
    assert "shelf__get_thing" in called, json.dumps(called)


def test_a_scope_holds_for_what_is_called_through_another_tool(place: Place) -> None:
    """A client that may read one tool of a server reads that one, and no other by way of it."""
    connect(place.home)
    place.clients('[clients."*"]\ntools = ["tool_*", "shelf__get_thing"]\n')

    async def work(client: Client) -> Any:
        return [
            await client.call_tool("tool_read", {"tool": name, "arguments": arguments})
            for name, arguments in (("shelf__get_thing", {"name": "web"}), ("shelf__list_things", {}), ("", {}))
        ]

    allowed, other, nothing = replace(place, words=()).with_client(work)
    assert (allowed.is_error, other.is_error, nothing.is_error) == (False, True, True)
    assert other.structured_content["code"] == "out-of-scope"
