"""get and list: documents, selectors, consistent paging, revisions and representations."""

from __future__ import annotations

from typing import Any

from agentops.sandbox.store import Key, ObjectStore

PODS = "/api/v1/namespaces/shop/pods"


def test_get_returns_the_stored_object_with_its_kind_first(call: Any, store: ObjectStore) -> None:
    """A single object comes whole, apiVersion and kind included."""
    body = call.get(f"{PODS}/web-1")
    assert list(body)[:2] == ["kind", "apiVersion"]
    assert body == store.get(Key("", "Pod", "shop", "web-1"))


def test_list_items_of_built_in_kinds_carry_no_kind(call: Any) -> None:
    """A list names its kind once; its items do not repeat it, as on a real server."""
    body = call.get(PODS)
    assert (body["kind"], body["apiVersion"], body["metadata"]) == ("PodList", "v1", {"resourceVersion": "7"})
    assert [set(item) for item in body["items"]] == [{"metadata", "spec", "status"}] * 3


def test_a_changed_object_is_never_served_from_the_cache(call: Any, store: ObjectStore) -> None:
    """After an update both get and list show the new state."""
    obj = call.get(f"{PODS}/web-1")
    obj["metadata"]["labels"]["app"] = "api"
    store.update(obj)
    assert call.get(f"{PODS}/web-1")["metadata"]["labels"]["app"] == "api"
    assert call.get(PODS)["items"][0]["metadata"]["labels"]["app"] == "api"


def test_selectors_narrow_a_list(call: Any) -> None:
    """Every label operator and the fields of pods select as apimachinery does."""
    found = {
        selector: call.names(f"/api/v1/pods?{selector}")
        for selector in (
            "labelSelector=index in (1,3)",
            "labelSelector=index notin (1,3)",
            "labelSelector=index",
            "labelSelector=!index",
            "labelSelector=app==web,index!=2",
            "labelSelector=index>1",
            "labelSelector=index<2",
            "fieldSelector=metadata.namespace=other",
            "fieldSelector=spec.nodeName=n1,metadata.name!=web-1",
            "fieldSelector=status.phase!=Running",
        )
    }
    assert found == {
        "labelSelector=index in (1,3)": ["web-1", "web-3"],
        "labelSelector=index notin (1,3)": ["elsewhere", "web-2"],
        "labelSelector=index": ["web-1", "web-2", "web-3"],
        "labelSelector=!index": ["elsewhere"],
        "labelSelector=app==web,index!=2": ["elsewhere", "web-1", "web-3"],
        "labelSelector=index>1": ["web-2", "web-3"],
        "labelSelector=index<2": ["web-1"],
        "fieldSelector=metadata.namespace=other": ["elsewhere"],
        "fieldSelector=spec.nodeName=n1,metadata.name!=web-1": ["elsewhere", "web-2", "web-3"],
        "fieldSelector=status.phase!=Running": [],
    }


def test_bad_selectors_are_refused(call: Any) -> None:
    """What does not parse, or names a field that cannot select, is 400, never everything."""
    assert call.refused(f"{PODS}?labelSelector=a=b=c")[0] == 400
    assert call.refused(f"{PODS}?fieldSelector=spec.image=x") == (400, "field label not supported: spec.image")
    assert call.refused("/apis/apps/v1/deployments?fieldSelector=spec.replicas=1") == (
        400,
        '"spec.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"',
    )


def test_pages_are_of_one_moment(call: Any, store: ObjectStore) -> None:
    """Pages after the first show the state at the first page, whatever has changed since."""
    first = call.get("/api/v1/pods?limit=2")
    store.remove(Key("", "Pod", "shop", "web-3"))
    second = call.get(f"/api/v1/pods?limit=2&continue={first['metadata']['continue']}")
    names = [item["metadata"]["name"] for page in (first, second) for item in page["items"]]
    assert names == ["elsewhere", "web-1", "web-2", "web-3"]
    assert (first["metadata"]["remainingItemCount"], "continue" in second["metadata"]) == (2, False)
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"] == "7"


def test_an_expired_token_is_410_and_a_broken_one_400(call: Any, store: ObjectStore) -> None:
    """A continue token from before the compaction answers Expired once something has changed."""
    token = call.get("/api/v1/pods?limit=1")["metadata"]["continue"]
    store.remove(Key("", "Pod", "shop", "web-3"))
    store.compact()
    code, message = call.refused(f"/api/v1/pods?limit=1&continue={token}")
    assert (code, message.startswith("The provided continue parameter is too old")) == (410, True)
    assert call.refused("/api/v1/pods?limit=1&continue=%%%")[0] == 400


def test_resource_version_says_which_state(call: Any, store: ObjectStore) -> None:
    """Exact lists the past, a revision from the future is 504, and text is 400."""
    store.remove(Key("", "Pod", "shop", "web-3"))
    assert call.names(f"{PODS}?resourceVersion=7&resourceVersionMatch=Exact") == ["web-1", "web-2", "web-3"]
    assert call.names(f"{PODS}?resourceVersion=0") == ["web-1", "web-2"]
    assert call.refused(f"{PODS}?resourceVersion=99") == (504, "Timeout: Too large resource version: 99, current: 8")
    assert call.refused(f"{PODS}?resourceVersion=x")[0] == 400


def test_a_missing_object_kind_or_method_is_a_status(call: Any) -> None:
    """Each refusal has the code and the words of a real server; what is not simulated is 501."""
    assert call.refused(f"{PODS}/nope") == (404, 'pods "nope" not found')
    assert call.refused("/apis/apps/v1/namespaces/shop/gadgets") == (
        404,
        "the server could not find the requested resource",
    )
    assert call.refused(f"{PODS}/web-1/exec") == (501, "the sandbox does not simulate pods/exec")
    assert call.refused("/api/v1/namespaces/shop/pods/web-1", "OPTIONS")[0] == 405


def test_only_json_is_served(call: Any) -> None:
    """A client that takes JSON second gets JSON; one that takes only protobuf gets 406."""
    accept = "application/vnd.kubernetes.protobuf,application/json"
    assert call.get(f"{PODS}/web-1", accept=accept)["kind"] == "Pod"
    only = call.send("GET", f"{PODS}/web-1", headers={"accept": "application/vnd.kubernetes.protobuf"})
    assert only.code == 406


def test_partial_metadata(call: Any) -> None:
    """A client may ask for metadata alone."""
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    body = call.get(PODS, accept=accept)
    assert body["kind"] == "PartialObjectMetadataList"
    assert [sorted(item) for item in body["items"]] == [["apiVersion", "kind", "metadata"]] * 3


def test_both_event_apis_show_the_same_events(call: Any, store: ObjectStore) -> None:
    """An event stored as core/v1 is served by events.k8s.io/v1 under that API's field names."""
    store.create(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "e", "namespace": "shop"},
            "involvedObject": {"kind": "Pod", "name": "web-1"},
            "message": "Back-off",
            "count": 3,
        }
    )
    event = call.get("/apis/events.k8s.io/v1/namespaces/shop/events/e")
    assert (event["apiVersion"], event["note"], event["regarding"]["name"], event["deprecatedCount"]) == (
        "events.k8s.io/v1",
        "Back-off",
        "web-1",
        3,
    )
    selector = "fieldSelector=involvedObject.name=web-1,involvedObject.kind=Pod"
    assert call.names(f"/api/v1/namespaces/shop/events?{selector}") == ["e"]


def test_custom_resources_are_served_once_defined(call: Any, store: ObjectStore) -> None:
    """A CustomResourceDefinition brings its kind to life, and its deletion ends it."""
    assert call.refused("/apis/shop.io/v1/widgets")[0] == 404
    names = {"plural": "widgets", "kind": "Widget", "singular": "widget", "shortNames": ["wd"]}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    spec = {"group": "shop.io", "scope": "Namespaced", "names": names, "versions": [version]}
    store.create(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.shop.io"},
            "spec": spec,
        }
    )
    store.create({"apiVersion": "shop.io/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "shop"}})
    items = call.get("/apis/shop.io/v1/widgets")["items"]
    assert [(item["kind"], item["apiVersion"]) for item in items] == [("Widget", "shop.io/v1")]
    store.remove(Key("apiextensions.k8s.io", "CustomResourceDefinition", "", "widgets.shop.io"))
    assert call.refused("/apis/shop.io/v1/widgets")[0] == 404
