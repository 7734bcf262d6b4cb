"""Declares a read tool right above its code: ``@read_tool(...)`` makes one value of the declaration and the function.

Comes in: what the tool is called, what a model reads about it, which arguments it takes, which permissions it needs.
Goes out: a ``DeclaredReadTool``, which a registry names and which becomes a ``KubernetesReadTool`` for one cluster. A
declaration is data: making it connects to nothing and imports no SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops.core.clock import Clock
from agentops.core.declaration import arguments_schema
from agentops.core.evidence import Reading
from agentops.core.tool import ToolSpec
from agentops.providers.kubernetes.api.listing import flaws_in_words
from agentops.providers.kubernetes.read.arguments import Arguments, checked

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.client import Cluster

Schema: TypeAlias = dict[str, Any]
ReadFunction: TypeAlias = "Callable[[Cluster, Clock, Arguments], Reading]"
_TIMEOUT_S = 60.0

NAME: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
ANY_NAMESPACE: Schema = {"type": "string", "description": "* for all"}


def text(description: str) -> Schema:
    """Return the schema of an argument that is a text."""
    return {"type": "string", "description": description}


def choice(*values: str) -> Schema:
    """Return the schema of an argument that is one of ``values``."""
    return {"type": "string", "enum": list(values)}


def number(most: int, description: str = "") -> Schema:
    """Return the schema of an argument that is an integer from 1 to ``most``."""
    schema: Schema = {"type": "integer", "minimum": 1, "maximum": most}
    return schema | ({"description": description} if description else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredReadTool:
    """A read tool that is not bound to a cluster yet; ``needs_group``: an API group that not every cluster serves."""

    spec: ToolSpec
    function: ReadFunction
    needs_group: str = ""

    def bind(self, cluster: Cluster, clock: Clock) -> KubernetesReadTool:
        """Return the tool for one cluster."""
        return KubernetesReadTool(spec=self.spec, cluster=cluster, clock=clock, function=self.function)


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesReadTool:
    """A read tool bound to one cluster."""

    spec: ToolSpec
    cluster: Cluster
    clock: Clock
    function: ReadFunction

    def read(self, arguments: Mapping[str, Any]) -> Reading:
        """Carry out one read.

        Raises:
            ToolInputError: the arguments do not fit.
            ClusterError: the API server refused, failed or did not answer.
        """
        with self.cluster.noticing() as flaws:
            reading = self.function(self.cluster, self.clock, checked(self.spec, arguments))
        if not flaws:
            return reading
        return replace(reading, footer=" ".join(filter(None, (reading.footer, f"{flaws_in_words(flaws)}."))))


def read_tool(
    name: str,
    description: str,
    arguments: Mapping[str, Schema],
    *,
    required: tuple[str, ...] = (),
    permissions: tuple[str, ...],
    needs_group: str = "",
) -> Callable[[ReadFunction], DeclaredReadTool]:
    """Return a decorator that joins a function to the declaration of the tool that it carries out.

    Arguments:
        name: of the tool, ``kubernetes_...``.
        description: what a model chooses the tool by; every turn of a conversation pays for each word.
        arguments: the JSON Schema of each argument, by its name; all others are refused.
        required: the arguments that a call must have.
        permissions: what the identity needs, ``list pods``.
        needs_group: the API group without which the tool is of no use, when not every cluster serves it.
    """
    spec = ToolSpec(
        name=name,
        description=description,
        schema=arguments_schema(arguments, required),
        permissions=permissions,
        timeout_s=_TIMEOUT_S,
    )
    return lambda function: DeclaredReadTool(spec=spec, function=function, needs_group=needs_group)
