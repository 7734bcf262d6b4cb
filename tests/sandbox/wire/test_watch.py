"""watch: where it starts, what a selector makes of a change, how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from agentops.sandbox.store import Key, ObjectStore

PODS = "/api/v1/namespaces/shop/pods"


def told(chunks: Iterator[bytes], count: int) -> list[tuple[str, str]]:
    """Read chunks until ``count`` changes have come, as (type, name)."""
    found: list[tuple[str, str]] = []
    while len(found) < count:
        for line in next(chunks).splitlines():
            event = json.loads(line)
            found.append((event["type"], event["object"]["metadata"].get("name", "")))
    return found


def test_a_watch_without_revision_begins_with_what_is_there(call: Any, store: ObjectStore, pod: Any) -> None:
    """First the present objects as ADDED, then changes of this namespace only."""
    chunks = call.send("GET", f"{PODS}?watch=true").chunks
    assert told(chunks, 3) == [("ADDED", "web-1"), ("ADDED", "web-2"), ("ADDED", "web-3")]
    store.create(pod("foreign", "other"))
    store.create(pod("web-4"))
    store.remove(Key("", "Pod", "shop", "web-1"))
    assert told(chunks, 2) == [("ADDED", "web-4"), ("DELETED", "web-1")]


def test_a_watch_from_a_revision_misses_nothing(call: Any, store: ObjectStore, pod: Any) -> None:
    """Changes between the list and the watch arrive."""
    revision = call.get(PODS)["metadata"]["resourceVersion"]
    store.create(pod("web-4"))
    chunks = call.send("GET", f"{PODS}?watch=1&resourceVersion={revision}").chunks
    assert told(chunks, 1) == [("ADDED", "web-4")]


def test_an_object_that_leaves_the_selection_is_deleted_for_the_watcher(call: Any, store: ObjectStore) -> None:
    """A label change is ADDED or DELETED to a watcher whose selector it crosses."""
    chunks = call.send("GET", f"{PODS}?watch=1&resourceVersion=7&labelSelector=app=web").chunks
    obj = store.get(Key("", "Pod", "shop", "web-1"))
    assert obj is not None
    for app in ("api", "web"):
        obj["metadata"]["labels"]["app"] = app
        obj = store.update(obj)
    next_changes = told(chunks, 2)
    assert next_changes == [("DELETED", "web-1"), ("ADDED", "web-1")]


def test_a_watch_from_before_the_compaction_gets_410_in_the_stream(call: Any, store: ObjectStore) -> None:
    """The answer is 200 with one ERROR event, as from a real watch cache."""
    store.compact()
    response = call.send("GET", f"{PODS}?watch=1&resourceVersion=3")
    events = [json.loads(chunk) for chunk in response.chunks]
    assert [(e["type"], e["object"]["code"], e["object"]["reason"]) for e in events] == [("ERROR", 410, "Expired")]


def test_initial_events_end_with_a_marked_bookmark(call: Any) -> None:
    """sendInitialEvents sends the state and then a bookmark that says so."""
    chunks = call.send(
        "GET", f"{PODS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    ).chunks
    assert told(chunks, 3)[-1] == ("ADDED", "web-3")
    bookmark = json.loads(next(chunks))
    assert (bookmark["type"], bookmark["object"]["metadata"]) == (
        "BOOKMARK",
        {
            "resourceVersion": "7",
            "creationTimestamp": None,
            "annotations": {"k8s.io/initial-events-end": "true"},
        },
    )


def test_a_watch_ends_when_cut_and_leaves_no_subscriber(call: Any, store: ObjectStore, pod: Any) -> None:
    """A cut watch simply ends; the store does not go on calling it."""
    chunks = call.send("GET", f"{PODS}?watch=1&resourceVersion=7").chunks
    next(chunks)
    call.api.reader.cut()
    assert list(chunks) == []
    store.create(pod("web-4"))


def test_a_stopping_server_ends_its_watches(call: Any) -> None:
    """Setting the stop event ends the stream."""
    chunks = call.send("GET", f"{PODS}?watch=1&resourceVersion=7").chunks
    next(chunks)
    call.stopping.set()
    assert [chunk for chunk in chunks if chunk] == []
