"""ResourceQuota and LimitRange at the API, in the words of the admission plugins."""

from __future__ import annotations

import json
from typing import Any

SHOP = "/api/v1/namespaces/shop"
MERGE = {"content-type": "application/merge-patch+json"}


def with_resources(pod: dict[str, Any], **resources: Any) -> dict[str, Any]:
    pod["spec"]["containers"][0]["resources"] = resources
    return pod


def test_a_quota_refuses_what_goes_over_it(call: Any, pod: Any) -> None:
    """The message names the quota and what was requested, used and allowed; a dry run is refused the same way."""
    hard = {"pods": "2", "requests.cpu": "1", "limits.memory": "1Gi"}
    call.ok("POST", f"{SHOP}/resourcequotas", {"metadata": {"name": "team"}, "spec": {"hard": hard}})
    first = with_resources(pod("a"), requests={"cpu": "600m"}, limits={"memory": "256Mi"})
    call.ok("POST", f"{SHOP}/pods", first)
    second = with_resources(pod("b"), requests={"cpu": "500m"}, limits={"memory": "1Gi"})
    expected = (
        403,
        'pods "b" is forbidden: exceeded quota: team, requested: limits.memory=1Gi,requests.cpu=500m, used: '
        "limits.memory=256Mi,requests.cpu=600m, limited: limits.memory=1Gi,requests.cpu=1",
    )
    assert [call.refused("POST", f"{SHOP}/pods{query}", second) for query in ("", "?dryRun=All")] == [expected] * 2


def test_a_quota_wants_what_it_counts_to_be_given(call: Any, pod: Any) -> None:
    """A pod that leaves out a counted resource is refused with the container's name."""
    hard = {"limits.memory": "1Gi", "requests.cpu": "1"}
    call.ok("POST", f"{SHOP}/resourcequotas", {"metadata": {"name": "team"}, "spec": {"hard": hard}})
    assert call.refused("POST", f"{SHOP}/pods", pod("b")) == (
        403,
        'pods "b" is forbidden: failed quota: team: must specify limits.memory for: main; requests.cpu for: main',
    )


def test_object_counts(call: Any) -> None:
    """Counts of kinds, in both spellings, hold."""
    hard = {"configmaps": "1", "count/deployments.apps": "1"}
    call.ok("POST", f"{SHOP}/resourcequotas", {"metadata": {"name": "team"}, "spec": {"hard": hard}})
    call.ok("POST", f"{SHOP}/configmaps", {"metadata": {"name": "a"}})
    assert call.refused("POST", f"{SHOP}/configmaps", {"metadata": {"name": "b"}}) == (
        403,
        'configmaps "b" is forbidden: exceeded quota: team, requested: configmaps=1, used: configmaps=1, '
        "limited: configmaps=1",
    )


def test_a_limit_range_defaults_and_bounds(call: Any, pod: Any) -> None:
    """Missing limits are filled in, and what is outside the bounds is refused."""
    limit = {"type": "Container", "default": {"memory": "256Mi"}, "max": {"memory": "512Mi"}}
    call.ok("POST", f"{SHOP}/limitranges", {"metadata": {"name": "l"}, "spec": {"limits": [limit]}})
    made = call.ok("POST", f"{SHOP}/pods", pod("a"))
    assert made["spec"]["containers"][0]["resources"] == {
        "limits": {"memory": "256Mi"},
        "requests": {"memory": "256Mi"},
    }
    assert call.refused("POST", f"{SHOP}/pods", with_resources(pod("b"), limits={"memory": "1Gi"})) == (
        403,
        'pods "b" is forbidden: maximum memory usage per Container is 512Mi, but limit is 1Gi',
    )


def test_a_claim_grows_only_where_its_class_lets_it(call: Any) -> None:
    """Growing is for bound claims of classes that allow it; the same size, and anything else, is not looked at."""
    for name, grows in (("elastic", True), ("fixed", False)):
        storage_class = {"metadata": {"name": name}, "provisioner": "x.example", "allowVolumeExpansion": grows}
        call.ok("POST", "/apis/storage.k8s.io/v1/storageclasses", storage_class)
    for name, found, phase in (("a", "elastic", "Bound"), ("b", "fixed", "Bound"), ("c", "elastic", "Pending")):
        asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        call.ok(
            "POST",
            f"{SHOP}/persistentvolumeclaims",
            {"metadata": {"name": name}, "spec": {**asked, "storageClassName": found}},
        )
        status = f"{SHOP}/persistentvolumeclaims/{name}/status"
        call.ok("PATCH", status, {"status": {"phase": phase}}, patch="merge")
    larger = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}

    def grown(name: str) -> str:
        response = call.send("PATCH", f"{SHOP}/persistentvolumeclaims/{name}?dryRun=All", larger, MERGE)
        return f"{response.code} {json.loads(response.body).get('message', '')}".strip()

    assert [grown("a"), grown("b"), grown("c")] == [
        "200",
        '403 persistentvolumeclaims "b" is forbidden: only dynamically provisioned pvc can be resized and the '
        "storageclass that provisions the pvc must support resize",
        '422 PersistentVolumeClaim "c" is invalid: spec: Forbidden: spec is immutable after creation except '
        "resources.requests and volumeAttributesClassName for bound claims",
    ]
    call.ok("PATCH", f"{SHOP}/persistentvolumeclaims/b", {"metadata": {"labels": {"x": "y"}}}, patch="merge")
