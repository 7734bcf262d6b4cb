"""AWS as moto plays it over HTTP on loopback, and a client of ours that leads there."""

from __future__ import annotations

import io
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from agentops.core.clock import utc_now
from agentops.providers.aws.api.client import AwsClient, open_client
from agentops.sandbox.cloud.lacking import add_lacking
from tests.support.loopback import QuietHandler, served
from tests.support.moto_server import moto_serving

REGION = "eu-west-1"
SECRET = "value-that-nobody-may-see"
PROBE = "RequestId: 1 Task timed out after 3.00 seconds"


@pytest.fixture(scope="session")
def moto_server(slow: None) -> Iterator[str]:
    """One server for the session; skips where moto is not installed."""
    pytest.importorskip("moto.server", reason="moto is not installed: pip install 'moto[server]'")
    add_lacking()
    with moto_serving() as url:
        yield url


@pytest.fixture(scope="module")
def moto_url(moto_server: str) -> str:
    """The server, emptied for each file of tests: to build its world anew for each test takes seconds."""
    urllib.request.urlopen(urllib.request.Request(f"{moto_server}/moto-api/reset", method="POST")).close()
    return moto_server


@pytest.fixture(scope="module")
def raw(moto_url: str) -> Callable[[str], Any]:
    """A client of the SDK without our guard, to build what is looked at."""
    import boto3

    @cache
    def make(service: str) -> Any:
        return boto3.session.Session().client(
            service,
            endpoint_url=moto_url,
            region_name=REGION,
            aws_access_key_id="builder",
            aws_secret_access_key="builder",
        )

    return make


@pytest.fixture(scope="module")
def client(moto_url: str) -> AwsClient:
    """Our client, which can only read."""
    return open_client({"aws_endpoint": moto_url, "aws_region": REGION, "aws_attempts": 1}, lambda _secret: None)


@pytest.fixture(scope="module")
def world(raw: Callable[[str], Any]) -> Mapping[str, str]:
    """One thing of each kind."""
    ec2, elb = raw("ec2"), raw("elbv2")
    network = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=network, HealthCheckPath="/up")
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    instance = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": instance, "Port": 80}])
    scaling = raw("autoscaling")
    scaling.create_launch_configuration(LaunchConfigurationName="l", ImageId="ami-12345678", InstanceType="t3.micro")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web", MinSize=1, MaxSize=3, DesiredCapacity=2, LaunchConfigurationName="l",
        AvailabilityZones=["eu-west-1a"], TargetGroupARNs=[arn],
    )  # fmt: skip
    ecs = raw("ecs")
    ecs.create_cluster(clusterName="shop")
    for tag in ("1", "2"):
        container = {"name": "web", "image": f"web:{tag}", "memory": 64}
        container["environment"] = [{"name": f"DB_PASSWORD_{tag}", "value": SECRET}]
        ecs.register_task_definition(family="web", containerDefinitions=[container])
    ecs.create_service(cluster="shop", serviceName="web", taskDefinition="web", desiredCount=1)
    raw("rds").create_db_instance(
        DBInstanceIdentifier="orders", DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20,
        MasterUsername="u", MasterUserPassword=SECRET,
    )  # fmt: skip
    role = raw("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as held:
        held.writestr("app.py", "")
    raw("lambda").create_function(
        FunctionName="take", Runtime="python3.12", Role=role, Handler="app.x", Code={"ZipFile": package.getvalue()},
        Environment={"Variables": {"API_TOKEN": SECRET}},
    )  # fmt: skip
    raw("sqs").create_queue(QueueName="orders")
    logs = raw("logs")
    logs.create_log_group(logGroupName="/aws/lambda/take")
    logs.create_log_stream(logGroupName="/aws/lambda/take", logStreamName="s")
    stamp = int((utc_now() - timedelta(minutes=2)).timestamp() * 1000)
    logs.put_log_events(
        logGroupName="/aws/lambda/take", logStreamName="s", logEvents=[{"timestamp": stamp, "message": PROBE}]
    )
    cloudwatch = raw("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="old", Namespace="AWS/SQS", MetricName="Age", Dimensions=[{"Name": "QueueName", "Value": "orders"}],
        Statistic="Maximum", Period=60, EvaluationPeriods=1, Threshold=5, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName="old", StateValue="ALARM", StateReason="x")
    points = [
        {"MetricName": "Age", "Dimensions": [{"Name": "QueueName", "Value": "orders"}],
         "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes), "Value": float(60 - minutes)}
        for minutes in (50, 30, 10)
    ]  # fmt: skip
    cloudwatch.put_metric_data(Namespace="AWS/SQS", MetricData=points)
    return {"group": arn.partition(":targetgroup/")[2], "instance": instance}


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server that keeps what reaches it: its address, and the path of each request."""
    reached: list[str] = []

    class Handler(QuietHandler):
        def answered(self, _body: bytes) -> None:
            reached.append(self.path)
            self.send_response(500)
            self.end_headers()

    with served(Handler) as url:
        yield url, reached
