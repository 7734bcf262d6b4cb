"""How resources and alarms are named: kinds, dimensions, labels, events, ARNs."""

from __future__ import annotations

import pytest

from agentops.core.alert import Alert, AlertGroup, Target
from agentops.providers.aws.api.client import Identity
from agentops.providers.aws.objects.place import kind_of, named_by_arn, place_of_arn, service_id
from agentops.providers.aws.objects.task_diff import differences
from agentops.providers.aws.objects.watched import children, watched
from agentops.providers.aws.provider import AwsProvider
from agentops.providers.aws.read.alert_target import alert_target

ARN = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a"


@pytest.mark.parametrize(
    ("dimensions", "found"),
    [
        ({"TargetGroup": "targetgroup/web/1", "LoadBalancer": "app/web/9"}, ("elbv2/targetgroup", "web/1")),
        ({"LoadBalancer": "app/web/9"}, ("elbv2/loadbalancer", "app/web/9")),
        ({"AutoScalingGroupName": "web"}, ("autoscaling/group", "web")),
        ({"InstanceId": "i-1"}, ("ec2/instance", "i-1")),
        ({"ClusterName": "shop", "ServiceName": "web"}, ("ecs/service", "shop/web")),
        ({"DBInstanceIdentifier": "orders"}, ("rds/instance", "orders")),
        ({"FunctionName": "take", "Resource": "take:live"}, ("lambda/function", "take")),
        ({"QueueName": "orders"}, ("sqs/queue", "orders")),
        ({"CertificateArn": "arn:aws:acm:eu-west-1:1:certificate/c-1"}, ("acm/certificate", "c-1")),
    ],
)
def test_dimensions_lead_to_what_is_watched(dimensions: dict[str, str], found: tuple[str, str]) -> None:
    """Of one metric, and of metric math, where each metric counts."""
    pairs = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    assert watched({"Dimensions": pairs}) == (found,)
    assert watched({"Metrics": [{"Expression": "m1 * 2"}, {"MetricStat": {"Metric": {"Dimensions": pairs}}}]}) == (
        found,
    )


def test_dimensions_that_are_not_known_lead_nowhere() -> None:
    """A metric of somebody's own."""
    assert watched({"Dimensions": [{"Name": "Shop", "Value": "berlin"}]}) == ()


def test_a_composite_alarm_leads_to_its_alarms() -> None:
    """Names in quotes, bare, and as ARNs; each once."""
    rule = f'ALARM("a b") AND (ALARM(c) OR NOT OK({ARN})) AND ALARM(c)'
    assert children(rule) == ("a b", "c", "a")


@pytest.mark.parametrize(
    ("text", "kind"),
    [("ECS/Service", "ecs/service"), ("ec2/sg", "ec2/securitygroup"), ("rds/db", "rds/instance"), ("ecs/pod", "")],
)
def test_kinds_have_other_names_too(text: str, kind: str) -> None:
    """As people write them, in any case; what is no kind is none."""
    assert kind_of(text) == kind


def test_arns_are_read() -> None:
    """Both forms of a service, an alarm's place, and an identity without the name of its session."""
    assert service_id("arn:aws:ecs:eu-west-1:1:service/shop/web") == "shop/web"
    assert (place_of_arn(ARN), place_of_arn("x")) == (("111122223333", "eu-west-1"), ("", ""))
    assumed = Identity(account="1", partition="aws", arn="arn:aws:sts::1:assumed-role/look/agentops")
    assert assumed.role == "arn:aws:iam::1:role/look"


def test_an_alarm_of_another_account_is_not_taken_for_one_here() -> None:
    """Its ARN is its name then, which no alarm here has."""
    alert = Alert(name="a", source="cloudwatch", labels={"alertname": "a"}, fingerprint=ARN)
    assert alert_target("111122223333", "eu-west-1", alert).name == "a"
    assert alert_target("444455556666", "eu-west-1", alert).name == ARN
    assert alert_target("111122223333", "us-east-1", alert).name == ARN


@pytest.mark.parametrize(
    ("labels", "target"),
    [
        ({"aws_source": "aws.rds", "SourceIdentifier": "orders"}, ("rds/instance", "orders")),
        ({"aws_source": "aws.autoscaling", "AutoScalingGroupName": "web"}, ("autoscaling/group", "web")),
        ({"aws_source": "aws.ec2", "instance-id": "i-1"}, ("ec2/instance", "i-1")),
        (
            {"aws_source": "aws.ecs", "group": "service:web", "clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/shop"},
            ("ecs/service", "shop/web"),
        ),
        (
            {"aws_source": "aws.ecs", "resource_arn": "arn:aws:ecs:eu-west-1:1:service/shop/web"},
            ("ecs/service", "shop/web"),
        ),
        ({"aws_source": "aws.health", "service": "EC2", "affected": "i-1"}, ("ec2/instance", "i-1")),
        ({"aws_source": "aws.health", "service": "RDS", "affected": "orders"}, ("rds/instance", "orders")),
        (
            {"aws_source": "aws.health", "service": "LAMBDA", "affected": "arn:aws:lambda:eu-west-1:1:function:take:3"},
            ("lambda/function", "take"),
        ),
        ({"aws_source": "aws.rds", "SourceIdentifier": "db", "SourceType": "DB_CLUSTER"}, ("", "")),
        ({"aws_source": "aws.health", "service": "EC2", "affected": "vol-1"}, ("", "")),
    ],
)
def test_events_lead_to_their_resource(labels: dict[str, str], target: tuple[str, str]) -> None:
    """EventBridge's events of services name what they are about in fields of their own."""
    found = alert_target("1", "eu-west-1", Alert(name="e", source="aws-events", labels=labels))
    assert (found.scheme, found.kind, found.name) == ("aws" if target[0] else "", *target)


@pytest.mark.parametrize(
    ("arn", "named"),
    [
        ("arn:aws:ec2:r:1:instance/i-1", ("ec2/instance", "i-1")),
        ("arn:aws:autoscaling:r:1:autoScalingGroup:u-u:autoScalingGroupName/web", ("autoscaling/group", "web")),
        ("arn:aws:elasticloadbalancing:r:1:targetgroup/web/9", ("elbv2/targetgroup", "web/9")),
        ("arn:aws:rds:r:1:db:orders", ("rds/instance", "orders")),
        ("arn:aws:rds:r:1:cluster:orders", None),
        ("arn:aws:sqs:r:1:orders", ("sqs/queue", "orders")),
        ("arn:aws:cloudwatch:r:1:alarm:too old", ("cloudwatch/alarm", "too old")),
        ("arn:aws:eks:r:1:nodegroup/shop/web/u-u", ("eks/nodegroup", "shop/web")),
        ("arn:aws:s3:::bucket", None),
        ("orders", None),
    ],
)
def test_an_arn_names_a_resource(arn: str, named: tuple[str, str] | None) -> None:
    """As every service writes its own; what is no kind that can be looked at is none."""
    assert named_by_arn(arn) == named


def test_an_event_of_another_account_is_not_taken_for_one_here() -> None:
    """It is of what no resource here is called."""
    labels = {"aws_source": "aws.ec2", "instance-id": "i-1", "account": "2", "region": "eu-west-1"}
    found = alert_target("1", "eu-west-1", Alert(name="e", source="aws-events", labels=labels))
    assert (found.kind, found.name) == ("ec2/instance", "i-1 of 2 eu-west-1")


def _claims(source: str, target: Target) -> tuple[bool, bool] | None:
    alert = Alert(name="a", source=source, target=target)
    claim = AwsProvider().claim(AlertGroup(alerts=(alert,), target=target))
    return None if claim is None else (claim.exact, claim.is_asked)


def test_it_claims_what_is_its_own() -> None:
    """What a person named, and alarms and events of AWS that name no object of a cluster."""
    pod = Target(kind="Pod", name="web-1")
    assert _claims("resource", Target(scheme="aws", kind="sqs/queue", name="q")) == (True, True)
    assert _claims("cloudwatch", Target()) == (False, False)
    assert (_claims("cloudwatch", pod), _claims("alertmanager", Target())) == (None, None)
    assert _claims("resource", Target(scheme="k8s", kind="Pod", name="x")) is None


def test_nothing_but_a_setting_leads_there() -> None:
    """The SDK's own variables are no wish that AWS be looked at in every run."""
    provider = AwsProvider()
    assert not provider.is_configured({"context": "prod"})
    assert provider.is_configured({"aws_profile": "prod"})


def test_values_of_variables_are_no_part_of_a_difference() -> None:
    """Which variables came and went is told, and what they hold is not there to be told."""
    old = {"family": "web", "containerDefinitions": [{"name": "web", "image": "web:1", "environment": ["A", "B"]}]}
    new = {"family": "web", "containerDefinitions": [{"name": "web", "image": "web:2", "environment": ["B", "C"]}]}
    assert differences(old, new) == ["web.image: web:1 -> web:2", "web: variable A is gone", "web: variable C is new"]
