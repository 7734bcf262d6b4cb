"""The registry of Kubernetes read tools: every tool is named here once, and nowhere else.

``READ_TOOLS`` is data; ``read_tools`` binds it to a cluster. The descriptions are what a model chooses by, so they say
when to use a tool; together they are kept under 6,500 bytes, because every turn of a conversation pays for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentops.core.clock import Clock
from agentops.core.errors import ClusterError
from agentops.core.tool import ReadTool, ToolSpec
from agentops.tools.kubernetes.can_i import can_i
from agentops.tools.kubernetes.capacity import capacity
from agentops.tools.kubernetes.describe import describe
from agentops.tools.kubernetes.endpoints import endpoints
from agentops.tools.kubernetes.events import events
from agentops.tools.kubernetes.get import get
from agentops.tools.kubernetes.list import list_objects
from agentops.tools.kubernetes.logs import logs
from agentops.tools.kubernetes.metrics import metrics
from agentops.tools.kubernetes.rollout_history import rollout_history

if TYPE_CHECKING:
    from agentops.tools.kubernetes.client import Cluster
    from agentops.tools.kubernetes.declaration import DeclaredReadTool

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
