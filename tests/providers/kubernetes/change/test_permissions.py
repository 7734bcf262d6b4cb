"""What the API server says when it is asked whether the caller may do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.plan import Call, ObjectChange, Preview, Verb
from agentops.core.resource import kubernetes_ref
from agentops.core.risk import Reversal, Risk
from agentops.providers.kubernetes.change.permissions import attributes_of, missing_permissions

NO = "this identity has no such permission"


def preview_of(*calls: Call, objects: tuple[ObjectChange, ...] = ()) -> Preview:
    """Return a preview of these calls."""
    return Preview(calls=calls, objects=objects, validated=True, risk=Risk.LOW, reversal=Reversal.EXACT)


def call(verb: str, path: str) -> Call:
    """Return a call."""
    return Call(verb=verb, method={"create": "POST", "delete": "DELETE"}.get(verb, "PATCH"), path=path)


SCALE = call("patch", "/apis/apps/v1/namespaces/shop/deployments/web/scale")
CORDON = call("patch", "/api/v1/nodes/worker-1")
EVICT = call("create", "/api/v1/namespaces/shop/pods/web-1/eviction")
DELETE = call("delete", "/api/v1/namespaces/shop/pods/web-1")
RERUN = call("create", "/apis/batch/v1/namespaces/shop/jobs")


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (
            SCALE,
            {
                "verb": "patch",
                "group": "apps",
                "version": "v1",
                "namespace": "shop",
                "resource": "deployments",
                "name": "web",
                "subresource": "scale",
            },
        ),
        (CORDON, {"verb": "patch", "group": "", "version": "v1", "resource": "nodes", "name": "worker-1"}),
        (
            call("delete", "/api/v1/namespaces/shop"),
            {"verb": "delete", "group": "", "version": "v1", "resource": "namespaces", "name": "shop"},
        ),
        (
            RERUN,
            {"verb": "create", "group": "batch", "version": "v1", "namespace": "shop", "resource": "jobs"},
        ),
    ],
)
def test_a_call_is_asked_about_as_it_will_be_sent(one: Call, expected: dict[str, str]) -> None:
    """Group, resource, subresource, namespace and name are those of the path."""
    assert attributes_of(one) == expected


@pytest.mark.parametrize(
    ("context", "calls", "missing"),
    [
        ("sandbox", (SCALE, CORDON, EVICT, DELETE, RERUN), ()),
        ("operator", (SCALE, EVICT, DELETE, RERUN), ()),
        ("operator", (CORDON,), ("patch nodes worker-1",)),
        ("viewer", (SCALE, EVICT), ("patch deployments.apps/scale shop/web", "create pods/eviction shop/web-1")),
        ("viewer", (RERUN,), ("create jobs.batch shop",)),
    ],
)
def test_what_is_missing_is_named(
    world: Callable[..., Any], context: str, calls: tuple[Call, ...], missing: tuple[str, ...]
) -> None:
    """Each call that the identity may not make has a line; the others have none."""
    found = missing_permissions(world("stale-alert", context=context).cluster, preview_of(*calls))
    assert tuple(line.partition(":")[0] for line in found) == missing


def test_an_apply_that_makes_the_object_needs_both_verbs(world: Callable[..., Any]) -> None:
    """A server-side apply of a new object is a patch and a creation."""
    ref = kubernetes_ref("sandbox", "shop", "ConfigMap", "new")
    made = ObjectChange(ref=ref, verb=Verb.CREATE, after={})
    one = preview_of(call("patch", "/api/v1/namespaces/shop/configmaps/new"), objects=(made,))
    found = missing_permissions(world("stale-alert", context="viewer").cluster, one)
    assert [line.partition(":")[0] for line in found] == ["patch configmaps shop/new", "create configmaps shop"]


def test_many_pods_are_asked_about_at_once(world: Callable[..., Any]) -> None:
    """Twenty evictions that are all allowed cost one question."""
    one = world("stale-alert")
    calls = [call("create", f"/api/v1/namespaces/shop/pods/web-{number}/eviction") for number in range(20)]
    asked: list[Any] = []
    review = one.cluster.review

    class Counting:
        def review(self, kind: str, spec: Any) -> Any:
            asked.append(spec)
            return review(kind, spec)

    assert missing_permissions(Counting(), preview_of(*calls)) == ()  # type: ignore[arg-type]
    assert len(asked) == 1


def test_an_answer_that_does_not_come_counts_as_missing(world: Callable[..., Any]) -> None:
    """When the server cannot be asked, nothing is taken for allowed."""
    one = world("stale-alert")
    one.sandbox.server.stop()
    (found,) = missing_permissions(one.cluster, preview_of(SCALE))
    assert found.startswith("patch deployments.apps/scale shop/web: not known: ")
