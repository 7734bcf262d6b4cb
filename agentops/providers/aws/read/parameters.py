"""``aws_db_parameters``: the parameters of an RDS instance that somebody set, and whether they are in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient, place_of
from agentops.providers.aws.objects.place import DATABASE
from agentops.providers.aws.read.declaration import NAME, aws_tool
from agentops.providers.aws.read.shown import cell

_MOST, _GROUPS = 200, 4


@aws_tool(
    "aws_db_parameters",
    "Parameters of an RDS instance that were set, and whether they apply yet.",
    {"database": NAME},
    required=("database",),
    sends=(("rds", "DescribeDBInstances"), ("rds", "DescribeDBParameters")),
)
def db_parameters(client: AwsClient, _clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return what differs from the engine's defaults, by parameter group.

    Raises:
        ToolError: there is no such database, or AWS refused or failed.
    """
    name = str(arguments["database"])
    listed = client.ask("rds", "DescribeDBInstances", DBInstanceIdentifier=name).get("DBInstances") or ()
    groups = [group for one in listed[:1] for group in one.get("DBParameterGroups") or ()][:_GROUPS]
    rows: list[tuple[str, ...]] = []
    cut = False
    for group in groups:
        of = str(group.get("DBParameterGroupName"))
        found = client.pages("rds", "DescribeDBParameters", "Parameters", _MOST, DBParameterGroupName=of, Source="user")
        cut = cut or found.more
        rows += [
            (
                cell(of, 60),
                cell(one.get("ParameterName"), 80),
                cell(one.get("ParameterValue"), 120),
                cell(one.get("ApplyMethod")),
            )
            for one in found.items
        ]
    states = ", ".join(
        f"{cell(one.get('DBParameterGroupName'), 60)} {one.get('ParameterApplyStatus')}" for one in groups
    )
    return Reading(
        body=table(("GROUP", "PARAMETER", "VALUE", "APPLIES"), rows) if rows else "Nobody set a parameter.",
        summary=f"{plural(len(rows), 'parameter')} of {one_line(name, 100)} set; {states or 'no parameter group'}",
        footer=f"Only {_MOST} are shown." if cut else "",
        resources=(place_of(client).ref(DATABASE, name),),
    )
