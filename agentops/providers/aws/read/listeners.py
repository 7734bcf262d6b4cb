"""``aws_listeners``: the listeners of a load balancer and their rules: what is sent where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.objects.place import LOAD_BALANCER, after
from agentops.providers.aws.read.declaration import NAME, aws_tool
from agentops.providers.aws.read.shown import cell
from agentops.providers.aws.sweep.balancing import read_load_balancer
from agentops.providers.aws.sweep.registry import sent_by
from agentops.providers.aws.sweep.scout import Scout

_LISTENERS, _RULES = 10, 100
_VALUES = ("HostHeaderConfig", "PathPatternConfig", "HttpRequestMethodConfig", "SourceIpConfig")


@aws_tool(
    "aws_listeners",
    "Listeners of a load balancer (NAME or app/NAME/HASH), and which rule sends where.",
    {"load_balancer": NAME},
    required=("load_balancer",),
    sends=(*sent_by(LOAD_BALANCER), ("elbv2", "DescribeRules")),
)
def listeners(client: AwsClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the rules of each listener, in the order in which they are tried.

    Raises:
        ToolError: there is no such load balancer, or AWS refused or failed.
    """
    name = str(arguments["load_balancer"])
    scout = Scout(client, clock())
    found = read_load_balancer(scout, name).things[(LOAD_BALANCER, name)]["Listeners"]
    rows = [row for listener in found[:_LISTENERS] for row in _rules(scout, listener)]
    notes = [f"Not read: {gap.what}: {gap.reason}." for gap in scout.gaps]
    notes += [f"Only {_LISTENERS} of {len(found)} listeners are shown."] if len(found) > _LISTENERS else []
    return Reading(
        body=table(("LISTENER", "PRIORITY", "WHEN", "DOES"), rows) if rows else "It has no listener.",
        summary=f"{plural(len(found), 'listener')} of {one_line(name, 120)}",
        footer=" ".join(notes),
        resources=(scout.place.ref(LOAD_BALANCER, name),),
    )


def _rules(scout: Scout, listener: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    where = f"{listener.get('Protocol', '?')}:{listener.get('Port', '?')}"
    rules = scout.listed(
        f"rules of {where}", "elbv2", "DescribeRules", "Rules", _RULES, ListenerArn=listener.get("ListenerArn")
    )
    if not rules:
        yield where, "default", "-", "; ".join(_actions(listener.get("DefaultActions")))
    for rule in rules:
        said = [f"{one.get('Field')} {', '.join(_values(one))}".strip() for one in rule.get("Conditions") or () if one]
        yield where, cell(rule.get("Priority")), cell("; ".join(said)), "; ".join(_actions(rule.get("Actions")))


def _values(condition: Mapping[str, Any]) -> list[str]:
    nested = (str(one) for key in _VALUES for one in (condition.get(key) or {}).get("Values") or ())
    return list(dict.fromkeys([*(str(one) for one in condition.get("Values") or ()), *nested]))


def _actions(actions: Any) -> Iterator[str]:
    for one in actions or ():
        groups = (one.get("ForwardConfig") or {}).get("TargetGroups") or ()
        named = [
            after(str(each.get("TargetGroupArn")), ":targetgroup/")
            + (f" (weight {each['Weight']})" if len(groups) > 1 and each.get("Weight") is not None else "")
            for each in groups or ([one] if one.get("TargetGroupArn") else [])
        ]
        fixed = (one.get("FixedResponseConfig") or {}).get("StatusCode")
        to = one.get("RedirectConfig") or {}
        tail = f" {fixed}" if fixed else f" to {to.get('Protocol', '')}:{to.get('Port', '')}" if to else ""
        yield cell(f"{one.get('Type', '?')}{tail} {', '.join(named)}".strip(), 200)
