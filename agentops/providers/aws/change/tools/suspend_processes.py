"""``aws_suspend_processes``: holds processes of an Auto Scaling group back; what takes a resumption back.

Source: Amazon EC2 Auto Scaling API, ``SuspendProcesses``; an empty list would suspend all of them, so it is never sent.
"""

from __future__ import annotations

from agentops.core.risk import Risk
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import aws_change
from agentops.providers.aws.change.tools.resume_processes import LISTED
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.groups import SUSPENDED
from agentops.providers.aws.objects.place import GROUP


@aws_change(
    "aws_suspend_processes",
    "Suspend processes of an Auto Scaling group. Cures nothing; holds back harm.",
    {"processes": LISTED},
    required=("processes",),
    kinds=(GROUP,),
    sends=(("autoscaling", "SuspendProcesses"),),
)
def suspend_processes(change: AwsChange) -> WantedState:
    """Return the group with more suspended processes.

    Raises:
        ToolInputError: never; the schema bounds the names.
    """
    held = list(change.state.form[SUSPENDED])
    named = sorted(name for name in change.arguments["processes"] if name not in held)
    heals = [name for name in named if name in ("Launch", "ReplaceUnhealthy", "HealthCheck", "AddToLoadBalancer")]
    return WantedState(
        form={SUSPENDED: sorted({*held, *named})},
        call=call_of(
            "autoscaling", "SuspendProcesses", {"AutoScalingGroupName": change.state.name, "ScalingProcesses": named}
        ),
        undo=taken_back(change, "aws_resume_processes", processes=named),
        risk=Risk.HIGH if heals else Risk.LOW,
        warnings=(f"Without {', '.join(heals)} the group does not heal itself.",) if heals else (),
    )
