"""``Unchanging``: the changer of a place in which nothing can be changed, such as a dump or a monitoring server.

Comes in: why. Goes out: no tool, no applier, no lease; whoever asks about a change is told why there is none.
``UnchangingProvider`` is its provider's side, where that changes nothing anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentops.core.errors import ToolError
from agentops.core.place_identity import PlaceIdentity
from agentops.core.plan import Change, Note, ObjectChange, Preview
from agentops.core.policy import ObjectFacts
from agentops.core.provider import HeldLease, PlanGrant
from agentops.core.resource import ResourceRef
from agentops.core.tool import Applier, ChangeTool, ToolSpec


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


class UnchangingProvider:
    """What ``core.provider.Provider`` asks about changes, of a provider that makes none."""

    def change_specs(self) -> Sequence[ToolSpec]:
        """Return nothing."""
        return ()

    def identify(self, options: Mapping[str, Any], place: str) -> PlaceIdentity | None:  # noqa: ARG002
        """Return None: nothing here is changed, so no place need be told from production."""
        return None

    def no_remedy(self, changes: Sequence[Change], result: ObjectChange) -> Iterator[str]:  # noqa: ARG002
        """Yield nothing: nothing is changed here."""
        return iter(())

    def object_facts(self, ref: ResourceRef, item: ObjectChange | None) -> ObjectFacts:  # noqa: ARG002
        """Return the worst: nothing here may be changed."""
        return ObjectFacts(writes_secrets=None if item is None else True)

    def describe(self, change: Change) -> str | None:  # noqa: ARG002
        """Return nothing."""
        return None
