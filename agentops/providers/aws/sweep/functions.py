"""Reads Lambda functions: configuration, concurrency, what feeds them, their metrics, and the errors in their log.

Of environment variables only the names are kept: their values are often secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agentops.core.errors import ToolError
from agentops.core.provider import SETTLED_LOG_WINDOW_S
from agentops.providers.aws.api.errors import ABSENT
from agentops.providers.aws.objects.place import FUNCTION, QUEUE, after
from agentops.providers.aws.sweep.scout import Found, Link, Scout, picked

FIELDS = (
    "FunctionName", "FunctionArn", "Runtime", "PackageType", "Handler", "Role", "Timeout", "MemorySize", "LastModified",
    "Version", "State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason",
    "VpcConfig", "DeadLetterConfig", "Layers", "Architectures",
)  # fmt: skip
METRICS = {
    "Invocations": "Sum",
    "Errors": "Sum",
    "Throttles": "Sum",
    "Duration": "Maximum",
    "ConcurrentExecutions": "Maximum",
}
_MAPPING_FIELDS = ("UUID", "State", "StateTransitionReason", "EventSourceArn", "BatchSize", "LastProcessingResult")
_LOG_WINDOW, _LINES, _MAPPINGS = timedelta(minutes=60), 40, 20
_TELLING = '?ERROR ?"Task timed out" ?AccessDenied ?"not authorized" ?Runtime ?"Unable to import" ?"Cannot find module"'
_LINE_CHARS = 600


def read_function(scout: Scout, name: str) -> Found:
    """Return a function.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    configuration = scout.client.ask("lambda", "GetFunctionConfiguration", FunctionName=name)
    if not configuration:
        raise ToolError(f"there is no function {name} in {scout.place.region}", code=ABSENT)
    here = (FUNCTION, name)
    reserved = scout.beside(f"concurrency of {name}", "lambda", "GetFunctionConcurrency", FunctionName=name)
    mappings = [
        picked(one, *_MAPPING_FIELDS)
        for one in scout.listed(
            f"event sources of {name}",
            "lambda", "ListEventSourceMappings", "EventSourceMappings", _MAPPINGS, FunctionName=name,
        )
    ]  # fmt: skip
    data = function_configuration(configuration) | {
        "Metrics": scout.metrics(name, "AWS/Lambda", {"FunctionName": name}, METRICS),
        "EventSourceMappings": mappings,
        "LogLines": _log_lines(scout, name),
    }
    if reserved.get("ReservedConcurrentExecutions") is not None:
        data["ReservedConcurrentExecutions"] = int(reserved["ReservedConcurrentExecutions"])
    found = Found(things={here: data})
    for one in mappings:
        source = str(one.get("EventSourceArn", ""))
        if ":sqs:" in source:
            queue = (QUEUE, source.rpartition(":")[2])
            # The queue fills where the function does not empty it, and never the other way round.
            found.links.append(Link(upper=queue, lower=here, relation="is emptied by", own=True))
            found.follow.append(queue)
    return found


def function_configuration(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function's configuration without the values of its environment."""
    environment = configuration.get("Environment") or {}
    return picked(configuration, *FIELDS) | {"Environment": sorted(environment.get("Variables") or {})}


def _log_lines(scout: Scout, name: str) -> list[dict[str, Any]]:
    start = scout.now - (timedelta(seconds=SETTLED_LOG_WINDOW_S) if scout.settled else _LOG_WINDOW)
    try:
        found = scout.client.pages(
            "logs",
            "FilterLogEvents",
            "events",
            _LINES,
            logGroupName=f"/aws/lambda/{after(name, ':function:')}",
            filterPattern=_TELLING,
            startTime=int(start.timestamp() * 1000),
        )
    except ToolError as error:
        # A function that never ran has no log; that is no gap.
        if error.code != ABSENT:
            scout.missed(f"log of {name}", error)
        return []
    return [
        {"timestamp": one.get("timestamp"), "message": scout.redacted(str(one.get("message", "")))[:_LINE_CHARS]}
        for one in found.items
    ]
