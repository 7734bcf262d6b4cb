"""The tools that every request of a run begins with, byte for byte the same each time.

Comes in: a toolbox, the tool that ends the run. Goes out: plain dicts. The prompt cache rests on these bytes, so
nothing here may depend on the turn, the clock or the incident.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.agent.signature import without_bounds
from agentops.agent.toolbox import Toolbox
from agentops.core.tool import ToolSpec


def wire_tools(toolbox: Toolbox, ending: ToolSpec) -> tuple[Mapping[str, Any], ...]:
    """Return the tools as they go over the wire, the one that ends the run last; always the same bytes.

    Bounds of arguments are not sent; the toolbox checks them, and says so to whoever is out of them.
    """
    return tuple(
        {"name": spec.name, "description": spec.description, "input_schema": without_bounds(spec.schema)}
        for spec in (*toolbox.specs, ending)
    )
