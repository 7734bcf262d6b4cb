"""``Predictor``: what a call would store, worked out from reads alone, so that policy can refuse before a dry run.

Comes in: a ``Call`` and the live object. Goes out: the object with the call's own edits carried out, without what the
server would default, admit or refuse. A prediction is never shown, stored or applied: it only lets a static rule or a
policy say no early; whatever passes is tried on the server and judged again by the server's own answer. It must never
send anything but a read.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from agentops.core.errors import NotFound
from agentops.core.plan import Call
from agentops.tools.kubernetes.answers import Stored
from agentops.tools.kubernetes.changes.fieldpath import natural_key
from agentops.tools.kubernetes.dry_runner import PreviewServer, object_path
from agentops.tools.kubernetes.writing import JSON_PATCH, check_call, subresource_of

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
            return Stored(merged(self._now(call), call.body))
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
