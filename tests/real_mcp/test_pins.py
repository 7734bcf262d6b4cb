"""Pins over the lists of real servers: any leaf of any tool that changes holds it back, an order of keys does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from agentops.providers.mcp.objects.tool import ForeignTool
from agentops.providers.mcp.pins.judge import judge
from agentops.providers.mcp.pins.pin import ServerPin, launch_of, pin_of
from tests.real_mcp.conftest import Opener

pytestmark = pytest.mark.real
_FIELDS = {
    "title": "title",
    "description": "description",
    "inputSchema": "input_schema",
    "outputSchema": "output_schema",
    "annotations": "annotations",
}


@pytest.mark.parametrize("key", ["everything", "git", "kubernetes", "slack", "filesystem", "grafana", "datadog"])
def test_every_leaf_of_every_real_tool_is_pinned(opener: Opener, key: str) -> None:
    """All of the tools are offered once they are trusted; then each leaf of each is changed in turn, and found."""
    session = opener(key)
    facts, tools = session.facts(), tuple(session.tools())
    pin = ServerPin(
        identity=session.config.identity,
        launch=launch_of(session.config),
        server_name=facts.name,
        tools={tool.name: pin_of(tool, lambda value: value) for tool in tools},
    )
    assert judge(session.config, facts, pin, tools).held == ()
    assert judge(session.config, facts, pin, tuple(map(_reordered, tools))).held == ()
    missed, changes = [], 0
    for tool in tools:
        for where, changed in _mutations(tool):
            changes += 1
            held = judge(session.config, facts, pin, (changed,)).held
            if [one.name for one in held] != [tool.name]:
                missed.append((tool.name, where))
    assert (missed, changes > 5 * len(tools)) == ([], True)


def _mutations(tool: ForeignTool) -> Iterator[tuple[str, ForeignTool]]:
    """Yield a tool once for each leaf, with that leaf changed, and once for each object with a key more."""
    for said, attribute in _FIELDS.items():
        for where, value in _changed(tool.fields[said]):
            yield f"{said}{where}", replace(tool, **{attribute: value})


def _changed(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield ".+", {**value, "x-more": 1}
        for name, inner in value.items():
            yield f".{name}-", {key: one for key, one in value.items() if key != name}
            for where, other in _changed(inner):
                yield f".{name}{where}", {**value, name: other}
    elif isinstance(value, list):
        yield "[+]", [*value, "more"]
        for at, inner in enumerate(value):
            for where, other in _changed(inner):
                yield f"[{at}]{where}", [*value[:at], other, *value[at + 1 :]]
    elif isinstance(value, bool):
        yield "", not value
    elif isinstance(value, int | float):
        yield "", value + 1
    else:
        yield "", f"{value or ''}\u200b"


def _reordered(tool: ForeignTool) -> ForeignTool:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: turned(value[name]) for name in reversed(list(value))}
        return [turned(one) for one in value] if isinstance(value, list) else value

    return replace(tool, **{attribute: turned(tool.fields[said]) for said, attribute in _FIELDS.items()})
