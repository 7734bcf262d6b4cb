"""What a new pod's account may do raises the risk, whatever the manifest looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.plan import BlastRadius
from agentops.core.risk import Risk
from agentops.providers.kubernetes.impact.blast_radius import blast_radius
from tests.providers.kubernetes.change.test_blast_radius import change_of, preview_of

JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "report", "namespace": "shop"}}
RBAC = "rbac.authorization.k8s.io/v1"


def job(**pod: Any) -> dict[str, Any]:
    """Return a Job of one container."""
    return {**JOB, "spec": {"template": {"spec": {"containers": [{"name": "a", "image": "report:1"}], **pod}}}}


def bound(*subjects: dict[str, str], name: str = "deployers") -> dict[str, Any]:
    """Return a binding of the Role deployer to subjects."""
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "deployer"}
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": RBAC, "kind": "RoleBinding", "metadata": metadata, "roleRef": role, "subjects": [*subjects]}


def reached(here: Any, manifest: dict[str, Any]) -> BlastRadius:
    """Return the blast radius of making a Job."""
    return blast_radius(here.cluster, preview_of(change_of(here.cluster, "shop/Job/report", manifest)))


DEFAULT = {"kind": "ServiceAccount", "name": "default", "namespace": "shop"}
OTHERS = {"kind": "ServiceAccount", "name": "default", "namespace": "elsewhere"}
ALL = {"kind": "Group", "name": "system:serviceaccounts:shop"}


@pytest.mark.parametrize(
    ("subject", "pod", "risk"),
    [
        (DEFAULT, {}, Risk.HIGH),
        (ALL, {}, Risk.HIGH),
        (OTHERS, {}, Risk.LOW),
        (DEFAULT, {"serviceAccountName": "shop"}, Risk.LOW),
        (DEFAULT, {"automountServiceAccountToken": False}, Risk.LOW),
    ],
)
def test_a_job_is_of_high_risk_when_its_account_is_bound(
    subject: dict[str, str], pod: dict[str, Any], risk: Risk, world: Callable[..., Any]
) -> None:
    """By name or with all accounts of the namespace; not somebody else's, and not without a token."""
    here = world("stale-alert")
    here.create(bound(subject))
    assert reached(here, job(**pod)).risk is risk


def test_the_reason_names_the_role(world: Callable[..., Any]) -> None:
    """Who is asked sees what the account may do."""
    here = world("stale-alert")
    here.create(bound(DEFAULT))
    why = "shop/Job/report: runs as shop/ServiceAccount/default, bound to Role/deployer"
    assert why in reached(here, job()).reasons


def test_bindings_that_may_not_be_read_are_named(world: Callable[..., Any]) -> None:
    """An identity that cannot list bindings says so instead of taking the account for harmless."""
    found = reached(world("stale-alert", "viewer"), job())
    assert [line.partition(":")[0] for line in found.unknown] == ["rolebindings in shop", "clusterrolebindings"]
