"""Certificates that expire, node groups that are not healthy, and what CloudTrail tells of the time before an alarm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from agentops.core.alert import Severity
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line, plural
from agentops.providers.aws.analyzers.declaration import aws_analyzer, exact, information, problem
from agentops.providers.aws.objects.place import ALARM, CERTIFICATE, CLUSTER, FUNCTION, NODEGROUP, ROLE, after
from agentops.providers.aws.objects.snapshot import AwsSnapshot, Data, moment

_SOON = timedelta(days=14)
_BEFORE = timedelta(minutes=60)
_SLACK = timedelta(minutes=2)
_POLICY_EVENTS = (
    "PutRolePolicy", "DeleteRolePolicy", "AttachRolePolicy", "DetachRolePolicy", "CreatePolicyVersion",
    "SetDefaultPolicyVersion", "DeletePolicyVersion", "UpdateAssumeRolePolicy", "PutRolePermissionsBoundary",
    "DeleteRole",
)  # fmt: skip


@aws_analyzer(
    "certificates",
    exact("CertificateExpired", "certificate", "its time is over"),
    exact("CertificateExpiring", "certificate", "it ends within 14 days, and nothing renews it"),
)
def certificates(snapshot: AwsSnapshot) -> Iterator[Problem]:
    """Yield which certificates are over, or will be and are not renewed."""
    for ref, data in snapshot.of(CERTIFICATE):
        until = moment(data.get("NotAfter"))
        if until is None and data.get("Status") != "EXPIRED":
            continue
        is_over = data.get("Status") == "EXPIRED" or (until is not None and until <= snapshot.at)
        renewal = str((data.get("RenewalSummary") or {}).get("RenewalStatus", ""))
        renewed = data.get("RenewalEligibility") == "ELIGIBLE" and renewal in ("", "SUCCESS", "PENDING_AUTO_RENEWAL")
        if not is_over and (until is None or until - snapshot.at > _SOON or renewed):
            continue
        day = f"{until:%Y-%m-%d}" if until is not None else "?"
        yield problem(
            ref,
            "CertificateExpired" if is_over else "CertificateExpiring",
            f"the certificate of {data.get('DomainName', ref.name)} {'ended' if is_over else 'ends'} on {day}"
            + (f", and its renewal is {renewal}" if renewal else ", and nothing renews it"),
            ("NotAfter", day),
            ("RenewalStatus", renewal or "none: imported, or not eligible"),
            severity=Severity.CRITICAL if is_over else Severity.HIGH,
            advice="Renew it: for an ACM certificate restore the validation record in DNS; import a new one otherwise.",
        )


@aws_analyzer(
    "nodegroups",
    exact("NodegroupUnhealthy", "EKS node group", "EKS reports a health issue of it"),
    exact("ClusterUnhealthy", "EKS cluster", "EKS reports a health issue of it, or that it failed or goes"),
)
def nodegroups(snapshot: AwsSnapshot) -> Iterator[Problem]:
    """Yield the health issues of node groups, in EKS's own words."""
    for ref, data in snapshot.of(NODEGROUP):
        for issue in (data.get("health") or {}).get("issues") or ():
            said = one_line(str(issue.get("message", "")), 300)
            yield problem(
                ref,
                "NodegroupUnhealthy",
                f"node group {ref.name}: {issue.get('code', '')}: {said}",
                ("health.issues.code", issue.get("code", "")),
                ("health.issues.message", said),
                advice="Mend what the message names; the nodes of the cluster follow.",
            )
    for ref, data in snapshot.of(CLUSTER):
        issues = (data.get("health") or {}).get("issues") or ()
        status = str(data.get("status", ""))
        if not issues and status not in ("FAILED", "DELETING"):
            continue
        said = one_line("; ".join(f"{one.get('code', '')}: {one.get('message', '')}" for one in issues), 300) or status
        context = data.get("KubernetesContext")
        yield problem(
            ref,
            "ClusterUnhealthy",
            f"EKS cluster {ref.name}{f' (context {context})' if context else ''}: {said}",
            ("status", status),
            ("health.issues", said),
            severity=Severity.CRITICAL,
            advice="Mend what EKS names; until then its API server and its nodes cannot be relied on.",
        )


@aws_analyzer(
    "trail",
    information("ChangedBeforeAlarm", "resource", "CloudTrail has a change of it in the hour before the alarm"),
    exact(
        "PolicyChangedBeforeDenial",
        "IAM role",
        "its policy changed, and since then its calls are denied",
        Trait.BRINGS_ABOUT,
    ),
)
def trail(snapshot: AwsSnapshot) -> Iterator[Problem]:
    """Yield who changed what of these resources in the hour before the alarm."""
    since = min(_alarm_times(snapshot), default=snapshot.at)
    seen: set[ResourceRef] = set()
    for event in snapshot.changes:
        at = moment(event.get("EventTime"))
        if at is None or not since - _BEFORE <= at <= since + _SLACK or event.get("errorCode"):
            continue
        for ref in _touched(snapshot, event):
            if ref not in seen:
                seen.add(ref)
                yield problem(
                    ref,
                    "ChangedBeforeAlarm",
                    f"{_who(event)} called {event.get('EventName')} on {ref.name} at {at:%H:%M} UTC",
                    ("CloudTrail.EventName", event.get("EventName", "")),
                    ("CloudTrail.Username", _who(event)),
                    severity=Severity.INFO,
                    since=at,
                    root=False,
                )
    yield from _policies(snapshot)


def _policies(snapshot: AwsSnapshot) -> Iterator[Problem]:
    """Yield the role whose policy changed before the calls that it makes were denied."""
    for ref, data in snapshot.of(FUNCTION):
        role = after(str(data.get("Role", "")), ":role/").rpartition("/")[2]
        denied = [
            one for one in data.get("LogLines") or () if "not authorized" in str(one) or "AccessDenied" in str(one)
        ]
        changes = [
            one
            for one in snapshot.changes
            if one.get("EventName") in _POLICY_EVENTS and role and role in one.get("Resources", ())
        ]
        if not denied or not changes or one_line(str(changes[0].get("errorCode", "")), 10):
            continue
        at = moment(changes[0].get("EventTime"))
        yield problem(
            snapshot.ref(ROLE, role),
            "PolicyChangedBeforeDenial",
            f"{_who(changes[0])} called {changes[0].get('EventName')} on role {role}"
            f"{f' at {at:%H:%M} UTC' if at else ''}, and {ref.name} is denied calls: "
            f"{plural(len(denied), 'line')} of its log",
            ("CloudTrail.EventName", changes[0].get("EventName", "")),
            ("CloudTrail.Username", _who(changes[0])),
            severity=Severity.CRITICAL,
            affects=(ref,),
            since=at,
            advice="Compare the policy with the version before, and give back what is missing.",
        )


def _alarm_times(snapshot: AwsSnapshot) -> Iterator[datetime]:
    for _, data in snapshot.of(ALARM):
        at = moment(data.get("StateUpdatedTimestamp"))
        if data.get("StateValue") == "ALARM" and at is not None:
            yield at


def _touched(snapshot: AwsSnapshot, event: Data) -> Iterator[ResourceRef]:
    names = {str(name) for name in event.get("Resources") or ()}
    for ref, data in snapshot.things.items():
        own = {ref.name, ref.name.rpartition("/")[2], ref.name.partition("/")[0]} if ref.kind != ALARM else {ref.name}
        own |= {str(value) for key, value in data.items() if key.lower().endswith("arn")}
        if names & own:
            yield ref


def _who(event: Data) -> str:
    return one_line(str(event.get("Username") or event.get("arn") or event.get("invokedBy") or "somebody"), 80)
