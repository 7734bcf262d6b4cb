"""``WantedState``: what a change tool wants of one resource: its fields as they should be, and the call for it.

Comes in: nothing. Goes out: types. A value of them may raise the risk of a change and lower how far it can be undone,
never the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from agentops.core.clock import Clock
from agentops.core.errors import ToolError
from agentops.core.plan import Call, Change, Ownership
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal, Risk
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.state.state import AwsForm, State


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsChange:
    """What a tool is asked for: the resource as it is (after the earlier steps of its plan), and checked arguments."""

    state: State
    arguments: Mapping[str, Any]
    client: AwsClient
    clock: Clock

    @property
    def target(self) -> ResourceRef:
        """The resource."""
        return self.state.ref

    def require_read(self, name: str) -> None:
        """Raise unless a field of the resource could be read.

        Raises:
            ToolError: it could not.
        """
        if name in self.state.unread:
            raise ToolError(f"{name} of {self.state.ref.short} cannot be read: {self.state.unread[name]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedState:
    """What is wanted of the resource.

    Arguments:
        form: the fields that change, as they should be; None takes one away. All others stay.
        call: what makes it so.
        undo: the change that takes it back; None where there is none.
        requested: an action that leaves no trace in any field (a reboot), by name: it is shown, and never compared.
        rests_on: fields that stay as they are, and that the change is one only upon: the plan is stale once one moved.
        moves: fields that change by themselves in the course of it (a new deployment's id); shown, never compared.
    """

    call: Call
    form: AwsForm = field(default_factory=dict)
    undo: Change | None = None
    requested: str = ""
    moves: Mapping[str, Any] = field(default_factory=dict)
    rests_on: tuple[str, ...] = ()
    risk: Risk = Risk.LOW
    reversal: Reversal = Reversal.EXACT
    residue: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    owners: tuple[Ownership, ...] = ()


AwsChangeFunction: TypeAlias = Callable[[AwsChange], WantedState]
"""From the resource and the checked arguments to what is wanted; raises ToolInputError."""


def taken_back(change: AwsChange, tool: str, **arguments: Any) -> Change:
    """Return the change by which an undo is made."""
    return Change(tool=tool, target=change.target, arguments=arguments, reason="undoes the change")
