"""The registry of a sweep's readers: every kind that can be read is named here once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agentops.providers.aws.objects.place import (
    ALARM,
    CERTIFICATE,
    DATABASE,
    FUNCTION,
    GROUP,
    INSTANCE,
    LOAD_BALANCER,
    NODEGROUP,
    QUEUE,
    SECURITY_GROUP,
    SERVICE,
    TARGET_GROUP,
)
from agentops.providers.aws.sweep.alarms import read_alarm, read_firing
from agentops.providers.aws.sweep.balancing import (
    read_groups_behind,
    read_load_balancer,
    read_services_behind,
    read_target_group,
)
from agentops.providers.aws.sweep.compute import (
    INSTANCES,
    SECURITY_GROUPS,
    read_group,
    read_instance,
    read_instances,
    read_security_group,
    read_security_groups,
)
from agentops.providers.aws.sweep.containers import read_service
from agentops.providers.aws.sweep.databases import read_database
from agentops.providers.aws.sweep.functions import read_function
from agentops.providers.aws.sweep.others import read_certificate, read_nodegroup, read_trail
from agentops.providers.aws.sweep.queues import read_queue
from agentops.providers.aws.sweep.scout import Found, Scout

FIRING, TRAIL = ("alarms that fire", ""), ("CloudTrail", "")
READERS: Mapping[str, Callable[[Scout, str], Found]] = {
    ALARM: read_alarm,
    TARGET_GROUP: read_target_group,
    LOAD_BALANCER: read_load_balancer,
    GROUP: read_group,
    INSTANCE: read_instance,
    SECURITY_GROUP: read_security_group,
    INSTANCES: read_instances,
    SECURITY_GROUPS: read_security_groups,
    SERVICE: read_service,
    DATABASE: read_database,
    FUNCTION: read_function,
    QUEUE: read_queue,
    CERTIFICATE: read_certificate,
    NODEGROUP: read_nodegroup,
    FIRING[0]: read_firing,
    TRAIL[0]: read_trail,
    "behind target group (groups)": read_groups_behind,
    "behind target group (services)": read_services_behind,
}
