"""``aws_set_group_size``: minimum, maximum and desired capacity of an Auto Scaling group.

The limits are AWS's own, checked here because it has no dry run: minimum <= desired <= maximum. What AWS moves along
(desired with the minimum or maximum) is shown. Source: Amazon EC2 Auto Scaling API, ``UpdateAutoScalingGroup``.
"""

from __future__ import annotations

from agentops.core.errors import ToolError, ToolInputError
from agentops.core.plan import Ownership
from agentops.core.risk import Reversal, Risk
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import amount, aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.groups import SIZES, SUSPENDED, scaling_policies
from agentops.providers.aws.objects.place import GROUP

_MOST = 10_000
_ARGUMENTS = dict(zip(SIZES, ("min", "max", "desired"), strict=True))


@aws_change(
    "aws_set_group_size",
    "Set minimum, maximum, desired capacity of an Auto Scaling group. Fewer instances: AWS terminates some.",
    {"min": amount(_MOST), "max": amount(_MOST), "desired": amount(_MOST)},
    kinds=(GROUP,),
    sends=(("autoscaling", "UpdateAutoScalingGroup"),),
)
def set_group_size(change: AwsChange) -> WantedState:
    """Return the group with other sizes.

    Raises:
        ToolInputError: no size is given, or they contradict one another.
    """
    had = {name: int(change.state.form[name]) for name in SIZES}
    given = {name: change.arguments.get(_ARGUMENTS[name]) for name in SIZES}
    has = {name: had[name] if value is None else int(value) for name, value in given.items()}
    if all(value is None for value in given.values()):
        raise ToolInputError("no size is given", hint="Name min, max or desired.")
    if given["DesiredCapacity"] is None:
        has["DesiredCapacity"] = min(max(had["DesiredCapacity"], has["MinSize"]), has["MaxSize"])
    if not has["MinSize"] <= has["DesiredCapacity"] <= has["MaxSize"]:
        raise ToolInputError(
            f"minimum {has['MinSize']}, desired {has['DesiredCapacity']} and maximum {has['MaxSize']} contradict one "
            "another: AWS refuses that",
            hint="minimum <= desired <= maximum; give those that must move along as well.",
        )
    less = has["DesiredCapacity"] < had["DesiredCapacity"]
    return WantedState(
        form=has,
        call=call_of(
            "autoscaling",
            "UpdateAutoScalingGroup",
            {"AutoScalingGroupName": change.state.name, **{k: v for k, v in has.items() if v != had[k]}},
        ),
        # What scaling policies have moved meanwhile is theirs: only what this changes is taken back.
        undo=taken_back(change, "aws_set_group_size", **{_ARGUMENTS[k]: had[k] for k in SIZES if has[k] != had[k]}),
        risk=Risk.HIGH if less else Risk.LOW,
        reversal=Reversal.COMPENSATING if has["DesiredCapacity"] != had["DesiredCapacity"] else Reversal.EXACT,
        residue=("The instances that AWS terminates do not come back; others are launched.",) if less else (),
        warnings=tuple(_warnings(change, had, has)),
        owners=_owners(change) if has["DesiredCapacity"] != had["DesiredCapacity"] else (),
    )


def _warnings(change: AwsChange, had: dict[str, int], has: dict[str, int]) -> list[str]:
    said = []
    if had["DesiredCapacity"] and not has["DesiredCapacity"]:
        said.append("Nothing serves any more when the last instance is gone.")
    if has["DesiredCapacity"] > had["DesiredCapacity"] and "Launch" in change.state.form[SUSPENDED]:
        said.append("Launch is suspended: nothing is launched until it is resumed.")
    return said


def _owners(change: AwsChange) -> tuple[Ownership, ...]:
    """Return the scaling policies that will set the desired capacity again; what cannot be read is said to be there.

    They do not take the change back at once, so nothing is refused because of them; whoever decides must know.
    """
    try:
        names = scaling_policies(change.client, change.state.name)
    except ToolError as error:
        return (Ownership(by=f"scaling policies (not known: {error.message})", what="DesiredCapacity"),)
    return tuple(Ownership(by=f"scaling policy {name}", what="DesiredCapacity") for name in names)
