"""delete, deletecollection and eviction: what goes at once, what is only marked, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.sandbox.store import Key

SHOP = "/api/v1/namespaces/shop"
WEB = "/apis/apps/v1/namespaces/shop/deployments/web"


def test_a_plain_delete_answers_with_a_status(call: Any) -> None:
    """The object is gone, and the answer names it."""
    uid = call.ok("GET", WEB)["metadata"]["uid"]
    answer = call.ok("DELETE", WEB)
    assert (answer["kind"], answer["status"], answer["details"]) == (
        "Status",
        "Success",
        {"name": "web", "kind": "deployments", "uid": uid, "group": "apps"},
    )
    assert call.refused("DELETE", WEB) == (404, 'deployments.apps "web" not found')


def test_preconditions_must_hold(call: Any) -> None:
    """A uid or resourceVersion that is not the live one is 409, and nothing is deleted."""
    code, message = call.refused("DELETE", WEB, {"preconditions": {"uid": "x"}})
    assert (code, message) == (
        409,
        'Operation cannot be fulfilled on deployments.apps "web": Precondition failed: UID in precondition: x, '
        "UID in object meta: uid-3",
    )
    assert call.refused("DELETE", WEB, {"preconditions": {"resourceVersion": "1"}})[0] == 409
    assert call.ok("GET", WEB)["metadata"]["name"] == "web"


def test_finalizers_hold_an_object_until_they_are_gone(call: Any) -> None:
    """The object is marked, can no longer lose the mark, and goes with its last finalizer."""
    call.ok("PATCH", WEB, {"metadata": {"finalizers": ["shop.io/guard"]}}, patch="merge")
    marked = call.ok("DELETE", WEB)
    assert marked["metadata"]["deletionTimestamp"] == "2026-11-22T12:00:00Z"
    call.ok("PATCH", WEB, {"metadata": {"deletionTimestamp": None, "labels": {"a": "b"}}}, patch="merge")
    assert "deletionTimestamp" in call.ok("GET", WEB)["metadata"]
    call.ok("PATCH", WEB, {"metadata": {"finalizers": None}}, patch="merge")
    assert call.refused("GET", WEB)[0] == 404


@pytest.mark.parametrize(
    ("policy", "finalizers"), [("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"]), ("Background", None)]
)
def test_propagation(call: Any, policy: str, finalizers: list[str] | None) -> None:
    """Foreground and Orphan leave the object to the garbage collector by a finalizer, Background does not."""
    answer = call.ok("DELETE", WEB, {"propagationPolicy": policy})
    assert answer.get("metadata", {}).get("finalizers") == finalizers


def test_a_running_pod_is_given_its_grace_period(call: Any, pod: Any) -> None:
    """A scheduled pod is marked with the end of its grace; a shorter one may follow, zero removes it."""
    call.ok("POST", f"{SHOP}/pods", pod(nodeName="n1"))
    marked = call.ok("DELETE", f"{SHOP}/pods/p")["metadata"]
    assert (marked["deletionTimestamp"], marked["deletionGracePeriodSeconds"]) == ("2026-11-22T12:00:30Z", 30)
    again = call.ok("DELETE", f"{SHOP}/pods/p?gracePeriodSeconds=5")["metadata"]
    assert again["deletionGracePeriodSeconds"] == 5
    call.ok("DELETE", f"{SHOP}/pods/p", {"gracePeriodSeconds": 0})
    assert call.refused("GET", f"{SHOP}/pods/p")[0] == 404


def test_dry_run_in_the_body_deletes_nothing(call: Any, pod: Any) -> None:
    """kubectl puts dryRun into DeleteOptions; without a body the query counts, for one object and for many."""
    call.ok("POST", f"{SHOP}/pods", pod())
    before = call.store.dump()
    call.ok("DELETE", WEB, {"dryRun": ["All"]})
    call.ok("DELETE", f"{SHOP}/pods", {"dryRun": ["All"]})
    call.ok("DELETE", f"{SHOP}/pods?dryRun=All")
    call.ok("POST", f"{SHOP}/pods/p/eviction?dryRun=All", {"kind": "Eviction"})
    call.ok("POST", f"{SHOP}/pods/p/eviction", {"kind": "Eviction", "deleteOptions": {"dryRun": ["All"]}})
    assert call.store.dump() == before


@pytest.mark.parametrize("body", [{}, {"propagationPolicy": "Background"}, {"kind": "DeleteOptions"}], ids=str)
@pytest.mark.parametrize("path", [f"{SHOP}/pods/p", f"{SHOP}/pods"], ids=["one", "collection"])
def test_a_body_without_dry_run_deletes_whatever_the_query_says(path: str, body: Any, call: Any, pod: Any) -> None:
    """As Kubernetes 1.36.2 answered: the options are the body's when there is one, and the query is not read."""
    call.ok("POST", f"{SHOP}/pods", pod())
    call.ok("DELETE", f"{path}?dryRun=All", body)
    assert call.refused("GET", f"{SHOP}/pods/p")[0] == 404


def test_a_collection_is_deleted_by_selector(call: Any, pod: Any) -> None:
    """Only what is selected goes."""
    for name in ("a", "b"):
        manifest = pod(name)
        manifest["metadata"]["labels"] = {"app": name}
        call.ok("POST", f"{SHOP}/pods", manifest)
    answer = call.ok("DELETE", f"{SHOP}/pods?labelSelector=app=a")
    left = call.ok("GET", f"{SHOP}/pods")
    assert ([o["metadata"]["name"] for o in answer["items"]], [o["metadata"]["name"] for o in left["items"]]) == (
        ["a"],
        ["b"],
    )


def test_eviction_honours_the_disruption_budget(call: Any, pod: Any) -> None:
    """No allowed disruption is 429 with the cause; one allowed is taken, the next is refused."""
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    for name in ("p1", "p2"):
        call.ok("POST", f"{SHOP}/pods", pod(name))
        made = call.store.get(Key("", "Pod", "shop", name))
        call.store.update_status({**made, "status": ready})
    budgets = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    call.ok("POST", budgets, {"metadata": {"name": "web"}, "spec": spec})
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p1"}}
    assert call.refused("POST", f"{SHOP}/pods/p1/eviction", eviction)[0] == 429  # not processed yet
    status = {"observedGeneration": 1, "disruptionsAllowed": 1, "desiredHealthy": 1, "currentHealthy": 2}
    call.ok("PATCH", f"{budgets}/web/status", {"status": status}, patch="merge")
    assert call.ok("POST", f"{SHOP}/pods/p1/eviction", eviction)["status"] == "Success"
    response = call.send("POST", f"{SHOP}/pods/p2/eviction", eviction)
    assert (response.code, b"The disruption budget web needs 1 healthy pods and has 2 currently" in response.body) == (
        429,
        True,
    )
    assert call.refused("GET", f"{SHOP}/pods/p1")[0] == 404
