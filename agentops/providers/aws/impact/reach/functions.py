"""What a change of a Lambda function reaches: calls that go elsewhere or are held back, and who feeds it."""

from __future__ import annotations

from collections.abc import Iterator

from agentops.core.plan import BlastRadius, Call, ObjectChange
from agentops.core.resource import ResourceRef
from agentops.providers.aws.api.client import AwsClient, place_of
from agentops.providers.aws.impact.reach.fronts import risk_of_share, share
from agentops.providers.aws.impact.state.functions import ALIASES, RESERVED, VERSION, WEIGHTS
from agentops.providers.aws.impact.state.state import State
from agentops.providers.aws.objects.place import QUEUE


def reach_function(client: AwsClient, state: State, call: Call, item: ObjectChange) -> BlastRadius:  # noqa: ARG001
    """Return what one call does to a function.

    Raises:
        ToolError: never; nothing further is read.
    """
    before, after = item.before or {}, item.after or {}
    had, has = before.get(RESERVED), after.get(RESERVED)
    # What is reserved is also the most that may run; without it, that is not known and counts as all.
    out = share(max(int(had) - int(has), 0), int(had)) if had and has is not None else 100 if has == 0 else 0
    reasons = [f"reserved concurrency {'none' if had is None else had} becomes {'none' if has is None else has}"]
    reasons = reasons if had != has else []
    shifted = tuple(_shifts(before.get(ALIASES) or {}, after.get(ALIASES) or {}))
    return BlastRadius(
        objects=1,
        instances=1,
        instances_total=1,
        unit="function",
        percent=out,
        dependents=_feeders(client, state),
        detail={
            **({"traffic": shifted} if shifted else {}),
            "cost per hour": ("by call and duration; not known",),
        },
        risk=risk_of_share(out),
        reasons=(*reasons, *(("an alias leads to another version at once",) if shifted else ())),
    )


def _feeders(client: AwsClient, state: State) -> tuple[ResourceRef, ...]:
    place = place_of(client)
    arns = [str(one.get("EventSourceArn", "")) for one in state.data.get("Mappings") or ()]
    return tuple(place.ref(QUEUE, arn.rpartition(":")[2]) for arn in arns if ":sqs:" in arn)


def _shifts(before: dict[str, dict[str, object]], after: dict[str, dict[str, object]]) -> Iterator[str]:
    for name, leads in after.items():
        if before.get(name) != leads:
            yield f"alias {name}: {_words(before.get(name) or {})} becomes {_words(leads)}"


def _words(leads: dict[str, object]) -> str:
    weights = leads.get(WEIGHTS)
    shares = weights if isinstance(weights, dict) else {}
    more = ", ".join(f"{float(share_) * 100:g} % version {version}" for version, share_ in sorted(shares.items()))
    return f"version {leads.get(VERSION, '?')}" + (f" but {more}" if more else "")
