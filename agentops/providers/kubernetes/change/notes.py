"""What owners wrote on the objects that a change acts on: on those it changes, on what owns them, on their namespace.

Comes in: a change and its preview. Goes out: ``Note`` values, and a line for each object whose notes were not read. The
objects themselves stand in the preview; what is above them costs a GET each, of a bounded number. Reads only, and
decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agentops.core.errors import ClusterError
from agentops.core.notes import notes_of
from agentops.core.plan import Change, Note, Preview
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line, plural
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.api.relatives import owners
from agentops.providers.kubernetes.objects.fields import Object, annotations_of, labels_of, template_of
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.owners import controller_of

MOST_OWNERS = 10
"""The chains of so many controllers are read; a drain of a full node touches many."""


def notes_on(cluster: Cluster, change: Change, preview: Preview) -> tuple[tuple[Note, ...], tuple[str, ...]]:
    """Return the notes of what the change acts on, the nearest first, and whose notes were not read and why."""
    unread: list[str] = []
    found = [note for ref, item in _acted_on(cluster, change, preview, unread) for note in object_notes(ref, item)]
    return tuple(dict.fromkeys(found)), tuple(dict.fromkeys(unread))


def object_notes(ref: ResourceRef, item: Object) -> tuple[Note, ...]:
    """Return the notes of one object: its own, and those that it gives to its pods."""
    template = template_of(item)
    return notes_of(ref, annotations_of(item), labels_of(item), annotations_of(template), labels_of(template))


def _acted_on(
    cluster: Cluster, change: Change, preview: Preview, unread: list[str]
) -> Iterator[tuple[ResourceRef, Object]]:
    changed = {one.ref: one.before for one in preview.objects}
    if change.target.scheme == "k8s" and change.target not in changed:
        # A drain of a node that is cordoned already changes only its pods, and the node is what it is about.
        changed[change.target] = _read(cluster, change.target, unread)
    present = {ref: item for ref, item in changed.items() if item}
    yield from present.items()
    yield from _owners(cluster, present, unread)
    for namespace in sorted({ref.namespace for ref in changed} - {""}):
        ref = cluster.ref("Namespace", namespace)
        if ref not in changed and (item := _read(cluster, ref, unread)):
            yield ref, item


def _owners(
    cluster: Cluster, present: Mapping[ResourceRef, Object], unread: list[str]
) -> Iterator[tuple[ResourceRef, Object]]:
    controllers: dict[tuple[str, str], tuple[ResourceRef, Object]] = {}
    for ref, item in present.items():
        controller = controller_of(item)
        if controller is not None:
            controllers.setdefault((ref.namespace, str(controller.get("uid"))), (ref, item))
    for ref, item in list(controllers.values())[:MOST_OWNERS]:
        for owner in owners(cluster, item):
            if owner.item:
                yield (
                    cluster.ref(owner.kind, owner.name, str(owner.item["metadata"].get("namespace") or "")),
                    owner.item,
                )
            else:
                above = cluster.ref(owner.kind, owner.name, ref.namespace).short
                unread.append(_unread(above, owner.missing))
    if len(controllers) > MOST_OWNERS:
        unread.append(_unread(plural(len(controllers) - MOST_OWNERS, "more owner"), "too many to read"))


def _read(cluster: Cluster, ref: ResourceRef, unread: list[str]) -> Object:
    try:
        # Only kinds that are built in are read here: a target of another kind stands in its preview.
        return cluster.get_object(builtin(ref.kind), ref.name, ref.namespace)
    except KeyError:
        return {}
    except ClusterError as error:
        # What is to be made is not there yet, and neither are notes on it.
        if error.code != "not-found":
            unread.append(_unread(ref.short, error.message))
        return {}


def _unread(what: str, why: str) -> str:
    return f"Whether an owner left a note on {what} is not known: {one_line(why, 160)}"
