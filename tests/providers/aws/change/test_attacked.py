"""Attacks on changes of AWS: another endpoint, names with wildcards, what moves unseen, an undo that loses a thing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

import pytest

from agentops.core.errors import Stale, ToolInputError
from agentops.core.jsonable import to_json
from agentops.core.plan import Edit
from agentops.core.risk import Reversal
from agentops.guard.staleness import fingerprint
from agentops.providers.aws.api.client import AwsClient, client_config
from agentops.providers.aws.api.clients import AwsClients
from agentops.providers.aws.api.session import open_session, session_of, trying_session, writing_session
from agentops.providers.aws.change.changer import AwsChanger
from agentops.providers.aws.change.plan_session import session_policy
from agentops.providers.aws.impact.state.groups import read_group
from agentops.providers.aws.impact.state.registry import STATES, read_state
from tests.providers.aws.change.conftest import PLACE, change
from tests.support.aws_account import REGION

READ_AT = "http://127.0.0.1:9/read"


@pytest.mark.parametrize("kind", ["trying", "writing", "plan"])
def test_what_is_written_goes_where_it_was_read(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session of a plan knows no profile, so the SDK would look its endpoint up in the default one."""
    at = f"region = {REGION}\nendpoint_url = http://127.0.0.1:9"
    (tmp_path / "config").write_text(f"[default]\n{at}/elsewhere\n[profile p]\n{at}/read\n")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    (tmp_path / "credentials").write_text("[p]\naws_access_key_id = k\naws_secret_access_key = s\n")
    options = {"aws_profile": "p"}
    reading, _ = open_session(options, lambda _: None)
    beside = object.__new__(AwsClient)
    beside.endpoint, beside._clients = "", {"ec2": reading.create_client("ec2", config=client_config("", attempts=1))}
    beside._lock = Lock()
    made = {
        "trying": lambda: trying_session(options, reading, lambda _: None),
        "writing": lambda: writing_session(options, reading, lambda _: None),
        "plan": lambda: session_of(("k", "s", "t"), reading, lambda _: None),
    }[kind]()
    assert beside.endpoint_of("ec2") == READ_AT
    assert beside.beside(made, "ec2").meta.endpoint_url == READ_AT


def test_a_session_may_change_a_resource_of_an_odd_name_and_not_what_its_name_would_match(
    clients: AwsClients, changer: AwsChanger, account: Mapping[str, str], raw: Any
) -> None:
    """An alarm may be called ``*``; in a policy that is every alarm, unless it is written as a variable."""
    raw("cloudwatch").put_metric_alarm(
        AlarmName="*", MetricName="m", Namespace="n", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", Statistic="Sum", ActionsEnabled=False,
    )  # fmt: skip
    asked = change("aws_set_alarm_actions", "cloudwatch/alarm", "*", enabled=True)
    preview = changer.change_tools()["aws_set_alarm_actions"].predict(asked)
    (statement,) = session_policy(clients.client, [preview])["Statement"]
    assert statement["Resource"] == [PLACE.arn("cloudwatch", "alarm:${*}")]


def test_a_session_for_tags_goes_through_the_service_of_the_resource_alone(
    clients: AwsClients, changer: AwsChanger, account: Mapping[str, str]
) -> None:
    """The tool sets tags through eight services; a plan uses one."""
    asked = change("aws_tag", "sqs/queue", "orders-dead", tags={"ticket": "1"})
    policy = session_policy(clients.client, [changer.change_tools()["aws_tag"].predict(asked)])
    assert [one["Action"] for one in policy["Statement"]] == [["sqs:TagQueue", "sqs:UntagQueue"]], json.dumps(policy)


def test_a_forced_deployment_is_one_of_the_definition_that_was_shown(
    changer: AwsChanger, account: Mapping[str, str], raw: Any
) -> None:
    """Somebody deploys in between: the tasks would be replaced by others than the person was told of."""
    tool = changer.change_tools()["aws_redeploy_service"]
    asked = change("aws_redeploy_service", "ecs/service", "shop/web")
    preview = tool.preview(asked)
    raw("ecs").update_service(cluster="shop", service="web", taskDefinition="web:1")
    try:
        assert fingerprint(preview) != fingerprint(tool.preview(asked))
        with pytest.raises(Stale, match=r"taskDefinition was .web:2. when it was previewed, is .web:1."):
            changer.appliers()["aws_redeploy_service"].apply(preview)
    finally:
        raw("ecs").update_service(cluster="shop", service="web", taskDefinition="web:2")


def test_what_new_instances_are_made_of_is_a_template_and_its_version() -> None:
    """Another template of the same version is another one; a mixed group has its template elsewhere."""

    def made_of(**group: Any) -> Any:
        answers = {"DescribeAutoScalingGroups": {"AutoScalingGroups": [group]}, "DescribeInstanceRefreshes": {}}
        client: Any = SimpleNamespace(ask=lambda _service, operation, **_: answers[operation])
        return read_group(client, PLACE, "web").form["LaunchedBy"]

    one, two = ({"LaunchTemplateId": name, "Version": "1"} for name in ("lt-1", "lt-2"))
    assert (made_of(LaunchTemplate=one), made_of(LaunchTemplate=two)) == ("lt-1:1", "lt-2:1")
    assert made_of(MixedInstancesPolicy={"LaunchTemplate": {"LaunchTemplateSpecification": two}}) == "lt-2:1"
    assert made_of(LaunchConfigurationName="old") == "old"


def test_a_reboot_that_would_bring_other_parameters_is_another_plan(
    changer: AwsChanger, account: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes effect with a restart is part of what a person agreed to."""
    tool = changer.change_tools()["aws_reboot_database"]
    asked = change("aws_reboot_database", "rds/instance", "orders")
    before, read = tool.preview(asked), STATES["rds/instance"]

    def waiting(*given: Any) -> Any:
        state = read(*given)
        parameters = [{"DBParameterGroupName": "p", "ParameterApplyStatus": "pending-reboot"}]
        return replace(state, data={**state.data, "DBParameterGroups": parameters})

    monkeypatch.setitem(STATES, "rds/instance", waiting)  # type: ignore[arg-type]
    after = tool.preview(asked)
    assert "Changed parameters of p take effect with it." in after.residue
    assert fingerprint(before) != fingerprint(after)


def test_an_undo_that_loses_how_a_tag_spreads_is_not_called_exact(
    changer: AwsChanger, account: Mapping[str, str], raw: Any
) -> None:
    """A tag that a group passes on to its instances, taken away and set again, is not passed on any more."""
    of = {"ResourceId": "workers", "ResourceType": "auto-scaling-group"}
    raw("autoscaling").create_or_update_tags(Tags=[{**of, "Key": "cost", "Value": "1", "PropagateAtLaunch": True}])
    tool = changer.change_tools()["aws_tag"]
    preview = tool.predict(change("aws_tag", "autoscaling/group", "workers", tags={"cost": None}))
    assert preview.objects[0].edits == (Edit(path="Tags.cost", old="1", new=None),)
    assert (preview.reversal, "cost is not passed on" in "".join(preview.residue)) == (Reversal.COMPENSATING, True)
    raw("autoscaling").delete_tags(Tags=[{**of, "Key": "cost"}])


def test_a_function_of_another_account_is_not_changed_by_its_arn(
    clients: AwsClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda takes an ARN where it takes a name; the run is pinned to its own account."""
    foreign = f"arn:aws:lambda:{REGION}:210987654321:function:take"
    state = SimpleNamespace(arn=foreign, form={})
    monkeypatch.setitem(STATES, "lambda/function", lambda *_: state)  # type: ignore[arg-type]
    with pytest.raises(ToolInputError, match="is in account 210987654321"):
        read_state(clients.client, PLACE.ref("lambda/function", foreign))


def test_a_secret_in_a_tag_is_in_no_plan(changer: AwsChanger, account: Mapping[str, str], raw: Any) -> None:
    """A plan is kept on disk with its resource as it was, tags included; such a tag is not changed either."""
    secret, second = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5", account["second"]
    tags = [{"Key": "note", "Value": secret}, {"Key": "db_password", "Value": "hunter2-Hunter2-xyz"}]
    raw("ec2").create_tags(Resources=[second], Tags=tags)
    try:
        tool = changer.change_tools()["aws_tag"]
        preview = tool.preview(change("aws_tag", "ec2/instance", second, tags={"ticket": "1"}))
        kept = json.dumps(to_json([preview, tool.observe(preview)]))
        assert "(hidden)" in kept
        assert not any(one in kept for one in (secret, "hunter2"))
        with pytest.raises(ToolInputError, match="looks like a credential"):
            tool.predict(change("aws_tag", "ec2/instance", second, tags={"note": "1"}))
    finally:
        raw("ec2").delete_tags(Resources=[second], Tags=tags)
