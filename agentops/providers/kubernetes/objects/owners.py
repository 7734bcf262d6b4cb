"""Owner references: who controls an object, who owns it, and whether it belongs to another.

The controller is the one owner that manages an object; others only keep it alive. An owner is known by its uid: one
of the same name that was made anew is another. Comes in: plain objects. Goes out: references or facts. Nothing is
read from a cluster. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from agentops.providers.kubernetes.objects.fields import Object


def owner_references(item: Object) -> tuple[Object, ...]:
    """Return the owner references of an object; what is not one is left out."""
    metadata = item.get("metadata")
    written = metadata.get("ownerReferences") if isinstance(metadata, Mapping) else None
    return tuple(one for one in written if isinstance(one, Mapping)) if isinstance(written, list | tuple) else ()


def controller_of(item: Object) -> Object | None:
    """Return the reference to the object's controller; None when nothing manages it."""
    return next((one for one in owner_references(item) if one.get("controller") is True), None)


def owner_of(item: Object) -> Object | None:
    """Return the reference to the object's controller, else to its first owner; None when it has no owner."""
    return controller_of(item) or next(iter(owner_references(item)), None)


def is_owned_by(item: Object, uids: Collection[Any]) -> bool:
    """Return whether one of the object's owners has one of ``uids``."""
    return any(reference.get("uid") in uids for reference in owner_references(item))
