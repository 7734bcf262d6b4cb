"""A call of AWS as a plan holds it, and back: service, operation and arguments as plain JSON.

Comes in: a service and an operation as botocore names them. Goes out: a ``Call`` whose ``verb`` is the IAM action that
it needs. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolError
from agentops.core.plan import Call
from agentops.providers.aws.api.allowed import iam_action


def call_of(service: str, operation: str, arguments: Mapping[str, Any]) -> Call:
    """Return the call of an operation."""
    return Call(
        verb=iam_action(service, operation), method="POST", path=f"/{service}/{operation}", body=dict(arguments)
    )


def parts_of(call: Call) -> tuple[str, str, dict[str, Any]]:
    """Return service, operation and arguments of a call.

    Raises:
        ToolError: it is no call of AWS.
    """
    service, _, operation = call.path.removeprefix("/").partition("/")
    if not service or not operation.isalnum() or not isinstance(call.body, Mapping):
        raise ToolError("the plan holds a call that is none of AWS")
    return service, operation, dict(call.body)
