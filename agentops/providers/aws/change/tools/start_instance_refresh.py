"""``aws_start_instance_refresh``: replaces the instances of a group one share at a time.

Source: Amazon EC2 Auto Scaling API, ``StartInstanceRefresh``; one refresh a group at a time.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal, Risk
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import amount, aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.reach.groups import LEAST_HEALTHY
from agentops.providers.aws.impact.state.groups import LAUNCHED_BY, REFRESH, SUSPENDED
from agentops.providers.aws.objects.place import GROUP


@aws_change(
    "aws_start_instance_refresh",
    "Replace all instances of an Auto Scaling group, a share at a time.",
    {"min_healthy_percent": amount(100, 50, "of the group that stays in service; 90 when left out")},
    kinds=(GROUP,),
    sends=(("autoscaling", "StartInstanceRefresh"),),
    risk=Risk.HIGH,
    reversal=Reversal.COMPENSATING,
    idempotent=False,
)
def start_instance_refresh(change: AwsChange) -> WantedState:
    """Return the group with a refresh going on.

    Raises:
        ToolInputError: one is going on already, or what it needs is suspended.
        ToolError: whether one is going on cannot be read.
    """
    change.require_read(REFRESH)
    if change.state.form.get(REFRESH):
        raise ToolInputError(
            f"an instance refresh of {change.state.name} is going on: {change.state.form[REFRESH]}",
            hint="Wait for it, or cancel it: aws_cancel_instance_refresh.",
        )
    held = [one for one in ("Launch", "Terminate", "InstanceRefresh") if one in change.state.form[SUSPENDED]]
    if held:
        raise ToolInputError(f"{', '.join(held)} of {change.state.name} is suspended: a refresh would not get on")
    least = int(change.arguments.get("min_healthy_percent", LEAST_HEALTHY))
    return WantedState(
        moves={REFRESH: "a new refresh"},
        rests_on=(LAUNCHED_BY,),
        call=call_of(
            "autoscaling",
            "StartInstanceRefresh",
            {
                "AutoScalingGroupName": change.state.name,
                "Strategy": "Rolling",
                "Preferences": {"MinHealthyPercentage": least, "SkipMatching": False},
            },
        ),
        undo=taken_back(change, "aws_cancel_instance_refresh"),
        residue=("Cancelling stops it; instances that it has replaced stay replaced.",),
        warnings=("All instances are terminated and launched again; what they keep on their disks is lost.",),
    )
