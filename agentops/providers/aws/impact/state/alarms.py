"""An alarm as changes see it: whether its actions are on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.outcome import Health
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.state.state import TAGS, State, absent, tags_of
from agentops.providers.aws.objects.place import ALARM, AwsPlace

ACTIONS = "ActionsEnabled"


def read_alarm(client: AwsClient, place: AwsPlace, name: str) -> State:
    """Return an alarm, metric or composite.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    answer = client.ask("cloudwatch", "DescribeAlarms", AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    listed = [*(answer.get("MetricAlarms") or ()), *(answer.get("CompositeAlarms") or ())]
    if not listed:
        raise absent(f"alarm {name}", place)
    alarm: Mapping[str, Any] = listed[0]
    arn = str(alarm.get("AlarmArn") or place.arn("cloudwatch", f"alarm:{name}"))
    tags = client.ask("cloudwatch", "ListTagsForResource", ResourceARN=arn).get(TAGS) or ()
    ref = place.ref(ALARM, name)
    return State(
        ref=ref,
        arn=arn,
        uid=arn,
        form={ACTIONS: alarm.get(ACTIONS, True) is True, TAGS: tags_of(tags)},
        health=Health(ref=ref, detail=f"alarm {name} is {alarm.get('StateValue', '?')}"),
        data=alarm,
    )
