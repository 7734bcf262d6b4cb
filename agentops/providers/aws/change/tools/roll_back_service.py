"""``aws_roll_back_service``: lets an ECS service run an earlier revision of its own task definition.

Only revisions of the same family that are still active, so that nothing runs that this service has not been made of.
Source: Amazon ECS API, ``UpdateService``, ``ListTaskDefinitions``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal
from agentops.core.text import one_line
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import NAME, aws_change
from agentops.providers.aws.change.tools.set_service_count import require_rolling
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.services import DEFINITION, DEPLOYMENT, cluster_and_service
from agentops.providers.aws.objects.place import SERVICE, after
from agentops.providers.aws.objects.task_diff import differences
from agentops.providers.aws.sweep.containers import task_definition

_REVISIONS = 200


@aws_change(
    "aws_roll_back_service",
    "Let an ECS service run another revision of its task definition; the previous one when none is named.",
    {"task_definition": {**NAME, "description": "FAMILY:REVISION"}},
    kinds=(SERVICE,),
    sends=(("ecs", "UpdateService"),),
    reversal=Reversal.COMPENSATING,
)
def roll_back_service(change: AwsChange) -> WantedState:
    """Return the service with the earlier revision.

    Raises:
        ToolInputError: there is no such revision, it is of another family, or somebody else deploys the service.
        ToolError: the revisions cannot be read.
    """
    require_rolling(change)
    now = str(change.state.form[DEFINITION])
    family = now.rpartition(":")[0]
    asked = str(change.arguments.get("task_definition") or "") or _previous(change, family, now)
    asked = after(asked, ":task-definition/")
    if asked.rpartition(":")[0] != family or not asked.rpartition(":")[2].isdigit():
        raise ToolInputError(
            f"{one_line(asked, 120)} is no revision of {family}, which {change.state.name} runs",
            hint=f"Name one as {family}:REVISION.",
        )
    wanted = _definition(change, asked)
    if wanted.get("status", "ACTIVE") != "ACTIVE":
        raise ToolInputError(f"{asked} is {wanted.get('status')}: AWS runs no new tasks of it")
    told = differences(*(task_definition(one) for one in (_definition(change, now), wanted)))
    cluster, service = cluster_and_service(change.state.name)
    return WantedState(
        form={DEFINITION: asked},
        moves={DEPLOYMENT: "a new deployment"} if asked != now else {},
        call=call_of("ecs", "UpdateService", {"cluster": cluster, "service": service, "taskDefinition": asked}),
        undo=taken_back(change, "aws_roll_back_service", task_definition=now),
        residue=("All tasks are replaced; those that run now do not come back.",),
        warnings=(f"{asked} differs from {now}: {'; '.join(told[:5])}" if told else f"{asked} says the same as {now}",),
    )


def _definition(change: AwsChange, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = change.client.ask("ecs", "DescribeTaskDefinition", taskDefinition=name)["taskDefinition"]
    return found


def _previous(change: AwsChange, family: str, now: str) -> str:
    """Return the revision before the one that runs.

    Raises:
        ToolInputError: there is none that is active.
    """
    listed = change.client.pages(
        "ecs", "ListTaskDefinitions", "taskDefinitionArns", _REVISIONS, familyPrefix=family, status="ACTIVE"
    )
    numbers = sorted(int(text) for one in listed.items if (text := str(one).rpartition(":")[2]).isdigit())
    current = int(now.rpartition(":")[2])
    earlier = [number for number in numbers if number < current]
    if not earlier:
        raise ToolInputError(f"there is no active revision of {family} before {now}")
    return f"{family}:{earlier[-1]}"
