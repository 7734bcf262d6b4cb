"""``aws_set_alarm_actions``: whether an alarm tells anybody when it fires.

Source: Amazon CloudWatch API, ``EnableAlarmActions``, ``DisableAlarmActions``.
"""

from __future__ import annotations

from agentops.core.risk import Risk
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import FLAG, aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.alarms import ACTIONS
from agentops.providers.aws.objects.place import ALARM


@aws_change(
    "aws_set_alarm_actions",
    "Switch the actions of a CloudWatch alarm on or off. Off silences it and cures nothing.",
    {"enabled": FLAG},
    required=("enabled",),
    kinds=(ALARM,),
    sends=(("cloudwatch", "EnableAlarmActions"), ("cloudwatch", "DisableAlarmActions")),
    risk=Risk.LOW,
)
def set_alarm_actions(change: AwsChange) -> WantedState:
    """Return the alarm with its actions on or off.

    Raises:
        ToolInputError: never; the schema says all.
    """
    had, has = bool(change.state.form[ACTIONS]), bool(change.arguments["enabled"])
    operation = "EnableAlarmActions" if has else "DisableAlarmActions"
    fires = change.state.data.get("StateValue") == "ALARM"
    return WantedState(
        form={ACTIONS: has},
        call=call_of("cloudwatch", operation, {"AlarmNames": [change.state.name]}),
        undo=taken_back(change, "aws_set_alarm_actions", enabled=had),
        risk=Risk.LOW if has else Risk.HIGH,
        warnings=(
            (("It fires now; its actions run at its next change of state, not at once.",) if fires else ())
            if has
            else ("Nobody is told any more when it fires.",)
        ),
    )
