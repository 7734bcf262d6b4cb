"""A target group as changes see it: which targets are registered with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.outcome import Health
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.state.state import TAGS, State, absent, tags_of
from agentops.providers.aws.objects.place import TARGET_GROUP, AwsPlace

TARGETS, HEALTH = "Targets", "Health"


def read_targets(client: AwsClient, place: AwsPlace, name: str) -> State:
    """Return a target group (``NAME/HASH``, or ``NAME``); targets that are draining are none of it any more.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    by = {"TargetGroupArns": [place.arn("elasticloadbalancing", f"targetgroup/{name}")]}
    answer = client.ask("elbv2", "DescribeTargetGroups", **(by if "/" in name else {"Names": [name]}))
    listed = answer.get("TargetGroups") or ()
    if not listed:
        raise absent(f"target group {name}", place)
    group: Mapping[str, Any] = listed[0]
    arn = str(group["TargetGroupArn"])
    told = client.ask("elbv2", "DescribeTargetHealth", TargetGroupArn=arn).get("TargetHealthDescriptions") or ()
    described = client.ask("elbv2", "DescribeTags", ResourceArns=[arn]).get("TagDescriptions") or ()
    tags = tags_of(described[0].get(TAGS) or ()) if described else {}
    kept = [one for one in told if state_of(one) != "draining"]
    healthy = sum(state_of(one) == "healthy" for one in kept)
    ref = place.ref(TARGET_GROUP, name)
    coming = any(state_of(one) == "initial" for one in kept)
    return State(
        ref=ref,
        arn=arn,
        uid=arn,
        form={TARGETS: sorted(target_text(one.get("Target") or {}) for one in kept), TAGS: tags},
        health=Health(
            ref=ref,
            ready=healthy,
            wanted=len(kept),
            settled=not coming,
            detail=f"{healthy} of {len(kept)} targets of {name} are healthy",
        ),
        data={**group, HEALTH: list(told)},
    )


def state_of(described: Mapping[str, Any]) -> str:
    """Return the state of a target."""
    return str((described.get("TargetHealth") or {}).get("State", ""))


def target_text(target: Mapping[str, Any]) -> str:
    """Return a target as one text: ``i-0abc:8080``."""
    return f"{target.get('Id', '')}:{target.get('Port', '')}"
