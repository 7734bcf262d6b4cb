"""An ECS service as changes see it: how many tasks, of which task definition, in which deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.outcome import Health
from agentops.core.resource import ResourceRef
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.state.state import TAGS, State, absent, number, tags_of
from agentops.providers.aws.objects.place import SERVICE, AwsPlace, after

COUNT, DEFINITION, DEPLOYMENT = "desiredCount", "taskDefinition", "deployment"


def read_service(client: AwsClient, place: AwsPlace, name: str) -> State:
    """Return a service (``CLUSTER/NAME``).

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    cluster, service = cluster_and_service(name)
    answer = client.ask("ecs", "DescribeServices", cluster=cluster, services=[service], include=["TAGS"])
    listed = [one for one in answer.get("services") or () if one.get("status") == "ACTIVE"]
    if not listed:
        raise absent(f"active ECS service {name}", place)
    found: Mapping[str, Any] = listed[0]
    newest = primary(found)
    ref, arn = place.ref(SERVICE, name), str(found.get("serviceArn", ""))
    created = found.get("createdAt")
    return State(
        ref=ref,
        arn=arn,
        uid=f"{arn} {created}" if created else arn,
        form={
            COUNT: number(found, COUNT),
            DEFINITION: after(str(found.get(DEFINITION, "")), ":task-definition/"),
            DEPLOYMENT: str(newest.get("id", "")),
            TAGS: tags_of(found.get("tags") or (), "key", "value"),
        },
        health=_health(ref, found, newest),
        data=found,
    )


def cluster_and_service(name: str) -> tuple[str, str]:
    """Return the cluster and the service that an id names."""
    cluster, _, service = name.rpartition("/")
    return cluster or "default", service


def primary(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the deployment that is being rolled out, or was last."""
    found: Mapping[str, Any] = next(
        (one for one in service.get("deployments") or () if one.get("status") == "PRIMARY"), {}
    )
    return found


def _health(ref: ResourceRef, service: Mapping[str, Any], newest: Mapping[str, Any]) -> Health:
    running, desired = number(service, "runningCount"), number(service, COUNT)
    state = str(newest.get("rolloutState", ""))
    # A deployment without a circuit breaker, and one by an external controller, has no such state.
    through = state in ("COMPLETED", "") and len(service.get("deployments") or ()) <= 1
    why = str(newest.get("rolloutStateReason", ""))
    return Health(
        ref=ref,
        ready=running,
        wanted=desired,
        settled=running == desired and through,
        failed=f"the deployment of {ref.name} failed: {why}" if state == "FAILED" else "",
        detail=f"{running} of {desired} tasks of {ref.name} run" + ("" if through else ", a deployment is going on"),
    )
