"""One MCP server for the guard: its change tools, what carries them out, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping

from agentops.core.plan import Change, Note, Preview
from agentops.core.provider import HeldLease, PlanGrant, ProviderContext
from agentops.core.tool import Applier, ChangeTool
from agentops.providers.mcp.change.applier import ForeignApplier
from agentops.providers.mcp.change.tools import ForeignChange, SentCalls
from agentops.providers.mcp.offered.calling import ServerTools


class McpChanger:
    """See ``core.provider.Changer``."""

    def __init__(self, tools: ServerTools, context: ProviderContext) -> None:
        sent, clock = SentCalls(), context.clock
        self._changes = {
            name: ForeignChange(tools, offer, clock, sent, context.refusal)
            for name, offer in tools.offers.items()
            if not offer.reads
        }
        self._appliers = {
            name: ForeignApplier(change, clock, context.redacted) for name, change in self._changes.items()
        }

    def change_tools(self) -> Mapping[str, ChangeTool]:
        """Return the change tools by name."""
        return dict(self._changes)

    def appliers(self) -> Mapping[str, Applier]:
        """Return what carries out the previews of each."""
        return dict(self._appliers)

    def missing_permissions(self, preview: Preview) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing: a server does not say what its credential may do."""
        return ()

    def notes_on(self, change: Change, preview: Preview) -> tuple[tuple[Note, ...], tuple[str, ...]]:  # noqa: ARG002
        """Return nothing: what a call acts on is not known."""
        return (), ()

    def lease(self, group: str, who: str) -> HeldLease | None:  # noqa: ARG002
        """Return nothing."""
        return None

    def is_unlimited(self) -> bool:
        """Return that it is held to the tools that were trusted and classified."""
        return False

    def grant(self) -> PlanGrant | None:
        """Return nothing: a server signs in by itself."""
        return None
