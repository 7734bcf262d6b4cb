"""An SQS queue as changes see it: what is being moved out of it. No message is ever received."""

from __future__ import annotations

from typing import Any

from agentops.core.errors import ToolError
from agentops.core.outcome import Health
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.state.state import TAGS, State, absent
from agentops.providers.aws.objects.place import QUEUE, AwsPlace

MOVING = "MessageMoveTask"
URL, SOURCES, HANDLES = "QueueUrl", "Sources", "TaskHandles"
WAITING = "ApproximateNumberOfMessages"
_ATTRIBUTES = (WAITING, "QueueArn", "CreatedTimestamp", "MessageRetentionPeriod", "RedrivePolicy")
_SOURCES = 50


def read_queue(client: AwsClient, place: AwsPlace, name: str) -> State:
    """Return a queue.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    url = str(client.ask("sqs", "GetQueueUrl", QueueName=name).get(URL, ""))
    if not url:
        raise absent(f"queue {name}", place)
    answer = client.ask("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=list(_ATTRIBUTES))
    attributes: dict[str, Any] = dict(answer.get("Attributes") or {})
    arn = str(attributes.get("QueueArn") or place.arn("sqs", name))
    tags = client.ask("sqs", "ListQueueTags", QueueUrl=url).get("Tags") or {}
    sources = client.pages("sqs", "ListDeadLetterSourceQueues", "queueUrls", _SOURCES, QueueUrl=url)
    moving, handle, unread = _moving(client, arn)
    ref = place.ref(QUEUE, name)
    return State(
        ref=ref,
        arn=arn,
        uid=f"{arn} {attributes.get('CreatedTimestamp', '')}".strip(),
        form={
            **({} if unread else {MOVING: moving}),
            TAGS: {str(key): str(value) for key, value in tags.items()},
        },
        health=Health(ref=ref, detail=f"{attributes.get(WAITING, '?')} messages wait in {name}"),
        data={
            **attributes,
            URL: url,
            HANDLES: handle,
            SOURCES: [str(one).rpartition("/")[2] for one in sources.items],
        },
        unread=unread,
    )


def _moving(client: AwsClient, arn: str) -> tuple[bool, str, dict[str, str]]:
    """Return whether messages are being moved out of a queue, and the handle by which that is stopped."""
    try:
        answer = client.ask("sqs", "ListMessageMoveTasks", SourceArn=arn, MaxResults=10)
    except ToolError as error:
        return False, "", {MOVING: error.message}
    running = [one for one in answer.get("Results") or () if one.get("Status") == "RUNNING"]
    return bool(running), str(running[0].get("TaskHandle", "")) if running else "", {}
