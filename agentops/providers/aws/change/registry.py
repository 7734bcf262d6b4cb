"""The registry of change tools: every one is named here once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentops.core.clock import Clock
from agentops.core.tool import Applier, ChangeTool
from agentops.providers.aws.change.tools.cancel_instance_refresh import cancel_instance_refresh
from agentops.providers.aws.change.tools.cancel_redrive import cancel_redrive
from agentops.providers.aws.change.tools.deregister_target import deregister_target
from agentops.providers.aws.change.tools.grow_database_storage import grow_database_storage
from agentops.providers.aws.change.tools.reboot_database import reboot_database
from agentops.providers.aws.change.tools.reboot_instance import reboot_instance
from agentops.providers.aws.change.tools.redeploy_service import redeploy_service
from agentops.providers.aws.change.tools.redrive_queue import redrive_queue
from agentops.providers.aws.change.tools.register_target import register_target
from agentops.providers.aws.change.tools.resume_processes import resume_processes
from agentops.providers.aws.change.tools.roll_back_alias import roll_back_alias
from agentops.providers.aws.change.tools.roll_back_service import roll_back_service
from agentops.providers.aws.change.tools.set_alarm_actions import set_alarm_actions
from agentops.providers.aws.change.tools.set_event_source import set_event_source
from agentops.providers.aws.change.tools.set_group_size import set_group_size
from agentops.providers.aws.change.tools.set_reserved_concurrency import set_reserved_concurrency
from agentops.providers.aws.change.tools.set_service_count import set_service_count
from agentops.providers.aws.change.tools.shift_alias import shift_alias
from agentops.providers.aws.change.tools.start_instance import start_instance
from agentops.providers.aws.change.tools.start_instance_refresh import start_instance_refresh
from agentops.providers.aws.change.tools.stop_instance import stop_instance
from agentops.providers.aws.change.tools.suspend_processes import suspend_processes
from agentops.providers.aws.change.tools.tag import tag

if TYPE_CHECKING:
    from agentops.providers.aws.api.clients import AwsClients

CHANGES = (
    cancel_instance_refresh,
    cancel_redrive,
    deregister_target,
    grow_database_storage,
    reboot_database,
    reboot_instance,
    redeploy_service,
    redrive_queue,
    register_target,
    resume_processes,
    roll_back_alias,
    roll_back_service,
    set_alarm_actions,
    set_event_source,
    set_group_size,
    set_reserved_concurrency,
    set_service_count,
    shift_alias,
    start_instance,
    start_instance_refresh,
    stop_instance,
    suspend_processes,
    tag,
)
CHANGE_SPECS = tuple(one.spec for one in CHANGES)


def change_tools(clients: AwsClients, clock: Clock) -> dict[str, ChangeTool]:
    """Return the change tools by name, bound to one account; none of them can write."""
    return {one.spec.name: one.bind(clients, clock) for one in CHANGES}


def appliers(clients: AwsClients, clock: Clock) -> dict[str, Applier]:
    """Return what carries out the previews of each; only the guard's apply and rollback are given it."""
    return {one.spec.name: one.applier(clients, clock) for one in CHANGES}
