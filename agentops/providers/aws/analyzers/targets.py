"""Why targets of a load balancer are unhealthy: path, port, security group, zone, draining, or nothing behind it.

Reasons: docs.aws.amazon.com, "Health checks for Application Load Balancer target groups", target health reason codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line, plural
from agentops.providers.aws.analyzers.declaration import aws_analyzer, exact, information, problem, symptom, vague
from agentops.providers.aws.objects.place import INSTANCE, LOAD_BALANCER, SECURITY_GROUP, TARGET_GROUP
from agentops.providers.aws.objects.snapshot import AwsSnapshot, Data

_ZONE = "availability zone"
_BAD = ("unhealthy", "unavailable", "unused")


@aws_analyzer(
    "targets",
    symptom("TargetsUnhealthy", "target group", "targets fail their health check"),
    vague("HealthCheckStatusCode", "target group", "targets answer the health check with another code", Trait.TELLING),
    vague("HealthCheckTimeout", "target group", "targets do not answer the health check, and nothing blocks it"),
    vague("HealthCheckRefused", "target group", "targets refuse the connection of the health check"),
    exact("HealthCheckBlocked", "security group", "it lets nothing in on the port of the health check"),
    exact("HealthCheckWrongPort", "target group", "it checks a port that its targets do not serve on"),
    exact("ZoneNotEnabled", "target group", "targets stand in a zone that the load balancer does not use"),
    exact("TargetGroupUnused", "target group", "no listener of a load balancer sends to it"),
    exact("TargetsStopped", "target group", "its targets are stopped instances"),
    vague("NoTargets", "target group", "nothing is registered in it"),
    information("TargetsDraining", "target group", "targets are being taken out"),
)
def targets(snapshot: AwsSnapshot) -> Iterator[Problem]:
    """Yield what is wrong with each target group."""
    for ref, data in snapshot.of(TARGET_GROUP):
        health = [one for one in data.get("Health") or () if isinstance(one, Mapping)]
        if not health:
            yield from _no_targets(snapshot, ref, data)
            continue
        bad = [one for one in health if _state(one) in _BAD]
        if draining := [one for one in health if _state(one) == "draining"]:
            yield _draining(ref, draining, len(health))
        if bad:
            yield from _unhealthy(snapshot, ref, data, bad, len(health))


def _unhealthy(
    snapshot: AwsSnapshot, ref: ResourceRef, data: Data, bad: list[Mapping[str, Any]], total: int
) -> Iterator[Problem]:
    reasons = Counter(_reason(one) for one in bad)
    said = "; ".join(f"{count} {reason}" for reason, count in reasons.most_common(4))
    if reasons.keys() - {"Target.NotInUse"}:
        yield problem(
            ref,
            "TargetsUnhealthy",
            f"{len(bad)} of {plural(total, 'target')} of {ref.name} are not healthy: {said}",
            ("TargetHealth", said),
            severity=Severity.CRITICAL if len(bad) == total else Severity.HIGH,
            root=False,
        )
    explained = {
        "Target.ResponseCodeMismatch": _status_code,
        "Target.Timeout": _timeout,
        "Target.FailedHealthChecks": _refused,
        "Target.NotInUse": _not_in_use,
        "Target.InvalidState": _stopped,
    }
    for reason in reasons:
        if reason in explained:
            found = [one for one in bad if _reason(one) == reason]
            yield explained[reason](snapshot, ref, data, found)


def _status_code(_snapshot: AwsSnapshot, ref: ResourceRef, data: Data, found: list[Mapping[str, Any]]) -> Problem:
    path, wanted = data.get("HealthCheckPath", "/"), _matcher(data)
    said = one_line(str(found[0]["TargetHealth"].get("Description", "")), 200)
    return problem(
        ref,
        "HealthCheckStatusCode",
        f"{plural(len(found), 'target')} of {ref.name} answer GET {path} with another code than {wanted}: {said}",
        ("HealthCheckPath", path),
        ("Matcher", wanted),
        ("TargetHealth.Description", said),
        advice=f"Ask a target for {path} yourself. 404: the path is wrong or gone. 5xx: the application fails; read "
        "its log. 301 or 401: let the check pass without a redirect and without a login.",
    )


def _timeout(snapshot: AwsSnapshot, ref: ResourceRef, data: Data, found: list[Mapping[str, Any]]) -> Problem:
    blocked = _blocking_group(snapshot, data, found)
    if blocked is not None:
        group, port = blocked
        return problem(
            group,
            "HealthCheckBlocked",
            f"security group {group.name} lets nothing in on port {port}, on which {ref.name} checks its targets",
            ("IpPermissions", _rules(snapshot.things[group])),
            affects=(ref,),
            advice=f"Let in port {port} from the security group of the load balancer.",
        )
    return problem(
        ref,
        "HealthCheckTimeout",
        f"{plural(len(found), 'target')} of {ref.name} do not answer the health check within "
        f"{data.get('HealthCheckTimeoutSeconds', '?')} s",
        ("TargetHealth.Reason", "Target.Timeout"),
        ("HealthCheckTimeoutSeconds", data.get("HealthCheckTimeoutSeconds", "?")),
        advice="Look at the load of the targets and at what the health check itself waits for; then at network ACLs "
        "and routes between the subnets.",
    )


def _refused(_snapshot: AwsSnapshot, ref: ResourceRef, data: Data, found: list[Mapping[str, Any]]) -> Problem:
    port = str(data.get("HealthCheckPort", "traffic-port"))
    served = {str(one["Target"].get("Port", data.get("Port", ""))) for one in found}
    if port != "traffic-port" and port not in served:
        return problem(
            ref,
            "HealthCheckWrongPort",
            f"{ref.name} checks port {port}, and its targets are registered on {', '.join(sorted(served))}",
            ("HealthCheckPort", port),
            ("Target.Port", ", ".join(sorted(served))),
            advice="Set the health check to traffic-port, or have the targets listen on that port as well.",
        )
    said = one_line(str(found[0]["TargetHealth"].get("Description", "")), 200) or "Health checks failed"
    return problem(
        ref,
        "HealthCheckRefused",
        f"{plural(len(found), 'target')} of {ref.name} fail the health check on port {_ports(served)}: {said}",
        ("TargetHealth.Reason", "Target.FailedHealthChecks"),
        ("Target.Port", _ports(served)),
        advice="See whether the process runs and listens on that port on every address, not on loopback alone.",
    )


def _not_in_use(snapshot: AwsSnapshot, ref: ResourceRef, data: Data, found: list[Mapping[str, Any]]) -> Problem:
    said = one_line(str(found[0]["TargetHealth"].get("Description", "")), 200)
    if _ZONE in said.lower():
        zones = sorted({str(one["Target"].get("AvailabilityZone", "")) for one in found} - {""})
        used = sorted(
            {
                str(zone.get("ZoneName"))
                for above in snapshot.above(ref)
                if above.kind == LOAD_BALANCER
                for zone in snapshot.things.get(above, {}).get("AvailabilityZones") or ()
            }
        )
        return problem(
            ref,
            "ZoneNotEnabled",
            f"{plural(len(found), 'target')} of {ref.name} stand in a zone that the load balancer does not use"
            + (f" ({', '.join(zones)}; it uses {', '.join(used)})" if zones and used else ""),
            ("TargetHealth.Description", said),
            advice="Enable the zone for the load balancer (a subnet in it), or move the targets.",
        )
    return problem(
        ref,
        "TargetGroupUnused",
        f"nothing is sent to {ref.name}: no listener of a load balancer uses it",
        ("TargetHealth.Description", said or "Target.NotInUse"),
        ("LoadBalancerArns", data.get("LoadBalancerArns") or "none"),
        advice="Look for a listener or a rule that was changed or deleted.",
    )


def _stopped(snapshot: AwsSnapshot, ref: ResourceRef, _data: Data, found: list[Mapping[str, Any]]) -> Problem:
    names = [str(one["Target"]["Id"]) for one in found]
    why = next(
        (
            str(snapshot.things[one].get("StateTransitionReason"))
            for one in (snapshot.ref(INSTANCE, name) for name in names)
            if snapshot.things.get(one, {}).get("StateTransitionReason")
        ),
        "",
    )
    return problem(
        ref,
        "TargetsStopped",
        f"{plural(len(found), 'target')} of {ref.name} are stopped: {', '.join(names[:5])}",
        ("TargetHealth.Reason", "Target.InvalidState"),
        *((("StateTransitionReason", why),) if why else ()),
        advice="Start them, or find out who stopped them: CloudTrail, StopInstances.",
    )


def _draining(ref: ResourceRef, draining: list[Mapping[str, Any]], total: int) -> Problem:
    return problem(
        ref,
        "TargetsDraining",
        f"{len(draining)} of {plural(total, 'target')} of {ref.name} are being taken out",
        ("TargetHealth.State", "draining"),
        severity=Severity.INFO,
        root=False,
    )


def _no_targets(snapshot: AwsSnapshot, ref: ResourceRef, data: Data) -> Iterator[Problem]:
    # One that no load balancer uses and that nothing leads to is left over, and nobody misses its targets.
    if not data.get("LoadBalancerArns") and ref not in snapshot.starts:
        return
    yield problem(
        ref,
        "NoTargets",
        f"nothing is registered in {ref.name}, so whatever is sent there fails with 503",
        ("TargetHealthDescriptions", "[]"),
        severity=Severity.CRITICAL,
        advice="Look at the Auto Scaling group or the ECS service that should register with it.",
    )


def _blocking_group(
    snapshot: AwsSnapshot, data: Data, found: list[Mapping[str, Any]]
) -> tuple[ResourceRef, int] | None:
    """Return a security group and the port, where none of a target's groups lets anything in on it."""
    for one in found:
        port = _checked_port(data, one)
        instance = snapshot.things.get(snapshot.ref(INSTANCE, str(one["Target"]["Id"])), {})
        groups = [
            snapshot.ref(SECURITY_GROUP, str(each.get("GroupId"))) for each in instance.get("SecurityGroups") or ()
        ]
        # All of them must have been read: one that was not may be the one that lets it in.
        is_known = port and groups and all(group in snapshot.things for group in groups)
        if is_known and not any(_lets_in(snapshot.things[group], port) for group in groups):
            return groups[0], port
    return None


def _lets_in(group: Data, port: int) -> bool:
    for rule in group.get("IpPermissions") or ():
        if str(rule.get("IpProtocol")) == "-1":
            return True
        low, high = rule.get("FromPort"), rule.get("ToPort")
        if str(rule.get("IpProtocol")) in ("tcp", "6") and (low is None or int(low) <= port <= int(high or low)):
            return True
    return False


def _rules(group: Data) -> str:
    said = [
        f"{rule.get('IpProtocol')} {rule.get('FromPort', 'all')}-{rule.get('ToPort', 'all')}"
        for rule in group.get("IpPermissions") or ()
    ]
    return ", ".join(said) or "none"


def _checked_port(data: Data, one: Mapping[str, Any]) -> int:
    text = str(one.get("HealthCheckPort") or data.get("HealthCheckPort") or "")
    if not text.isdigit():
        text = str(one["Target"].get("Port") or data.get("Port") or "")
    return int(text) if text.isdigit() else 0


def _matcher(data: Data) -> str:
    matcher = data.get("Matcher") or {}
    return str(matcher.get("HttpCode") or matcher.get("GrpcCode") or "200")


def _ports(served: set[str]) -> str:
    return ", ".join(sorted(served - {""})) or "of the target"


def _state(one: Mapping[str, Any]) -> str:
    return str((one.get("TargetHealth") or {}).get("State", ""))


def _reason(one: Mapping[str, Any]) -> str:
    return str((one.get("TargetHealth") or {}).get("Reason", "")) or _state(one)
