"""``aws_resume_processes``: lets an Auto Scaling group launch, replace, balance again what was suspended.

Source: Amazon EC2 Auto Scaling API, ``ResumeProcesses``; an empty list would resume all of them, so it is never sent.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import Schema, aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.groups import SUSPENDED
from agentops.providers.aws.objects.place import GROUP

PROCESSES = (
    "Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh",
    "ReplaceUnhealthy", "ScheduledActions",
)  # fmt: skip
LISTED: Schema = {
    "type": "array", "items": {"type": "string", "enum": list(PROCESSES)}, "minItems": 1, "maxItems": len(PROCESSES),
    "uniqueItems": True,
}  # fmt: skip


@aws_change(
    "aws_resume_processes",
    "Resume suspended processes of an Auto Scaling group. Ask who suspended them and why.",
    {"processes": LISTED},
    required=("processes",),
    kinds=(GROUP,),
    sends=(("autoscaling", "ResumeProcesses"),),
    reversal=Reversal.COMPENSATING,
)
def resume_processes(change: AwsChange) -> WantedState:
    """Return the group with fewer suspended processes.

    Raises:
        ToolInputError: one of them is not suspended.
    """
    held, named = list(change.state.form[SUSPENDED]), sorted(change.arguments["processes"])
    running = [name for name in named if name not in held]
    if running:
        raise ToolInputError(
            f"{', '.join(running)} of {change.state.name} is not suspended",
            hint=f"Suspended are: {', '.join(held) or 'none'}.",
        )
    terminating = [name for name in named if name in ("Terminate", "ReplaceUnhealthy", "AZRebalance")]
    return WantedState(
        form={SUSPENDED: [name for name in held if name not in named]},
        call=call_of(
            "autoscaling", "ResumeProcesses", {"AutoScalingGroupName": change.state.name, "ScalingProcesses": named}
        ),
        undo=taken_back(change, "aws_suspend_processes", processes=named),
        residue=("What the resumed processes have launched or replaced meanwhile stays so.",),
        warnings=((f"{', '.join(terminating)} may terminate instances as soon as resumed.",) if terminating else ()),
    )
