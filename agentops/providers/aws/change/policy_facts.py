"""What AWS says of a resource, and of what becomes of it, for policy: worked out from the preview alone.

Comes in: a reference, and what a preview says of it. Goes out: ``ObjectFacts``. Nothing is read. A resource of AWS
stands in no group that can be protected by name; its tags are its labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.plan import Edit, ObjectChange, Verb
from agentops.core.policy import ObjectFacts
from agentops.core.resource import ResourceRef
from agentops.providers.aws.impact.state.alarms import ACTIONS
from agentops.providers.aws.impact.state.databases import STORAGE
from agentops.providers.aws.impact.state.functions import RESERVED, SOURCES
from agentops.providers.aws.impact.state.groups import SUSPENDED
from agentops.providers.aws.impact.state.instances import STATE
from agentops.providers.aws.impact.state.services import COUNT
from agentops.providers.aws.impact.state.state import TAGS

_COUNTS = ("DesiredCapacity", COUNT)
_SIZES = ("MinSize", "MaxSize", *_COUNTS, STORAGE)


def object_facts(ref: ResourceRef, item: ObjectChange | None) -> ObjectFacts:  # noqa: ARG001
    """Return what is true of a resource, and of what a change makes of it; see ``core.policy.ObjectFacts``."""
    if item is None:
        return ObjectFacts(writes_secrets=False)
    before, after = item.before or {}, item.after or {}
    is_update = item.verb is Verb.UPDATE and bool(item.edits)
    return ObjectFacts(
        writes_secrets=False,
        labels={str(k): str(v) for k, v in (before.get(TAGS) or {}).items()},
        replicas=_count(before),
        replicas_after=_count(after),
        scales_to_zero=is_update and any(_ends(edit) for edit in item.edits),
        grows_only=is_update and all(map(_grows, item.edits)),
        adds_only=is_update and [edit.path for edit in item.edits] == [STORAGE] and all(map(_grows, item.edits)),
    )


def _count(form: Mapping[str, Any]) -> int | None:
    return next((value for name in _COUNTS if type(value := form.get(name)) is int), None)


def _ends(edit: Edit) -> bool:
    """Return whether a thing that runs will run nothing: no instance, no task, no call let through, an instance off."""
    if edit.path in (*_COUNTS, RESERVED):
        return bool(edit.new == 0 and edit.old != 0)
    return edit.path == STATE and bool(edit.new == "stopped")


def _grows(edit: Edit) -> bool:
    """Return whether an edit only lets more run than before, or more be told."""
    if edit.path in _SIZES:
        # A higher minimum may launch instances; a higher maximum only lets it.
        return type(edit.old) is int and type(edit.new) is int and edit.new > edit.old
    if edit.path == SUSPENDED:
        return isinstance(edit.old, list) and isinstance(edit.new, list) and set(edit.new) < set(edit.old)
    if edit.path == RESERVED:
        return type(edit.old) is int and (edit.new is None or (type(edit.new) is int and edit.new > edit.old))
    if edit.path == ACTIONS or edit.path.startswith(f"{SOURCES}."):
        return edit.old is False and edit.new is True
    return edit.path == STATE and bool((edit.old, edit.new) == ("stopped", "running"))
