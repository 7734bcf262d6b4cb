"""``aws_redrive_queue``: moves the messages of a dead-letter queue back to where they came from.

Source: Amazon SQS API, ``StartMessageMoveTask``; one task a queue at a time.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import amount, aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.queues import MOVING, SOURCES, WAITING
from agentops.providers.aws.objects.place import QUEUE


@aws_change(
    "aws_redrive_queue",
    "Move the messages of a dead-letter queue back to their source. Only once what made them fail is cured.",
    {"per_second": amount(500, 1)},
    kinds=(QUEUE,),
    sends=(("sqs", "StartMessageMoveTask"),),
    reversal=Reversal.COMPENSATING,
    idempotent=False,
)
def redrive_queue(change: AwsChange) -> WantedState:
    """Return the queue with its messages being moved back.

    Raises:
        ToolInputError: it is no dead-letter queue, is empty, or is being moved already.
        ToolError: whether it is being moved cannot be read.
    """
    change.require_read(MOVING)
    name, data = change.state.name, change.state.data
    if not data.get(SOURCES):
        raise ToolInputError(f"{name} is the dead-letter queue of no queue that can be read")
    if change.state.form[MOVING]:
        raise ToolInputError(f"messages of {name} are being moved already")
    if not int(data.get(WAITING) or 0):
        raise ToolInputError(f"{name} is empty", code="nothing-to-do")
    rate = change.arguments.get("per_second")
    return WantedState(
        moves={MOVING: True},
        call=call_of(
            "sqs",
            "StartMessageMoveTask",
            {"SourceArn": change.state.arn, **({"MaxNumberOfMessagesPerSecond": rate} if rate else {})},
        ),
        undo=taken_back(change, "aws_cancel_redrive"),
        residue=("Messages that were moved or taken stay so; what fails again comes back here.",),
        warnings=("What made these messages fail must be cured first, or they only come back.",),
    )
