"""``kubernetes_edit_configmap``: keys set, removed, renamed, or edited in part.

Comes in: a live ConfigMap and what to do with its keys. Goes out: the edited ConfigMap. It must never touch
another key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.declaration import KEYS, REPLACE, TEXT, TEXTS, change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.change.text_replacement import replace_texts

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext

_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


@change_tool(
    "kubernetes_edit_configmap",
    "Set, remove or rename keys, or replace texts (replace: {old: new}) in the value of one key. Pods that read it "
    "as environment see it only after a rollout_restart.",
    {
        "set": TEXTS,
        "unset": KEYS,
        "rename": {**TEXTS, "description": "{old key: new key}"},
        "key": {**TEXT, "description": "the key for replace"},
        "replace": REPLACE,
    },
    kinds=("ConfigMap",),
    permissions=get_and_patch("configmaps"),
)
@edits_object
def edit_configmap(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the ConfigMap with its keys edited: renames first, then replacements, removals and settings.

    Raises:
        ToolInputError: nothing is asked for, a key is missing or taken, or the ConfigMap is immutable.
    """
    _check_asked(live, arguments)
    data: dict[str, Any] = dict(live.get("data") or {})
    for old, new in (arguments.get("rename") or {}).items():
        data = _renamed(data, old, new)
    if "key" in arguments:
        key = str(arguments["key"])
        _check_there(data, key)
        data[key] = replace_texts(data[key], arguments["replace"], f"data[{key}]")
    for key in arguments.get("unset") or ():
        _check_there(data, key)
        del data[key]
    for key, value in (arguments.get("set") or {}).items():
        _check_key(key)
        if key in (live.get("binaryData") or {}):
            raise ToolInputError(f"the key {one_line(key, 60)!r} holds binary data")
        data[key] = value
    rest = {name: value for name, value in live.items() if name != "data"}
    return Edited(obj={**rest, "data": data} if data or "data" in live else rest)


def _check_asked(live: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    if live.get("immutable"):
        raise ToolInputError(
            "this ConfigMap is immutable", hint="Make a new one with another name, and let the workload refer to it."
        )
    if ("key" in arguments) is not ("replace" in arguments):
        raise ToolInputError("kubernetes_edit_configmap needs key and replace together")
    if not any(arguments.get(name) for name in ("set", "unset", "rename", "replace")):
        raise ToolInputError("kubernetes_edit_configmap needs one of set, unset, rename, or key with replace")


def _renamed(data: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    _check_there(data, old)
    _check_key(new)
    if new in data:
        raise ToolInputError(f"the key {one_line(new, 60)!r} is there already", hint="Unset it, or set its value.")
    return {new if key == old else key: value for key, value in data.items()}


def _check_there(data: Mapping[str, Any], key: str) -> None:
    if key not in data:
        keys = one_line(", ".join(sorted(data)), 200) or "none"
        raise ToolInputError(f"there is no key {one_line(key, 60)!r} in data", hint=f"Its keys are: {keys}")


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key) or key in {".", ".."}:
        raise ToolInputError(
            f"{one_line(key, 60)!r} cannot be a key", hint="Keys hold letters, digits, '-', '_' and '.', at most 253."
        )
