"""``Predictor``: what a call would store, worked out from reads alone, so that policy can refuse before a dry run.

Comes in: a ``Call`` and the live object. Goes out: the object with the call's own edits carried out, without what the
server would default, admit or refuse. A prediction is never shown, stored or applied: it only lets a static rule or a
policy say no early; whatever passes is tried on the server and judged again by the server's own answer. It must never
send anything but a read.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentops.core.errors import NotFound
from agentops.core.plan import Call
from agentops.providers.kubernetes.api.answers import Stored
from agentops.providers.kubernetes.api.dry_runner import PreviewServer, object_path
from agentops.providers.kubernetes.api.writing import FIELD_MANAGER, JSON_PATCH, check_call, subresource_of
from agentops.providers.kubernetes.objects.field_paths import natural_key

_ABSENT = object()
_SUCCESS = {"apiVersion": "v1", "kind": "Status", "status": "Success"}


class Predictor:
    """Answers dry runs from what it reads through ``server``, each object once; see ``PreviewServer``."""

    def __init__(self, server: PreviewServer) -> None:
        self._server = server
        self._read: dict[str, dict[str, Any]] = {}

    def get(self, path: str) -> dict[str, Any]:
        """Return one object; see ``PreviewServer``."""
        if path not in self._read:
            self._read[path] = self._server.get(path)
        return self._read[path]

    def dry_run(self, call: Call, *, live: Mapping[str, Any] | None = None) -> Stored:
        """Return the object that ``call`` would store as far as its own edits say; see ``PreviewServer``."""
        check_call(call)
        subresource = subresource_of(call)
        if call.method == "DELETE" or subresource == "eviction":
            return Stored(_SUCCESS)
        if call.method == "POST":
            return Stored(copy.deepcopy(call.body))
        if call.content_type != JSON_PATCH:
            now = self._now(call)
            return Stored(merged(without_dropped(now, call.body), call.body))
        # A Scale is predicted by the fields that the patch writes; nothing else of it is looked at.
        start = {"spec": {}} if subresource == "scale" else (live or self._now(call))
        return Stored(patched(start, call.body))

    def _now(self, call: Call) -> dict[str, Any]:
        try:
            return self.get(object_path(call))
        except NotFound:
            return {}


def patched(obj: Mapping[str, Any], operations: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return ``obj`` with the writes of an RFC 6902 patch carried out; its tests are the server's to make."""
    value: Any = copy.deepcopy(dict(obj))
    for one in operations:
        if one["op"] != "test":
            _write(value, one)
    return dict(value)


def _write(value: Any, one: Mapping[str, Any]) -> None:
    *way, last = [step.replace("~1", "/").replace("~0", "~") for step in str(one["path"]).split("/")[1:]]
    for step in way:
        value = value[int(step)] if isinstance(value, list) else value.setdefault(step, {})
    new = copy.deepcopy(one.get("value"))
    if isinstance(value, list):
        place = len(value) if last == "-" else int(last)
        if one["op"] == "add":
            value.insert(place, new)
        else:
            value[place : place + 1] = [] if one["op"] == "remove" else [new]
    elif one["op"] == "remove":
        value.pop(last, None)
    else:
        value[last] = new


def merged(live: Any, wanted: Any) -> Any:
    """Return ``live`` with what a server-side apply says put over it: maps by key, lists by their natural key."""
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        return {**live, **{name: merged(live.get(name), value) for name, value in wanted.items()}}
    if isinstance(live, list) and isinstance(wanted, list) and (key := natural_key(live, wanted)):
        said = {str(item[key]): item for item in wanted}
        kept = [merged(item, said.pop(str(item[key]), item)) for item in live]
        return [*kept, *said.values()]
    return copy.deepcopy(wanted)


def without_dropped(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``live`` without what a server-side apply of ``manifest`` takes away: our fields that it says no more.

    Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/ (a field that its manager leaves out, and
    that nobody else owns, is removed)
    """
    entries = (live.get("metadata") or {}).get("managedFields") or ()
    ours = [one for one in entries if (one.get("manager"), one.get("operation")) == (FIELD_MANAGER, "Apply")]
    own = next((one.get("fieldsV1") or {} for one in ours if not one.get("subresource")), {})
    others = [one.get("fieldsV1") or {} for one in entries if one not in ours]
    return dict(_kept(live, manifest, own, others))


def _kept(value: Any, said: Any, own: Any, others: Sequence[Any]) -> Any:
    """Return what is left of ``value``; ``own`` and ``others`` are its part of the owners' fieldsV1."""
    if not isinstance(own, Mapping):
        return value
    if said is _ABSENT and not others:
        return _ABSENT
    if isinstance(value, Mapping):
        inner = said if isinstance(said, Mapping) else {}
        found = {
            name: _within(item, inner.get(name, _ABSENT), f"f:{name}", own, others) for name, item in value.items()
        }
        return {name: item for name, item in found.items() if item is not _ABSENT}
    if isinstance(value, list):
        return [item for item in _items(value, said, own, others) if item is not _ABSENT]
    return value


def _items(value: list[Any], said: Any, own: Mapping[str, Any], others: Sequence[Any]) -> Iterator[Any]:
    for item in value:
        step = next((step for step in own if _names(step, item)), "")
        wanted = (one for one in (said if isinstance(said, list) else ()) if _names(step, one))
        yield _within(item, next(wanted, _ABSENT), step, own, others)


def _within(value: Any, said: Any, step: str, own: Mapping[str, Any], others: Sequence[Any]) -> Any:
    inner = [other[step] for other in others if isinstance(other, Mapping) and step in other]
    return _kept(value, said, own.get(step), inner)


def _names(step: str, item: Any) -> bool:
    """Whether a step of fieldsV1 names this item of a list: ``k:`` by some of its fields, ``v:`` by its value."""
    form, _, text = step.partition(":")
    try:
        named = json.loads(text) if form in {"k", "v"} else _ABSENT
    except ValueError:
        return False
    if form == "k" and isinstance(named, Mapping) and isinstance(item, Mapping):
        return all(item.get(name) == value for name, value in named.items())
    return bool(form == "v" and named == item)
