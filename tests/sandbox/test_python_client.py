"""The official Python client on a whole scenario: its typed models want every field that the schema requires."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

_GROUPS = (
    "CoreV1Api AppsV1Api BatchV1Api AutoscalingV1Api AutoscalingV2Api PolicyV1Api NetworkingV1Api StorageV1Api "
    "DiscoveryV1Api RbacAuthorizationV1Api CoordinationV1Api SchedulingV1Api ApiextensionsV1Api"
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(load("bad-image-tag"), ticking=False) as running:
        yield running


def api_of(sandbox: Sandbox, context: str) -> Any:
    from kubernetes import config

    return config.new_client_from_config(str(sandbox.kubeconfig), context=context)


@pytest.mark.slow
def test_typed_lists_of_every_kind_are_complete(sandbox: Sandbox) -> None:
    """Every list method either works or is of a kind that is not served (404); no object lacks a required field."""
    from kubernetes import client

    listed, missing = {}, set()
    with api_of(sandbox, "sandbox") as api:
        for group in _GROUPS.split():
            calls = getattr(client, group)(api)
            for name in dir(calls):
                if name.startswith("list_") and not name.startswith("list_namespaced") and "_with" not in name:
                    try:
                        listed[name] = len(getattr(calls, name)().items)
                    except client.exceptions.NotFoundException:
                        missing.add(name)
    cluster_wide = {"list_namespace": 5, "list_node": 4, "list_storage_class": 1}
    assert {name: listed[name] for name in cluster_wide} == cluster_wide
    assert "list_component_status" in missing
    assert min(listed[f"list_{kind}_for_all_namespaces"] for kind in ("pod", "deployment", "event", "endpoints")) > 4


def test_typed_writes_are_tried_out_as_an_operator(sandbox: Sandbox) -> None:
    """Scale, evict, create with a generated name, ask what one may do; and be refused what one may not."""
    from kubernetes import client

    with api_of(sandbox, "operator") as api:
        apps, core, access = client.AppsV1Api(api), client.CoreV1Api(api), client.AuthorizationV1Api(api)
        scaled = apps.patch_namespaced_deployment_scale("cart", "shop", {"spec": {"replicas": 4}}, dry_run="All")
        eviction = client.V1Eviction(metadata=client.V1ObjectMeta(name="redis-0"))
        core.create_namespaced_pod_eviction("redis-0", "shop", eviction, dry_run="All")
        note = client.V1ConfigMap(metadata=client.V1ObjectMeta(generate_name="note-"), data={"a": "b"})
        made = core.create_namespaced_config_map("shop", note)
        wanted = client.V1ResourceAttributes(verb="patch", resource="nodes")
        review = client.V1SelfSubjectAccessReview(spec={"resourceAttributes": wanted})
        allowed = access.create_self_subject_access_review(review).status.allowed
        with pytest.raises(client.exceptions.ForbiddenException):
            core.patch_node("worker-1", {"spec": {"unschedulable": True}})
        untouched = apps.read_namespaced_deployment_scale("cart", "shop").spec.replicas
    assert (scaled.spec.replicas, untouched, made.metadata.name[:5], allowed) == (4, 2, "note-", False)
    assert sandbox.simulation.get("Pod", "shop", "redis-0") is not None
