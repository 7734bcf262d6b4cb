"""The thin layer over moto: says what moto does not simulate, such as why a target is unhealthy or a launch failed.

Comes in: a scenario's answers, ``{call, when, while, answer}``. ``when``: what parameters of the call must name;
``while``: a check that must hold in the world, so that a repair ends the answer. Where none applies, moto answers.
Used in the child process only. ``docs/sandbox.md`` names which calls are answered so.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentops.sandbox.cloud.seeding import CloudWorld

_RESPONSES = {
    "elbv2": ("moto.elbv2.responses", "ELBV2Response"),
    "autoscaling": ("moto.autoscaling.responses", "AutoScalingResponse"),
    "ecs": ("moto.ecs.responses", "EC2ContainerServiceResponse"),
    "cloudwatch": ("moto.cloudwatch.responses", "CloudWatchResponse"),
    "cloudtrail": ("moto.cloudtrail.responses", "CloudTrailResponse"),
    "acm": ("moto.acm.responses", "AWSCertificateManagerResponse"),
}
DEFAULTS: tuple[Mapping[str, Any], ...] = (
    {"call": "cloudtrail.LookupEvents", "answer": {"Events": []}},
    {"call": "cloudwatch.DescribeAlarmHistory", "answer": {"AlarmHistoryItems": []}},
)
"""What every scenario answers: moto has no such call, and an account in which nothing happened has nothing to tell."""


def lay_over(world: CloudWorld, answers: Sequence[Mapping[str, Any]]) -> None:
    """Have moto's server give the answers."""
    from botocore import xform_name

    by_call: dict[str, list[Mapping[str, Any]]] = {}
    for one in (*answers, *DEFAULTS):
        by_call.setdefault(str(one["call"]), []).append(one)
    for call, told in by_call.items():
        service, _, operation = call.partition(".")
        module, name = _RESPONSES[service]
        kind = getattr(importlib.import_module(module), name)
        method = xform_name(operation)
        setattr(kind, method, _answering(world, told, getattr(kind, method, None)))


def _answering(
    world: CloudWorld, told: Sequence[Mapping[str, Any]], original: Callable[[Any], Any] | None
) -> Callable[[Any], Any]:
    from moto.core.responses import ActionResult

    def answer(response: Any) -> Any:
        for one in told:
            if _applies(world, one, response):
                return ActionResult(world.filled(one["answer"]))
        if original is None:
            raise NotImplementedError
        return original(response)

    return answer


def _applies(world: CloudWorld, one: Mapping[str, Any], response: Any) -> bool:
    wanted = world.filled(one.get("when") or {})
    said = all(_names(response._get_param(name, ""), str(text)) for name, text in wanted.items())
    return said and ("while" not in one or world.holds(one["while"]))


def _names(given: Any, text: str) -> bool:
    """Return whether a parameter is a name, or an ARN that ends with it; in a list, whether one of them is."""
    values = given if isinstance(given, list | tuple) else [given]
    return any(str(one) == text or str(one).endswith((f"/{text}", f":{text}")) for one in values)
