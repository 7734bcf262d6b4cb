"""Reads RDS instances: state, storage, connections, and the events of the last day."""

from __future__ import annotations

from agentops.core.errors import ToolError
from agentops.providers.aws.api.errors import ABSENT
from agentops.providers.aws.objects.place import DATABASE
from agentops.providers.aws.sweep.scout import Found, Scout, picked

FIELDS = (
    "DBInstanceIdentifier", "DBInstanceClass", "Engine", "EngineVersion", "DBInstanceStatus", "AllocatedStorage",
    "MaxAllocatedStorage", "StorageType", "Iops", "MultiAZ", "AvailabilityZone", "Endpoint", "PendingModifiedValues",
    "DBParameterGroups", "PubliclyAccessible", "InstanceCreateTime", "ReadReplicaSourceDBInstanceIdentifier",
)  # fmt: skip
METRICS = {"FreeStorageSpace": "Minimum", "DatabaseConnections": "Maximum", "CPUUtilization": "Average"}
_EVENTS, _DAY_MINUTES = 40, 1440


def read_database(scout: Scout, name: str) -> Found:
    """Return a database instance.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    listed = scout.client.ask("rds", "DescribeDBInstances", DBInstanceIdentifier=name).get("DBInstances") or ()
    if not listed:
        raise ToolError(f"there is no database {name} in {scout.place.region}", code=ABSENT)
    events = scout.listed(
        f"events of {name}",
        "rds", "DescribeEvents", "Events", _EVENTS,
        SourceIdentifier=name, SourceType="db-instance", Duration=_DAY_MINUTES,
    )  # fmt: skip
    data = picked(listed[0], *FIELDS) | {
        "Events": [picked(one, "Date", "Message", "EventCategories") for one in events],
        "Metrics": scout.metrics(name, "AWS/RDS", {"DBInstanceIdentifier": name}, METRICS),
    }
    return Found(things={(DATABASE, name): data})
