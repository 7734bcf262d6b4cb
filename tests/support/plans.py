"""Change plans for tests: one of two steps, as the guard would assemble it, with every kind of fact in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from agentops.core.plan import (
    Approval,
    BlastRadius,
    Call,
    Change,
    ChangePlan,
    Check,
    Edit,
    Intent,
    ObjectChange,
    Obligation,
    Ownership,
    PlanStep,
    PolicyDecision,
    Preview,
    Verb,
)
from agentops.core.resource import kubernetes_ref
from agentops.core.risk import Reversal, Risk
from agentops.core.scope import Scope

NOW = datetime(2026, 11, 22, 22, 0, 0, tzinfo=UTC)
CONTEXT = "prod-eu"
SCOPE = Scope(provider="kubernetes", place=CONTEXT, server="https://10.0.0.1:6443")


def deployment(image: str, replicas: int = 3) -> dict[str, Any]:
    """Return a Deployment as its owner writes it."""
    container = {
        "name": "app",
        "image": image,
        "env": [{"name": f"SETTING_{n}", "value": f"value {n}"} for n in range(8)],
        "ports": [{"containerPort": 8080, "name": "http"}],
    }
    labels = {"app": "checkout"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "checkout", "namespace": "shop", "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def step(**changes: Any) -> PlanStep:
    """Return the first step: roll a Deployment back; ``changes`` replace fields of its ``Preview``."""
    ref = kubernetes_ref(CONTEXT, "shop", "Deployment", "checkout")
    path = "spec.template.spec.containers[app].image"
    bad, good = "registry.local/checkout:2.1.0-typo", "registry.local/checkout:2.0.9"
    fields: dict[str, Any] = {
        "calls": (
            Call(
                verb="patch",
                method="PATCH",
                path="/apis/apps/v1/namespaces/shop/deployments/checkout",
                query=(("fieldManager", "agentops"), ("force", "true")),
                content_type="application/json-patch+json",
                body=[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": good}],
            ),
        ),
        "objects": (
            ObjectChange(
                ref=ref,
                verb=Verb.UPDATE,
                uid="8e1f",
                resource_version="4711",
                before=deployment(bad),
                after=deployment(good),
                before_digest="sha256:0a",
                after_digest="sha256:0b",
                edits=(Edit(path=path, old=bad, new=good),),
            ),
        ),
        "validated": True,
        "risk": Risk.MEDIUM,
        "reversal": Reversal.COMPENSATING,
        "undo": (Change(tool="kubernetes_patch", target=ref, arguments={"path": path, "old": good, "new": bad}),),
        "residue": ("The pods are replaced by the change, and once more by its undo.",),
        "owners": (Ownership(by="argocd", what="spec.template", reverts=True, where="git: deploy/shop/checkout.yaml"),),
    }
    return PlanStep(
        change=Change(
            tool="kubernetes_rollout_undo",
            target=ref,
            arguments={"to_revision": 3},
            reason="revision 4 names an image that is not there",
            evidence=("E1", "E4"),
        ),
        preview=Preview(**(fields | changes)),
        blast_radius=BlastRadius(
            objects=1,
            instances=3,
            instances_total=4,
            unit="pod",
            percent=34,
            groups=("shop",),
            group_unit="namespace",
            fronts=(
                kubernetes_ref(CONTEXT, "shop", "Service", "checkout"),
                kubernetes_ref(CONTEXT, "shop", "Ingress", "shop"),
            ),
            detail={"disruption budget": ("checkout: 1 pod may be out",)},
            controllers=(kubernetes_ref(CONTEXT, "shop", "HorizontalPodAutoscaler", "checkout"),),
            unknown=("ingresses of namespace edge: forbidden",),
            reasons=("percent: maxUnavailable 25 % of 3 pods, rounded up",),
        ),
        ruling=PolicyDecision(
            allowed=True,
            policies=("protected-needs-a-person",),
            why="a change in a protected namespace needs a person (context.protected)",
            policy_digest="sha256:cc",
        ),
        undo_ruling=PolicyDecision(allowed=True, policies=("rollback",), why="an approved change may be rolled back"),
        checks=(Check(kind="healthy", target=ref),),
    )


def cordon() -> PlanStep:
    """Return a second step of low risk."""
    ref = kubernetes_ref(CONTEXT, None, "Node", "node-1")
    return PlanStep(
        change=Change(tool="kubernetes_uncordon", target=ref),
        preview=Preview(
            calls=(Call(verb="patch", method="PATCH", path="/api/v1/nodes/node-1"),),
            objects=(
                ObjectChange(
                    ref=ref,
                    verb=Verb.UPDATE,
                    before={"kind": "Node", "spec": {"unschedulable": True}},
                    after={"kind": "Node", "spec": {}},
                    edits=(Edit(path="spec.unschedulable", old=True),),
                ),
            ),
            validated=True,
            risk=Risk.LOW,
            reversal=Reversal.EXACT,
            undo=(Change(tool="kubernetes_cordon", target=ref),),
        ),
        blast_radius=BlastRadius(objects=1, instances=0, instances_total=0, percent=0),
        ruling=PolicyDecision(allowed=True, policies=("anything",), why="harmless"),
    )


def plan(*steps: PlanStep, **changes: Any) -> ChangePlan:
    """Return a plan made at ``NOW``, of two steps unless ``steps`` are given; ``changes`` replace its fields."""
    fields: dict[str, Any] = {
        "nonce": "6f1d",
        "created_at": NOW,
        "expires_at": NOW + timedelta(minutes=15),
        "requester": "human:ana",
        "scopes": (SCOPE,),
        "intent": Intent(by="claude-opus-5-5", words="The image tag 2.1.0-typo does not exist.", evidence=("E1", "E4")),
        "steps": steps or (step(), cordon()),
        "obligation": Obligation(approval=Approval.ONE, ttl_s=900),
        "policy_digest": "sha256:cc",
        "tainted": True,
    }
    return ChangePlan(**(fields | changes))
