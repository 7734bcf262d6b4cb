"""``AwsPlace``: how a thing of one account and region is named: as a reference, as an ARN, and back.

A kind is SERVICE/TYPE (``ecs/service``), an id what AWS tells things of that kind apart by: a name, ``CLUSTER/NAME``,
``NAME/HASH`` of a target group.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentops.core.resource import ResourceRef

ALARM, TARGET_GROUP, LOAD_BALANCER = "cloudwatch/alarm", "elbv2/targetgroup", "elbv2/loadbalancer"
GROUP, INSTANCE, SECURITY_GROUP = "autoscaling/group", "ec2/instance", "ec2/securitygroup"
SERVICE = "ecs/service"
DATABASE, FUNCTION, QUEUE = "rds/instance", "lambda/function", "sqs/queue"
CERTIFICATE, NODEGROUP, ROLE = "acm/certificate", "eks/nodegroup", "iam/role"
CLUSTER = "eks/cluster"

KINDS = (
    ALARM, TARGET_GROUP, LOAD_BALANCER, GROUP, INSTANCE, SECURITY_GROUP, SERVICE, DATABASE, FUNCTION, QUEUE,
    CERTIFICATE, NODEGROUP, CLUSTER,
)  # fmt: skip
"""The kinds that a person can name, and that a sweep can begin at."""
_OTHER_NAMES = {
    "autoscaling/autoscalinggroup": GROUP,
    "elasticloadbalancing/targetgroup": TARGET_GROUP,
    "elasticloadbalancing/loadbalancer": LOAD_BALANCER,
    "elbv2/tg": TARGET_GROUP,
    "elbv2/lb": LOAD_BALANCER,
    "ec2/security-group": SECURITY_GROUP,
    "ec2/sg": SECURITY_GROUP,
    "rds/db": DATABASE,
    "rds/dbinstance": DATABASE,
    "cloudwatch/alarms": ALARM,
}


def kind_of(text: str) -> str:
    """Return the kind that a person wrote, as it is written here; empty where there is none of that name."""
    lower = text.lower()
    found = _OTHER_NAMES.get(lower, lower)
    return found if found in KINDS else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsPlace:
    """One account and region."""

    account: str
    region: str
    partition: str = "aws"

    def ref(self, kind: str, name: str) -> ResourceRef:
        """Return the reference of a thing."""
        service, _, what = kind.partition("/")
        return ResourceRef(scheme="aws", parts=(self.account, self.region, service, what, name))

    def arn(self, service: str, rest: str) -> str:
        """Return an ARN of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"


def after(arn: str, word: str) -> str:
    """Return what stands behind ``word`` in an ARN; the ARN itself where it has no such word."""
    _, found, tail = arn.partition(word)
    return tail if found else arn


def service_id(arn: str) -> str:
    """Return CLUSTER/NAME of the ARN of an ECS service, its old short form included."""
    return after(arn, ":service/")


_IN_ARNS = (
    (":instance/", INSTANCE), (":autoScalingGroupName/", GROUP), (":targetgroup/", TARGET_GROUP),
    (":loadbalancer/", LOAD_BALANCER), (":service/", SERVICE), (":db:", DATABASE), (":function:", FUNCTION),
    (":alarm:", ALARM), (":certificate/", CERTIFICATE), (":security-group/", SECURITY_GROUP),
    (":nodegroup/", NODEGROUP),
)  # fmt: skip


def named_by_arn(arn: str) -> tuple[str, str] | None:
    """Return the kind and the id of what an ARN names; None where it is no kind that is known here."""
    parts = arn.split(":")
    if len(parts) < 6 or parts[0] != "arn":
        return None
    if parts[2] == "sqs":
        return QUEUE, parts[5]
    service = {"elasticloadbalancing": "elbv2"}.get(parts[2], parts[2])
    for word, kind in _IN_ARNS:
        if word in arn and kind.partition("/")[0] == service:
            name = after(arn, word)
            # A function's ARN may go on with a version, a node group's with an id of its own.
            shorter = {FUNCTION: name.partition(":")[0], NODEGROUP: name.rpartition("/")[0]}
            return kind, shorter.get(kind, name)
    return None


def place_of_arn(arn: str) -> tuple[str, str]:
    """Return account and region of an ARN; empty where it is none."""
    parts = arn.split(":")
    return (parts[4], parts[3]) if len(parts) >= 6 and parts[0] == "arn" else ("", "")
