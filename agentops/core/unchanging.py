"""``Unchanging``: the changer of a place in which nothing can be changed, such as a dump or a monitoring server.

Comes in: why. Goes out: no tool, no applier, no lease; whoever asks about a change is told why there is none.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentops.core.errors import ToolError
from agentops.core.plan import Change, Note, Preview
from agentops.core.provider import HeldLease, PlanGrant
from agentops.core.tool import Applier, ChangeTool


class Unchanging:
    """See ``core.provider.Changer``.

    Arguments:
        why: the message of every refusal.
    """

    def __init__(self, why: str) -> None:
        self._why = why

    def change_tools(self) -> Mapping[str, ChangeTool]:
        """Return nothing."""
        return {}

    def appliers(self) -> Mapping[str, Applier]:
        """Return nothing."""
        return {}

    def missing_permissions(self, preview: Preview) -> tuple[str, ...]:  # noqa: ARG002
        """Refuse.

        Raises:
            ToolError: always.
        """
        raise ToolError(self._why)

    def notes_on(self, change: Change, preview: Preview) -> tuple[tuple[Note, ...], tuple[str, ...]]:  # noqa: ARG002
        """Refuse.

        Raises:
            ToolError: always.
        """
        raise ToolError(self._why)

    def lease(self, group: str, who: str) -> HeldLease | None:  # noqa: ARG002
        """Return nothing."""
        return None

    def grant(self) -> PlanGrant | None:
        """Return nothing."""
        return None

    def is_unlimited(self) -> bool:
        """Return that nothing can be changed at all."""
        return False
