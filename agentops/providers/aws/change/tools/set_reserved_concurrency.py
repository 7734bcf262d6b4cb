"""``aws_set_reserved_concurrency``: how many calls of a function may run at once, at most and at least.

AWS leaves 100 of an account's concurrency unreserved; it is checked here too, because it has no dry run. Source: AWS
Lambda Developer Guide, "Configuring reserved concurrency"; API, ``PutFunctionConcurrency``, ``GetAccountSettings``.
"""

from __future__ import annotations

from agentops.core.errors import ToolError, ToolInputError
from agentops.core.risk import Risk
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.functions import RESERVED
from agentops.providers.aws.objects.place import FUNCTION

UNRESERVED = 100
"""What AWS keeps unreserved."""


@aws_change(
    "aws_set_reserved_concurrency",
    "Set the reserved concurrency of a Lambda function; null removes it (shared pool). 0 switches it off.",
    {"concurrency": {"type": ["integer", "null"], "minimum": 0, "maximum": 100_000}},
    required=("concurrency",),
    kinds=(FUNCTION,),
    sends=(("lambda", "PutFunctionConcurrency"), ("lambda", "DeleteFunctionConcurrency")),
)
def set_reserved_concurrency(change: AwsChange) -> WantedState:
    """Return the function with another reserved concurrency.

    Raises:
        ToolInputError: too little of the account's would be left.
        ToolError: how much is left cannot be read.
    """
    had, has = change.state.form.get(RESERVED), change.arguments["concurrency"]
    if has is not None and has > (had or 0):
        _require_room(change, int(has) - int(had or 0))
    arguments = {"FunctionName": change.state.name}
    call = (
        call_of("lambda", "DeleteFunctionConcurrency", arguments)
        if has is None
        else call_of("lambda", "PutFunctionConcurrency", {**arguments, RESERVED: int(has)})
    )
    less = has is not None and (had is None or has < had)
    return WantedState(
        form={RESERVED: has},
        call=call,
        undo=taken_back(change, "aws_set_reserved_concurrency", concurrency=had),
        risk=Risk.HIGH if has == 0 else Risk.MEDIUM if less else Risk.LOW,
        warnings=tuple(_warnings(had, has)),
    )


def _warnings(had: int | None, has: int | None) -> list[str]:
    if has == 0:
        return ["No call is let through any more."]
    if had == 0:
        return ["Somebody switched this function off with 0: ask who and why before it runs again."]
    if has is None:
        return ["It shares the account's pool from now on: it can take all of it, and all of it can be taken from it."]
    return ["What it calls (a database, another service) gets more calls at once."] if has > (had or 0) else []


def _require_room(change: AwsChange, more: int) -> None:
    """Raise unless AWS would still have enough unreserved.

    Raises:
        ToolInputError: it would not.
        ToolError: that cannot be read.
    """
    limits = change.client.ask("lambda", "GetAccountSettings").get("AccountLimit") or {}
    left = limits.get("UnreservedConcurrentExecutions")
    if left is None:
        raise ToolError("AWS does not say how much concurrency of the account is left unreserved")
    if int(left) - more < UNRESERVED:
        raise ToolInputError(
            f"{left} of the account's concurrency are unreserved: {more} more for {change.state.name} would leave less "
            f"than the {UNRESERVED} that AWS keeps",
            hint=f"At most {max(int(left) - UNRESERVED, 0)} more can be reserved; or ask for a higher quota.",
        )
