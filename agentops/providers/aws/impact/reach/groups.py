"""What a change of an Auto Scaling group reaches: how many instances come and go, over which zones, behind what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.plan import BlastRadius, Call, ObjectChange, Purpose
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.reach.fronts import Fronts, fronts_of, risk_of_share, share, zones
from agentops.providers.aws.impact.state.groups import serving_of
from agentops.providers.aws.impact.state.state import State
from agentops.providers.aws.objects.target_groups import target_groups_of_group

LEAST_HEALTHY = 90
"""What AWS takes where a refresh says nothing: ``MinHealthyPercentage``."""
NO_PRICES = "not known: agentops has no table of AWS's prices"


def reach_group(client: AwsClient, state: State, call: Call, item: ObjectChange) -> BlastRadius:
    """Return what one call does to a group.

    Raises:
        ToolError: never; what cannot be read is named in ``unknown``.
    """
    serving = serving_of(state.data)
    named = [str(one.get("InstanceId", "")) for one in state.data.get("Instances") or ()]
    fronts = fronts_of(client, target_groups_of_group(state.data), named)
    if call.path.endswith("/StartInstanceRefresh"):
        return _refresh(call, state, serving, fronts)
    before, after = (int((form or {}).get("DesiredCapacity") or 0) for form in (item.before, item.after))
    leaving, coming = max(before - after, 0), max(after - before, 0)
    if call.path.endswith("/ResumeProcesses"):
        # Resumed, it launches what is missing at once, and replaces what is unhealthy.
        coming = max(before - len(serving), 0)
    leaving = min(leaving, len(serving))
    percent = share(leaving, len(serving))
    reasons = [f"{leaving} of {len(serving)} instances in service are terminated"] if leaving else []
    reasons += [f"up to {coming} instances are launched"] if coming else []
    return BlastRadius(
        objects=1,
        instances=leaving + coming,
        instances_total=max(len(serving), after),
        percent=percent,
        groups=(),
        fronts=fronts.refs,
        detail=_detail(state.data, coming - leaving, fronts),
        purpose=Purpose.SHRINKS if leaving and len(serving) >= before else Purpose.NONE,
        risk=risk_of_share(percent),
        unknown=fronts.unknown,
        reasons=tuple(reasons),
    )


def _refresh(call: Call, state: State, serving: list[Mapping[str, Any]], fronts: Fronts) -> BlastRadius:
    preferences = (call.body or {}).get("Preferences") or {}
    percent = 100 - int(preferences.get("MinHealthyPercentage", LEAST_HEALTHY))
    # At least one instance is out at a time, whatever the percentage says.
    out = max(percent, share(1, len(serving)))
    return BlastRadius(
        objects=1,
        instances=len(serving),
        instances_total=len(serving),
        percent=out,
        fronts=fronts.refs,
        detail=_detail(state.data, 0, fronts),
        unknown=fronts.unknown,
        reasons=(f"all {len(serving)} instances are terminated and launched again, {out} % of them at a time",),
    )


def _detail(group: Mapping[str, Any], more: int, fronts: Fronts) -> dict[str, tuple[str, ...]]:
    kinds = sorted({str(one.get("InstanceType", "?")) for one in group.get("Instances") or ()})
    cost = f"{NO_PRICES}; {more:+d} instances of {', '.join(kinds) or '?'}" if more else "unchanged"
    return {
        "zone": zones(group.get("Instances") or ()) or ("none",),
        **({"target group": fronts.lines} if fronts.lines else {}),
        "cost per hour": (cost,),
    }
