"""One thing of each kind of AWS that can be changed, built on a server of moto."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from agentops.providers.aws.objects.place import AwsPlace

ACCOUNT, REGION = "123456789012", "eu-west-1"
PLACE = AwsPlace(account=ACCOUNT, region=REGION)


def build(raw: Callable[[str], Any]) -> dict[str, str]:
    """Build it with clients of the SDK, by service; returns the ids that moto gave."""
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
