"""The patch formats: strategic merge by the real merge keys, merge patch, JSON patch with test."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.sandbox.admission.patches import json_patch, merge_patch, strategic_merge
from agentops.sandbox.wire.schemas import definitions
from agentops.sandbox.wire.status import ApiRefusal

POD = definitions()["io.k8s.api.core.v1.Pod"]
LIVE = {
    "metadata": {"labels": {"a": "1", "b": "2"}, "finalizers": ["x", "y"]},
    "spec": {
        "containers": [
            {"name": "web", "image": "w:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"name": "side", "image": "s:1"},
        ],
        "nodeSelector": {"disk": "ssd"},
    },
}


def containers(patched: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["name"], one.get("image", "")) for one in patched["spec"]["containers"]]


def test_lists_merge_by_their_key() -> None:
    """A container and an environment variable are found by name; the others stay."""
    patch = {
        "spec": {"containers": [{"name": "web", "env": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}]}]}
    }
    patched = strategic_merge(POD, LIVE, patch)
    assert containers(patched) == [("web", "w:1"), ("side", "s:1")]
    assert [(one["name"], one["value"]) for one in patched["spec"]["containers"][0]["env"]] == [
        ("A", "1"),
        ("B", "3"),
        ("C", "4"),
    ]


def test_directives() -> None:
    """$patch deletes and replaces, $deleteFromPrimitiveList removes, $setElementOrder orders, null unsets."""
    gone = strategic_merge(POD, LIVE, {"spec": {"containers": [{"name": "side", "$patch": "delete"}]}})
    new = strategic_merge(POD, LIVE, {"spec": {"containers": [{"$patch": "replace"}, {"name": "n", "image": "n"}]}})
    order = {"$setElementOrder/containers": [{"name": "side"}, {"name": "web"}]}
    ordered = strategic_merge(POD, LIVE, {"spec": order})
    fewer = strategic_merge(
        POD, LIVE, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["x"], "labels": {"a": None}}}
    )
    whole = strategic_merge(POD, LIVE, {"spec": {"nodeSelector": {"$patch": "replace", "zone": "b"}}})
    assert [containers(gone), containers(new), containers(ordered)] == [
        [("web", "w:1")],
        [("n", "n")],
        [("side", "s:1"), ("web", "w:1")],
    ]
    assert fewer["metadata"] == {"labels": {"b": "2"}, "finalizers": ["y"]}
    assert whole["spec"]["nodeSelector"] == {"zone": "b"}


def test_an_item_without_its_key_is_refused() -> None:
    """A list item that cannot be matched is 400, not appended."""
    with pytest.raises(ApiRefusal, match="does not contain declared merge key: name"):
        strategic_merge(POD, LIVE, {"spec": {"containers": [{"image": "x"}]}})


def test_patching_leaves_the_live_object_alone() -> None:
    """Every format returns a new object."""
    before = repr(LIVE)
    strategic_merge(POD, LIVE, {"spec": {"containers": [{"name": "web", "image": "x"}]}})
    merge_patch(LIVE, {"spec": {"nodeSelector": {"disk": None}}})
    json_patch(LIVE, [{"op": "remove", "path": "/spec/nodeSelector/disk"}])
    assert repr(LIVE) == before


def test_merge_patch_replaces_lists_and_unsets_by_null() -> None:
    """The example of RFC 7396, appendix A, in one go."""
    live = {"a": "b", "c": {"d": "e", "f": "g"}, "list": [1, 2]}
    assert merge_patch(live, {"a": "z", "c": {"f": None}, "list": [3]}) == {"a": "z", "c": {"d": "e"}, "list": [3]}


def test_json_patch_operations() -> None:
    """add, remove, replace, move, copy and test, with escaped pointers and list positions."""
    live = {"a/b": 1, "list": ["x", "z"], "old": {"k": "v"}}
    operations = [
        {"op": "test", "path": "/a~1b", "value": 1},
        {"op": "add", "path": "/list/1", "value": "y"},
        {"op": "add", "path": "/list/-", "value": "end"},
        {"op": "replace", "path": "/a~1b", "value": 2},
        {"op": "copy", "from": "/old", "path": "/new"},
        {"op": "move", "from": "/old/k", "path": "/k"},
        {"op": "remove", "path": "/list/0"},
    ]
    assert json_patch(live, operations) == {
        "a/b": 2,
        "list": ["y", "z", "end"],
        "old": {},
        "new": {"k": "v"},
        "k": "v",
    }


def test_a_json_patch_takes_what_is_absent_for_null() -> None:
    """As the real server does it: a test against null passes where there is nothing, and replace then adds."""
    operations = [{"op": "test", "path": "/b", "value": None}, {"op": "replace", "path": "/b", "value": 1}]
    assert json_patch({"a": 1}, operations) == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "remove", "path": "/b"},
        {"op": "replace", "path": "/list/9", "value": 1},
        {"op": "add", "path": "/list/9", "value": 1},
        {"op": "rename", "path": "/a"},
    ],
)
def test_a_json_patch_that_does_not_apply_is_422(operation: dict[str, Any]) -> None:
    """A failed test, a missing path and an unknown operation are refused as a whole."""
    with pytest.raises(ApiRefusal) as caught:
        json_patch({"a": 1, "list": []}, [{"op": "add", "path": "/new", "value": 1}, operation])
    assert caught.value.http_code == 422
