"""``aws_redeploy_service``: replaces all tasks of an ECS service by new ones of the same task definition.

Source: Amazon ECS API, ``UpdateService`` with ``forceNewDeployment``.
"""

from __future__ import annotations

from agentops.core.risk import Reversal
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import aws_change
from agentops.providers.aws.change.tools.set_service_count import require_rolling
from agentops.providers.aws.change.wanted import AwsChange, WantedState
from agentops.providers.aws.impact.state.services import DEFINITION, DEPLOYMENT, cluster_and_service
from agentops.providers.aws.objects.place import SERVICE


@aws_change(
    "aws_redeploy_service",
    "Replace all tasks of an ECS service, same task definition (force new deployment).",
    {},
    kinds=(SERVICE,),
    sends=(("ecs", "UpdateService"),),
    reversal=Reversal.COMPENSATING,
    idempotent=False,
)
def redeploy_service(change: AwsChange) -> WantedState:
    """Return the service with a new deployment.

    Raises:
        ToolInputError: somebody else deploys it.
    """
    require_rolling(change)
    cluster, service = cluster_and_service(change.state.name)
    tagged = "An image tag that has moved is resolved anew: the new tasks may run another image."
    return WantedState(
        moves={DEPLOYMENT: "a new deployment"},
        rests_on=(DEFINITION,),
        call=call_of("ecs", "UpdateService", {"cluster": cluster, "service": service, "forceNewDeployment": True}),
        residue=("The tasks that are replaced do not come back.",),
        warnings=(tagged,),
    )
