"""The registry of Prometheus' read tools: every tool is named here once, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentops.core.clock import Clock
from agentops.core.tool import ReadTool, ToolSpec
from agentops.providers.prometheus.read.alerts import alerts
from agentops.providers.prometheus.read.query import query
from agentops.providers.prometheus.read.range import query_range
from agentops.providers.prometheus.read.rules import rules
from agentops.providers.prometheus.read.targets import targets

if TYPE_CHECKING:
    from agentops.core.client_tool import DeclaredClientTool
    from agentops.providers.prometheus.api.client import PrometheusClient

READ_TOOLS: tuple[DeclaredClientTool[PrometheusClient], ...] = (query, query_range, alerts, rules, targets)

SPECS: tuple[ToolSpec, ...] = tuple(tool.spec for tool in READ_TOOLS)


def read_tools(client: PrometheusClient, clock: Clock) -> tuple[ReadTool, ...]:
    """Return all read tools for one server, in the order of the registry."""
    return tuple(tool.bind(client, clock) for tool in READ_TOOLS)
