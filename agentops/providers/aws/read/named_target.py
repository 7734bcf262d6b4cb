"""The resource that a person named: it is there under exactly that name, or it is an error."""

from __future__ import annotations

from agentops.core.alert import Target
from agentops.core.clock import Clock
from agentops.core.errors import ToolError, UsageError
from agentops.core.resource import ResourceRef
from agentops.core.suggestions import closest
from agentops.core.text import one_line
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.api.errors import ABSENT, INVALID
from agentops.providers.aws.objects.place import ALARM, KINDS, kind_of
from agentops.providers.aws.sweep.registry import read_thing
from agentops.providers.aws.sweep.scout import Scout

_ALARMS = 500


def named_target(client: AwsClient, clock: Clock, target: Target) -> ResourceRef:
    """Return the reference of a resource that exists.

    Raises:
        UsageError: there is no such kind or resource.
        ToolError: AWS cannot be asked.
    """
    kind = kind_of(target.kind)
    if not kind:
        near = closest(target.kind, KINDS)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(
            f"{one_line(target.kind, 60)} is no kind of AWS that is known", hint=f"{hint}There are {', '.join(KINDS)}."
        )
    scout = Scout(client, clock())
    try:
        read_thing(scout, kind, target.name)
    except ToolError as error:
        if error.code not in (ABSENT, INVALID):
            raise
        where = f"account {client.identity.account}, region {client.region}"
        said = f"there is no {kind} {one_line(target.name, 120)} in {where}"
        raise UsageError(said, hint=_near(client, kind, target.name)) from error
    return scout.place.ref(kind, target.name)


def _near(client: AwsClient, kind: str, name: str) -> str:
    hint = "Is it of another account or region? aws_profile, aws_region and aws_role say where to look."
    if kind != ALARM:
        return hint
    try:
        listed = client.pages("cloudwatch", "DescribeAlarms", "MetricAlarms", _ALARMS).items
    except ToolError:
        return hint
    near = closest(name, [str(one.get("AlarmName", "")) for one in listed])
    return f"Did you mean cloudwatch:{one_line(near[0], 120)}?" if near else hint
