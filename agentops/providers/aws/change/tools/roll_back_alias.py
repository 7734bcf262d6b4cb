"""``aws_roll_back_alias``: lets an alias of a function lead to one earlier version alone."""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.aws.change.declaration import NAME, aws_change
from agentops.providers.aws.change.tools.shift_alias import leading
from agentops.providers.aws.change.wanted import AwsChange, WantedState
from agentops.providers.aws.impact.state.functions import ALIASES, VERSION, WEIGHTS, versions_of
from agentops.providers.aws.objects.place import FUNCTION


@aws_change(
    "aws_roll_back_alias",
    "Let an alias of a Lambda function lead to an earlier version alone; the one before when none is named.",
    {"alias": NAME, "version": NAME},
    required=("alias",),
    kinds=(FUNCTION,),
    sends=(("lambda", "UpdateAlias"),),
)
def roll_back_alias(change: AwsChange) -> WantedState:
    """Return the function with the alias at an earlier version.

    Raises:
        ToolInputError: there is no such alias or version, or none before.
    """
    alias = str(change.arguments["alias"])
    now = (change.state.form[ALIASES].get(alias) or {}).get(VERSION, "")
    asked = str(change.arguments.get("version") or "") or _previous(change, alias, str(now))
    if str(now).isdigit() and asked.isdigit() and int(asked) > int(now):
        raise ToolInputError(f"version {asked} is later than {now}", hint="To go forward, use aws_shift_alias.")
    return leading(change, alias, {VERSION: asked, WEIGHTS: {}})


def _previous(change: AwsChange, alias: str, now: str) -> str:
    """Return the published version before one.

    Raises:
        ToolInputError: there is none.
    """
    earlier = [one for one in versions_of(change.client, change.state.name) if not now.isdigit() or int(one) < int(now)]
    if not now or not earlier:
        raise ToolInputError(
            f"{change.state.name} has no version before that of {one_line(alias, 60)} ({now or 'none'})"
        )
    return earlier[-1]
