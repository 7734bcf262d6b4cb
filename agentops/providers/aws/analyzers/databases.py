"""What is wrong with RDS instances: storage, connections, a failover, or a state in which nothing is served."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from agentops.core.alert import Severity
from agentops.core.chart import number_text, sparkline
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.aws.analyzers.declaration import aws_analyzer, exact, problem, vague
from agentops.providers.aws.objects.place import DATABASE
from agentops.providers.aws.objects.snapshot import AwsSnapshot, Data, latest, moment, series

_GIB = 1024**3
_FULL, _LOW = 0.02, 0.10
_RECENT = timedelta(hours=2)
_SERVING = ("available", "backing-up", "storage-optimization", "configuring-enhanced-monitoring", "maintenance", "")
_CHART = 24


@aws_analyzer(
    "databases",
    exact("DatabaseStorageFull", "RDS instance", "its storage is full"),
    exact("DatabaseStorageLow", "RDS instance", "less than a tenth of its storage is free"),
    vague("DatabaseConnectionsHigh", "RDS instance", "an alarm about its connections fires"),
    exact("DatabaseFailedOver", "RDS instance", "it failed over to another zone shortly before"),
    exact("DatabaseRestarted", "RDS instance", "it was restarted or shut down shortly before"),
    exact("DatabaseUnavailable", "RDS instance", "it is in a state in which it does not serve"),
)
def databases(snapshot: AwsSnapshot) -> Iterator[Problem]:
    """Yield what is wrong with each database."""
    for ref, data in snapshot.of(DATABASE):
        status = str(data.get("DBInstanceStatus", ""))
        yield from _storage(ref, data, status)
        if status not in (*_SERVING, "storage-full"):
            yield problem(
                ref,
                "DatabaseUnavailable",
                f"{ref.name} is {status}",
                ("DBInstanceStatus", status),
                severity=Severity.CRITICAL,
                advice="Read its events; incompatible-* and failed do not pass by themselves.",
            )
        yield from _connections(snapshot, ref, data)
        yield from _events(snapshot, ref, data)


def _storage(ref: ResourceRef, data: Data, status: str) -> Iterator[Problem]:
    free, size = latest(data, "FreeStorageSpace"), float(data.get("AllocatedStorage") or 0) * _GIB
    share = free / size if free is not None and size else 1.0
    if status != "storage-full" and share >= _LOW:
        return
    is_full = status == "storage-full" or share < _FULL
    room = f"{free / _GIB:.1f} GiB of {size / _GIB:.0f} GiB" if free is not None else "none"
    grows = float(data.get("MaxAllocatedStorage") or 0) * _GIB > size
    if not is_full and grows:
        return
    yield problem(
        ref,
        "DatabaseStorageFull" if is_full else "DatabaseStorageLow",
        f"{ref.name} has {room} of storage free" + (" and takes no more writes" if status == "storage-full" else ""),
        ("DBInstanceStatus", status or "?"),
        ("FreeStorageSpace", f"{room} {_bars(data, 'FreeStorageSpace')}".strip()),
        ("MaxAllocatedStorage", data.get("MaxAllocatedStorage") or "none: it does not grow by itself"),
        severity=Severity.CRITICAL if is_full else Severity.HIGH,
        advice="Grow the storage (it cannot be made smaller again), then find out what fills it: logs, replication "
        "slots, temporary tables.",
    )


def _connections(snapshot: AwsSnapshot, ref: ResourceRef, data: Data) -> Iterator[Problem]:
    for above in snapshot.above(ref):
        alarm = snapshot.things.get(above, {})
        if alarm.get("MetricName") != "DatabaseConnections" or alarm.get("StateValue") != "ALARM":
            continue
        now = latest(data, "DatabaseConnections")
        yield problem(
            ref,
            "DatabaseConnectionsHigh",
            f"{ref.name} has {'too many' if now is None else number_text(now)} connections; "
            f"{above.name} fires at {number_text(float(alarm.get('Threshold') or 0))}",
            ("DatabaseConnections", f"{'' if now is None else number_text(now)} {_bars(data, 'DatabaseConnections')}"),
            ("Threshold", alarm.get("Threshold", "")),
            since=moment(alarm.get("StateUpdatedTimestamp")),
            advice="See who holds them (pg_stat_activity, processlist): a pool without a limit, or a deployment that "
            "doubled the clients.",
        )
        return


def _events(snapshot: AwsSnapshot, ref: ResourceRef, data: Data) -> Iterator[Problem]:
    patterns = (
        ("DatabaseFailedOver", r"failover (?:started|completed)|Multi-AZ instance failover"),
        ("DatabaseRestarted", r"DB instance (?:restarted|shutdown)|recovery of the DB instance"),
    )
    dated = [(at, one) for one in data.get("Events") or () if (at := moment(one.get("Date"))) is not None]
    recent = sorted(((at, one) for at, one in dated if snapshot.at - at < _RECENT), key=lambda pair: pair[0])
    for condition, pattern in patterns:
        found = [(at, one) for at, one in recent if re.search(pattern, str(one.get("Message", "")), re.IGNORECASE)]
        if not found:
            continue
        at, event = found[0]
        said = one_line(str(event.get("Message", "")), 200)
        yield problem(
            ref,
            condition,
            f"{ref.name}: {said}",
            ("Events.Message", said),
            ("Events.Date", at.isoformat(timespec="seconds")),
            since=at,
            advice="Clients must connect again; those that keep the old address (DNS cached for ever) do not.",
        )
        # A failover restarts it as well; the second event says nothing more.
        return


def _bars(data: Data, metric: str) -> str:
    return sparkline([value for _, value in series(data, metric)], _CHART)
