"""An account on moto with one thing of each kind that can be changed, and the changer of it."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from agentops.core.clock import utc_now
from agentops.core.plan import Change
from agentops.providers.aws.api.client import open_place
from agentops.providers.aws.api.clients import AwsClients, open_clients
from agentops.providers.aws.change.changer import AwsChanger
from agentops.providers.aws.objects.place import AwsPlace
from tests.providers.aws.conftest import REGION

ACCOUNT = "123456789012"
PLACE = AwsPlace(account=ACCOUNT, region=REGION)


class Wire:
    """Passes requests on to moto and keeps each of them, as bytes."""

    def __init__(self, to: str) -> None:
        self.to, self.url = to, ""
        self.sent: list[tuple[str, str, str, bytes]] = []

    def pass_on(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes, list[Any]]:
        """Return what moto answers."""
        self.sent.append((method, path, headers.get("X-Amz-Target", ""), body))
        request = urllib.request.Request(self.to + path, data=body or None, method=method, headers=dict(headers))
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read(), list(answer.headers.items())
        except urllib.error.HTTPError as error:
            return error.code, error.read(), list(error.headers.items())


@pytest.fixture(scope="module")
def wire(moto_url: str) -> Iterator[Wire]:
    """A proxy before moto that keeps all that reaches it."""
    kept = Wire(moto_url)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, data, headers = kept.pass_on(self.command, self.path, dict(self.headers.items()), body)
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 - names of the server's

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def clients(wire: Wire, account: Mapping[str, str]) -> AwsClients:
    """The three clients of the account."""
    options = {"aws_endpoint": wire.url, "aws_region": REGION, "aws_attempts": 1}
    return open_clients(open_place(options, lambda _secret: None))


@pytest.fixture(scope="module")
def changer(clients: AwsClients) -> AwsChanger:
    """The changer of the account."""
    return AwsChanger(clients, utc_now)


@pytest.fixture(scope="module")
def account(moto_url: str, raw: Callable[[str], Any]) -> dict[str, str]:
    """One thing of each kind; returns the ids that moto gave."""
    ec2, elb, scaling, function = raw("ec2"), raw("elbv2"), raw("autoscaling"), raw("lambda")
    network = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=network)["TargetGroups"][0]
    made = ec2.run_instances(ImageId="ami-12345678", MinCount=4, MaxCount=4)["Instances"]
    first, second, third, spare = (one["InstanceId"] for one in made)
    elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": first}, {"Id": second}])
    ec2.stop_instances(InstanceIds=[third])
    scaling.create_launch_configuration(LaunchConfigurationName="l", ImageId="ami-12345678", InstanceType="t3.micro")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="workers", MinSize=1, MaxSize=4, DesiredCapacity=2, LaunchConfigurationName="l",
        AvailabilityZones=["eu-west-1a"], Tags=[{"Key": "team", "Value": "shop", "PropagateAtLaunch": False}],
    )  # fmt: skip
    scaling.suspend_processes(AutoScalingGroupName="workers", ScalingProcesses=["Launch", "AZRebalance"])
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="still", MinSize=1, MaxSize=1, LaunchConfigurationName="l",
        AvailabilityZones=["eu-west-1a"],
    )  # fmt: skip
    still = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["still"])["AutoScalingGroups"][0]
    member = still["Instances"][0]["InstanceId"]
    ecs = raw("ecs")
    ecs.create_cluster(clusterName="shop")
    for tag in ("1", "2"):
        ecs.register_task_definition(
            family="web", containerDefinitions=[{"name": "w", "image": f"w:{tag}", "memory": 64}]
        )
    ecs.create_service(cluster="shop", serviceName="web", taskDefinition="web", desiredCount=2)
    raw("rds").create_db_instance(
        DBInstanceIdentifier="orders", DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20,
        MasterUsername="u", MasterUserPassword="not-used-anywhere",
    )  # fmt: skip
    role = raw("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as held:
        held.writestr("app.py", "")
    function.create_function(
        FunctionName="take", Runtime="python3.12", Role=role, Handler="app.x", Code={"ZipFile": package.getvalue()},
        Publish=True,
    )  # fmt: skip
    function.update_function_code(FunctionName="take", ZipFile=package.getvalue() + b"1", Publish=True)
    function.create_alias(FunctionName="take", Name="live", FunctionVersion="2")
    function.put_function_concurrency(FunctionName="take", ReservedConcurrentExecutions=5)
    queues = raw("sqs")
    dead = queues.create_queue(QueueName="orders-dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": PLACE.arn("sqs", "orders-dead"), "maxReceiveCount": 3}
    queues.create_queue(QueueName="orders", Attributes={"RedrivePolicy": json.dumps(policy)})
    queues.send_message(QueueUrl=dead, MessageBody="{}")
    mapping = function.create_event_source_mapping(
        EventSourceArn=PLACE.arn("sqs", "orders"), FunctionName="take", Enabled=False
    )["UUID"]
    raw("cloudwatch").put_metric_alarm(
        AlarmName="old", Namespace="AWS/SQS", MetricName="Age", Statistic="Maximum", Period=60, EvaluationPeriods=1,
        Threshold=5, ComparisonOperator="GreaterThanThreshold", ActionsEnabled=False,
    )  # fmt: skip
    return {
        "first": first, "second": second, "stopped": third, "spare": spare, "member": member, "mapping": mapping,
        "group": group["TargetGroupArn"].partition(":targetgroup/")[2],
    }  # fmt: skip


def change(tool: str, kind: str, name: str, **arguments: Any) -> Change:
    """Return a change of a thing of the account."""
    return Change(tool=tool, target=PLACE.ref(kind, name), arguments=arguments)
