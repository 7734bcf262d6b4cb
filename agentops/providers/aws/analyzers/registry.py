"""The registry of AWS analyzers: every analyzer is named here once, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from agentops.core.conditions import ANALYZER_FAILED, Condition, Weight
from agentops.providers.aws.analyzers.alarms import alarms
from agentops.providers.aws.analyzers.databases import databases
from agentops.providers.aws.analyzers.declaration import DeclaredAwsAnalyzer
from agentops.providers.aws.analyzers.functions import functions
from agentops.providers.aws.analyzers.groups import groups
from agentops.providers.aws.analyzers.instances import instances
from agentops.providers.aws.analyzers.others import certificates, nodegroups, trail
from agentops.providers.aws.analyzers.queues import queues
from agentops.providers.aws.analyzers.services import services
from agentops.providers.aws.analyzers.targets import targets

AWS_ANALYZERS: tuple[DeclaredAwsAnalyzer, ...] = (
    targets,
    groups,
    instances,
    services,
    databases,
    functions,
    queues,
    certificates,
    nodegroups,
    trail,
    alarms,
)
_FAILED = Condition(
    name=ANALYZER_FAILED,
    resource="analyzer",
    when="an analyzer met something that it cannot read",
    weight=Weight.INFORMATION,
)
AWS_CONDITIONS: Mapping[str, Condition] = {
    one.name: one for one in (*(one for each in AWS_ANALYZERS for one in each.conditions), _FAILED)
}
