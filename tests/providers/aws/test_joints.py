"""Where AWS leads on into a cluster: a context by its endpoint, a target group by its tags, a node by its instance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agentops.core.alert import Target
from agentops.core.progress import no_progress
from agentops.core.resource import kubernetes_ref
from agentops.providers.aws.api.kube_contexts import kube_contexts
from agentops.providers.aws.objects.place import AwsPlace
from agentops.providers.aws.objects.snapshot import AwsSnapshot
from agentops.providers.aws.sweep.sweep import sweep
from tests.providers.aws.fuzzed_account import NOW
from tests.providers.aws.test_faults import PartlyDenied

ENDPOINT = "https://ABC.yl4.eu-west-1.eks.amazonaws.com"
PLACE = AwsPlace(account="1", region="eu-west-1")
ARN = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/k8s-web/1"
_KUBECONFIG = f"""
clusters:
- {{name: a, cluster: {{server: "{ENDPOINT}"}}}}
- {{name: b, cluster: {{server: "https://127.0.0.1:6443"}}}}
- {{name: broken}}
contexts:
- {{name: prod-reader, context: {{cluster: a, user: r}}}}
- {{name: prod-admin, context: {{cluster: a, user: w}}}}
- {{name: local, context: {{cluster: b}}}}
- {{name: gone, context: {{cluster: nope}}}}
users: [{{name: r, user: {{token: not-kept}}}}]
"""


def test_a_context_is_known_by_its_server(tmp_path: Path) -> None:
    """The first one of a server, or the one that is chosen; what cannot be read names none."""
    path = tmp_path / "kubeconfig"
    path.write_text(_KUBECONFIG)
    found = kube_contexts({}, {"KUBECONFIG": str(path)})
    assert found == {ENDPOINT: "prod-reader", "https://127.0.0.1:6443": "local"}
    assert kube_contexts({"kubeconfig": path, "context": "prod-admin"}, {})[ENDPOINT] == "prod-admin"
    path.write_text("[")
    assert (kube_contexts({"kubeconfig": path}, {}), kube_contexts({"kubeconfig": tmp_path / "no"}, {})) == ({}, {})


def _answers(**tags: str) -> dict[str, Any]:
    group = {"TargetGroupArn": ARN, "TargetGroupName": "k8s-web", "TargetType": "ip", "LoadBalancerArns": []}
    listed = [{"Key": key.replace("__", "/").replace("_", "."), "Value": value} for key, value in tags.items()]
    return {
        "DescribeTargetGroups": {"TargetGroups": [group]},
        "DescribeTargetHealth": {"TargetHealthDescriptions": []},
        "DescribeTags": {"TagDescriptions": [{"ResourceArn": ARN, "Tags": listed}]},
        "DescribeCluster": {"cluster": {"name": "prod", "endpoint": ENDPOINT, "status": "ACTIVE"}},
        "ListNodegroups": {"nodegroups": []},
        "LookupEvents": {"Events": []},
    }


def _swept(answers: dict[str, Any], kind: str, name: str, contexts: dict[str, str]) -> AwsSnapshot:
    return sweep(
        PartlyDenied(answers),  # type: ignore[arg-type]
        target=Target(), starts=[(kind, name)], clock=lambda: NOW, progress=no_progress, settled=True,
        contexts=contexts,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        ({"elbv2_k8s_aws__cluster": "prod", "service_k8s_aws__stack": "shop/web"}, ("shop", "Service", "web")),
        ({"elbv2_k8s_aws__cluster": "prod", "ingress_k8s_aws__stack": "shop/front"}, ("shop", "Ingress", "front")),
        # Ingresses that share a load balancer: the name of their group is no object.
        ({"elbv2_k8s_aws__cluster": "prod", "ingress_k8s_aws__stack": "everybody"}, None),
        ({"service_k8s_aws__stack": "shop/web"}, None),
        ({}, None),
    ],
)
def test_a_target_group_leads_to_what_it_was_made_for(tags: dict[str, str], named: tuple[str, str, str] | None) -> None:
    """By the controller's tags, in the context whose server is the cluster's endpoint; without it, nowhere."""
    here = PLACE.ref("elbv2/targetgroup", "k8s-web/1")
    for contexts in ({ENDPOINT: "prod-reader"}, {}):
        edges = _swept(_answers(**tags), "elbv2/targetgroup", "k8s-web/1", contexts).edges.get(here, ())
        found = [edge.ref for edge in edges if edge.ref.scheme == "k8s"]
        assert found == ([kubernetes_ref("prod-reader", *named)] if named and contexts else [])


def test_a_node_rests_on_its_instance() -> None:
    """By EKS's own tag and the instance's private name."""
    instance = {
        "InstanceId": "i-1", "PrivateDnsName": "ip-10-0-0-1.ec2.internal", "SecurityGroups": [],
        "Tags": [{"Key": "eks:cluster-name", "Value": "prod"}],
    }  # fmt: skip
    answers = _answers() | {
        "DescribeInstances": {"Reservations": [{"Instances": [instance]}]},
        "DescribeInstanceStatus": {"InstanceStatuses": []},
    }
    edges = _swept(answers, "ec2/instance", "i-1", {ENDPOINT: "prod-reader"}).edges
    node = kubernetes_ref("prod-reader", None, "Node", "ip-10-0-0-1.ec2.internal")
    assert [edge.ref for edge in edges[node]] == [PLACE.ref("ec2/instance", "i-1")]


def test_a_cluster_leads_to_its_node_groups_and_their_groups_of_instances() -> None:
    """And says which context it is here."""
    answers = _answers() | {
        "ListNodegroups": {"nodegroups": ["web"]},
        "DescribeNodegroup": {"nodegroup": {"resources": {"autoScalingGroups": [{"name": "eks-web"}]}}},
        "DescribeAutoScalingGroups": {"AutoScalingGroups": [{"AutoScalingGroupName": "eks-web"}]},
        "DescribeScalingActivities": {"Activities": []},
    }
    found = _swept(answers, "eks/cluster", "prod", {ENDPOINT: "prod-reader"})
    things = {"eks/cluster prod", "eks/nodegroup prod/web", "autoscaling/group eks-web"}
    assert {f"{ref.kind} {ref.name}" for ref in found.things} == things
    assert found.things[PLACE.ref("eks/cluster", "prod")]["KubernetesContext"] == "prod-reader"
