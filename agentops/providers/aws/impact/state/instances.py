"""An EC2 instance as changes see it: whether it runs, or is on its way there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolError
from agentops.core.outcome import Health
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.state.state import TAGS, State, absent, tags_of
from agentops.providers.aws.objects.place import INSTANCE, AwsPlace

STATE = "State"
GROUP_TAG = "aws:autoscaling:groupName"
_COMING = {"pending": "running", "stopping": "stopped", "shutting-down": "terminated"}
_STATUS = "Status"


def read_instance(client: AwsClient, place: AwsPlace, name: str) -> State:
    """Return an instance; its status checks are part of how well it is.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    answer = client.ask("ec2", "DescribeInstances", InstanceIds=[name])
    listed = [one for each in answer.get("Reservations") or () for one in each.get("Instances") or ()]
    if not listed:
        raise absent(f"instance {name}", place)
    instance: Mapping[str, Any] = listed[0]
    now = str((instance.get(STATE) or {}).get("Name", ""))
    checked = client.ask("ec2", "DescribeInstanceStatus", InstanceIds=[name], IncludeAllInstances=True)
    status: Mapping[str, Any] = next(iter(checked.get("InstanceStatuses") or ()), {})
    ref = place.ref(INSTANCE, name)
    return State(
        ref=ref,
        arn=place.arn("ec2", f"instance/{name}"),
        uid=name,
        form={STATE: _COMING.get(now, now), TAGS: tags_of(instance.get(TAGS) or ())},
        health=_health(ref, now, status),
        data={**instance, _STATUS: status},
    )


def is_impaired(instance: Mapping[str, Any]) -> bool:
    """Return whether a status check of an instance fails."""
    status = instance.get(_STATUS) or {}
    return any((status.get(kind) or {}).get("Status") == "impaired" for kind in ("SystemStatus", "InstanceStatus"))


def has_instance_store(client: AwsClient, instance: Mapping[str, Any]) -> bool | None:
    """Return whether a stop would lose disks of the host; None where AWS does not say."""
    kind = str(instance.get("InstanceType", ""))
    try:
        answer = client.ask("ec2", "DescribeInstanceTypes", InstanceTypes=[kind])
    except ToolError:
        return None
    listed = answer.get("InstanceTypes") or ()
    return bool(listed[0].get("InstanceStorageSupported")) if listed else None


def _health(ref: Any, now: str, status: Mapping[str, Any]) -> Health:
    runs = now == "running"
    impaired = is_impaired({_STATUS: status})
    said = [str((status.get(kind) or {}).get("Status", "")) for kind in ("SystemStatus", "InstanceStatus")]
    words = "status checks " + ("fail" if impaired else "/".join(filter(None, said)) or "not told")
    is_up = now in ("running", "pending", "shutting-down")
    return Health(
        ref=ref,
        ready=int(runs and not impaired),
        wanted=int(is_up),
        settled=(runs and not impaired) or now == "stopped",
        failed=f"{ref.name} is {now}" if now in ("shutting-down", "terminated") else "",
        detail=f"{ref.name} is {now}" + (f", {words}" if runs else ""),
    )
