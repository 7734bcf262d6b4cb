"""``aws_shift_alias``: which versions of a function an alias leads to, and in which shares.

AWS checks the revision that the change was made upon (``RevisionId``), so a change by somebody else in between is
refused there as well. A second version, and never ``$LATEST``, can take a share. Source: AWS Lambda API,
``UpdateAlias``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.plan import Change
from agentops.core.text import one_line
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import NAME, aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.functions import ALIASES, REVISIONS, VERSION, WEIGHTS, versions_of
from agentops.providers.aws.objects.place import FUNCTION


@aws_change(
    "aws_shift_alias",
    "Let an alias of a Lambda function lead to a version, and a share of its calls to a second one.",
    {
        "alias": NAME,
        "version": NAME,
        "second": {**NAME, "description": "a second version"},
        "second_percent": {"type": "number", "minimum": 0, "maximum": 100},
    },
    required=("alias", "version"),
    kinds=(FUNCTION,),
    sends=(("lambda", "UpdateAlias"),),
)
def shift_alias(change: AwsChange) -> WantedState:
    """Return the function with an alias that leads elsewhere.

    Raises:
        ToolInputError: there is no such alias or version, or the share is none.
    """
    given = change.arguments
    second, percent = given.get("second"), given.get("second_percent")
    if (second is None) != (percent is None):
        raise ToolInputError("second and second_percent belong together")
    weights = {str(second): round(float(percent) / 100, 4)} if second is not None and percent else {}
    return leading(change, str(given["alias"]), {VERSION: str(given["version"]), WEIGHTS: weights})


def leading(change: AwsChange, alias: str, leads: Mapping[str, Any]) -> WantedState:
    """Return the function with an alias that leads to ``leads``.

    Raises:
        ToolInputError: there is no such alias, or a version is not published.
        ToolError: the versions cannot be read.
    """
    name, aliases = change.state.name, change.state.form[ALIASES]
    change.require_read(ALIASES)
    if alias not in aliases:
        raise ToolInputError(
            f"{name} has no alias {one_line(alias, 60)}", hint=f"It has {', '.join(sorted(aliases)) or 'none'}."
        )
    had = aliases[alias]
    wanted = [str(leads[VERSION]), *leads[WEIGHTS]]
    # What the alias leads to already is there: a way back must not depend on what can be listed.
    known = {str(had[VERSION]), *had[WEIGHTS]}
    listed = () if set(wanted) <= known else versions_of(change.client, name)
    for version in wanted:
        if version not in known and version not in listed:
            raise ToolInputError(
                f"{name} has no published version {one_line(version, 20)}",
                hint=f"It has {', '.join(listed[-10:]) or 'none'}.",
            )
    if len(set(wanted)) != len(wanted) or ("$LATEST" in wanted and len(wanted) > 1):
        raise ToolInputError("an alias leads to two different published versions, or to one")
    arguments: dict[str, Any] = {
        "FunctionName": name,
        "Name": alias,
        VERSION: leads[VERSION],
        "RoutingConfig": {WEIGHTS: dict(leads[WEIGHTS])},
    }
    if revision := change.state.data[REVISIONS].get(alias):
        arguments["RevisionId"] = revision
    return WantedState(
        form={ALIASES: {**aliases, alias: dict(leads)}},
        call=call_of("lambda", "UpdateAlias", arguments),
        undo=_back(change, alias, had),
        warnings=("Calls under way end with the version that they began with.",),
    )


def _back(change: AwsChange, alias: str, had: Mapping[str, Any]) -> Change:
    weights = list(had[WEIGHTS].items())
    share = {"second": weights[0][0], "second_percent": round(weights[0][1] * 100, 2)} if weights else {}
    return taken_back(change, "aws_shift_alias", alias=alias, version=str(had[VERSION]), **share)
