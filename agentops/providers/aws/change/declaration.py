"""Declares a change tool right above its code: ``@aws_change(...)`` makes one value of declaration and function.

Comes in: what the tool is called, what a model reads about it, which arguments it takes, on which kinds it works, which
operations it sends, how grave it is and how far it can be undone. Goes out: a ``DeclaredAwsChange``, which the registry
names. Making it connects to nothing and imports no SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops.core.clock import Clock
from agentops.core.declaration import change_spec
from agentops.core.risk import Reversal, Risk
from agentops.core.tool import ToolSpec
from agentops.providers.aws.api.allowed import iam_action
from agentops.providers.aws.impact.state.registry import ASKED, READ_FOR

if TYPE_CHECKING:
    from agentops.providers.aws.api.clients import AwsClients
    from agentops.providers.aws.change.change_tool import AwsApplier, AwsChangeTool
    from agentops.providers.aws.change.wanted import AwsChangeFunction

Schema: TypeAlias = dict[str, Any]
FLAG: Schema = {"type": "boolean"}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 256}


def amount(most: int, least: int = 0, says: str = "") -> Schema:
    """Return the schema of a whole number."""
    schema: Schema = {"type": "integer", "minimum": least, "maximum": most}
    return schema | ({"description": says} if says else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredAwsChange:
    """A change tool that is not bound to an account yet; ``sends`` are the only operations that its applier sends."""

    spec: ToolSpec
    function: AwsChangeFunction
    kinds: tuple[str, ...]
    sends: tuple[tuple[str, str], ...]

    def bind(self, clients: AwsClients, clock: Clock) -> AwsChangeTool:
        """Return the tool for one account; it cannot write."""
        from agentops.providers.aws.change.change_tool import AwsChangeTool

        return AwsChangeTool(
            spec=self.spec,
            function=self.function,
            kinds=self.kinds,
            client=clients.client,
            dry_runner=clients.dry_runner,
            clock=clock,
        )

    def applier(self, clients: AwsClients, clock: Clock) -> AwsApplier:
        """Return what carries out the tool's previews."""
        from agentops.providers.aws.change.change_tool import AwsApplier

        return AwsApplier(sends=self.sends, client=clients.client, writer=clients.writer, clock=clock)


def aws_change(
    name: str,
    description: str,
    arguments: Mapping[str, Schema],
    *,
    required: tuple[str, ...] = (),
    kinds: tuple[str, ...],
    sends: tuple[tuple[str, str], ...],
    risk: Risk = Risk.MEDIUM,
    reversal: Reversal = Reversal.EXACT,
    idempotent: bool = True,
) -> Callable[[AwsChangeFunction], DeclaredAwsChange]:
    """Return a decorator that joins a function to the declaration of the tool that it carries out.

    Arguments:
        name: of the tool, ``aws_...``.
        description: what a model chooses the tool by.
        arguments: the JSON Schema of each argument, by its name; all others are refused.
        required: the arguments that a change must have.
        kinds: the kinds that its target may be of.
        sends: services and operations, as botocore names them; the permissions are these and what the kinds' states
            and blast radii are read by.
        risk: the least that a change by this tool has.
        reversal: the best that a change by this tool can have.
        idempotent: whether doing it twice is the same as doing it once.
    """
    reads = tuple(one for kind in kinds for one in READ_FOR[kind])
    spec = change_spec(
        name,
        description,
        arguments,
        required=required,
        permissions=tuple(dict.fromkeys(iam_action(*one) for one in (*sends, *reads, *ASKED))),
        risk=risk,
        reversal=reversal,
        idempotent=idempotent,
    )
    return lambda function: DeclaredAwsChange(spec=spec, function=function, kinds=kinds, sends=sends)
