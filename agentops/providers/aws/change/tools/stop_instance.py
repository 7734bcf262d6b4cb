"""``aws_stop_instance``: stops an instance; its volumes stay, its memory and its public address do not.

EC2's own dry run comes first. One of an Auto Scaling group is refused: the group would terminate it. Source: Amazon EC2
User Guide, "Stop and start Amazon EC2 instances"; EC2 Auto Scaling, "Health checks": a stopped instance is replaced.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal, Risk
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.instances import GROUP_TAG, STATE
from agentops.providers.aws.impact.state.state import TAGS
from agentops.providers.aws.objects.place import INSTANCE


@aws_change(
    "aws_stop_instance",
    "Stop a running EC2 instance that belongs to no Auto Scaling group.",
    {},
    kinds=(INSTANCE,),
    sends=(("ec2", "StopInstances"),),
    risk=Risk.HIGH,
    reversal=Reversal.COMPENSATING,
)
def stop_instance(change: AwsChange) -> WantedState:
    """Return the instance stopped.

    Raises:
        ToolInputError: it does not run, cannot be stopped, or would be terminated for it.
    """
    name, instance, now = change.state.name, change.state.data, str(change.state.form[STATE])
    if now == "stopped":
        return WantedState(call=call_of("ec2", "StopInstances", {"InstanceIds": [name]}))
    if now != "running":
        raise ToolInputError(f"{name} is {now}: only a running instance can be stopped")
    if group := change.state.form[TAGS].get(GROUP_TAG):
        raise ToolInputError(
            f"{name} belongs to the Auto Scaling group {group}, which would terminate it once it is stopped",
            hint="Reboot it (aws_reboot_instance), or change the group.",
        )
    if instance.get("RootDeviceType", "ebs") != "ebs":
        raise ToolInputError(f"{name} has its root disk on its host: it cannot be stopped without losing it")
    if instance.get("InstanceLifecycle") == "spot":
        raise ToolInputError(f"{name} is a spot instance: whether it would come back is not for us to say")
    address = str(instance.get("PublicIpAddress") or "")
    return WantedState(
        form={STATE: "stopped"},
        call=call_of("ec2", "StopInstances", {"InstanceIds": [name]}),
        undo=taken_back(change, "aws_start_instance"),
        residue=(
            "What it held in memory is gone.",
            *(
                (f"Its public address {address} is another one after a start, unless it is elastic.",)
                if address
                else ()
            ),
        ),
    )
