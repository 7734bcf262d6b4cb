"""The registry of AWS' read tools: every tool is named here once, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentops.core.clock import Clock
from agentops.core.tool import ReadTool, ToolSpec
from agentops.providers.aws.read.activities import activities
from agentops.providers.aws.read.alarm_history import alarm_history
from agentops.providers.aws.read.alarms import alarms
from agentops.providers.aws.read.aliases import aliases
from agentops.providers.aws.read.console import console
from agentops.providers.aws.read.database_events import database_events
from agentops.providers.aws.read.describe import describe
from agentops.providers.aws.read.dns import dns
from agentops.providers.aws.read.health import health
from agentops.providers.aws.read.identity import identity
from agentops.providers.aws.read.insights import insights
from agentops.providers.aws.read.listeners import listeners
from agentops.providers.aws.read.listing import listing
from agentops.providers.aws.read.logs import logs
from agentops.providers.aws.read.metric import metric
from agentops.providers.aws.read.parameters import db_parameters
from agentops.providers.aws.read.quotas import quotas
from agentops.providers.aws.read.stopped_tasks import stopped_tasks
from agentops.providers.aws.read.target_health import target_health
from agentops.providers.aws.read.task_diff import task_diff
from agentops.providers.aws.read.trail import trail

if TYPE_CHECKING:
    from agentops.core.client_tool import DeclaredClientTool
    from agentops.providers.aws.api.client import AwsClient

READ_TOOLS: tuple[DeclaredClientTool[AwsClient], ...] = (
    identity,
    alarms,
    alarm_history,
    metric,
    listing,
    describe,
    target_health,
    activities,
    stopped_tasks,
    task_diff,
    database_events,
    trail,
    logs,
    insights,
    listeners,
    aliases,
    db_parameters,
    console,
    dns,
    quotas,
    health,
)

SPECS: tuple[ToolSpec, ...] = tuple(tool.spec for tool in READ_TOOLS)


def read_tools(client: AwsClient, clock: Clock) -> tuple[ReadTool, ...]:
    """Return all read tools for one account, in the order of the registry."""
    return tuple(tool.bind(client, clock) for tool in READ_TOOLS)
