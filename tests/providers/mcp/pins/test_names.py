"""The names of servers' tools: fit for every model's API, one a tool, never one of ours."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from agentops.app.providers import change_specs, read_specs
from agentops.providers.mcp.objects.server import NAME
from agentops.providers.mcp.pins.names import namespaced, refused_name

_SERVERS = st.from_regex(NAME, fullmatch=True)
_TOOLS = st.from_regex(r"[A-Za-z0-9_./-]{1,128}", fullmatch=True)


@given(_SERVERS, _TOOLS)
def test_a_name_fits_the_grammar_of_tools(server: str, tool: str) -> None:
    """Letters, digits, underscore and dash, at most 64 of them."""
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", namespaced(server, tool))


@given(_SERVERS, _TOOLS, _SERVERS, _TOOLS)
def test_two_tools_never_share_a_name(one: str, its: str, other: str, their: str) -> None:
    """Whatever servers call themselves and their tools."""
    assert (namespaced(one, its) == namespaced(other, their)) == ((one, its) == (other, their))


def test_no_tool_of_ours_can_be_taken_for_a_server_s() -> None:
    """Two underscores in a row part a server from its tool, and no name of ours has them."""
    assert [spec.name for spec in (*read_specs(), *change_specs()) if "__" in spec.name] == []


@given(st.text(max_size=140))
def test_any_name_is_judged(name: str) -> None:
    """It is refused with a reason, or is one that MCP allows."""
    assert bool(refused_name(name)) or re.fullmatch(r"[A-Za-z0-9_./-]{1,128}", name)
