"""What is wrong with queues: they grow, nobody empties them, messages fail again and again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from agentops.core.chart import number_text, sparkline
from agentops.core.clock import age
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.providers.aws.analyzers.declaration import aws_analyzer, problem, symptom, vague
from agentops.providers.aws.objects.place import QUEUE
from agentops.providers.aws.objects.snapshot import AwsSnapshot, Data, latest, series

_OLD = timedelta(minutes=10)
_MANY = 100.0
_RECENT = timedelta(minutes=30)


@aws_analyzer(
    "queues",
    symptom("QueueGrowing", "SQS queue", "messages wait in it, and the oldest for longer and longer"),
    vague("QueueNotEmptied", "SQS queue", "messages are sent, and none was deleted for half an hour"),
    vague("PoisonMessages", "SQS queue", "messages failed so often that they went to its dead-letter queue"),
)
def queues(snapshot: AwsSnapshot) -> Iterator[Problem]:
    """Yield what is wrong with each queue."""
    dead = {_dead(snapshot, data): ref for ref, data in snapshot.of(QUEUE) if _dead(snapshot, data) is not None}
    for ref, data in snapshot.of(QUEUE):
        waiting = float(data.get("ApproximateNumberOfMessages") or 0)
        if ref in dead:
            if waiting:
                yield _poison(dead[ref], ref, snapshot.things[dead[ref]], waiting)
            continue
        if not waiting:
            continue
        if _is_growing(data):
            yield _growing(ref, data, waiting)
        sent, deleted = (_sum(snapshot, data, name) for name in ("NumberOfMessagesSent", "NumberOfMessagesDeleted"))
        if sent and deleted == 0 and waiting >= _MANY:
            yield problem(
                ref,
                "QueueNotEmptied",
                f"nothing was deleted from {ref.name} for 30 minutes, and {number_text(sent or 0)} messages were sent",
                ("NumberOfMessagesSent", number_text(sent or 0)),
                ("NumberOfMessagesDeleted", 0),
                advice="Look at what should empty it: does it run, and may it delete?",
            )


def _dead(snapshot: AwsSnapshot, data: Data) -> ResourceRef | None:
    arn = str((data.get("RedrivePolicy") or {}).get("deadLetterTargetArn", ""))
    return snapshot.ref(QUEUE, arn.rpartition(":")[2]) if arn else None


def _is_growing(data: Data) -> bool:
    oldest = latest(data, "ApproximateAgeOfOldestMessage")
    if oldest is None or oldest < _OLD.total_seconds():
        return False
    ages = [value for _, value in series(data, "ApproximateAgeOfOldestMessage")][-6:]
    # A batch that is being worked off gets younger; only what gets older is not keeping up.
    return len(ages) < 3 or ages[-1] > ages[0]


def _growing(ref: ResourceRef, data: Data, waiting: float) -> Problem:
    oldest = timedelta(seconds=latest(data, "ApproximateAgeOfOldestMessage") or 0)
    bars = sparkline([value for _, value in series(data, "ApproximateAgeOfOldestMessage")], 24)
    now = max((at for at, _ in series(data, "ApproximateAgeOfOldestMessage")), default=None)
    said = age(now - oldest, now) if now else "?"
    return problem(
        ref,
        "QueueGrowing",
        f"{number_text(waiting)} messages wait in {ref.name}, the oldest for {said}",
        ("ApproximateNumberOfMessages", number_text(waiting)),
        ("ApproximateAgeOfOldestMessage", f"{said} {bars}".strip()),
        since=now - oldest if now else None,
        root=False,
    )


def _poison(source: ResourceRef, dead: ResourceRef, data: Data, waiting: float) -> Problem:
    most = (data.get("RedrivePolicy") or {}).get("maxReceiveCount", "?")
    return problem(
        source,
        "PoisonMessages",
        f"{number_text(waiting)} messages of {source.name} failed {most} times each and lie in {dead.name}",
        (f"{dead.name}.ApproximateNumberOfMessages", number_text(waiting)),
        ("RedrivePolicy.maxReceiveCount", most),
        affects=(dead,),
        advice="Look at one of them and at the log of what takes them; redrive only once that is mended.",
    )


def _sum(snapshot: AwsSnapshot, data: Data, metric: str) -> float | None:
    """Return what a metric came to in the last half hour; None where nothing was reported."""
    found = [value for at, value in series(data, metric) if snapshot.at - at < _RECENT]
    return sum(found) if found else None
