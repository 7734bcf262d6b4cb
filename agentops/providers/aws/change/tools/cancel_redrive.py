"""``aws_cancel_redrive``: stops the moving of messages out of a dead-letter queue; what was moved stays so.

Source: Amazon SQS API, ``CancelMessageMoveTask``.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState
from agentops.providers.aws.impact.state.queues import HANDLES, MOVING
from agentops.providers.aws.objects.place import QUEUE


@aws_change(
    "aws_cancel_redrive",
    "Stop moving messages out of a dead-letter queue.",
    {},
    kinds=(QUEUE,),
    sends=(("sqs", "CancelMessageMoveTask"),),
    reversal=Reversal.COMPENSATING,
)
def cancel_redrive(change: AwsChange) -> WantedState:
    """Return the queue with nothing being moved.

    Raises:
        ToolInputError: nothing is being moved.
        ToolError: whether it is cannot be read.
    """
    change.require_read(MOVING)
    if not change.state.form[MOVING]:
        raise ToolInputError(f"no messages of {change.state.name} are being moved", code="nothing-to-do")
    return WantedState(
        form={MOVING: False},
        call=call_of("sqs", "CancelMessageMoveTask", {"TaskHandle": change.state.data[HANDLES]}),
        residue=("Messages that were moved stay where they are.",),
    )
