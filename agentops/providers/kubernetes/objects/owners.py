"""Owner references: which one controls an object, and whether an object belongs to another.

Comes in: plain objects. Goes out: a reference or a fact. Nothing is read from a cluster. Source:
https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

Object: TypeAlias = Mapping[str, Any]


def controller_reference(item: Object) -> Object | None:
    """Return the reference to the object's controller, else to its first owner; None when it has no owner."""
    references = item["metadata"].get("ownerReferences") or ()
    return next((ref for ref in references if ref.get("controller")), references[0] if references else None)


def is_owned_by(item: Object, uids: Collection[Any]) -> bool:
    """Return whether one of the object's owners has one of ``uids``."""
    return any(reference.get("uid") in uids for reference in item["metadata"].get("ownerReferences") or ())
