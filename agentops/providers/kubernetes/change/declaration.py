"""Declares a change tool right above its code: ``@change_tool(...)`` makes one value of declaration and function.

Comes in: what the tool is called, what a model reads about it, which arguments it takes, on which kinds it works, which
permissions it needs, how grave it is and how far it can be undone. Goes out: a ``DeclaredChangeTool``, which the
registry names. The target of a change is no argument: ``Change.target`` names it. A declaration is data: making it
connects to nothing and imports no SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops.core.clock import Clock
from agentops.core.declaration import change_spec
from agentops.core.tool import Reversal, Risk, ToolSpec
from agentops.providers.kubernetes.change.change_tool import ChangeFunction, KubernetesApplier, KubernetesChangeTool
from agentops.providers.kubernetes.change.sender import Sender, send_all

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.writer import ClusterWriter
    from agentops.providers.kubernetes.change.tool_context import ToolContext

Schema: TypeAlias = dict[str, Any]

# Arguments that several tools take. Every turn of a conversation pays for each word of a description.
FLAG: Schema = {"type": "boolean"}
TEXT: Schema = {"type": "string", "maxLength": 1000}
VALUE: Schema = {"type": "string", "maxLength": 100_000}
NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": 100_000}
REPLICAS: Schema = {**NUMBER, "maximum": 10_000}
TEXTS: Schema = {"type": "object", "additionalProperties": VALUE, "minProperties": 1}
KEYS: Schema = {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 100}
REPLACE: Schema = {**TEXTS, "description": "texts to replace inside the value: {old: new}"}
QUANTITIES: Schema = {
    "type": "object",
    "additionalProperties": {"type": ["string", "null"], "maxLength": 40},
    "minProperties": 1,
    "description": '{"cpu": "250m", "memory": "512Mi"}; null removes one',
}
PORT: Schema = {"type": ["integer", "string"], "minimum": 1, "maximum": 65535, "maxLength": 15}
GRACE_PERIOD: Schema = {
    "type": "integer",
    "minimum": 0,
    "maximum": 3600,
    "description": "seconds to end in; the pod's own terminationGracePeriodSeconds when left out",
}


def get_and_patch(*resources: str) -> tuple[str, ...]:
    """Return the permissions to read and patch some resources, written as the API's are: ``deployments.apps``."""
    return tuple(f"{verb} {resource}" for resource in resources for verb in ("get", "patch"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredChangeTool:
    """A change tool that is not bound to a cluster yet; ``kinds`` are those of its target, empty takes any."""

    spec: ToolSpec
    function: ChangeFunction
    kinds: tuple[str, ...]
    send: Sender

    def bind(self, context: ToolContext) -> KubernetesChangeTool:
        """Return the tool for one cluster; it cannot write."""
        return KubernetesChangeTool(spec=self.spec, function=self.function, kinds=self.kinds, context=context)

    def applier(self, writer: ClusterWriter, clock: Clock) -> KubernetesApplier:
        """Return what carries out the tool's previews."""
        return KubernetesApplier(writer=writer, clock=clock, send=self.send)


def change_tool(
    name: str,
    description: str,
    arguments: Mapping[str, Schema],
    *,
    required: tuple[str, ...] = (),
    kinds: tuple[str, ...] = (),
    permissions: tuple[str, ...],
    risk: Risk = Risk.MEDIUM,
    reversal: Reversal = Reversal.EXACT,
    idempotent: bool = True,
    timeout_s: float = 60.0,
    send: Sender = send_all,
) -> Callable[[ChangeFunction], DeclaredChangeTool]:
    """Return a decorator that joins a function to the declaration of the tool that it carries out.

    Arguments:
        name: of the tool, ``kubernetes_...``.
        description: what a model chooses the tool by.
        arguments: the JSON Schema of each argument, by its name; all others are refused.
        required: the arguments that a change must have.
        kinds: the built-in kinds that its target may be of; none means any kind.
        permissions: what the identity needs, ``patch deployments.apps``.
        risk: the least that a change by this tool has.
        reversal: the best that a change by this tool can have.
        idempotent: whether doing it twice is the same as doing it once.
        timeout_s: how long it may take, in seconds.
        send: what sends its previews, when they are not simply sent in order.
    """
    spec = change_spec(
        name,
        description,
        arguments,
        required=required,
        permissions=permissions,
        risk=risk,
        reversal=reversal,
        idempotent=idempotent,
        timeout_s=timeout_s,
    )
    return lambda function: DeclaredChangeTool(spec=spec, function=function, kinds=kinds, send=send)
