"""What a change's ``reads_back`` shows: the state that binds an approval, and by which a call is seen to take effect.

Comes in: an offered change and the arguments of a call. Goes out: a JSON value. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolError, ToolInputError
from agentops.providers.mcp.offered.calling import ServerTools
from agentops.providers.mcp.offered.offer import Offer, Refusal
from agentops.providers.mcp.offered.results import data_of
from agentops.providers.mcp.offered.templates import dug, filled


def reads_back(tools: ServerTools, offer: Offer) -> Offer | None:
    """Return the read that verifies a change; None where there is none, or it is not offered as a read."""
    use = offer.classification.reads_back
    found = tools.by_tool(use.tool) if use is not None else None
    return found if found is not None and found.reads else None


def read_state(tools: ServerTools, offer: Offer, arguments: Mapping[str, Any], refusal: Refusal) -> Any:
    """Return what the read shows now.

    Arguments:
        refusal: why policy refuses the read; empty where it permits it.

    Raises:
        ToolError: it cannot be asked with these arguments, policy refuses it, or it did not answer in full.
    """
    use, reader = offer.classification.reads_back, reads_back(tools, offer)
    if use is None or reader is None:
        raise ToolError(f"nothing reads back what {offer.spec.name} does")
    # An argument that the call leaves out is left out of the read, too.
    wanted = {name: one for name, one in use.arguments.items() if filled({name: one}, arguments.get) is not None}
    given = reader.checked(filled(wanted, arguments.get) or {})
    if why := refusal(reader.spec, reader.ref, given):
        raise ToolInputError(f"policy refuses {reader.spec.name}, which verifies {offer.spec.name}: {why}")
    result = tools.read(reader, given)
    if result.cut:
        raise ToolError(f"{reader.spec.name}, which reads back what {offer.spec.name} does, gave more than is kept")
    found = data_of(result)
    if result.is_error:
        return {"error": found}
    return {path: dug(found, path) for path in use.fields} if use.fields else found
