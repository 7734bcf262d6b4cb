"""The read tools that look more closely: console, listeners, aliases, parameters, DNS, quotas, Health, Insights."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from agentops.core.clock import utc_now
from agentops.core.errors import ToolError, ToolInputError
from agentops.core.evidence import Reading
from agentops.providers.aws.api.client import AwsClient, open_client
from agentops.providers.aws.read.insights import price_text, size_text
from agentops.providers.aws.read.registry import read_tools
from tests.providers.aws.conftest import PROBE, REGION
from tests.support.aws_stub import AwsStub, refusal, serving

LOGS = "/aws/lambda/take"


@pytest.fixture(scope="module")
def more(raw: Callable[[str], Any], world: Mapping[str, str], moto_url: str) -> Mapping[str, str]:
    """A load balancer with a rule, an alias with a weight, a parameter that was set, two zones."""
    elb, ec2 = raw("elbv2"), raw("ec2")
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]][:2]
    front = elb.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
    forward = {"Type": "forward", "TargetGroupArn": group}
    gone = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    listener = elb.create_listener(LoadBalancerArn=front, Protocol="HTTP", Port=80, DefaultActions=[gone])
    elb.create_rule(
        ListenerArn=listener["Listeners"][0]["ListenerArn"], Priority=7, Actions=[forward],
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/shop/*"]}}],
    )  # fmt: skip
    functions = raw("lambda")
    functions.publish_version(FunctionName="take")
    functions.create_alias(
        FunctionName="take", Name="live", FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}},
    )  # fmt: skip
    dns = raw("route53")
    for zone in ("shop.example.", "example."):
        dns.create_hosted_zone(Name=zone, CallerReference=zone)
    zone = dns.list_hosted_zones_by_name(DNSName="shop.example.")["HostedZones"][0]["Id"]
    record = {"Name": "web.shop.example.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    changes = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=changes)
    return world


def _read(client: AwsClient, tool_name: str, /, **arguments: Any) -> Reading:
    (tool,) = (one for one in read_tools(client, utc_now) if one.spec.name == tool_name)
    return tool.read(arguments)


def test_listeners_say_which_rule_sends_where(client: AwsClient, more: Mapping[str, str]) -> None:
    """In the order in which they are tried, the default last."""
    found = _read(client, "aws_listeners", load_balancer="front")
    rows = [line.split(maxsplit=2) for line in found.body.splitlines()[1:]]
    assert [row[:2] for row in rows] == [["HTTP:80", "7"], ["HTTP:80", "default"]]
    assert ("path-pattern /shop/*" in rows[0][2], more["group"] in rows[0][2], "fixed-response 503" in rows[1][2]) == (
        True,
        True,
        True,
    )


def test_an_alias_says_what_else_it_sends_to(client: AwsClient, more: Mapping[str, str]) -> None:
    """The version, and the shares of others."""
    found = _read(client, "aws_aliases", function="take")
    assert found.body.splitlines()[1].split() == ["live", "1", "2", "25%", "-"]


def test_the_console_of_an_instance(client: AwsClient, more: Mapping[str, str]) -> None:
    """Decoded, the newest lines alone."""
    found = _read(client, "aws_console", instance=more["instance"], lines=3)
    assert (len(found.body.splitlines()), found.summary) == (3, f"3 console lines of {more['instance']}")
    assert found.body.isascii()


def test_parameters_of_a_database(client: AwsClient, more: Mapping[str, str]) -> None:
    """Where nobody set one, that is said, and which group there is."""
    found = _read(client, "aws_db_parameters", database="orders")
    assert ("Nobody set a parameter." in found.body, "in-sync" in found.summary) == (True, True), found


def test_the_narrowest_zone_holds_a_name(client: AwsClient, more: Mapping[str, str]) -> None:
    """Its records; a name that is not there, and one that is in no zone, are said to be so."""
    found = _read(client, "aws_dns", name="web.shop.example")
    assert found.body.splitlines()[1].split()[:4] == ["public", "A", "60", "192.0.2.7"]
    assert "has no record of api.shop.example" in _read(client, "aws_dns", name="api.shop.example.").body
    assert "in no zone of this account" in _read(client, "aws_dns", name="web.other.test").summary


QUOTAS = {
    "Quotas": [
        {"QuotaName": "Running On-Demand instances", "QuotaCode": "L-1", "Value": 64.0, "Adjustable": True},
        {
            "QuotaName": "Concurrent executions", "QuotaCode": "L-2", "Value": 1000.0, "Adjustable": True,
            "UsageMetric": {
                "MetricNamespace": "AWS/Lambda", "MetricName": "ConcurrentExecutions", "MetricDimensions": {},
                "MetricStatisticRecommendation": "Maximum",
            },
        },
    ]
}  # fmt: skip


def _stubbed(stub: AwsStub) -> AwsClient:
    options = {"aws_endpoint": stub.url, "aws_region": REGION, "aws_attempts": 1}
    return open_client(options, lambda _secret: None)


def _asked(stub: AwsStub, operation: str) -> list[dict[str, Any]]:
    return [json.loads(one.partition(" ")[2]) for one in stub.bodies if one.partition(" ")[0].endswith(f".{operation}")]


def test_a_health_check_tells_what_its_checkers_see(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Route 53 documents it, in XML: the record that fails over, and why its check fails."""
    head = "<?xml version='1.0'?>"
    xmlns = "xmlns='https://route53.amazonaws.com/doc/2013-04-01/'"
    zone = (
        "<HostedZone><Id>/hostedzone/Z1</Id><Name>shop.example.</Name><CallerReference>1</CallerReference></HostedZone>"
    )
    record = (
        "<ResourceRecordSet><Name>shop.example.</Name><Type>A</Type><Failover>PRIMARY</Failover><TTL>60</TTL>"
        "<ResourceRecords><ResourceRecord><Value>192.0.2.7</Value></ResourceRecord></ResourceRecords>"
        "<HealthCheckId>h-1</HealthCheckId></ResourceRecordSet>"
    )
    seen = (
        "<HealthCheckObservation><Region>eu-west-1</Region><IPAddress>1.2.3.4</IPAddress><StatusReport>"
        "<Status>Failure: HTTP Status Code 503</Status></StatusReport></HealthCheckObservation>"
    )
    answers = iter(
        f"{head}{one}".encode()
        for one in (
            f"<ListHostedZonesResponse {xmlns}><HostedZones>{zone}</HostedZones><IsTruncated>false</IsTruncated>"
            "</ListHostedZonesResponse>",
            f"<ListResourceRecordSetsResponse {xmlns}><ResourceRecordSets>{record}</ResourceRecordSets>"
            "<IsTruncated>false</IsTruncated></ListResourceRecordSetsResponse>",
            f"<GetHealthCheckStatusResponse {xmlns}><HealthCheckObservations>{seen}</HealthCheckObservations>"
            "</GetHealthCheckStatusResponse>",
        )
    )
    with serving(AwsStub(lambda _n: (200, next(answers)))) as stub:
        found = _read(_stubbed(stub), "aws_dns", name="shop.example")
    assert ("failover=PRIMARY" in found.body, "eu-west-1: Failure: HTTP Status Code 503" in found.body) == (True, True)


def test_quotas_by_name_and_by_use() -> None:
    """As documented (moto has no such call): what is used most stands first."""
    measured = [{"Id": "q0", "Values": [400.0, 1000.0]}]
    with serving(AwsStub(lambda _n: (200, json.dumps(QUOTAS).encode()))) as stub:
        client = _stubbed(stub)
        ask = client.ask
        client.ask = lambda service, name, **more: (  # type: ignore[method-assign]
            {"MetricDataResults": measured} if name == "GetMetricData" else ask(service, name, **more)
        )
        found = _read(client, "aws_quotas", service="lambda")
        one = _read(client, "aws_quotas", service="lambda", contains="on-demand")
    assert [" ".join(line.split()) for line in found.body.splitlines()[1:]] == [
        "Concurrent executions 1000 1000 yes L-2",
        "Running On-Demand instances 64 - yes L-1",
    ]
    assert (found.summary, one.summary) == ("2 quotas of lambda, 1 used up", "1 quota of lambda, 0 used up")


def test_use_that_cannot_be_read_leaves_the_quotas() -> None:
    """As documented; CloudWatch is denied here, and that is said."""
    answers = iter([(200, json.dumps(QUOTAS).encode()), (403, b"")])
    with serving(AwsStub(lambda _n: next(answers))) as stub:
        found = _read(_stubbed(stub), "aws_quotas", service="lambda")
    assert (
        "Concurrent executions" in found.body,
        "Use was not read: AWS does not allow cloudwatch:" in found.footer,
    ) == (
        True,
        True,
    ), found


EVENT = "arn:aws:health:eu-west-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/1"


def test_what_aws_says_of_itself() -> None:
    """AWS Health as its API reference has it: open events, their words, and what they touch."""
    event = {
        "arn": EVENT, "service": "EC2", "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE", "eventTypeCategory": "issue",
        "region": REGION, "statusCode": "open", "startTime": (utc_now() - timedelta(hours=2)).timestamp(),
        "lastUpdatedTime": utc_now().timestamp(),
    }  # fmt: skip
    told = {
        "DescribeEvents": {"events": [event]},
        "DescribeAffectedEntities": {"entities": [{"eventArn": EVENT, "entityValue": "i-0abc"}]},
        "DescribeEventDetails": {
            "successfulSet": [{"event": event, "eventDescription": {"latestDescription": "Power was lost in a zone."}}]
        },
    }
    stub = AwsStub(lambda _n: (200, json.dumps(next(v for k, v in told.items() if k in stub.bodies[-1])).encode()))
    with serving(stub):
        found = _read(_stubbed(stub), "aws_health", service="ec2")
    assert found.summary == "1 event of AWS Health in 7 days, 1 open"
    assert ("Power was lost in a zone." in found.body, "touches i-0abc" in found.body) == (True, True)
    (sent,) = _asked(stub, "DescribeEvents")
    assert (sent["filter"]["regions"], sent["filter"]["services"]) == ([REGION, "global"], ["EC2"])


def test_without_a_support_plan_it_is_said_what_is_missing() -> None:
    """AWS Health's own refusal."""
    with (
        serving(AwsStub(lambda _n: (400, refusal("SubscriptionRequiredException")))) as stub,
        pytest.raises(ToolError) as raised,
    ):
        _read(_stubbed(stub), "aws_health")
    assert (raised.value.code, "support plan" in raised.value.hint) == ("aws-denied", True), raised.value.hint


def test_a_query_says_what_it_scans_before_it_runs(client: AwsClient, more: Mapping[str, str]) -> None:
    """moto runs it; the estimate and the price were said before, and stand beside the rows."""
    said: list[str] = []
    client.say = said.append
    found = _read(client, "aws_insights", groups=[LOGS], query="fields @timestamp, @message", minutes=30)
    assert PROBE in found.body
    assert said == [f"Logs Insights scans about 46 bytes of {LOGS} (less than 0.01 USD)"], said
    assert "Before it ran: about" in found.footer


class Measured(AwsStub):
    """CloudWatch Logs as documented; the groups' IncomingBytes are as a test says."""

    def __init__(self, stored: int, statuses: tuple[str, ...] = ("Running", "Complete")) -> None:
        super().__init__(lambda _n: (500, b""))
        self.stored, self.statuses = stored, list(statuses)

    def reply(self, body: bytes, headers: Any) -> tuple[int, bytes]:
        """Answer the calls of Logs; CloudWatch has no value of the group."""
        name = str(headers.get("X-Amz-Target", "")).rpartition(".")[2]
        answers: dict[str, Any] = {
            "DescribeLogGroups": {"logGroups": [{"logGroupName": "app", "storedBytes": self.stored}]},
            "StartQuery": {"queryId": "q-1"},
            "StopQuery": {"success": True},
            "GetQueryResults": {
                "status": self.statuses[0],
                "results": [[{"field": "n", "value": "3"}, {"field": "@ptr", "value": "x"}]],
                "statistics": {"bytesScanned": 2e9},
            },
        }
        if name not in answers:
            found = super().reply(body, headers)
            # An empty answer in the protocol of CloudWatch is an empty map.
            return found if b"GetCallerIdentity" in body else (200, b"\xa0")
        self.bodies.append(f"{name} {body.decode()}")
        if name == "GetQueryResults" and len(self.statuses) > 1:
            self.statuses.pop(0)
        return 200, json.dumps(answers[name]).encode()


def _insights(stub: AwsStub, monkeypatch: pytest.MonkeyPatch, gib: float = 5.0) -> Reading:
    client = _stubbed(stub)
    client.insights_gib = gib
    ask = client.ask

    def without_metrics(service: str, operation: str, **arguments: Any) -> Mapping[str, Any]:
        return {} if operation == "GetMetricData" else ask(service, operation, **arguments)

    monkeypatch.setattr(client, "ask", without_metrics)
    return _read(client, "aws_insights", groups=["app"], query="stats count()")


def test_a_query_above_the_cap_is_never_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is measured, so all that is stored counts: 60 GB; no query reaches AWS."""
    with serving(Measured(60_000_000_000)) as stub, pytest.raises(ToolInputError) as raised:
        _insights(stub, monkeypatch)
    assert (
        "55.9 GiB of app (0.30 USD), and 5 GiB are allowed" in raised.value.message,
        "raise" in raised.value.hint,
    ) == (
        True,
        True,
    ), raised.value.message
    assert [one for one in stub.bodies if "StartQuery" in one] == []


def test_the_cap_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty are allowed; what it scanned in truth stands beside the estimate."""
    with serving(Measured(60_000_000_000)) as stub:
        found = _insights(stub, monkeypatch, gib=60)
    assert found.body.splitlines() == ["n", "3"]
    assert "It scanned 1.9 GiB (0.01 USD)." in found.footer


def test_a_query_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's own word for it."""
    with serving(Measured(10, ("Failed",))) as stub, pytest.raises(ToolError, match="says that the query failed"):
        _insights(stub, monkeypatch)


def test_a_query_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would go on, and cost."""
    monkeypatch.setattr("agentops.providers.aws.read.insights._WAIT_S", 0.5)
    with serving(Measured(10, ("Running",))) as stub, pytest.raises(ToolError, match="was stopped"):
        _insights(stub, monkeypatch)
    assert [one for one in stub.bodies if one.startswith("StopQuery")] == ['StopQuery {"queryId": "q-1"}']


def test_a_group_that_is_not_there(client: AwsClient, more: Mapping[str, str]) -> None:
    """One whose name only begins so is not taken for it."""
    with pytest.raises(ToolError, match="there is no log group /aws/lambda/tak in eu-west-1"):
        _read(client, "aws_insights", groups=["/aws/lambda/tak"], query="fields @message")


@pytest.mark.parametrize(
    ("size", "text", "price"),
    [
        (12, "12 bytes", "less than 0.01 USD"),
        (3 << 20, "3.0 MiB", "less than 0.01 USD"),
        (1e12, "931.3 GiB", "5.00 USD"),
    ],
)
def test_sizes_and_prices(size: float, text: str, price: str) -> None:
    """In the unit that fits, and in dollars."""
    assert (size_text(size), price_text(size)) == (text, price)
