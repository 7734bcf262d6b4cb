"""What AWS checks of the caller beside the action that is sent: whoever moves messages must be allowed to take them.

Comes in: an action. Goes out: the actions that whoever sends it must be allowed as well; agentops sends none of them.
Source: Amazon SQS Developer Guide, "Configuring queue permissions for dead-letter queue redrive".
"""

from __future__ import annotations

from collections.abc import Mapping

ALSO_CHECKED: Mapping[str, tuple[str, ...]] = {
    "sqs:StartMessageMoveTask": (
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:SendMessage",
    ),
}
