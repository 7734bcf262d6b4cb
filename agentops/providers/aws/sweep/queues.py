"""Reads SQS queues: depth, age, the dead-letter queue behind, and who empties them. No message is ever received."""

from __future__ import annotations

import json
from typing import Any

from agentops.core.errors import ToolError
from agentops.providers.aws.api.errors import ABSENT
from agentops.providers.aws.objects.place import FUNCTION, QUEUE, after
from agentops.providers.aws.sweep.scout import Found, Link, Scout

ATTRIBUTES = (
    "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed",
    "VisibilityTimeout", "MessageRetentionPeriod", "RedrivePolicy", "CreatedTimestamp", "LastModifiedTimestamp",
    "QueueArn",
)  # fmt: skip
METRICS = {
    "ApproximateAgeOfOldestMessage": "Maximum",
    "ApproximateNumberOfMessagesVisible": "Maximum",
    "NumberOfMessagesSent": "Sum",
    "NumberOfMessagesDeleted": "Sum",
}
_MAPPINGS = 20


def read_queue(scout: Scout, name: str) -> Found:
    """Return a queue.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    url = str(scout.client.ask("sqs", "GetQueueUrl", QueueName=name).get("QueueUrl", ""))
    if not url:
        raise ToolError(f"there is no queue {name} in {scout.place.region}", code=ABSENT)
    # The policy of a queue can hold what nobody needs here, so the attributes are named.
    answer = scout.client.ask("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=list(ATTRIBUTES))
    attributes: dict[str, Any] = {k: v for k, v in (answer.get("Attributes") or {}).items() if k in ATTRIBUTES}
    here, found = (QUEUE, name), Found()
    redrive = _redrive(attributes.pop("RedrivePolicy", ""))
    if redrive:
        attributes["RedrivePolicy"] = redrive
        dead = (QUEUE, str(redrive.get("deadLetterTargetArn", "")).rpartition(":")[2])
        if dead[1]:
            found.links.append(Link(upper=dead, lower=here, relation="takes what fails in", own=True))
            found.follow.append(dead)
    sources = scout.listed(
        f"queues behind {name}", "sqs", "ListDeadLetterSourceQueues", "queueUrls", _MAPPINGS, QueueUrl=url
    )
    for source in sources:
        lower = (QUEUE, str(source).rpartition("/")[2])
        found.links.append(Link(upper=here, lower=lower, relation="takes what fails in", own=True))
        found.follow.append(lower)
    mappings = scout.listed(
        f"who empties {name}",
        "lambda", "ListEventSourceMappings", "EventSourceMappings", _MAPPINGS,
        EventSourceArn=scout.place.arn("sqs", name),
    )  # fmt: skip
    for one in mappings:
        lower = (FUNCTION, after(str(one.get("FunctionArn", "")), ":function:").partition(":")[0])
        found.links.append(Link(upper=here, lower=lower, relation="is emptied by", own=True))
        found.follow.append(lower)
    metrics = scout.metrics(name, "AWS/SQS", {"QueueName": name}, METRICS)
    found.things[here] = attributes | {"QueueName": name, "Metrics": metrics}
    return found


def _redrive(text: object) -> dict[str, Any]:
    try:
        found = json.loads(str(text)) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
