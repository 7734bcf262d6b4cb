"""What changes of databases, queues, target groups and alarms reach."""

from __future__ import annotations

from agentops.core.plan import BlastRadius, Call, ObjectChange, Purpose
from agentops.core.risk import Risk
from agentops.providers.aws.api.client import AwsClient, place_of
from agentops.providers.aws.impact.reach.fronts import risk_of_share, share
from agentops.providers.aws.impact.reach.groups import NO_PRICES
from agentops.providers.aws.impact.state.databases import STORAGE
from agentops.providers.aws.impact.state.queues import SOURCES, WAITING
from agentops.providers.aws.impact.state.state import State
from agentops.providers.aws.impact.state.targets import HEALTH, TARGETS, state_of, target_text
from agentops.providers.aws.objects.place import LOAD_BALANCER, QUEUE, after

_REBOOT = "/RebootDBInstance"


def reach_database(client: AwsClient, state: State, call: Call, item: ObjectChange) -> BlastRadius:  # noqa: ARG001
    """Return what one call does to a database: whether it is away, and what becomes of its storage."""
    reboots, serves = call.path.endswith(_REBOOT), state.health.ready > 0
    more = int((item.after or {}).get(STORAGE) or 0) - int((item.before or {}).get(STORAGE) or 0)
    multi = bool(state.data.get("MultiAZ"))
    replicas = [str(one) for one in state.data.get("ReadReplicaDBInstanceIdentifiers") or ()]
    fails_over = reboots and bool((call.body or {}).get("ForceFailover"))
    away = "until the other zone has taken over" if fails_over else "while it restarts"
    return BlastRadius(
        objects=1,
        instances=1,
        instances_total=1,
        unit="database",
        percent=100 if reboots and serves else 0,
        detail={
            "zone": (f"{state.data.get('AvailabilityZone', '?')}{', with a standby in another' if multi else ''}",),
            "data": (
                f"{state.data.get('Engine', '?')}, backups kept {state.data.get('BackupRetentionPeriod', '?')} days",
                "open transactions are rolled back" if reboots else "nothing is lost; storage cannot be made smaller",
            ),
            **({"read replica": tuple(replicas)} if replicas else {}),
            "cost per hour": (f"{NO_PRICES}; {more:+d} GiB" if more else "unchanged",),
        },
        stateful=True,
        purpose=Purpose.MENDS if reboots and not serves else Purpose.NONE,
        risk=Risk.HIGH if reboots else Risk.LOW,
        reasons=(f"it answers nobody {away}",) if reboots else ("it goes on serving while its storage grows",),
    )


def reach_queue(client: AwsClient, state: State, call: Call, item: ObjectChange) -> BlastRadius:  # noqa: ARG001
    """Return what moving messages out of a dead-letter queue reaches: the queues that they came from."""
    place = place_of(client)
    back = tuple(place.ref(QUEUE, name) for name in state.data.get(SOURCES) or ())
    waiting = str(state.data.get(WAITING, "?"))
    return BlastRadius(
        objects=1,
        instances=0,
        instances_total=0,
        unit="message",
        percent=0,
        dependents=back,
        detail={"message": (f"about {waiting} wait in {state.name}",), "cost per hour": ("none",)},
        stateful=True,
        reasons=("messages go back to where they came from, and are taken again",),
    )


def reach_targets(client: AwsClient, state: State, call: Call, item: ObjectChange) -> BlastRadius:  # noqa: ARG001
    """Return what registering or deregistering targets takes out of a target group."""
    place = place_of(client)
    healthy = [
        target_text(one.get("Target") or {}) for one in state.data.get(HEALTH) or () if state_of(one) == "healthy"
    ]
    before, after_ = (set((form or {}).get(TARGETS) or ()) for form in (item.before, item.after))
    leaving = [one for one in before - after_ if one in healthy]
    balancers = (after(str(one), ":loadbalancer/") for one in state.data.get("LoadBalancerArns") or ())
    percent = share(len(leaving), len(healthy))
    return BlastRadius(
        objects=1,
        instances=len(before ^ after_),
        instances_total=max(len(before | after_), 1),
        unit="target",
        percent=percent,
        fronts=(*(place.ref(LOAD_BALANCER, one) for one in balancers), state.ref),
        detail={"target": tuple(sorted(before ^ after_)), "cost per hour": ("unchanged",)},
        risk=risk_of_share(percent),
        reasons=(f"{len(leaving)} of {len(healthy)} healthy targets get no more requests",),
    )


def reach_alarm(client: AwsClient, state: State, call: Call, item: ObjectChange) -> BlastRadius:  # noqa: ARG001
    """Return who is told by an alarm: nothing that runs is touched."""
    told = [
        *(f"in ALARM: {after(str(one), ':sns:')}" for one in state.data.get("AlarmActions") or ()),
        *(f"in OK: {after(str(one), ':sns:')}" for one in state.data.get("OKActions") or ()),
    ]
    return BlastRadius(
        objects=1,
        instances=0,
        instances_total=0,
        percent=0,
        detail={"action": tuple(told) or ("it has none",)},
        reasons=("only what the alarm tells others changes; nothing that runs does",),
    )


def reach_tags(client: AwsClient, state: State, call: Call, item: ObjectChange) -> BlastRadius:  # noqa: ARG001
    """Return what a change of tags reaches: nothing that runs, and whoever decides by them."""
    return BlastRadius(
        objects=1,
        instances=0,
        instances_total=0,
        percent=0,
        detail={"cost per hour": ("unchanged",)},
        reasons=("nothing that runs changes; permissions, budgets and automation may go by tags",),
    )
