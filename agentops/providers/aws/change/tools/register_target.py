"""``aws_register_target``: lets a target group send to a target (an instance, an address).

Source: Elastic Load Balancing API, ``RegisterTargets``.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import NAME, Schema, amount, aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.targets import TARGETS, target_text
from agentops.providers.aws.objects.place import TARGET_GROUP

ARGUMENTS: dict[str, Schema] = {"id": NAME, "port": amount(65_535, 1, "the group's own when left out")}


@aws_change(
    "aws_register_target",
    "Let a load balancer's target group send to a target.",
    ARGUMENTS,
    required=("id",),
    kinds=(TARGET_GROUP,),
    sends=(("elbv2", "RegisterTargets"),),
)
def register_target(change: AwsChange) -> WantedState:
    """Return the target group with one target more.

    Raises:
        ToolInputError: the id is not of the kind that this group sends to.
    """
    target = target_of(change)
    listed = list(change.state.form[TARGETS])
    return WantedState(
        form={TARGETS: sorted({*listed, target_text(target)})},
        call=call_of("elbv2", "RegisterTargets", {"TargetGroupArn": change.state.arn, "Targets": [target]}),
        undo=taken_back(change, "aws_deregister_target", id=target["Id"], port=target["Port"]),
        warnings=("It gets requests once its health checks pass.",),
    )


def target_of(change: AwsChange) -> dict[str, object]:
    """Return the target that the arguments name, as the API takes it.

    Raises:
        ToolInputError: the group is of functions, or the id is not of the kind that it sends to.
    """
    kind, named = str(change.state.data.get("TargetType", "instance")), str(change.arguments["id"])
    if kind not in ("instance", "ip"):
        raise ToolInputError(f"{change.state.name} sends to a target of type {kind}, which is not changed here")
    if (kind == "instance") != named.startswith("i-"):
        raise ToolInputError(f"{one_line(named, 60)} is not {'an instance' if kind == 'instance' else 'an address'}")
    port = change.arguments.get("port") or change.state.data.get("Port")
    if not port:
        raise ToolInputError(f"{change.state.name} has no port of its own", hint="Name one: port.")
    return {"Id": named, "Port": int(port)}
