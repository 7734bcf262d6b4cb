"""``aws_reboot_instance``: restarts the operating system of an instance; its address and disks stay.

EC2's own dry run comes first. Source: Amazon EC2 API, ``RebootInstances``: a request that is accepted says no more than
that; no field of the instance tells of it.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState
from agentops.providers.aws.impact.state.instances import STATE
from agentops.providers.aws.objects.place import INSTANCE


@aws_change(
    "aws_reboot_instance",
    "Restart the operating system of a running EC2 instance.",
    {},
    kinds=(INSTANCE,),
    sends=(("ec2", "RebootInstances"),),
    reversal=Reversal.COMPENSATING,
    idempotent=False,
)
def reboot_instance(change: AwsChange) -> WantedState:
    """Return the instance with a reboot asked for.

    Raises:
        ToolInputError: it does not run.
    """
    now = str(change.state.form[STATE])
    if now != "running":
        raise ToolInputError(f"{change.state.name} is {now}: only a running instance can be rebooted")
    return WantedState(
        requested="reboot",
        call=call_of("ec2", "RebootInstances", {"InstanceIds": [change.state.name]}),
        residue=("What it held in memory is gone; nothing needs to be taken back.",),
    )
