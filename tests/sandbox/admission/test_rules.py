"""The table of field rules: every line of it means something, and no field that a tool can write takes nonsense."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from agentops.sandbox.admission.conditions import holds
from agentops.sandbox.admission.formats import is_format
from agentops.sandbox.admission.quantities import canonical
from agentops.sandbox.admission.relations import RELATIONS
from agentops.sandbox.data import data
from agentops.sandbox.wire.schemas import definitions

_TABLE = data("rules.yaml")
_WORDS = {"required", "zero", "in", "each", "min", "above", "range", "unique", "labels", "unread", "unknown"}


def _definition(name: str) -> dict[str, Any]:
    prefix = "io.k8s.apimachinery.pkg.apis." if name.startswith("meta.") else "io.k8s.api."
    return definitions()[prefix + name]


@pytest.mark.parametrize("name", _TABLE)
def test_every_rule_is_about_a_field_and_known(name: str) -> None:
    """A misspelt field, rule, relation or condition would silently judge nothing."""
    fields = _definition(name)["properties"]
    for field, rules in _TABLE[name].items():
        if not field.startswith("+"):
            words = [rule.split()[0].removesuffix("!") for rule in (rules or "").split(";") if rule.strip()]
            assert (field in fields, [word for word in words if word not in _WORDS and not is_format(word)]) == (
                True,
                [],
            )
        elif isinstance(rules, str):
            assert set(rules.split()) <= set(RELATIONS)
        else:
            assert [type(holds({}, rule["if"])) for rule in rules if "if" in rule] == [
                bool for rule in rules if "if" in rule
            ]


def test_an_unknown_condition_is_an_error() -> None:
    """What the table cannot say is not taken for true or false."""
    with pytest.raises(ValueError, match="not a condition"):
        holds({}, "a ~ b")


_CONTAINER = "spec.template.spec.containers.0"
_WRITABLE = [
    ("Deployment", f"{_CONTAINER}.image", ""),
    ("Deployment", f"{_CONTAINER}.imagePullPolicy", "Sometimes"),
    ("Deployment", f"{_CONTAINER}.resources", {"limits": {"cpu": "-1"}}),
    ("Deployment", f"{_CONTAINER}.resources", {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}),
    ("Deployment", f"{_CONTAINER}.env", [{"name": "A=B", "value": "1"}]),
    ("Deployment", f"{_CONTAINER}.env", [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c"}}}]),
    ("Deployment", f"{_CONTAINER}.env", [{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]),
    ("Deployment", f"{_CONTAINER}.livenessProbe", {"periodSeconds": 5}),
    ("Deployment", f"{_CONTAINER}.readinessProbe", {"httpGet": {"port": 0}}),
    ("Deployment", f"{_CONTAINER}.readinessProbe", {"tcpSocket": {"port": 80}, "timeoutSeconds": -1}),
    ("Deployment", f"{_CONTAINER}.startupProbe", {"tcpSocket": {"port": 80}, "successThreshold": 2}),
    ("Deployment", f"{_CONTAINER}.ports", [{"containerPort": 70000}]),
    ("Deployment", f"{_CONTAINER}.volumeMounts", [{"name": "ghost", "mountPath": "/x"}]),
    ("Deployment", "spec.template.spec.nodeSelector", {"a": "b c"}),
    ("Deployment", "spec.template.spec.tolerations", [{"operator": "Equal", "value": "x"}]),
    ("Deployment", "spec.template.metadata.annotations", {"a b": "c"}),
    ("Deployment", "spec.replicas", -1),
    ("Deployment", "spec.strategy", {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
    ("Deployment", "spec.strategy", {"rollingUpdate": {"maxUnavailable": "150%"}}),
    ("Deployment", "metadata.labels", {"team": "a b"}),
    ("Deployment", "metadata.annotations", {"a b": "c"}),
    ("Service", "spec.selector", {"app": "a b"}),
    ("Service", "spec.ports", [{"port": 80, "targetPort": "Not_A_Name"}]),
    ("Service", "spec.ports", []),
    ("Service", "spec.type", "Public"),
    ("HorizontalPodAutoscaler", "spec.minReplicas", 9),
    ("HorizontalPodAutoscaler", "spec.maxReplicas", 0),
    ("ResourceQuota", "spec.hard", {"pods": "-1"}),
    ("ResourceQuota", "spec.hard", {"bogus": "1"}),
    ("NetworkPolicy", "spec.policyTypes", ["Sideways"]),
    ("NetworkPolicy", "spec.ingress", [{"from": [{}]}]),
    ("NetworkPolicy", "spec.ingress", [{"from": [{"ipBlock": {"cidr": "10.0.0.0"}}]}]),
    ("NetworkPolicy", "spec.egress", [{"ports": [{"port": 70000}]}]),
    ("RoleBinding", "subjects", [{"kind": "Robot", "name": "r"}]),
    ("PersistentVolumeClaim", "spec.resources", {"requests": {"storage": "0"}}),
    ("ConfigMap", "data", {"a b": "c"}),
    ("CronJob", "spec.schedule", "61 * * * *"),
    ("CronJob", "spec.suspend", "yes"),
    ("PodDisruptionBudget", "spec.minAvailable", "half"),
    ("LimitRange", "spec.limits", [{"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}}]),
    ("Ingress", "spec.rules", [{"host": "Bad_Host"}]),
]
_POD = {"containers": [{"name": "main", "image": "shop/web:1"}]}
_TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
_BACKEND = {"service": {"name": "web", "port": {"number": 80}}}
_GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "Deployment": ("apps/v1/deployments", {"selector": {"matchLabels": {"app": "x"}}, "template": {"spec": _POD}}),
    "Service": ("v1/services", {"ports": [{"port": 80}]}),
    "HorizontalPodAutoscaler": (
        "autoscaling/v2/horizontalpodautoscalers",
        {"scaleTargetRef": _TARGET, "maxReplicas": 3},
    ),
    "ResourceQuota": ("v1/resourcequotas", {"hard": {"pods": "2"}}),
    "NetworkPolicy": ("networking.k8s.io/v1/networkpolicies", {"podSelector": {}}),
    "RoleBinding": ("rbac.authorization.k8s.io/v1/rolebindings", {}),
    "PersistentVolumeClaim": (
        "v1/persistentvolumeclaims",
        {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    ),
    "ConfigMap": ("v1/configmaps", {}),
    "CronJob": (
        "batch/v1/cronjobs",
        {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": {**_POD, "restartPolicy": "Never"}}}}},
    ),
    "PodDisruptionBudget": ("policy/v1/poddisruptionbudgets", {"minAvailable": 1}),
    "LimitRange": ("v1/limitranges", {"limits": []}),
    "Ingress": ("networking.k8s.io/v1/ingresses", {"defaultBackend": _BACKEND}),
}


def _object(kind: str) -> tuple[str, dict[str, Any]]:
    """Return where objects of a kind are created, and one that a real server takes."""
    version, _, plural = _GOOD[kind][0].rpartition("/")
    obj: dict[str, Any] = {"metadata": {"name": "x"}, "spec": yaml.safe_load(yaml.safe_dump(_GOOD[kind][1]))}
    if kind == "Deployment":
        obj["spec"]["template"]["metadata"] = {"labels": {"app": "x"}}
    if kind == "RoleBinding":
        obj = {"metadata": obj["metadata"], "roleRef": {"kind": "Role", "name": "r"}, "subjects": []}
    if kind == "ConfigMap":
        obj = {"metadata": obj["metadata"], "data": {}}
    return f"/{'apis' if '/' in version else 'api'}/{version}/namespaces/shop/{plural}?dryRun=All", obj


@pytest.mark.parametrize("kind", _GOOD)
def test_what_a_real_server_takes_is_taken(call: Any, kind: str) -> None:
    """The objects that the next test spoils are good ones."""
    url, obj = _object(kind)
    assert call.send("POST", url, obj).code == 201


@pytest.mark.parametrize(("kind", "path", "value"), _WRITABLE)
def test_no_field_that_a_tool_writes_takes_nonsense(call: Any, kind: str, path: str, value: Any) -> None:
    """Each of these is refused by a real server: a preview that succeeds here would be a false green."""
    url, obj = _object(kind)
    *parents, last = path.split(".")
    holder: Any = obj
    for part in parents:
        holder = holder[int(part)] if isinstance(holder, list) else holder.setdefault(part, {})
    holder[last] = value
    assert call.send("POST", url, obj).code in (400, 422)


def test_what_cannot_be_known_is_501(call: Any, pod: Any) -> None:
    """A field whose rules are not known is neither accepted nor refused as a real server would."""
    url = "/api/v1/namespaces/shop/pods?dryRun=All"
    assert call.refused("POST", url, pod("p", dnsConfig={"nameservers": ["10.0.0.1"]})) == (
        501,
        "the sandbox does not simulate the field spec.dnsConfig",
    )


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("0.5", "500m"),
        (1, "1"),
        ("1000m", "1"),
        ("1024Ki", "1Mi"),
        ("1.5Gi", "1536Mi"),
        ("0", "0"),
        ("2000", "2k"),
        ("1500Mi", "1500Mi"),
        ("-1", "-1"),
        ("nonsense", "nonsense"),
        ("1e3", "1e3"),
    ],
)
def test_quantities_are_canonical(written: Any, stored: str) -> None:
    """As the real server stores them: without fractions, in the largest unit that allows for it."""
    assert canonical(written) == stored
