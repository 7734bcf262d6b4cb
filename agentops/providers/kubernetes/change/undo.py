"""The undo of an edit: field changes for ``kubernetes_patch``, proved on the objects before they are promised.

Comes in: an object before and after, both normalised. Goes out: the ``Change`` that makes exactly the first of the
second, or nothing when none does. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.plan import Change
from agentops.core.resource import ResourceRef
from agentops.providers.kubernetes.objects.difference import changes, same
from agentops.providers.kubernetes.objects.field_paths import ABSENT, get, parse, put, remove
from agentops.providers.kubernetes.objects.normal_form import normalised

PATCH = "kubernetes_patch"


def undo_of(target: ResourceRef, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change | None:
    """Return the patch that makes ``before`` of ``after``, or None when typed changes cannot."""
    for whole_lists in (False, True):
        wanted = changes(after, before, whole_lists=whole_lists)
        try:
            back = normalised(with_changes(after, wanted))
        except ToolInputError:
            continue
        if same(back, before):
            return Change(tool=PATCH, target=target, arguments={"changes": wanted}, reason="undoes the change")
    return None


def with_changes(obj: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return ``obj`` with ``{path, old, new}`` changes carried out in order; None stands for absent.

    Raises:
        ToolInputError: a path cannot be followed, or what is there is not the old value.
    """
    value: Any = dict(obj)
    for one in wanted:
        path = parse(one["path"])
        found = get(value, path)
        if not same(None if found is ABSENT else found, one["old"]):
            raise ToolInputError(f"{one['path']} is not what it should be")
        value = remove(value, path) if one["new"] is None else put(value, path, one["new"])
    return dict(value)
