"""The object store: server-owned metadata, optimistic locking, history, and that what was handed out never changes."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from agentops.sandbox.store import AlreadyExists, Conflict, Gone, Key, Missing, ObjectStore, StoreEvent

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
KEY = Key("apps", "Deployment", "shop", "web")


def deployment(name: str = "web", namespace: str = "shop", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {"replicas": 2},
    }


@pytest.fixture
def store() -> ObjectStore:
    uids = (f"uid-{number}" for number in count(1))
    return ObjectStore(lambda: NOW, new_uid=lambda: next(uids), history=4)


def test_create_fills_in_what_only_the_server_sets(store: ObjectStore) -> None:
    """A created object gets a uid, a creation time, generation 1 and a resourceVersion, whatever the caller gave."""
    created = store.create(deployment(uid="mine", generation=7, resourceVersion="99"))
    assert created["metadata"] == {
        "name": "web",
        "namespace": "shop",
        "uid": "uid-1",
        "creationTimestamp": "2026-11-22T12:00:00Z",
        "generation": 1,
        "resourceVersion": "2",
    }
    assert store.get(KEY) == created


def test_create_refuses_a_taken_key(store: ObjectStore) -> None:
    """A second object of the same key is refused."""
    store.create(deployment())
    with pytest.raises(AlreadyExists, match="Deployment 'web' already exists"):
        store.create(deployment())


def test_generation_moves_with_spec_only(store: ObjectStore) -> None:
    """A label leaves generation alone, a spec change moves it by one."""
    obj = store.create(deployment())
    obj["metadata"]["labels"] = {"a": "b"}
    labelled = store.update(obj)
    labelled["spec"]["replicas"] = 3
    scaled = store.update(labelled)
    assert [o["metadata"]["generation"] for o in (labelled, scaled)] == [1, 2]


def test_a_write_that_changes_nothing_is_no_write(store: ObjectStore) -> None:
    """An equal update keeps the resourceVersion and tells nobody."""
    obj = store.create(deployment())
    seen: list[StoreEvent] = []
    store.subscribe(seen.append)
    assert (store.update(obj), seen, store.revision) == (obj, [], 2)


def test_update_refuses_a_stale_resource_version_and_a_foreign_uid(store: ObjectStore) -> None:
    """An object read before the last write, or of an earlier life, cannot be written back."""
    first = store.create(deployment())
    second = store.update({**first, "spec": {"replicas": 5}})
    with pytest.raises(Conflict):
        store.update({**first, "spec": {"replicas": 6}})
    second["metadata"]["uid"] = "uid-of-before"
    with pytest.raises(Conflict):
        store.update(second)
    with pytest.raises(Missing):
        store.update(deployment("other"))


def test_a_begun_deletion_stays_begun(store: ObjectStore) -> None:
    """A writer that does not know of the deletion cannot undo it by leaving deletionTimestamp out."""
    obj = store.create(deployment(finalizers=["a/b"]))
    obj["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:01Z"
    store.update(obj)
    store.update(deployment(finalizers=["a/b", "c/d"]))
    live = store.get(KEY)
    assert live is not None
    assert live["metadata"]["deletionTimestamp"] == "2026-11-22T12:00:01Z"


def test_dry_run_leaves_no_trace(store: ObjectStore) -> None:
    """create and update with dry_run answer with the new object and store nothing."""
    store.create(deployment(), dry_run=True)
    assert (store.dump(), store.revision) == ([], 1)
    obj = store.create(deployment())
    changed = store.update({**obj, "spec": {"replicas": 9}}, dry_run=True)
    assert (changed["spec"], store.get(KEY), store.revision) == ({"replicas": 9}, obj, 2)


def test_what_was_handed_out_stays_as_it_was(store: ObjectStore) -> None:
    """Editing a copy does not reach the store, and a later write does not reach an earlier list."""
    obj = store.create(deployment())
    listed = store.list("Deployment")
    obj["spec"]["replicas"] = 7
    assert listed[0]["spec"] == {"replicas": 2}
    store.update(obj)
    assert (listed[0]["spec"], store.list("Deployment")[0]["spec"]) == ({"replicas": 2}, {"replicas": 7})


def test_list_is_sorted_and_scoped(store: ObjectStore) -> None:
    """Objects come by namespace, then name; a namespace or group narrows them."""
    for namespace, name in (("b", "x"), ("a", "z"), ("a", "y")):
        store.create(deployment(name, namespace))

    def names(**scope: Any) -> list[tuple[str, str]]:
        return [(o["metadata"]["namespace"], o["metadata"]["name"]) for o in store.list("Deployment", **scope)]

    assert names() == [("a", "y"), ("a", "z"), ("b", "x")]
    assert names(namespace="a", group="apps") == [("a", "y"), ("a", "z")]
    assert names(group="extensions") == []


def test_events_carry_the_object_before_and_after(store: ObjectStore) -> None:
    """Subscribers and the history tell the same changes, in order, each with its revision."""
    seen: list[StoreEvent] = []
    stop = store.subscribe(seen.append)
    store.update({**store.create(deployment()), "spec": {"replicas": 3}})
    store.remove(KEY)
    stop()
    store.create(deployment())
    told = [(e.type, e.revision, (e.old or {}).get("spec"), e.obj["metadata"]["resourceVersion"]) for e in seen]
    assert told == [
        ("ADDED", 2, None, "2"),
        ("MODIFIED", 3, {"replicas": 2}, "3"),
        ("DELETED", 4, {"replicas": 3}, "4"),
    ]
    assert store.since(1)[:3] == seen
    with pytest.raises(Missing):
        store.remove(Key("apps", "Deployment", "shop", "nothing"))


def test_an_old_revision_can_be_listed_until_it_is_compacted(store: ObjectStore) -> None:
    """list_at undoes later changes exactly; after compaction it says Gone."""
    store.create(deployment("a"))
    store.create(deployment("b"))
    then, listed = store.revision, store.list("Deployment")
    store.remove(Key("apps", "Deployment", "shop", "a"))
    store.update({**deployment("b"), "spec": {"replicas": 5}})
    store.create(deployment("c"))
    assert store.list_at("apps", "Deployment", then) == listed
    store.compact()
    with pytest.raises(Gone):
        store.list_at("apps", "Deployment", then)
    assert store.since(store.revision) == []


def test_history_is_bounded(store: ObjectStore) -> None:
    """With history=4 the last four events are always there and the first of many are not."""
    for number in range(20):
        store.create(deployment(f"d{number}"))
    assert len(store.since(store.revision - 4)) == 4
    with pytest.raises(Gone):
        store.since(1)


def test_dump_and_load_round_trip(store: ObjectStore) -> None:
    """Saved manifests loaded elsewhere are the same objects, resourceVersion apart."""
    store.create(deployment("a"))
    store.create(deployment("b"))
    other = ObjectStore(lambda: NOW)
    other.load(store.dump())
    assert other.dump() == store.dump()
