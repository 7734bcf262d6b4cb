"""``aws_set_service_count``: how many tasks of an ECS service run.

Source: Amazon ECS API, ``UpdateService``; a daemon service has no such number.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal, Risk
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import amount, aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.services import COUNT, cluster_and_service
from agentops.providers.aws.objects.place import SERVICE


@aws_change(
    "aws_set_service_count",
    "Set the desired number of tasks of an ECS service.",
    {"count": amount(5_000)},
    required=("count",),
    kinds=(SERVICE,),
    sends=(("ecs", "UpdateService"),),
)
def set_service_count(change: AwsChange) -> WantedState:
    """Return the service with another number of tasks; zero is of high risk.

    Raises:
        ToolInputError: the service has no such number, or somebody else deploys it.
    """
    require_rolling(change)
    if change.state.data.get("schedulingStrategy") == "DAEMON":
        raise ToolInputError(f"{change.state.name} runs one task on each instance: it has no desired count")
    had, has = int(change.state.form[COUNT]), int(change.arguments["count"])
    cluster, service = cluster_and_service(change.state.name)
    return WantedState(
        form={COUNT: has},
        call=call_of("ecs", "UpdateService", {"cluster": cluster, "service": service, "desiredCount": has}),
        undo=taken_back(change, "aws_set_service_count", count=had),
        risk=Risk.HIGH if had and not has else Risk.LOW,
        reversal=Reversal.COMPENSATING if has < had else Reversal.EXACT,
        residue=("The tasks that are stopped do not come back; others are started.",) if has < had else (),
        warnings=("Nothing serves any more when the last task is gone.",) if had and not has else (),
    )


def require_rolling(change: AwsChange) -> None:
    """Raise unless ECS itself deploys the service.

    Raises:
        ToolInputError: CodeDeploy or an external controller does, and would be got round.
    """
    controller = (change.state.data.get("deploymentController") or {}).get("type", "ECS")
    if controller != "ECS":
        raise ToolInputError(
            f"{change.state.name} is deployed by {controller}: what it deploys must be changed there",
            hint="Change it with CodeDeploy, or with whatever made its task sets.",
        )
