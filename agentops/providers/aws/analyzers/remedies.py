"""Known remedies: which change cures a problem, where the resource itself says enough.

Comes in: a snapshot and a problem that an analyzer found. Goes out: changes, best first; none where what would help is
a guess. Pure. A remedy is proposed to a person; the guard previews it on the live account first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from agentops.core.finding import Problem
from agentops.core.plan import Change
from agentops.providers.aws.objects.place import after
from agentops.providers.aws.objects.snapshot import AwsSnapshot, Data

_NEEDED = ("Launch", "HealthCheck", "ReplaceUnhealthy", "AddToLoadBalancer")
Remedy: TypeAlias = Callable[[AwsSnapshot, Problem, Data], Iterator[Change]]


def remedies_for(snapshot: AwsSnapshot, problem: Problem) -> tuple[Change, ...]:
    """Return the changes that cure a problem."""
    find, data = _REMEDIES.get(problem.condition), snapshot.things.get(problem.resource)
    return tuple(find(snapshot, problem, data)) if find is not None and data is not None else ()


def _change(problem: Problem, tool: str, reason: str, **arguments: Any) -> Change:
    return Change(tool=tool, target=problem.resource, arguments=arguments, reason=reason)


def _raise_maximum(_: AwsSnapshot, problem: Problem, data: Data) -> Iterator[Change]:
    most = int(data.get("MaxSize") or 0)
    if most:
        more = most + max(1, math.ceil(most / 2))
        yield _change(problem, "aws_set_group_size", f"it is held at its maximum of {most}", max=more)


def _resume(_: AwsSnapshot, problem: Problem, data: Data) -> Iterator[Change]:
    held = sorted(str(one.get("ProcessName", "")) for one in data.get("SuspendedProcesses") or ())
    needed = [name for name in held if name in _NEEDED]
    if needed:
        yield _change(problem, "aws_resume_processes", "missing instances are not replaced", processes=needed)


def _previous_definition(_: AwsSnapshot, problem: Problem, data: Data) -> Iterator[Change]:
    """Yield the way back to what ran before, while AWS still lists it: tasks of the newest definition alone fail."""
    deployments = [one for one in data.get("deployments") or () if one.get("taskDefinition")]
    newest = next((one for one in deployments if one.get("status") == "PRIMARY"), None)
    older = next((one for one in deployments if one.get("status") == "ACTIVE"), None)
    if newest is None or older is None or older["taskDefinition"] == newest["taskDefinition"]:
        return
    failed = [one for one in data.get("StoppedTasks") or () if one.get("taskDefinitionArn")]
    if any(one["taskDefinitionArn"] != newest["taskDefinition"] for one in failed) or not failed:
        return
    named, before = (after(str(one["taskDefinition"]), ":task-definition/") for one in (newest, older))
    reason = f"tasks of {named} stop, and {before} ran before"
    yield _change(problem, "aws_roll_back_service", reason, task_definition=before)


def _switch_on(_: AwsSnapshot, problem: Problem, data: Data) -> Iterator[Change]:
    if data.get("ReservedConcurrentExecutions") == 0:
        yield _change(problem, "aws_set_reserved_concurrency", "0 lets no call through", concurrency=None)


def _reserve_more(_: AwsSnapshot, problem: Problem, data: Data) -> Iterator[Change]:
    reserved = int(data.get("ReservedConcurrentExecutions") or 0)
    if reserved:
        more = reserved + max(1, math.ceil(reserved / 2))
        reason = f"it is throttled at its reserved concurrency of {reserved}"
        yield _change(problem, "aws_set_reserved_concurrency", reason, concurrency=more)


def _enable_consumer(_: AwsSnapshot, problem: Problem, data: Data) -> Iterator[Change]:
    queues = {ref.name for ref in problem.affects}
    for one in data.get("EventSourceMappings") or ():
        source = str(one.get("EventSourceArn", "")).rpartition(":")[2]
        if source in queues and one.get("State") in ("Disabled", "Disabling") and one.get("UUID"):
            reason = f"what feeds it from {source} is off"
            yield _change(problem, "aws_set_event_source", reason, mapping=str(one["UUID"]), enabled=True)


def _grow_storage(_: AwsSnapshot, problem: Problem, data: Data) -> Iterator[Change]:
    gib = int(data.get("AllocatedStorage") or 0)
    if gib and not str(data.get("Engine", "")).startswith("aurora"):
        more = gib + max(1, math.ceil(gib / 2))
        yield _change(problem, "aws_grow_database_storage", f"{gib} GiB are not enough", gib=more)


def _tell_again(_: AwsSnapshot, problem: Problem, data: Data) -> Iterator[Change]:
    if data.get("ActionsEnabled") is False:
        yield _change(problem, "aws_set_alarm_actions", "it fires and nobody is told", enabled=True)


def _start_again(_: AwsSnapshot, problem: Problem, data: Data) -> Iterator[Change]:
    if str((data.get("State") or {}).get("Name", "")) == "stopped":
        yield _change(problem, "aws_start_instance", "it is stopped")


def _reboot(_: AwsSnapshot, problem: Problem, data: Data) -> Iterator[Change]:
    if str((data.get("State") or {}).get("Name", "")) == "running":
        yield _change(problem, "aws_reboot_instance", "its own status check fails")


_REMEDIES: Mapping[str, Remedy] = {
    "GroupAtMaximum": _raise_maximum,
    "ProcessesSuspended": _resume,
    "FunctionSwitchedOff": _switch_on,
    "FunctionConcurrencyReached": _reserve_more,
    "ConsumerDisabled": _enable_consumer,
    "DatabaseStorageFull": _grow_storage,
    "DatabaseStorageLow": _grow_storage,
    "AlarmActionsOff": _tell_again,
    "InstanceStopped": _start_again,
    "InstanceUnreachable": _reboot,
    **dict.fromkeys(
        ("TaskImageMissing", "TaskSecretUnreadable", "TaskOutOfMemory", "TaskExits", "TaskFailsHealthCheck"),
        _previous_definition,
    ),
}
