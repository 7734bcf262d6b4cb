"""``aws_deregister_target``: takes a target out of a target group; requests under way are let end.

Source: Elastic Load Balancing API, ``DeregisterTargets``.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal, Risk
from agentops.core.text import one_line
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import aws_change
from agentops.providers.aws.change.tools.register_target import ARGUMENTS, target_of
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.targets import TARGETS, target_text
from agentops.providers.aws.objects.place import TARGET_GROUP


@aws_change(
    "aws_deregister_target",
    "Take a target out of a load balancer's target group.",
    ARGUMENTS,
    required=("id",),
    kinds=(TARGET_GROUP,),
    sends=(("elbv2", "DeregisterTargets"),),
    reversal=Reversal.COMPENSATING,
)
def deregister_target(change: AwsChange) -> WantedState:
    """Return the target group with one target less.

    Raises:
        ToolInputError: it is not registered, or it is the last one.
    """
    target = target_of(change)
    listed, text = list(change.state.form[TARGETS]), target_text(target)
    if text not in listed:
        raise ToolInputError(
            f"{one_line(text, 60)} is not registered with {change.state.name}",
            hint=f"Registered are {', '.join(listed[:10]) or 'none'}.",
        )
    if len(listed) == 1:
        raise ToolInputError(f"{text} is the last target of {change.state.name}: without it nothing answers")
    return WantedState(
        form={TARGETS: [one for one in listed if one != text]},
        call=call_of("elbv2", "DeregisterTargets", {"TargetGroupArn": change.state.arn, "Targets": [target]}),
        undo=taken_back(change, "aws_register_target", id=target["Id"], port=target["Port"]),
        risk=Risk.MEDIUM,
        residue=("Connections that are cut when its time to drain is over do not come back.",),
        warnings=("An Auto Scaling group or an ECS service that registered it may register it again.",),
    )
