"""The notes of owners on what a change acts on: the object, what owns it, its namespace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentops.core.errors import Forbidden
from agentops.core.plan import Change
from agentops.providers.kubernetes.change.notes import notes_on


def _write(world: Any, short: str, field: str, **pairs: str) -> None:
    """Put labels or annotations on an object as somebody else would."""
    store, ref = world.sandbox.simulation.store, world.ref(short)
    found = next(
        one
        for one in store.dump()
        if (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])
        == (ref.kind, ref.namespace, ref.name)
    )
    found["metadata"].setdefault(field, {}).update({key.replace("_", "-"): value for key, value in pairs.items()})
    store.update(found)


def _notes(world: Any, tool: str, short: str, arguments: dict[str, Any]) -> list[tuple[str, str]]:
    change = Change(tool=tool, target=world.ref(short), arguments=arguments)
    found, unread = notes_on(world.cluster, change, world.tools[tool].preview(change))
    assert unread == ()
    return [(note.resource.short, note.words) for note in found]


def test_a_change_shows_the_notes_of_its_object_and_of_the_namespace(world: Callable[..., Any]) -> None:
    """Annotations before labels, then what stands on the namespace."""
    shop = world()
    _write(shop, "shop/Deployment/checkout", "annotations", do_not_scale="see OPS-4")
    _write(shop, "-/Namespace/shop", "annotations", change_freeze="until Monday")
    assert _notes(shop, "kubernetes_scale", "shop/Deployment/checkout", {"replicas": 2}) == [
        ("shop/Deployment/checkout", "do-not-scale: “see OPS-4”"),
        ("shop/Deployment/checkout", "team: “shop”"),
        ("Namespace/shop", "change-freeze: “until Monday”"),
        ("Namespace/shop", "team: “shop”"),
    ]


def test_a_pod_is_spoken_for_by_its_workload(world: Callable[..., Any]) -> None:
    """Who deletes a pod acts on the Deployment that it is part of, two owners up."""
    shop = world()
    _write(shop, "shop/Deployment/checkout", "annotations", do_not_restart="the queue drains until 18:00")
    (pod, *_) = (
        one["metadata"]["name"]
        for one in shop.sandbox.simulation.store.dump()
        if one["kind"] == "Pod" and one["metadata"]["name"].startswith("checkout-")
    )
    found = _notes(shop, "kubernetes_delete_pod", f"shop/Pod/{pod}", {})
    assert ("shop/Deployment/checkout", "do-not-restart: “the queue drains until 18:00”") in found


def test_a_node_is_spoken_for_by_itself(world: Callable[..., Any]) -> None:
    """The seen incident: an annotation that asks to keep the node cordoned stands beside the uncordoning."""
    shop = world("cordoned-nodes")
    _write(shop, "-/Node/worker-2", "annotations", note="keep cordoned until the disk is replaced")
    assert _notes(shop, "kubernetes_uncordon", "-/Node/worker-2", {}) == [
        ("Node/worker-2", "note: “keep cordoned until the disk is replaced”")
    ]


def test_notes_that_cannot_be_read_are_named(world: Callable[..., Any]) -> None:
    """An identity that may not read the namespace learns that nobody looked there, and the preview goes on."""
    shop = world()
    change = Change(tool="kubernetes_scale", target=shop.ref("shop/Deployment/checkout"), arguments={"replicas": 2})
    preview = shop.tools["kubernetes_scale"].preview(change)

    class Blind:
        """The cluster as an identity sees it that may read nothing."""

        ref = shop.cluster.ref

        def get_object(self, *_: Any) -> Any:
            raise Forbidden("namespaces is forbidden")

    _, unread = notes_on(Blind(), change, preview)  # type: ignore[arg-type]
    assert unread == ("Whether an owner left a note on Namespace/shop is not known: namespaces is forbidden",)
