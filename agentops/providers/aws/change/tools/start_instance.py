"""``aws_start_instance``: starts a stopped instance. EC2's own dry run comes first.

Source: Amazon EC2 API, ``StartInstances``.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.instances import STATE
from agentops.providers.aws.objects.place import INSTANCE


@aws_change(
    "aws_start_instance",
    "Start a stopped EC2 instance.",
    {},
    kinds=(INSTANCE,),
    sends=(("ec2", "StartInstances"),),
    reversal=Reversal.COMPENSATING,
)
def start_instance(change: AwsChange) -> WantedState:
    """Return the instance running.

    Raises:
        ToolInputError: it is neither stopped nor running.
    """
    name, now = change.state.name, str(change.state.form[STATE])
    if now not in ("stopped", "running"):
        raise ToolInputError(f"{name} is {now}: only a stopped instance can be started")
    return WantedState(
        form={STATE: "running"},
        call=call_of("ec2", "StartInstances", {"InstanceIds": [name]}),
        undo=taken_back(change, "aws_stop_instance"),
        warnings=("Somebody stopped it, or AWS did: find out why.",),
    )
