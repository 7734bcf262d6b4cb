"""Whether a trial left a trace: the object before it, after it, and what the trial answered. Pure.

Comes in: three forms of one object. Goes out: a ``Trace``. What cannot be told apart from our own doing counts as it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from agentops.providers.kubernetes.api.writing import FIELD_MANAGER

_CHURN = frozenset({"resourceVersion", "managedFields", "generation"})
_LEFT_OUT = frozenset({"status", "kind", "apiVersion"})  # the items of a list say no kind

_ABSENT = object()


class Trace(StrEnum):
    """What became of an object during a trial; the value says it in words."""

    NONE = ""
    GONE = "the object is gone"
    REPLACED = "the object is another one (its uid changed)"
    BEING_DELETED = "the object is being deleted"
    CREATED = "the object exists"
    CHANGED = "the object holds other values than before"
    SOMEBODY_ELSE = "somebody else changed the object"


def trace_of(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, answer: Mapping[str, Any] | None
) -> Trace:
    """Return what became of the object.

    Arguments:
        before, after: the live object, managedFields included; None where there is none.
        answer: what the trial answered; None when it was refused or its answer was lost.
    """
    if after is None:
        return Trace.NONE if before is None else Trace.GONE
    if before is None:
        # A creation answers with the uid that it would store; another uid is somebody else's object.
        ours = answer is None or _metadata(answer).get("uid") in (None, _metadata(after).get("uid"))
        return Trace.CREATED if ours else Trace.SOMEBODY_ELSE
    was, now = _metadata(before), _metadata(after)
    if was.get("uid") != now.get("uid"):
        return Trace.REPLACED
    if now.get("deletionTimestamp") and not was.get("deletionTimestamp"):
        return Trace.BEING_DELETED
    if _content(before) == _content(after):
        return Trace.NONE
    if not now.get("managedFields") or _ours(before) != _ours(after):
        return Trace.CHANGED
    # What a patch removes makes nobody an owner, and a controller may have answered it by now: each field counts.
    # https://github.com/kubernetes-sigs/structured-merge-diff (merge/update.go: only what was set is owned)
    ours = answer is not None and _has_come_true(_content(before), _content(answer), _content(after))
    return Trace.CHANGED if ours else Trace.SOMEBODY_ELSE


def _has_come_true(before: Any, wanted: Any, after: Any) -> bool:
    """Whether anything in which ``wanted`` differs from ``before`` is so in ``after``; or cannot be told apart."""
    if before in (wanted, after):
        return False
    if wanted == after:
        return True
    forms = (before, wanted, after)
    if all(isinstance(form, Mapping) for form in forms):
        names = {name for form in forms for name in form}
        return any(_has_come_true(*(form.get(name, _ABSENT) for form in forms)) for name in names)
    if all(isinstance(form, list) for form in forms):
        same_length = len({len(form) for form in forms}) == 1
        return not same_length or any(_has_come_true(*items) for items in zip(*forms, strict=True))
    return False


def _metadata(value: Mapping[str, Any]) -> Mapping[str, Any]:
    found = value.get("metadata")
    return found if isinstance(found, Mapping) else {}


def _content(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object without status and without what moves with every write, whoever makes it."""
    metadata = {name: field for name, field in _metadata(value).items() if name not in _CHURN}
    return {**{name: field for name, field in value.items() if name not in _LEFT_OUT}, "metadata": metadata}


def _ours(value: Mapping[str, Any]) -> list[Any]:
    fields = _metadata(value).get("managedFields") or ()
    return [one for one in fields if isinstance(one, Mapping) and one.get("manager") == FIELD_MANAGER]
