"""The least-privilege credentials of ``docs/mcp/``, as they stand there: what they let a server read, and no more."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentops.providers.mcp.client.confine import confinement_offered
from agentops.providers.mcp.objects.server import Confinement
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.real_mcp.conftest import Opener, text_of
from tests.real_mcp.servers import SERVERS

pytestmark = pytest.mark.real
_PAGES = Path(__file__).parents[2] / "docs" / "mcp"


def _example(page: str, name: str) -> str:
    found = re.search(rf"<!-- example: {name} -->\n```\w+\n(.*?)```", (_PAGES / page).read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[str]:
    """A kubeconfig of one context, for the account of docs/mcp/kubernetes.md in a simulated cluster."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed")
    with Sandbox(load("bad-image-tag")) as sandbox:
        kubectl = ["kubectl", "--kubeconfig", str(sandbox.kubeconfig), "--context", "admin", "-n", "shop"]
        account = _example("kubernetes.md", "account")
        subprocess.run([*kubectl, "apply", "-f", "-"], input=account, text=True, check=True, capture_output=True)
        asked = [*kubectl, "create", "token", "agentops-mcp", "--duration", "8h"]
        token = subprocess.run(asked, text=True, check=True, capture_output=True).stdout.strip()
        clusters = json.loads(sandbox.kubeconfig.read_text())["clusters"]
        context = {"cluster": clusters[0]["name"], "user": "agentops-mcp", "namespace": "shop"}
        place = tmp_path / "agentops-mcp.kubeconfig"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": clusters,
            "users": [{"name": "agentops-mcp", "user": {"token": token}}],
            "contexts": [{"name": "agentops-mcp", "context": context}],
            "current-context": "agentops-mcp",
        }
        place.write_text(json.dumps(config))
        yield str(place)


def test_the_account_of_the_page_reads_its_namespace(opener: Opener, kubeconfig: str) -> None:
    """Pods, logs, events and usage are read; another namespace, nodes, Secrets and every write are refused."""
    session = opener("kubernetes", args=("--kubeconfig", kubeconfig))
    shop, secret = {"namespace": "shop"}, {"apiVersion": "v1", "kind": "Secret", "namespace": "shop"}
    cart = {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "cart"}
    read: list[tuple[str, dict[str, Any]]] = [
        ("pods_list_in_namespace", shop),
        ("events_list", shop),
        ("pods_top", shop),
        ("pods_log", {**shop, "name": "redis-0", "tail": 3}),
        ("resources_get", cart),
    ]
    refused: list[tuple[str, dict[str, Any]]] = [
        ("pods_list_in_namespace", {"namespace": "kube-system"}),
        ("nodes_top", {}),
        ("resources_list", secret),
        ("pods_delete", {**shop, "name": "redis-0"}),
        ("resources_scale", {**cart, "scale": 0}),
        ("pods_run", {**shop, "image": "busybox"}),
    ]
    assert [name for name, arguments in read if session.call(name, arguments).is_error] == []
    said = [session.call(name, arguments) for name, arguments in refused]
    assert [(one.is_error, "forbidden" in text_of(one)) for one in said] == [(True, True)] * len(refused)


@pytest.fixture
def reader_of_aws(moto_url: str, alarmed: Callable[[str], Any]) -> Iterator[dict[str, str]]:
    """Keys of a user whose one policy is that of docs/mcp/aws.md, in a simulated AWS that asks policies."""
    iam = alarmed("iam")
    iam.create_user(UserName="look")
    # moto names the actions of CloudWatch after its endpoint, monitoring.REGION.amazonaws.com.
    policy = _example("aws.md", "policy").replace('"cloudwatch:', '"monitoring:')
    iam.put_user_policy(UserName="look", PolicyName="look", PolicyDocument=policy)
    key = iam.create_access_key(UserName="look")["AccessKey"]
    _enforce(moto_url, on=True)
    yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    _enforce(moto_url, on=False)


def test_the_policy_of_the_page_reads_alarms(
    opener: Opener, moto_url: str, reader_of_aws: dict[str, str], tmp_path: Path
) -> None:
    """The server reads the alarm; the same keys can neither write one nor list what the policy does not name."""
    import boto3
    from botocore.exceptions import ClientError

    env = {**SERVERS["aws-cloudwatch"].env, "AWS_ENDPOINT_URL": moto_url, **reader_of_aws}
    said = text_of(opener("aws-cloudwatch", env=env).call("get_active_alarms", {"max_items": 20}))
    keys = {
        "aws_access_key_id": reader_of_aws["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": reader_of_aws["AWS_SECRET_ACCESS_KEY"],
        "region_name": "us-east-1",
        "endpoint_url": moto_url,
    }
    refused = []
    for service, call in (
        ("cloudwatch", lambda one: one.set_alarm_state(AlarmName="checkout-5xx", StateValue="OK", StateReason="x")),
        ("cloudwatch", lambda one: one.delete_alarms(AlarmNames=["checkout-5xx"])),
        ("logs", lambda one: one.create_log_group(logGroupName="/shop/made")),
        ("ecs", lambda one: one.list_clusters()),
    ):
        client = boto3.client(service, **keys)
        with pytest.raises(ClientError, match="is not authorized to perform") as error:
            call(client)
        refused.append(error.value.operation_name)
        client.close()
    assert ("checkout-5xx" in said, refused) == (
        True,
        ["SetAlarmState", "DeleteAlarms", "CreateLogGroup", "ListClusters"],
    )


def _enforce(url: str, *, on: bool) -> None:
    """Have moto ask the policies of whoever calls, or let all pass."""
    body, kind = (b"0" if on else b"inf"), {"Content-Type": "text/plain"}
    request = urllib.request.Request(f"{url}/moto-api/reset-auth", data=body, headers=kind, method="POST")
    urllib.request.urlopen(request).close()


def test_git_reads_without_a_network_and_on_a_read_only_disk(opener: Opener) -> None:
    """Confined as docs/mcp/git.md says, the server reads, and a commit of it fails."""
    offered = confinement_offered()
    if not offered.offered:
        pytest.skip(f"servers cannot be confined here: {offered.why}")
    session = opener("git", confinement=Confinement.BOTH)
    place = str(opener.repository())
    (opener.repository() / "deploy.yaml").write_text("image: checkout:2.4.2\n")
    read = session.call("git_log", {"repo_path": place})
    staged = session.call("git_add", {"repo_path": place, "files": ["deploy.yaml"]})
    assert (read.is_error, staged.is_error) == (False, True)
