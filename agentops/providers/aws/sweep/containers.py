"""Reads ECS services: deployments, events, stopped tasks with their reasons, and what their task definitions say.

Of environment variables only the names are kept: their values are often secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolError
from agentops.providers.aws.api.errors import ABSENT
from agentops.providers.aws.objects.place import SERVICE, TARGET_GROUP, after
from agentops.providers.aws.objects.target_groups import target_groups_of_service
from agentops.providers.aws.sweep.scout import Found, Link, Scout, picked

SERVICE_FIELDS = (
    "serviceName", "serviceArn", "clusterArn", "status", "desiredCount", "runningCount", "pendingCount", "launchType",
    "capacityProviderStrategy", "taskDefinition", "deployments", "deploymentConfiguration", "loadBalancers",
    "healthCheckGracePeriodSeconds", "networkConfiguration", "createdAt",
)  # fmt: skip
TASK_FIELDS = (
    "taskArn", "taskDefinitionArn", "lastStatus", "stoppedReason", "stopCode", "stoppedAt", "startedAt", "createdAt",
    "healthStatus", "availabilityZone", "launchType",
)  # fmt: skip
_EVENTS, _TASKS = 20, 20
_CONTAINER_FIELDS = (
    "name", "image", "cpu", "memory", "memoryReservation", "essential", "portMappings", "command", "entryPoint",
    "healthCheck", "secrets",
)  # fmt: skip


def read_service(scout: Scout, name: str) -> Found:
    """Return a service (``CLUSTER/NAME``).

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    cluster, _, service = name.rpartition("/")
    answer = scout.client.ask("ecs", "DescribeServices", cluster=cluster or "default", services=[service])
    listed = [one for one in answer.get("services") or () if one.get("status") != "INACTIVE"]
    if not listed:
        raise ToolError(f"there is no ECS service {name} in {scout.place.region}", code=ABSENT)
    one, here = listed[0], (SERVICE, name)
    data = picked(one, *SERVICE_FIELDS) | {
        **{key: int(one.get(key) or 0) for key in ("desiredCount", "runningCount", "pendingCount")},
        "events": [picked(each, "createdAt", "message") for each in (one.get("events") or ())[:_EVENTS]],
        "StoppedTasks": _stopped(scout, cluster or "default", service, name),
        "TaskDefinitions": {
            arn: _definition(scout, arn)
            for arn in dict.fromkeys(str(each.get("taskDefinition", "")) for each in one.get("deployments") or ())
            if arn
        },
    }
    found = Found(things={here: data})
    for group in target_groups_of_service(one):
        lower = (TARGET_GROUP, after(group, ":targetgroup/"))
        found.links.append(Link(upper=here, lower=lower, relation="is reached through", own=True))
        found.follow.append(lower)
    return found


def task_definition(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task definition without the values of its environment."""
    containers = [
        picked(one, *_CONTAINER_FIELDS)
        | {"environment": sorted(str(each.get("name", "")) for each in one.get("environment") or ())}
        for one in definition.get("containerDefinitions") or ()
    ]
    fields = (
        "taskDefinitionArn",
        "family",
        "revision",
        "cpu",
        "memory",
        "networkMode",
        "taskRoleArn",
        "executionRoleArn",
    )
    return picked(definition, *fields) | {"containerDefinitions": containers}


def _definition(scout: Scout, arn: str) -> dict[str, Any]:
    answer = scout.beside(
        f"task definition {after(arn, ':task-definition/')}", "ecs", "DescribeTaskDefinition", taskDefinition=arn
    )
    return task_definition(answer.get("taskDefinition") or {})


def _stopped(scout: Scout, cluster: str, service: str, name: str) -> list[dict[str, Any]]:
    what = f"stopped tasks of {name}"
    arns = scout.listed(
        what, "ecs", "ListTasks", "taskArns", _TASKS, cluster=cluster, serviceName=service, desiredStatus="STOPPED"
    )
    if not arns:
        return []
    answer = scout.beside(what, "ecs", "DescribeTasks", cluster=cluster, tasks=list(arns))
    return [task(one) for one in answer.get("tasks") or ()]


def task(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task with how its containers ended."""
    containers = [picked(each, "name", "lastStatus", "reason", "healthStatus", "image") | _exit(each)
                  for each in one.get("containers") or ()]  # fmt: skip
    return picked(one, *TASK_FIELDS) | {"containers": containers}


def _exit(container: Mapping[str, Any]) -> dict[str, int]:
    return {"exitCode": int(container["exitCode"])} if container.get("exitCode") is not None else {}
