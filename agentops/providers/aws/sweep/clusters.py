"""Reads EKS: clusters with their health issues and node groups, and what leads on from AWS into a cluster.

A context of the kubeconfig whose server is the endpoint of an EKS cluster is that cluster. Then a target group leads to
the Service or the Ingress that the load balancer controller made it for, and a node rests on its instance, so that what
Kubernetes tells of the cluster and what AWS tells of the account are one graph. A tag can only lead to an object that
Kubernetes itself has to know.
Sources: Amazon EKS API Reference (DescribeCluster, DescribeNodegroup); AWS Load Balancer Controller, "Resource tags".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentops.core.analysis import Edge
from agentops.core.resource import ResourceRef, kubernetes_ref
from agentops.providers.aws.objects.place import CLUSTER, GROUP, INSTANCE, NODEGROUP, TARGET_GROUP, AwsPlace
from agentops.providers.aws.objects.snapshot import Data
from agentops.providers.aws.sweep.scout import Found, KindAndId, Link, Scout, picked

CLUSTER_FIELDS = ("name", "arn", "version", "status", "endpoint", "health", "createdAt", "platformVersion")
NODEGROUP_FIELDS = (
    "nodegroupName", "clusterName", "status", "capacityType", "scalingConfig", "instanceTypes", "subnets", "amiType",
    "version", "releaseVersion", "health", "resources", "createdAt", "modifiedAt",
)  # fmt: skip
KUBERNETES, CONTEXT, CLUSTER_NAME = "Kubernetes", "KubernetesContext", "KubernetesCluster"
_NODEGROUPS = 30
_OF_CLUSTER = "elbv2.k8s.aws/cluster"
_STACKS = {"service.k8s.aws/stack": "Service", "ingress.k8s.aws/stack": "Ingress"}
_NODE_TAGS = ("eks:cluster-name", "aws:eks:cluster-name")


def read_cluster(scout: Scout, name: str) -> Found:
    """Return a cluster; it leads to its node groups.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    answer = scout.client.ask("eks", "DescribeCluster", name=name).get("cluster") or {}
    context = scout.contexts.get(str(answer.get("endpoint") or ""))
    here = (CLUSTER, name)
    found = Found(things={here: picked(answer, *CLUSTER_FIELDS) | ({CONTEXT: context} if context else {})})
    groups = scout.listed(
        f"node groups of {name}", "eks", "ListNodegroups", "nodegroups", _NODEGROUPS, clusterName=name
    )
    for group in groups:
        lower = (NODEGROUP, f"{name}/{group}")
        found.links.append(Link(upper=here, lower=lower, relation="runs", own=True))
        found.follow.append(lower)
    return found


def read_nodegroup(scout: Scout, name: str) -> Found:
    """Return a node group (``CLUSTER/NAME``) with its health issues; it leads to its cluster and Auto Scaling groups.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    cluster, _, group = name.partition("/")
    answer = scout.client.ask("eks", "DescribeNodegroup", clusterName=cluster, nodegroupName=group)
    data, here = picked(answer.get("nodegroup") or {}, *NODEGROUP_FIELDS), (NODEGROUP, name)
    found = Found(things={here: data}, follow=[(CLUSTER, cluster)])
    found.links.append(Link(upper=(CLUSTER, cluster), lower=here, relation="runs", own=True))
    for each in (data.get("resources") or {}).get("autoScalingGroups") or ():
        lower = (GROUP, str(each.get("name", "")))
        found.links.append(Link(upper=here, lower=lower, relation="is made of", own=True))
        found.follow.append(lower)
    return found


def made_for(scout: Scout, name: str, arn: str) -> tuple[dict[str, str], list[KindAndId]]:
    """Return for which object of which cluster a target group was made, and what to look at for it; else nothing."""
    listed = scout.beside(f"tags of {name}", "elbv2", "DescribeTags", ResourceArns=[arn]).get("TagDescriptions") or ()
    tags = {str(one.get("Key")): str(one.get("Value")) for each in listed for one in each.get("Tags") or ()}
    cluster = tags.get(_OF_CLUSTER, "")
    for key, kind in _STACKS.items():
        namespace, is_one, of = tags.get(key, "").partition("/")
        # Ingresses that share a load balancer have the name of their group there, which is no object.
        if cluster and is_one:
            return {CLUSTER_NAME: cluster, "namespace": namespace, "kind": kind, "name": of}, [(CLUSTER, cluster)]
    return {}, []


def node_of(instance: Mapping[str, Any]) -> dict[str, str]:
    """Return which node of which cluster an instance is, by EKS's own tag; nothing where it is none."""
    tags = {str(one.get("Key")): str(one.get("Value")) for one in instance.get("Tags") or ()}
    cluster = next((tags[key] for key in _NODE_TAGS if tags.get(key)), "")
    node = str(instance.get("PrivateDnsName") or "")
    return {CLUSTER_NAME: cluster, "name": node} if cluster and node else {}


def joints(place: AwsPlace, things: Mapping[KindAndId, Data]) -> Iterator[tuple[ResourceRef, Edge]]:
    """Yield the edges between what was read of AWS and objects of clusters whose context is known."""
    contexts = {
        name: str(data[CONTEXT]) for (kind, name), data in things.items() if kind == CLUSTER and CONTEXT in data
    }
    for (kind, name), data in things.items():
        own = data.get(KUBERNETES) or {}
        context = contexts.get(str(own.get(CLUSTER_NAME)))
        if not context or kind not in (TARGET_GROUP, INSTANCE):
            continue
        here = place.ref(kind, name)
        if kind == TARGET_GROUP:
            ref = kubernetes_ref(context, own["namespace"], own["kind"], own["name"])
            yield here, Edge(ref=ref, relation="sends to", own=True)
        else:
            yield kubernetes_ref(context, None, "Node", own["name"]), Edge(ref=here, relation="runs on", own=True)
