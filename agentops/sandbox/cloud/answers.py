"""The thin layer over moto: says what moto does not simulate, such as why a target is unhealthy or a launch failed.

Comes in: a scenario's answers, ``{call, when, while, answer}``. ``when``: texts that parameters of the call must hold;
``while``: a check that must hold in the world, so that a repair ends the answer. Where none applies, moto answers, and
so it does to the world's own requests. Once all checks of the scenario hold, its alarm goes to OK. Used in the child
process only. ``docs/sandbox.md`` names which calls are answered so.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from agentops.sandbox.cloud.scenario import CloudScenario
from agentops.sandbox.cloud.seeding import BUILDER, CloudWorld

_RESPONSES = {
    "elbv2": ("moto.elbv2.responses", "ELBV2Response"),
    "autoscaling": ("moto.autoscaling.responses", "AutoScalingResponse"),
    "ecs": ("moto.ecs.responses", "EC2ContainerServiceResponse"),
    "cloudwatch": ("moto.cloudwatch.responses", "CloudWatchResponse"),
    "cloudtrail": ("moto.cloudtrail.responses", "CloudTrailResponse"),
    "eks": ("moto.eks.responses", "EKSResponse"),
    "acm": ("moto.acm.responses", "AWSCertificateManagerResponse"),
}
DEFAULTS: tuple[Mapping[str, Any], ...] = (
    {"call": "cloudtrail.LookupEvents", "answer": {"Events": []}},
    {"call": "cloudwatch.DescribeAlarmHistory", "answer": {"AlarmHistoryItems": []}},
)
"""What every scenario answers: moto has no such call, and an account in which nothing happened has nothing to tell."""


_LOOKED_AT = ("cloudwatch.DescribeAlarms", "autoscaling.DescribeAutoScalingGroups")
"""Calls that bring a repaired world to rest before they are answered."""


def lay_over(world: CloudWorld, scenario: CloudScenario) -> None:
    """Have moto's server give the scenario's answers, and let the alarm go to OK once its checks hold."""
    from botocore import xform_name

    by_call: dict[str, list[Mapping[str, Any]]] = {}
    for one in (*scenario.answers, *DEFAULTS):
        by_call.setdefault(str(one["call"]), []).append(one)
    recovery = _Recovery(world, scenario)
    for call in dict.fromkeys((*by_call, *_LOOKED_AT)):
        service, _, operation = call.partition(".")
        module, name = _RESPONSES[service]
        kind = getattr(importlib.import_module(module), name)
        method = xform_name(operation)
        before = recovery.look if call in _LOOKED_AT else None
        setattr(kind, method, _answering(world, by_call.get(call, ()), getattr(kind, method, None), before))


class _Recovery:
    """What AWS would bring about by itself once a world is repaired; done once."""

    def __init__(self, world: CloudWorld, scenario: CloudScenario) -> None:
        self._world, self._scenario = world, scenario
        self._lock, self._done = threading.Lock(), not scenario.checks

    def look(self) -> None:
        """Bring it about where all checks hold."""
        from botocore.exceptions import ClientError

        with self._lock:
            if self._done or not all(self._world.holds(check) for check in self._scenario.checks):
                return
            self._done = True
            for step in self._scenario.recovery:
                self._world.perform(step)
            name = str((self._scenario.alarm or {}).get("AlarmName", ""))
            reason = {"AlarmName": name, "StateValue": "OK", "StateReason": "Threshold Crossed: it is repaired."}
            # An alarm that the repair deleted is not there any more.
            with suppress(ClientError):
                self._world.perform({"call": "cloudwatch.SetAlarmState", "with": reason})


def _answering(
    world: CloudWorld,
    told: Sequence[Mapping[str, Any]],
    original: Callable[[Any], Any] | None,
    before: Callable[[], None] | None,
) -> Callable[[Any], Any]:
    from moto.core.responses import ActionResult

    def answer(response: Any) -> Any:
        if BUILDER not in str(response.headers.get("User-Agent", "")):
            if before is not None:
                before()
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
