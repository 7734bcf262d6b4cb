"""What is refused as a fix whatever policy says: making the trouble vanish, and taking away what shows or limits it."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from agentops.core.errors import PolicyRefused
from agentops.core.plan import Change, ObjectChange, Verb
from agentops.core.resource import kubernetes_ref
from agentops.guard.remediation_rules import require_remediation
from agentops.providers.kubernetes.change.remediation_rules import reasons_against

PROBED = {"name": "app", "livenessProbe": {"periodSeconds": 5}, "resources": {"limits": {"memory": "1Gi"}}}
SLACK = {**PROBED, "livenessProbe": {"periodSeconds": 10}}
ENFORCE = "pod-security.kubernetes.io/enforce"


def _template(*containers: Mapping[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": list(containers)}}}}


def _nightly(*containers: Mapping[str, Any]) -> dict[str, Any]:
    return {"spec": {"jobTemplate": {"spec": _template(*containers)["spec"]}}}


def _without(name: str) -> dict[str, Any]:
    return {field: value for field, value in PROBED.items() if field != name}


def _count(replicas: int) -> dict[str, Any]:
    return {"spec": {"replicas": replicas}}


def _enforcing(standard: str) -> dict[str, Any]:
    return {"metadata": {"labels": {ENFORCE: standard} if standard else {}}}


def _refusal(
    kind: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, tool: str = "kubernetes_patch"
) -> str:
    """Return why a change from ``before`` to ``after`` is no cure, or nothing."""
    verb = Verb.DELETE if after is None else Verb.CREATE if before is None else Verb.UPDATE
    ref = kubernetes_ref("ctx", "" if kind == "Namespace" else "shop", kind, "it")
    one = ObjectChange(ref=ref, verb=verb, before=before, after=after)
    preview: Any = SimpleNamespace(objects=(one,))
    try:
        require_remediation(reasons_against, [(Change(tool=tool, target=ref), preview)])
    except PolicyRefused as refused:
        return f"{refused.code}: {refused.message.partition(' is not a fix: ')[2]}"
    return ""


@pytest.mark.parametrize(
    ("kind", "before", "after", "reason"),
    [
        ("Deployment", {}, None, "it deletes shop/Deployment/it"),
        ("LimitRange", {}, None, "it deletes shop/LimitRange/it"),
        ("NetworkPolicy", {}, None, "it deletes shop/NetworkPolicy/it"),
        ("PodDisruptionBudget", {}, None, "it deletes shop/PodDisruptionBudget/it"),
        ("ResourceQuota", {}, None, "it deletes shop/ResourceQuota/it"),
        ("Deployment", _count(3), _count(0), "it sets spec.replicas of shop/Deployment/it to 0"),
        ("CronJob", {"spec": {}}, {"spec": {"suspend": True}}, "it suspends shop/CronJob/it"),
        (
            "Deployment", _template(PROBED), _template(_without("livenessProbe")),
            "it takes the livenessProbe of container app away from shop/Deployment/it",
        ),
        (
            "CronJob", _nightly(PROBED), _nightly(_without("livenessProbe")),
            "it takes the livenessProbe of container app away from shop/CronJob/it",
        ),
        (
            "Deployment", _template(PROBED), _template({**PROBED, "resources": {"limits": {"cpu": "1"}}}),
            "it takes the memory limit of container app away from shop/Deployment/it",
        ),
        (
            "Namespace", _enforcing("baseline"), _enforcing("privileged"),
            "it lets Namespace/it enforce privileged instead of baseline",
        ),
        (
            "Namespace", _enforcing("restricted"), _enforcing(""),
            "it lets Namespace/it enforce no pod security standard instead of restricted",
        ),
        (
            "Namespace", _enforcing("baseline"), _enforcing("nonsense"),
            "it lets Namespace/it enforce nonsense instead of baseline",
        ),
    ],
)  # fmt: skip
def test_what_hides_the_trouble_is_no_cure(kind: str, before: Any, after: Any, reason: str) -> None:
    """Whatever makes the failing thing, its probes or its limits go away is refused, and the reason names it."""
    assert _refusal(kind, before, after) == f"not-a-cure: {reason}"


@pytest.mark.parametrize(
    ("kind", "before", "after", "tool"),
    [
        ("Deployment", _template(PROBED), _template(SLACK), "kubernetes_patch"),
        ("Deployment", _template(PROBED), _template(_without("livenessProbe")), "kubernetes_rollout_undo"),
        ("Deployment", _template(PROBED, {"name": "sidecar"}), _template({"name": "sidecar"}), "kubernetes_patch"),
        ("Namespace", _enforcing("baseline"), _enforcing("restricted"), "kubernetes_label"),
        ("Namespace", _enforcing(""), _enforcing("baseline"), "kubernetes_label"),
        ("NetworkPolicy", None, {"spec": {}}, "kubernetes_apply_manifest"),
        ("Pod", {}, None, "kubernetes_delete_pod"),
        ("ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2"}}, "kubernetes_edit_configmap"),
    ],
)  # fmt: skip
def test_a_correction_is_a_cure(kind: str, before: Any, after: Any, tool: str) -> None:
    """A slacker probe, a tighter standard, an earlier revision, a pod that is made again: none of these is refused."""
    assert _refusal(kind, before, after, tool) == ""
