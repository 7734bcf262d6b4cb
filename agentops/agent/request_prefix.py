"""What every request of a run begins with: the system prompt and the tools, byte for byte the same each time.

Comes in: a toolbox. Goes out: text and plain dicts. The prompt cache rests on these bytes, so nothing here may depend
on the turn, the clock or the incident.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.agent import report
from agentops.agent.prompt import prompt
from agentops.agent.signature import without_bounds
from agentops.agent.toolbox import Toolbox


def wire_tools(toolbox: Toolbox) -> tuple[Mapping[str, Any], ...]:
    """Return the tools of every request as they go over the wire, ``report_finding`` last; always the same bytes.

    Bounds of arguments are not sent; the toolbox checks them, and says so to whoever is out of them.
    """
    ending = report.SPEC if toolbox.drafting is None else report.DRAFTING_SPEC
    return tuple(
        {"name": spec.name, "description": spec.description, "input_schema": without_bounds(spec.schema)}
        for spec in (*toolbox.specs, ending)
    )


def system_prompt(toolbox: Toolbox) -> str:
    """Return the system prompt: the same bytes in every run that investigates, and more in one that may fix."""
    return prompt("system") if toolbox.drafting is None else f"{prompt('system')}\n\n{prompt('fix')}"
