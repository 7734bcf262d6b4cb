"""The risk of a call, judged on the object before and after: what it may do, and what it decides for others."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.core.plan import ObjectChange, Verb
from agentops.core.resource import kubernetes_ref
from agentops.core.risk import Risk
from agentops.providers.kubernetes.change.risk import risk_of
from agentops.providers.kubernetes.objects.difference import edits

LOW, MEDIUM, HIGH, CRITICAL = Risk.LOW, Risk.MEDIUM, Risk.HIGH, Risk.CRITICAL
PRIVILEGED = {"securityContext": {"privileged": True}}
DEFAULT_CLASS = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}


def change_of(kind: str, before: Any, after: Any) -> ObjectChange:
    """Return what becomes of one object; None is no object."""
    verb = Verb.CREATE if before is None else Verb.DELETE if after is None else Verb.UPDATE
    ref = kubernetes_ref("ctx", "shop", kind, "it")
    told = [None if one is None else {"kind": kind, **one} for one in (before, after)]
    found = edits(told[0] or {}, told[1] or {})
    return ObjectChange(ref=ref, verb=verb, before=told[0], after=told[1], edits=found)


def templated(*containers: dict[str, Any], **pod: Any) -> dict[str, Any]:
    """Return a workload of these containers."""
    return {"spec": {"template": {"spec": {"containers": list(containers), **pod}}}}


def nightly(*containers: dict[str, Any], **pod: Any) -> dict[str, Any]:
    """Return a CronJob of these containers."""
    return {"spec": {"jobTemplate": {"spec": templated(*containers, **pod)["spec"]}}}


def app(**fields: Any) -> dict[str, Any]:
    """Return a container."""
    return {"name": "app", "image": "app:1", **fields}


def meta(**fields: Any) -> dict[str, Any]:
    """Return an object of metadata alone."""
    return {"metadata": fields}


def cordoned(**annotations: str) -> dict[str, Any]:
    """Return a cordoned node."""
    return {"metadata": {"annotations": annotations}, "spec": {"unschedulable": True}}


def role(*rules: tuple[str, str, str]) -> dict[str, Any]:
    """Return a Role of rules of (groups, resources, verbs), each with spaces between them."""
    names = ("apiGroups", "resources", "verbs")
    listed = [
        {name: [part.strip("-") for part in text.split(" ")] for name, text in zip(names, rule, strict=True)}
        for rule in rules
    ]
    return {"rules": listed}


UPDATES: dict[str, tuple[str, Any, Any, Risk]] = {
    "a label of a workload itself": ("Deployment", meta(labels={}), meta(labels={"a": "b"}), LOW),
    "an annotation of a workload": ("Deployment", meta(annotations={}), meta(annotations={"a/b": "c"}), LOW),
    "a label of a node": ("Node", meta(labels={}), meta(labels={"disk": "ssd"}), MEDIUM),
    "a node's role": ("Node", meta(labels={}), meta(labels={"node-role.kubernetes.io/control-plane": ""}), HIGH),
    "a label of a namespace": ("Namespace", meta(labels={}), meta(labels={"istio-injection": "enabled"}), HIGH),
    "a note that somebody left": (
        "Deployment", meta(annotations={"shop/do-not-scale": "ask ana"}), meta(annotations={}), HIGH,
    ),
    "a note that a program left": (
        "Deployment", meta(annotations={"x.kubernetes.io/keep": "1"}), meta(annotations={}), LOW,
    ),
    "cordoning": ("Node", {"spec": {}}, {"spec": {"unschedulable": True}}, MEDIUM),
    "uncordoning": ("Node", cordoned(), {"metadata": {"annotations": {}}, "spec": {}}, MEDIUM),
    "taints": ("Node", {"spec": {"taints": [{"key": "a"}]}}, {"spec": {"taints": []}}, HIGH),
    "an image": ("Deployment", templated(app()), templated(app(image="app:2")), MEDIUM),
    "an image that acts on the cluster": (
        "Deployment", templated(app()), templated(app(image="bitnami/kubectl:1")), HIGH,
    ),
    "arguments of a CronJob": ("CronJob", nightly(app(args=["--dya=1"])), nightly(app(args=["--day=1"])), MEDIUM),
    "arguments of a Deployment": ("Deployment", templated(app(args=["a"])), templated(app(args=["b"])), MEDIUM),
    "a command": ("Deployment", templated(app()), templated(app(command=["sh", "-c", "serve"])), MEDIUM),
    "arguments that act on the cluster": (
        "CronJob", nightly(app(args=["report"])), nightly(app(args=["report; kubectl delete ns shop"])), HIGH,
    ),
    "arguments of what acts on the cluster anyway": (
        "CronJob", nightly(app(image="alpine/helm:3", args=["a"])), nightly(app(image="alpine/helm:3", args=["b"])),
        MEDIUM,
    ),
    "a path that only sounds like a program": (
        "CronJob", nightly(app(args=["--aws-region=eu"])), nightly(app(args=["--aws-region=us"])), MEDIUM,
    ),
    "replicas": ("Deployment", {"spec": {"replicas": 3}}, {"spec": {"replicas": 1}}, MEDIUM),
    "replicas to none": ("Deployment", {"spec": {"replicas": 3}}, {"spec": {"replicas": 0}}, HIGH),
    "privileged": ("Deployment", templated(app()), templated(app(**PRIVILEGED)), HIGH),
    "an account": ("Deployment", templated(app()), templated(app(), serviceAccountName="admin"), HIGH),
    "the host's network": ("DaemonSet", templated(app()), templated(app(), hostNetwork=True), HIGH),
    "the host's files": (
        "Deployment", templated(app()), templated(app(), volumes=[{"name": "h", "hostPath": {"path": "/"}}]), HIGH,
    ),
    "a container taken away": ("Deployment", templated(app(), {"name": "worker"}), templated(app()), HIGH),
    "a ConfigMap's key": ("ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2"}}, MEDIUM),
    "another team's quota": (
        "ResourceQuota", {"spec": {"hard": {"pods": "9"}}}, {"spec": {"hard": {"pods": "99"}}}, HIGH,
    ),
    "a limit range": ("LimitRange", {"spec": {"limits": [1]}}, {"spec": {"limits": []}}, HIGH),
    "a claim that grows": (
        "PersistentVolumeClaim", {"spec": {"resources": {"requests": {"storage": "1Gi"}}}},
        {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}, MEDIUM,
    ),
    "a claim's class": (
        "PersistentVolumeClaim", {"spec": {"storageClassName": "a"}}, {"spec": {"storageClassName": "b"}}, HIGH,
    ),
    "a network policy; whose traffic it cuts, the blast radius says": (
        "NetworkPolicy", {"spec": {"ingress": [{}]}}, {"spec": {"ingress": []}}, MEDIUM,
    ),
    "a role that reads more": (
        "Role", role(("-", "pods", "get list")), role(("-", "pods configmaps", "get list")), MEDIUM,
    ),
    "a misspelt resource put right": ("Role", role(("-", "pod", "get")), role(("-", "pods", "get")), MEDIUM),
    "a misspelt verb put right": ("Role", role(("-", "pods", "lst")), role(("-", "pods", "list")), MEDIUM),
    "a role that writes workloads": ("Role", role(), role(("apps", "deployments", "create patch")), MEDIUM),
    "a role that loses": ("Role", role(("-", "pods", "get list")), role(("-", "pods", "get")), HIGH),
    "a role that loses on a kind of somebody's own": (
        "Role", role(("x.example", "thing", "get")), role(("x.example", "things", "get")), HIGH,
    ),
    "a role with a wildcard": ("Role", role(), role(("-", "pods", "*")), HIGH),
    "a role for all groups": ("Role", role(), role(("*", "pods", "get")), HIGH),
    "a role that reads secrets": ("Role", role(), role(("-", "secrets", "get")), HIGH),
    "a role that runs in pods": ("Role", role(), role(("-", "pods/exec", "create")), HIGH),
    "a role that binds": ("Role", role(), role(("rbac.authorization.k8s.io", "roles", "bind")), HIGH),
    "a role that escalates": ("Role", role(), role(("rbac.authorization.k8s.io", "roles", "escalate")), HIGH),
    "a role that impersonates": ("Role", role(), role(("-", "serviceaccounts", "impersonate")), HIGH),
    "a role that writes bindings": (
        "Role", role(), role(("rbac.authorization.k8s.io", "rolebindings", "create")), HIGH,
    ),
    "somebody bound": ("RoleBinding", {"subjects": []}, {"subjects": [{"kind": "User", "name": "ana"}]}, HIGH),
    "everybody bound": (
        "RoleBinding", {"subjects": []}, {"subjects": [{"kind": "Group", "name": "system:masters"}]}, CRITICAL,
    ),
    "a cluster role": ("ClusterRole", role(), role(("-", "pods", "get")), CRITICAL),
    "a webhook": ("MutatingWebhookConfiguration", {"webhooks": [1]}, {"webhooks": []}, CRITICAL),
}  # fmt: skip
CREATIONS: dict[str, tuple[str, Any, Risk]] = {
    "a ConfigMap": ("ConfigMap", {"data": {"a": "1"}}, LOW),
    "a namespace": ("Namespace", meta(name="new"), LOW),
    "a service account": ("ServiceAccount", meta(name="new"), LOW),
    "a role that only reads": ("Role", role(("-", "pods", "get")), MEDIUM),
    "a role with secrets": ("Role", role(("-", "secrets", "get")), HIGH),
    "a binding": ("RoleBinding", {"subjects": [{"kind": "User", "name": "ana"}]}, HIGH),
    "a network policy": ("NetworkPolicy", {"spec": {}}, MEDIUM),
    "a storage class": ("StorageClass", {"provisioner": "x"}, MEDIUM),
    "the default storage class": ("StorageClass", {"metadata": DEFAULT_CLASS}, HIGH),
    "the default priority": ("PriorityClass", {"globalDefault": True}, HIGH),
    "a claim": ("PersistentVolumeClaim", {"spec": {}}, MEDIUM),
    "a volume": ("PersistentVolume", {"spec": {}}, HIGH),
    "a quota": ("ResourceQuota", {"spec": {}}, HIGH),
    "a Service": ("Service", {"spec": {}}, MEDIUM),
    "a Service that takes an address": ("Service", {"spec": {"externalIPs": ["10.0.0.1"]}}, HIGH),
    "a Job": ("Job", templated(app(command=["/bin/report"])), MEDIUM),
    "a Job with its security narrowed": (
        "Job", templated(app(securityContext={"capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True})), MEDIUM,
    ),
    "a Job that runs kubectl": ("Job", templated(app(command=["/usr/bin/kubectl", "get", "pods"])), HIGH),
    "a Job whose shell runs helm": ("Job", templated(app(command=["sh", "-c", "true && helm upgrade x"])), HIGH),
    "a Job of an image of the cloud": ("Job", templated(app(image="amazon/aws-cli:2@sha256:1")), HIGH),
    "a Job that calls the API": (
        "Job", templated(app(args=["curl https://kubernetes.default.svc/api"])), HIGH,
    ),
    "a Job as another account": ("Job", templated(app(), serviceAccountName="deployer"), HIGH),
    "a Job with the host's files": (
        "Job", templated(app(), volumes=[{"name": "h", "hostPath": {"path": "/etc"}}]), HIGH,
    ),
    "a privileged CronJob": ("CronJob", nightly(app(**PRIVILEGED)), HIGH),
    "a Pod on the host's network": ("Pod", {"spec": {"containers": [app()], "hostNetwork": True}}, HIGH),
    "a Pod with a capability": (
        "Pod", {"spec": {"containers": [app(securityContext={"capabilities": {"add": ["NET_ADMIN"]}})]}}, HIGH,
    ),
    "a hook that acts on the cluster": (
        "Pod", {"spec": {"containers": [app(lifecycle={"preStop": {"exec": {"command": ["kubectl"]}}})]}}, HIGH,
    ),
    "a custom resource": ("Widget.x.example", {"spec": {}}, MEDIUM),
    "a cluster role": ("ClusterRole", role(), CRITICAL),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "before", "after", "risk"), UPDATES.values(), ids=UPDATES)
def test_the_risk_of_an_edit(kind: str, before: Any, after: Any, risk: Risk) -> None:
    """What gives power over nodes, accounts or the cluster, or decides for others, is high; the ordinary is not."""
    assert risk_of(change_of(kind, before, after)) is risk


@pytest.mark.parametrize(("kind", "made", "risk"), CREATIONS.values(), ids=CREATIONS)
def test_the_risk_of_a_creation(kind: str, made: Any, risk: Risk) -> None:
    """What nothing uses yet is low or medium; what may act on the cluster, or decides for others, is high."""
    assert risk_of(change_of(kind, None, made)) is risk


def test_an_earlier_revision_may_do_what_it_did() -> None:
    """Going back takes away a container or a security context that the revision did not have, at medium risk."""
    before = templated(app(securityContext={"runAsUser": 0}), {"name": "sidecar"})
    after = templated(app(securityContext={"runAsUser": 1000}))
    change = change_of("Deployment", before, after)
    assert (risk_of(change, earlier=True), risk_of(change)) == (MEDIUM, HIGH)


def test_an_earlier_revision_that_may_do_more_is_high_all_the_same() -> None:
    """Going back to a privileged container is no matter of course."""
    change = change_of("Deployment", templated(app()), templated(app(**PRIVILEGED)))
    assert risk_of(change, earlier=True) is HIGH


def test_what_changes_nothing_is_low() -> None:
    """No edit, no risk."""
    assert risk_of(change_of("Node", {"spec": {}}, {"spec": {}})) is LOW
