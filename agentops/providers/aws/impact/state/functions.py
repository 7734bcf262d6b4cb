"""A Lambda function as changes see it: its reserved concurrency, its aliases, and what feeds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.outcome import Health
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.impact.state.state import TAGS, State, absent
from agentops.providers.aws.objects.place import FUNCTION, AwsPlace

RESERVED, ALIASES, SOURCES = "ReservedConcurrentExecutions", "Aliases", "EventSources"
VERSION, WEIGHTS = "FunctionVersion", "AdditionalVersionWeights"
REVISIONS = "RevisionIds"
_ALIASES, _SOURCES, _VERSIONS = 100, 100, 200


def read_function(client: AwsClient, place: AwsPlace, name: str) -> State:
    """Return a function; a qualifier is no part of its id.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    found = client.ask("lambda", "GetFunctionConfiguration", FunctionName=name)
    if not found:
        raise absent(f"function {name}", place)
    arn = str(found.get("FunctionArn", "")) or place.arn("lambda", f"function:{name}")
    reserved = client.ask("lambda", "GetFunctionConcurrency", FunctionName=name).get(RESERVED)
    aliases = client.pages("lambda", "ListAliases", "Aliases", _ALIASES, FunctionName=name)
    sources = client.pages("lambda", "ListEventSourceMappings", "EventSourceMappings", _SOURCES, FunctionName=name)
    tags = client.ask("lambda", "ListTags", Resource=arn).get("Tags") or {}
    unread = {ALIASES: f"only the first {_ALIASES} were read"} if aliases.more else {}
    if sources.more:
        unread[SOURCES] = f"only the first {_SOURCES} were read"
    ref = place.ref(FUNCTION, name)
    state, update = str(found.get("State", "Active")), str(found.get("LastUpdateStatus", "Successful"))
    well = state in ("Active", "Inactive") and update == "Successful"
    return State(
        ref=ref,
        arn=arn,
        uid=arn,
        form={
            **({} if reserved is None else {RESERVED: int(reserved)}),
            ALIASES: {str(one.get("Name", "")): alias_form(one) for one in aliases.items},
            SOURCES: {str(one.get("UUID", "")): _is_on(str(one.get("State", ""))) for one in sources.items},
            TAGS: {str(key): str(value) for key, value in tags.items()},
        },
        health=Health(ref=ref, settled=well, detail=f"{name} is {state}, its last update {update}"),
        data={
            **found,
            REVISIONS: {str(one.get("Name", "")): str(one.get("RevisionId", "")) for one in aliases.items},
            "Mappings": list(sources.items),
        },
        unread=unread,
    )


def alias_form(alias: Mapping[str, Any]) -> dict[str, Any]:
    """Return where an alias leads: the version, and the shares of others."""
    weights = (alias.get("RoutingConfig") or {}).get(WEIGHTS) or {}
    return {VERSION: str(alias.get(VERSION, "")), WEIGHTS: {str(k): float(v) for k, v in weights.items()}}


def versions_of(client: AwsClient, name: str) -> tuple[str, ...]:
    """Return the published versions of a function, oldest first; ``$LATEST`` is none.

    Raises:
        ToolError: they cannot be read.
    """
    found = client.pages("lambda", "ListVersionsByFunction", "Versions", _VERSIONS, FunctionName=name)
    listed = [str(one.get("Version", "")) for one in found.items]
    return tuple(sorted((one for one in listed if one.isdigit()), key=int))


def _is_on(state: str) -> bool:
    return state in ("Enabled", "Enabling", "Creating", "Updating")
