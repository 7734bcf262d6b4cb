"""Tools that are found and not handed over: the first request stays small, whatever servers bring."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from agentops.agent.deferred import TOOL_READ, Deferred
from agentops.agent.drafting import Drafting
from agentops.agent.model import ModelRequest
from agentops.agent.models.request_body import Features, body
from agentops.core.errors import ToolInputError
from agentops.core.resource import Home
from agentops.core.tool import Effect, ToolCall, ToolSpec
from agentops.providers.kubernetes.change.registry import CHANGE_SPECS
from agentops.providers.kubernetes.read.registry import SPECS

SYSTEMS = ("pg", "pagerduty", "slack", "git", "datadog")
ABOUT = "PostgresLocks: sessions of the database checkout wait for a lock; the PagerDuty incident is triggered"
LOCKS = ToolSpec(
    name="pg__list_locks",
    description="Lists the locks of active sessions.",
    schema={"type": "object", "properties": {"database": {"type": "string"}}},
    deferred=True,
)


def _foreign(server: str, number: int) -> ToolSpec:
    """A tool as large as a server likes to write it: four kilobytes of words and forty arguments."""
    properties = {f"argument_{n}": {"type": "string"} for n in range(40)}
    return ToolSpec(
        name=f"{server}__tool_{number}_of_many",
        description="Reads something; nobody has said what.",
        schema={"type": "object", "properties": properties, "required": ["argument_0"]},
        deferred=True,
        foreign="Words that a server wrote. " * 40,
    )


MANY = tuple(_foreign(server, number) for server in SYSTEMS for number in range(100))
CHANGE = ToolSpec(
    name="pagerduty__resolve_incident",
    description="Resolves an incident.",
    schema={"type": "object", "properties": {"target": {"type": "string"}}},
    effect=Effect.CHANGE,
    target="mcp://pagerduty/resolve_incident",
    deferred=True,
)


def test_the_first_request_stays_small(make_bench: Any, make_tool: Any) -> None:
    """With 500 tools of five servers, over 400 KB of declarations, it grows by no more than 2,500 bytes."""

    def size(*specs: ToolSpec, drafting: Drafting | None = None) -> int:
        tools = [make_tool(spec.name, lambda _: None) for spec in specs]
        for tool, spec in zip(tools, specs, strict=True):
            tool.spec = spec
        system, wired = make_bench(*tools, drafting=drafting, about=ABOUT).prefix
        request = ModelRequest(system=system, tools=wired, messages=())
        sent = body(request, model="claude-opus-5-5", max_tokens=16_000, features=Features())
        return len(json.dumps(sent, separators=(",", ":"), ensure_ascii=False).encode())

    declared = sum(len(json.dumps([dict(spec.schema), spec.foreign])) for spec in MANY)
    plain, home = size(*SPECS), Home("k8s", "test")
    changing = [Drafting(specs, home, lambda _change: "") for specs in (CHANGE_SPECS, (*CHANGE_SPECS, CHANGE))]
    grown = size(*SPECS, *MANY, LOCKS) - plain
    fixing = size(*SPECS, *MANY, LOCKS, drafting=changing[1]) - size(*SPECS, drafting=changing[0])
    assert (declared > 400_000, grown <= 2_500, fixing <= 2_600) == (True, True, True)


def test_without_such_tools_nothing_is_declared() -> None:
    """Whoever connected no server pays nothing."""
    assert Deferred((), (), ABOUT).specs == ()


def test_those_that_share_words_with_the_incident_are_named() -> None:
    """The tool about locks is named with its arguments from the start, in our words."""
    search, call = Deferred((*MANY, LOCKS), (), ABOUT).specs
    assert "501 of 5 connected servers (datadog, git, pagerduty, pg, slack)" in search.description
    assert "pg__list_locks {database?}: Lists the locks of active sessions." in call.description
    assert "Words that a server wrote" not in search.description + call.description


@pytest.mark.parametrize(
    ("words", "name"),
    [("which locks are held", "pg__list_locks"), ("resolve the incident", "pagerduty__resolve_incident")],
)
def test_the_others_are_found_by_words(words: str, name: str) -> None:
    """The best match comes first; a tool that changes something says how it is drafted, and on what."""
    found = Deferred((*MANY, LOCKS), (CHANGE,), "").search(words)
    assert found.body.splitlines()[0].startswith(name)
    assert ("target mcp://pagerduty/resolve_incident" in found.body) == (name == CHANGE.name)
    assert len(found.body) < 20_000


def test_of_equal_tools_the_plainest_is_found_first() -> None:
    """Of nine tools about incidents of one server, the one that lists them is what "open incidents" means."""
    names = [
        "list_incidents",
        *(f"get_{what}_from_incident" for what in ["alert", "note", "owner", "priority", "rule"]),
    ]
    names += ["list_incidents", *(f"list_incident_{what}" for what in ("notes", "types", "workflows"))]
    tools = [replace(LOCKS, name=f"pager__{name}", description="Reads.") for name in sorted(names)]
    found = Deferred(tools, (), "").search("open incidents")
    assert found.body.splitlines()[0].startswith("pager__list_incidents ")


def test_a_call_goes_under_its_own_name() -> None:
    """So the record, the evidence and policy name the tool that was called."""
    call = ToolCall(id="c", name=TOOL_READ, arguments={"tool": "pg__list_locks", "arguments": {"database": "x"}})
    assert Deferred((LOCKS,), (), "").unwrapped(call) == ToolCall(
        id="c", name="pg__list_locks", arguments={"database": "x"}
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"tool": "pagerduty__resolve_incident"},
        {"tool": "pg__list_lock"},
        {"tool": 5},
        {"tool": LOCKS.name, "arguments": "x"},
    ],
)
def test_what_changes_or_is_not_there_is_never_called(arguments: dict[str, Any]) -> None:
    """A change is drafted and never called, whatever it is wrapped in."""
    with pytest.raises(ToolInputError):
        Deferred((LOCKS,), (CHANGE,), "").unwrapped(ToolCall(id="c", name=TOOL_READ, arguments=arguments))


def test_a_deferred_change_is_drafted_by_its_full_name_alone() -> None:
    """Its arguments may be called as ours are: it has no declaration of its own that they would be mixed up in."""
    drafting = Drafting((CHANGE,), Home("mcp", "pagerduty"), lambda _change: "tried")
    arguments = {
        "tool": CHANGE.name,
        "target": CHANGE.target,
        "reason": "asked for",
        "evidence": ["E1"],
        "arguments": {"target": "P1"},
    }
    drafting.take(ToolCall(id="c", name="draft_change", arguments=arguments), ["E1"], str)
    assert [(str(one.target), one.arguments) for one in drafting.changes] == [(CHANGE.target, {"target": "P1"})]
    assert CHANGE.name not in drafting.names


@pytest.mark.parametrize("tools", [(), (LOCKS,)])
@pytest.mark.parametrize(
    "arguments", [{}, {"tool": "kubernetes_list"}, {"tool": "x", "arguments": 5}, {"arguments": []}]
)
def test_a_call_that_cannot_be_made_is_answered(
    tools: tuple[ToolSpec, ...], arguments: dict[str, Any], make_bench: Any, make_tool: Any
) -> None:
    """With such tools and without any, whatever a model makes up, the run goes on with an error that says why."""
    made = [make_tool(spec.name, lambda _: None) for spec in tools]
    for tool, spec in zip(made, tools, strict=True):
        tool.spec = spec
    box = make_bench(*made).toolbox
    (result,) = box.run([ToolCall(id="c", name=TOOL_READ, arguments=arguments)])
    assert (result.is_error, result.call.id) == (True, "c")
