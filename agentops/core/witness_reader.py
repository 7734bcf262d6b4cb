"""``WitnessReader``: the reader of a place that only tells of the resources of others, such as a monitoring server.

Comes in: its provider's title and what it is pinned to. Goes out: the answers that are the same for each of them: it
holds no objects, and nothing can be named in it. Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agentops.core.alert import Alert, Target
from agentops.core.errors import ToolInputError, UsageError
from agentops.core.evidence import Reading
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.core.scope import Scope
from agentops.core.tool import ToolCall


class WitnessReader:
    """What ``core.provider.Reader`` asks about resources and whereabouts, of what has none.

    Arguments:
        title: of the provider.
        scope: what it is pinned to.
    """

    def __init__(self, title: str, scope: Scope) -> None:
        self._title = title
        self._scope = scope

    @property
    def scope(self) -> Scope:
        """Return what it is pinned to."""
        return self._scope

    def object_text(self, snapshot: Any, ref: ResourceRef, redacted: Callable[[Any], Any]) -> str:  # noqa: ARG002
        """Return nothing: it holds no objects."""
        return ""

    def log_readings(self, snapshot: Any, problems: Sequence[Problem]) -> Sequence[tuple[ToolCall, Reading]]:  # noqa: ARG002
        """Return nothing: the logs of a problem's resource are those of the provider that has it."""
        return ()

    def named(self, target: Target) -> ResourceRef:
        """Refuse.

        Raises:
            UsageError: always; nothing here can be named.
        """
        raise UsageError(f"{target} is no resource of {self._title}", hint="Name what its labels are about.")

    def worded(self, alert: Alert, groups: tuple[str, ...]) -> Target:  # noqa: ARG002
        """Return what the alert claims: nothing here can be named in words."""
        return alert.target

    def canonical(self, ref: ResourceRef, group: str = "") -> ResourceRef:  # noqa: ARG002
        """Refuse.

        Raises:
            ToolInputError: always; it has no kinds.
        """
        raise ToolInputError(f"{ref.short} is no resource that can be looked at or changed")

    def whereabouts(self, ref: ResourceRef) -> str:  # noqa: ARG002
        """Return nothing."""
        return ""
