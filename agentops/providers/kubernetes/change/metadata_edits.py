"""Sets or removes labels or annotations of an object; what ``kubernetes_label`` and ``kubernetes_annotate`` share.

Comes in: a live object and the tool's arguments. Goes out: the object as it should be. It must never touch the labels
of its pod template.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.declaration import KEYS, TEXTS, Schema
from agentops.providers.kubernetes.objects.field_paths import put

MARKS: Mapping[str, Schema] = {"set": TEXTS, "unset": KEYS}


def with_marks(live: Mapping[str, Any], field: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object with ``set`` of the arguments written to a field of its metadata and ``unset`` taken away.

    Raises:
        ToolInputError: nothing is asked for, or what is to be removed is not there.
    """
    wanted, unset = arguments.get("set") or {}, arguments.get("unset") or ()
    if not wanted and not unset:
        raise ToolInputError(f"set or unset is needed to change {field}")
    here = dict(live["metadata"].get(field) or {})
    for name in unset:
        if name not in here:
            known = one_line(", ".join(sorted(here)), 200) or "none"
            raise ToolInputError(f"there is no {one_line(name, 80)!r} in metadata.{field}", hint=f"There are: {known}")
        del here[name]
    marked: dict[str, Any] = put(live, ("metadata", field), {**here, **wanted})
    return marked
