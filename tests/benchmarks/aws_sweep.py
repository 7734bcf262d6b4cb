"""The sweep of a service of 50 resources at moto, against its own calls one after the other.

moto's server is a process of its own. The service: a load balancer, a target group with 32 instances of an Auto Scaling
group, an ECS service with a target group, an alarm, and what hangs on them.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agentops.core.alert import Target
from agentops.core.clock import utc_now
from agentops.core.errors import ToolError
from agentops.core.progress import no_progress
from agentops.providers.aws.analyzers.examine import examine
from agentops.providers.aws.api.client import AwsClient, open_client
from agentops.providers.aws.sweep.sweep import sweep
from tests.benchmarks.measure import Row, row

_REGION, _ROUNDS, _INSTANCES, _GROUPS = "eu-west-1", 5, 32, 13


@contextmanager
def _moto() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "AWS_EC2_METADATA_DISABLED": "true"},
    )  # fmt: skip
    try:
        while True:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _built(url: str) -> None:
    import boto3

    def made(service: str) -> Any:
        return boto3.session.Session().client(
            service, endpoint_url=url, region_name=_REGION, aws_access_key_id="x", aws_secret_access_key="x"
        )

    ec2, elb, scaling, ecs = made("ec2"), made("elbv2"), made("autoscaling"), made("ecs")
    network = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]][:2]
    inside = [
        ec2.create_security_group(GroupName=f"g{n}", Description="x", VpcId=network)["GroupId"] for n in range(_GROUPS)
    ]
    groups = [
        elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=network)["TargetGroups"][0]["TargetGroupArn"]
        for name in ("web", "api")
    ]
    front = elb.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    for port, arn in zip((80, 81), groups, strict=True):
        elb.create_listener(
            LoadBalancerArn=front,
            Protocol="HTTP",
            Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
        )
    scaling.create_launch_configuration(
        LaunchConfigurationName="l", ImageId="ami-12345678", InstanceType="t3.micro", SecurityGroups=inside
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web", MinSize=1, MaxSize=99, DesiredCapacity=_INSTANCES, LaunchConfigurationName="l",
        AvailabilityZones=[f"{_REGION}a"], TargetGroupARNs=groups[:1],
    )  # fmt: skip
    ecs.create_cluster(clusterName="shop")
    ecs.register_task_definition(family="api", containerDefinitions=[{"name": "api", "image": "api:1", "memory": 64}])
    balanced = [{"targetGroupArn": groups[1], "containerName": "api", "containerPort": 80}]
    for name in ("api", "jobs"):
        ecs.create_service(
            cluster="shop", serviceName=name, taskDefinition="api", desiredCount=2,
            loadBalancers=balanced if name == "api" else [],
        )  # fmt: skip
    made("cloudwatch").put_metric_alarm(
        AlarmName="front-5xx", Namespace="AWS/ApplicationELB", MetricName="HTTPCode_Target_5XX_Count",
        Dimensions=[{"Name": "LoadBalancer", "Value": front.partition(":loadbalancer/")[2]}],
        Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=5, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip


class _Kept(AwsClient):
    """Keeps what is asked, to ask it again."""

    kept: list[tuple[str, tuple[Any, ...], dict[str, Any]]]

    def ask(self, *words: Any, **arguments: Any) -> Any:
        self.kept.append(("ask", words, arguments))
        return super().ask(*words, **arguments)

    def pages(self, *words: Any, **arguments: Any) -> Any:
        self.kept.append(("pages", words, arguments))
        return super().pages(*words, **arguments)


def aws_sweep() -> Iterator[Row]:
    """Yield the row."""
    with _moto() as url:
        _built(url)
        client = open_client({"aws_endpoint": url, "aws_region": _REGION, "aws_attempts": 1}, lambda _secret: None)
        client.__class__ = _Kept
        kept: list[Any] = []
        client.kept = kept  # type: ignore[attr-defined]
        swept, alone = [], []
        for _ in range(_ROUNDS):
            kept.clear()
            begun = time.perf_counter()
            snapshot = sweep(
                client, target=Target(), starts=[("cloudwatch/alarm", "front-5xx")], clock=utc_now,
                progress=no_progress, settled=False,
            )  # fmt: skip
            examine(snapshot, None)
            swept.append(time.perf_counter() - begun)
            again, begun = list(kept), time.perf_counter()
            for how, words, arguments in again:
                try:
                    getattr(AwsClient, how)(client, *words, **arguments)
                except ToolError:
                    continue  # moto has no CloudTrail
            alone.append(time.perf_counter() - begun)
    name = f"AWS: sweep of a service of {len(snapshot.things)} resources, {len(again)} calls"
    yield row(name, min(swept), min(alone), "under 5 s")
