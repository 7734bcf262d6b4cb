"""``aws_aliases``: the aliases of a Lambda function: which versions they lead to, and with which share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient, place_of
from agentops.providers.aws.impact.state.functions import WEIGHTS, alias_form
from agentops.providers.aws.objects.place import FUNCTION
from agentops.providers.aws.read.declaration import NAME, aws_tool
from agentops.providers.aws.read.shown import cell

_MOST = 100


@aws_tool(
    "aws_aliases",
    "Aliases of a Lambda function, versions and weights.",
    {"function": NAME},
    required=("function",),
    sends=(("lambda", "ListAliases"),),
)
def aliases(client: AwsClient, _clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the aliases.

    Raises:
        ToolError: there is no such function, or AWS refused or failed.
    """
    name = str(arguments["function"])
    found = client.pages("lambda", "ListAliases", "Aliases", _MOST, FunctionName=name)
    rows = [
        (
            cell(one.get("Name")),
            cell(one.get("FunctionVersion")),
            cell(", ".join(f"{version} {share:.0%}" for version, share in alias_form(one)[WEIGHTS].items())),
            cell(one.get("Description")),
        )
        for one in found.items
    ]
    return Reading(
        body=table(("ALIAS", "VERSION", "ALSO SENDS TO", "DESCRIPTION"), rows) if rows else "It has no alias.",
        summary=f"{plural(len(rows), 'alias', 'aliases')} of {one_line(name, 100)}",
        footer=f"Only {_MOST} are shown." if found.more else "",
        resources=(place_of(client).ref(FUNCTION, name),),
    )
