"""``aws_cancel_instance_refresh``: stops the refresh of a group; what is replaced already stays so.

Source: Amazon EC2 Auto Scaling API, ``CancelInstanceRefresh``.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState
from agentops.providers.aws.impact.state.groups import REFRESH
from agentops.providers.aws.objects.place import GROUP


@aws_change(
    "aws_cancel_instance_refresh",
    "Stop the instance refresh of an Auto Scaling group that is going on.",
    {},
    kinds=(GROUP,),
    sends=(("autoscaling", "CancelInstanceRefresh"),),
    reversal=Reversal.COMPENSATING,
)
def cancel_instance_refresh(change: AwsChange) -> WantedState:
    """Return the group without a refresh.

    Raises:
        ToolInputError: none is going on.
        ToolError: whether one is going on cannot be read.
    """
    change.require_read(REFRESH)
    if not change.state.form.get(REFRESH):
        raise ToolInputError(f"no instance refresh of {change.state.name} is going on", code="nothing-to-do")
    return WantedState(
        form={REFRESH: ""},
        call=call_of("autoscaling", "CancelInstanceRefresh", {"AutoScalingGroupName": change.state.name}),
        residue=("Instances that were replaced already stay replaced; the group may hold two kinds of them.",),
    )
