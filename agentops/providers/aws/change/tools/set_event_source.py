"""``aws_set_event_source``: switches what feeds a function (from a queue or a stream) on or off.

Source: AWS Lambda API, ``UpdateEventSourceMapping``.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.risk import Risk
from agentops.core.text import one_line
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import FLAG, NAME, aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.functions import SOURCES
from agentops.providers.aws.objects.place import FUNCTION


@aws_change(
    "aws_set_event_source",
    "Switch an event source mapping of a Lambda function on or off.",
    {"mapping": {**NAME, "description": "its UUID"}, "enabled": FLAG},
    required=("mapping", "enabled"),
    kinds=(FUNCTION,),
    sends=(("lambda", "UpdateEventSourceMapping"),),
)
def set_event_source(change: AwsChange) -> WantedState:
    """Return the function with a mapping switched.

    Raises:
        ToolInputError: the function has no such mapping.
    """
    change.require_read(SOURCES)
    mappings, named = change.state.form[SOURCES], str(change.arguments["mapping"])
    if named not in mappings:
        raise ToolInputError(
            f"nothing feeds {change.state.name} by mapping {one_line(named, 60)}",
            hint=f"There is {', '.join(sorted(mappings)) or 'none'}.",
        )
    had, has = bool(mappings[named]), bool(change.arguments["enabled"])
    return WantedState(
        form={SOURCES: {**mappings, named: has}},
        call=call_of("lambda", "UpdateEventSourceMapping", {"UUID": named, "Enabled": has}),
        undo=taken_back(change, "aws_set_event_source", mapping=named, enabled=had),
        risk=Risk.HIGH if had and not has else Risk.LOW,
        warnings=("What waits is taken at once: what the function calls gets all of it.",) if has else (),
    )
