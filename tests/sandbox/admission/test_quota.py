"""ResourceQuota and LimitRange at the API, in the words of the admission plugins."""

from __future__ import annotations

from typing import Any

SHOP = "/api/v1/namespaces/shop"


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
