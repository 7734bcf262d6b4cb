"""The registry of Kubernetes read tools: every tool is named here once, and nowhere else.

``READ_TOOLS`` is data; ``read_tools`` binds it to a cluster. The descriptions are what a model chooses by, so they say
when to use a tool; together they are kept under 6,500 bytes, because every turn of a conversation pays for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentops.core.clock import Clock
from agentops.core.errors import ClusterError
from agentops.core.tool import ReadTool, ToolSpec
from agentops.providers.kubernetes.read.can_i import can_i
from agentops.providers.kubernetes.read.capacity import capacity
from agentops.providers.kubernetes.read.describe import describe
from agentops.providers.kubernetes.read.endpoints import endpoints
from agentops.providers.kubernetes.read.events import events
from agentops.providers.kubernetes.read.get import get
from agentops.providers.kubernetes.read.list import list_objects
from agentops.providers.kubernetes.read.logs import logs
from agentops.providers.kubernetes.read.metrics import metrics
from agentops.providers.kubernetes.read.rollout_history import rollout_history

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.client import Cluster
    from agentops.providers.kubernetes.read.declaration import DeclaredReadTool

# In the order in which a model is shown them, and docs/tools.md too: the most used first.
READ_TOOLS: tuple[DeclaredReadTool, ...] = (
    list_objects,
    get,
    describe,
    events,
    logs,
    rollout_history,
    endpoints,
    capacity,
    metrics,
    can_i,
)

SPECS: tuple[ToolSpec, ...] = tuple(tool.spec for tool in READ_TOOLS)


def read_tools(cluster: Cluster, clock: Clock) -> tuple[ReadTool, ...]:
    """Return all read tools for ``cluster``, in the order of the registry."""
    return tuple(tool.bind(cluster, clock) for tool in READ_TOOLS)


def served_tools(cluster: Cluster, clock: Clock) -> tuple[ReadTool, ...]:
    """Return the read tools that ``cluster`` serves the API of, so that a model is not told of one that cannot answer.

    Where the server does not say what it serves, all of them: the tool itself will say that it is not served.
    """
    try:
        groups = {"", *(kind.group for kind in cluster.kinds())}
    except ClusterError:
        return read_tools(cluster, clock)
    return tuple(tool.bind(cluster, clock) for tool in READ_TOOLS if tool.needs_group in groups)
