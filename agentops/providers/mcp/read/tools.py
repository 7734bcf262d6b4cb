"""The read tools of one server: each offered tool that is classified as a read. It has no way to call any other.

A call is checked against the tool's schema, the settings' constraints and the form of a read, then policy is asked
about it, then it is sent. What comes back is a ``Reading``; whatever goes wrong is a ``ToolError``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.evidence import Reading
from agentops.core.tool import ToolSpec
from agentops.providers.mcp.offered.calling import ServerTools
from agentops.providers.mcp.offered.offer import Offer, Refusal
from agentops.providers.mcp.offered.results import reading_of


@dataclass(frozen=True, slots=True)
class ForeignRead:
    """See ``core.tool.ReadTool``. ``refusal`` says why policy refuses a call; empty where it permits it."""

    tools: ServerTools
    offer: Offer
    refusal: Refusal

    @property
    def spec(self) -> ToolSpec:
        """Its declaration."""
        return self.offer.spec

    def read(self, arguments: Mapping[str, Any]) -> Reading:
        """Call the tool once.

        Raises:
            ToolInputError: the arguments do not fit, or policy refuses the call; nothing was sent.
            ToolError: the tool is held back, or the server refused or did not answer.
        """
        given = self.offer.checked(arguments)
        why = self.refusal(self.spec, self.offer.ref, given)
        if why:
            raise ToolInputError(f"policy refuses this call of {self.spec.name}: {why}", code="policy-refused")
        return reading_of(self.offer, self.tools.read(self.offer, given))


def read_tools(tools: ServerTools, refusal: Refusal) -> tuple[ForeignRead, ...]:
    """Return the read tools, in the order of their names."""
    return tuple(ForeignRead(tools, offer, refusal) for offer in tools.offers.values() if offer.reads)
