"""What is wrong with Lambda functions: throttled, switched off, timing out, denied, out of memory, broken, not fed.

Log lines: docs.aws.amazon.com, "Troubleshoot invocation issues in Lambda".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from agentops.core.alert import Severity
from agentops.core.chart import number_text, sparkline
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line, plural
from agentops.providers.aws.analyzers.declaration import aws_analyzer, exact, problem, symptom, vague
from agentops.providers.aws.objects.place import FUNCTION, QUEUE
from agentops.providers.aws.objects.snapshot import AwsSnapshot, Data, moment, series

_RECENT = timedelta(minutes=30)
_SHARE = 0.05
_LINES = (
    ("FunctionOutOfMemory",
     r"signal: killed|Runtime\.OutOfMemory|MemoryError\b|JavaScript heap out of memory|OutOfMemoryError",
     "Raise MemorySize, or find out what takes it; compare with the version before."),
    ("FunctionTimesOut", r"Task timed out after [\d.]+ seconds|Status: timeout",
     "Find out what it waits for (a database, another service, a way out of its VPC) before Timeout is raised."),
    ("FunctionBroken",
     r"Runtime\.ImportModuleError|Unable to import module|Cannot find module|Runtime\.HandlerNotFound|"
     r"Runtime\.UserCodeSyntaxError|Runtime\.InvalidEntrypoint|Runtime\.ExitError",
     "The package or the handler is wrong: go back to the version before."),
    ("FunctionDenied", r"AccessDenied|is not authorized to perform|UnauthorizedOperation|not authorized to access",
     "Allow that action in the policy of the function's role; look for a change of the policy just before."),
)  # fmt: skip


@aws_analyzer(
    "functions",
    symptom("FunctionFailing", "Lambda function", "many of its invocations end in errors"),
    vague("FunctionThrottled", "Lambda function", "it is throttled, and by what is not told"),
    exact("FunctionConcurrencyReached", "Lambda function", "it is throttled at its own reserved concurrency"),
    exact("FunctionSwitchedOff", "Lambda function", "its reserved concurrency is zero"),
    exact("FunctionOutOfMemory", "Lambda function", "its log says that it ran out of memory"),
    exact("FunctionTimesOut", "Lambda function", "its log says that it was ended at its timeout"),
    exact("FunctionBroken", "Lambda function", "its log says that its code cannot be loaded"),
    vague("FunctionDenied", "Lambda function", "its log says that AWS denies it a call", Trait.TELLING),
    exact("FunctionNotActive", "Lambda function", "its state is not Active, or its last update failed"),
    exact("ConsumerDisabled", "Lambda function", "what feeds it from a queue is disabled"),
)
def functions(snapshot: AwsSnapshot) -> Iterator[Problem]:
    """Yield what is wrong with each function."""
    for ref, data in snapshot.of(FUNCTION):
        errors, calls = (_recent(snapshot, data, name) for name in ("Errors", "Invocations"))
        throttles = _recent(snapshot, data, "Throttles")
        reserved = data.get("ReservedConcurrentExecutions")
        if reserved == 0:
            yield _switched_off(ref)
        elif throttles:
            yield _throttled(ref, data, throttles, reserved)
        failing = errors > 0 and (calls <= 0 or errors / calls >= _SHARE)
        if failing:
            yield _failing(ref, data, errors, calls)
        yield from _lines(snapshot, ref, data, failing=failing)
        yield from _state(ref, data)
        yield from _disabled(snapshot, ref, data)


def _recent(snapshot: AwsSnapshot, data: Data, metric: str) -> float:
    return sum(value for at, value in series(data, metric) if snapshot.at - at < _RECENT)


def _switched_off(ref: ResourceRef) -> Problem:
    return problem(
        ref,
        "FunctionSwitchedOff",
        f"{ref.name} has a reserved concurrency of 0: no invocation is let through",
        ("ReservedConcurrentExecutions", 0),
        severity=Severity.CRITICAL,
        advice="Ask who set it to 0 and why (functions are stopped so in an emergency), then raise or remove it.",
    )


def _throttled(ref: ResourceRef, data: Data, throttles: float, reserved: object) -> Problem:
    bars = sparkline([value for _, value in series(data, "Throttles")], 24)
    if reserved is not None:
        return problem(
            ref,
            "FunctionConcurrencyReached",
            f"{ref.name} is throttled ({number_text(throttles)} in 30 min) at its reserved concurrency of {reserved}",
            ("ReservedConcurrentExecutions", reserved),
            ("Throttles", f"{number_text(throttles)} {bars}"),
            advice="Raise the reserved concurrency if what it calls can take it; find out why it runs longer or more.",
        )
    return problem(
        ref,
        "FunctionThrottled",
        f"{ref.name} is throttled ({number_text(throttles)} in 30 minutes)",
        ("Throttles", f"{number_text(throttles)} {bars}"),
        advice="Compare the account's ConcurrentExecutions with its limit: another function may take all of it.",
    )


def _failing(ref: ResourceRef, data: Data, errors: float, calls: float) -> Problem:
    bars = sparkline([value for _, value in series(data, "Errors")], 24)
    return problem(
        ref,
        "FunctionFailing",
        f"{number_text(errors)} of {number_text(calls)} invocations of {ref.name} failed in 30 minutes",
        ("Errors", f"{number_text(errors)} {bars}"),
        ("Invocations", number_text(calls)),
        root=False,
    )


def _lines(snapshot: AwsSnapshot, ref: ResourceRef, data: Data, *, failing: bool) -> Iterator[Problem]:
    """Yield what the log says, where the metrics say that it fails; a line now and then is no trouble by itself."""
    lines = [(at, str(one.get("message", ""))) for one in data.get("LogLines") or () if (at := _time(one)) is not None]
    for condition, pattern, advice in _LINES:
        told = [
            (at, text) for at, text in lines if snapshot.at - at < _RECENT and re.search(pattern, text, re.IGNORECASE)
        ]
        if not told or not (failing or len(told) >= 3):
            continue
        at, said = told[0][0], one_line(told[-1][1], 300)
        yield problem(
            ref,
            condition,
            f"{ref.name}: {plural(len(told), 'line')} of its log: {said}",
            ("LogLines", said),
            *_limits(data, condition),
            severity=Severity.CRITICAL if failing else Severity.HIGH,
            since=at,
            advice=advice,
        )
        return


def _limits(data: Data, condition: str) -> tuple[tuple[str, object], ...]:
    field = {"FunctionOutOfMemory": "MemorySize", "FunctionTimesOut": "Timeout", "FunctionDenied": "Role"}.get(
        condition, ""
    )
    return ((field, data[field]),) if field in data else ()


def _state(ref: ResourceRef, data: Data) -> Iterator[Problem]:
    state, update = data.get("State", "Active"), data.get("LastUpdateStatus", "Successful")
    if state in ("Failed", "Inactive") or update == "Failed":
        why = one_line(str(data.get("StateReason") or data.get("LastUpdateStatusReason") or ""), 200)
        # An idle function becomes inactive and wakes at its next call; only with a reason is that trouble.
        if state == "Inactive" and data.get("StateReasonCode", "Idle") == "Idle":
            return
        yield problem(
            ref,
            "FunctionNotActive",
            f"{ref.name} is {state}, its last update {update}: {why}",
            ("State", state),
            ("StateReason", why or "not told"),
            advice="Mend what the reason names (image, role, subnets, key), then update the function again.",
        )


def _disabled(snapshot: AwsSnapshot, ref: ResourceRef, data: Data) -> Iterator[Problem]:
    for one in data.get("EventSourceMappings") or ():
        state, source = str(one.get("State", "")), str(one.get("EventSourceArn", ""))
        if state not in ("Disabled", "Disabling") or ":sqs:" not in source:
            continue
        queue = snapshot.ref(QUEUE, source.rpartition(":")[2])
        if not float(snapshot.things.get(queue, {}).get("ApproximateNumberOfMessages") or 0):
            continue
        yield problem(
            ref,
            "ConsumerDisabled",
            f"what feeds {ref.name} from queue {queue.name} is {state.lower()}",
            ("EventSourceMappings.State", state),
            ("EventSourceMappings.StateTransitionReason", one.get("StateTransitionReason", "not told")),
            affects=(queue,),
            since=moment(one.get("LastModified")),
            advice="Ask who disabled it and why, then enable it.",
        )


def _time(line: Data) -> datetime | None:
    stamp = line.get("timestamp")
    return datetime.fromtimestamp(stamp / 1000, UTC) if isinstance(stamp, int | float) else moment(stamp)
