"""What a change of an ECS service reaches: how many tasks are replaced or stopped, and what stands in front."""

from __future__ import annotations

from agentops.core.plan import BlastRadius, Call, ObjectChange, Purpose
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.reach.fronts import fronts_of, risk_of_share, share
from agentops.providers.aws.impact.reach.groups import NO_PRICES
from agentops.providers.aws.impact.state.services import COUNT, DEFINITION, DEPLOYMENT
from agentops.providers.aws.impact.state.state import State, number
from agentops.providers.aws.objects.target_groups import target_groups_of_service

_LEAST_HEALTHY = 100
"""``minimumHealthyPercent`` of a rolling update, where the service says nothing."""


def reach_service(client: AwsClient, state: State, call: Call, item: ObjectChange) -> BlastRadius:  # noqa: ARG001
    """Return what one call does to a service.

    Raises:
        ToolError: never; what cannot be read is named in ``unknown``.
    """
    running = number(state.data, "runningCount")
    before, after = item.before or {}, item.after or {}
    had, has = int(before.get(COUNT) or 0), int(after.get(COUNT) or 0)
    fronts = fronts_of(client, target_groups_of_service(state.data))
    deploys = any(edit.path in (DEFINITION, DEPLOYMENT) for edit in item.edits)
    if deploys:
        rule = state.data.get("deploymentConfiguration") or {}
        least = int(rule.get("minimumHealthyPercent", _LEAST_HEALTHY))
        touched, percent = max(running, has), (100 - least if running else 0)
        reasons = (f"all tasks are replaced; at least {least} % of {had} go on running",)
    else:
        leaving = min(max(had - has, 0), running)
        touched, percent = leaving + max(has - had, 0), share(leaving, running)
        reasons = (f"{leaving} of {running} running tasks are stopped, {max(has - had, 0)} are started",)
    return BlastRadius(
        objects=1,
        instances=touched,
        instances_total=max(running, has),
        unit="task",
        percent=percent,
        groups=(str(state.data.get("clusterArn", "")).rpartition("/")[2],),
        group_unit="cluster",
        fronts=fronts.refs,
        detail={"cost per hour": (f"{NO_PRICES}; {has - had:+d} tasks" if has != had else "unchanged",)},
        purpose=_purpose(
            running, had, has, goes_back=bool(deploys and before.get(DEFINITION) != after.get(DEFINITION))
        ),
        risk=risk_of_share(percent),
        unknown=fronts.unknown,
        reasons=reasons,
    )


def _purpose(running: int, had: int, has: int, *, goes_back: bool) -> Purpose:
    if goes_back and running < had:
        return Purpose.RESTORES
    if has == had and running * 2 <= had:
        return Purpose.MENDS
    return Purpose.SHRINKS if has < had <= running else Purpose.NONE
