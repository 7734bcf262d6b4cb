"""delete, deletecollection and eviction: what goes at once, what is only marked, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentops.sandbox.store import Key

SHOP = "/api/v1/namespaces/shop"
EVICTION = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
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
    """A uid or resourceVersion that is not the live one is 409 in the recorded words, and nothing is deleted."""
    uid = call.ok("GET", WEB)["metadata"]["uid"]
    assert call.refused("DELETE", WEB, {"preconditions": {"uid": "x"}}) == (
        409,
        'Operation cannot be fulfilled on Deployment.apps "web": the UID in the precondition (x) does not match the '
        f"UID in record ({uid}). The object might have been deleted and then recreated",
    )
    version = call.ok("GET", WEB)["metadata"]["resourceVersion"]
    assert call.refused("DELETE", WEB, {"preconditions": {"resourceVersion": "1"}, "dryRun": ["All"]}) == (
        409,
        'Operation cannot be fulfilled on Deployment.apps "web": the ResourceVersion in the precondition (1) does not '
        f"match the ResourceVersion in record ({version}). The object might have been modified",
    )
    assert call.ok("GET", WEB)["metadata"]["name"] == "web"


def test_two_ways_to_say_how_dependents_go_are_refused(call: Any) -> None:
    """``orphanDependents`` beside ``propagationPolicy`` is 422, whatever they say."""
    assert call.refused("DELETE", WEB, {"propagationPolicy": "Orphan", "orphanDependents": True}) == (
        422,
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and '
        "deletionPropagation cannot be both set",
    )


def test_a_job_keeps_its_pods_unless_told_otherwise(call: Any) -> None:
    """A delete of a Job that does not say how leaves it to the garbage collector as an orphaning one, and warns."""
    jobs = "/apis/batch/v1/namespaces/shop/jobs"
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "shop/web:1"}]}}
    finalizers, warned = {}, {}
    for name, options in (("a", None), ("b", {"propagationPolicy": "Background"})):
        call.ok("POST", jobs, {"metadata": {"name": name}, "spec": {"template": template}})
        answer = call.send("DELETE", f"{jobs}/{name}", options)
        finalizers[name] = json.loads(answer.body).get("metadata", {}).get("finalizers")
        warned[name] = "Warning" in answer.headers
    assert (finalizers, warned) == ({"a": ["orphan"], "b": None}, {"a": True, "b": False})


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
    call.ok("POST", f"{SHOP}/pods/p/eviction?dryRun=All", EVICTION)
    call.ok("POST", f"{SHOP}/pods/p/eviction", {**EVICTION, "deleteOptions": {"dryRun": ["All"]}})
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
        call.store.update({**made, "status": ready})
    budgets = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    call.ok("POST", budgets, {"metadata": {"name": "web"}, "spec": spec})
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p1"}}
    assert call.refused("POST", f"{SHOP}/pods/p1/eviction", eviction)[0] == 429  # not processed yet
    status = {"observedGeneration": 1, "disruptionsAllowed": 1, "desiredHealthy": 1, "currentHealthy": 2}
    call.ok("PATCH", f"{budgets}/web/status", {"status": status}, patch="merge")
    assert call.ok("POST", f"{SHOP}/pods/p1/eviction", eviction)["status"] == "Success"
    response = call.send("POST", f"{SHOP}/pods/p2/eviction", {**eviction, "metadata": {"name": "p2"}})
    assert (response.code, b"The disruption budget web needs 1 healthy pods and has 2 currently" in response.body) == (
        429,
        True,
    )
    assert call.refused("GET", f"{SHOP}/pods/p1")[0] == 404


def test_an_evicted_pod_says_so_and_the_budget_counts_it_at_once(call: Any, pod: Any) -> None:
    """The pod gets the DisruptionTarget condition; the budget notes it, so that no second eviction rests on it."""
    budgets = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
    call.ok("POST", f"{SHOP}/pods", pod(nodeName="n1"))
    live = call.store.get(Key("", "Pod", "shop", "p"))
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    call.store.update({**live, "status": ready})
    call.ok("POST", budgets, {"metadata": {"name": "web"}, "spec": {"minAvailable": 1, "selector": {}}})
    status = {"observedGeneration": 1, "disruptionsAllowed": 1, "desiredHealthy": 1, "currentHealthy": 2}
    call.ok("PATCH", f"{budgets}/web/status", {"status": status}, patch="merge")
    call.ok("POST", f"{SHOP}/pods/p/eviction", EVICTION)
    found = next(one for one in call.ok("GET", f"{SHOP}/pods/p")["status"]["conditions"] if one["type"] != "Ready")
    budget = call.ok("GET", f"{budgets}/web")["status"]
    assert (found["type"], found["reason"], found["message"]) == (
        "DisruptionTarget",
        "EvictionByEvictionAPI",
        "Eviction API: evicting",
    )
    assert (budget["disruptionsAllowed"], list(budget["disruptedPods"]), budget["conditions"][0]["reason"]) == (
        0,
        ["p"],
        "InsufficientPods",
    )


def test_an_eviction_is_checked_in_the_real_order(call: Any, pod: Any) -> None:
    """The name first, then the dry run, the pod, several budgets (500), and a precondition last."""
    call.ok("POST", f"{SHOP}/pods", pod(nodeName="n1"))
    path = f"{SHOP}/pods/p/eviction"
    assert call.refused("POST", f"{SHOP}/pods/ghost/eviction", EVICTION) == (
        400,
        "name in URL does not match name in Eviction object",
    )
    some = {**EVICTION, "deleteOptions": {"dryRun": ["Some"]}}
    assert call.refused("POST", f"{path}?dryRun=All", some)[0] == 400
    other = {**EVICTION, "deleteOptions": {"preconditions": {"uid": "x"}}}
    assert call.refused("POST", path, other)[0] == 409
    live = call.store.get(Key("", "Pod", "shop", "p"))
    call.store.update({**live, "status": {"phase": "Running"}})
    for name in ("one", "two"):
        budget = {"metadata": {"name": name}, "spec": {"minAvailable": 1, "selector": {}}}
        call.ok("POST", "/apis/policy/v1/namespaces/shop/poddisruptionbudgets", budget)
    answer = json.loads(call.send("POST", path, other).body)
    assert (answer["code"], answer.get("reason")) == (500, None)


@pytest.mark.parametrize(
    ("path", "spec"),
    [
        (
            f"{SHOP}/persistentvolumeclaims",
            {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        ),
        (
            "/api/v1/persistentvolumes",
            {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/x"}},
        ),
    ],
    ids=["claim", "volume"],
)
def test_claims_and_volumes_are_protected_from_the_start(call: Any, path: str, spec: Any) -> None:
    """The finalizer of pvc-protection or pv-protection holds a deletion until its controller takes it off."""
    made = call.ok("POST", path, {"metadata": {"name": "disk"}, "spec": spec})
    held = call.ok("DELETE", f"{path}/disk")
    kind = {"PersistentVolumeClaim": "pvc", "PersistentVolume": "pv"}[made["kind"]]
    assert held["metadata"]["finalizers"] == made["metadata"]["finalizers"] == [f"kubernetes.io/{kind}-protection"]
    assert "deletionTimestamp" in call.ok("GET", f"{path}/disk")["metadata"]
