"""``kubernetes_patch``: any object, by typed field changes, each with the old value as its precondition.

Comes in: ``{path, old, new}``, ``{path, replace: {old: new}}`` for parts of a text, or ``{changes: [...]}``. Goes out:
the edited object. It must never change a field whose value is not the one that the caller saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.declaration import REPLACE, TEXT, Schema, change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.change.text_replacement import replace_texts, show_value
from agentops.providers.kubernetes.objects.difference import same
from agentops.providers.kubernetes.objects.field_paths import (
    ABSENT,
    FieldPath,
    get,
    named,
    natural_key,
    parse,
    position_of,
    put,
    remove,
    show,
)
from agentops.providers.kubernetes.objects.server_values import agrees

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext

_ANY: Schema = {"description": "JSON value; null for a field that is not there"}
_CHANGE: dict[str, Schema] = {
    "path": {
        **TEXT,
        "description": "e.g. spec.template.spec.containers[app].image, data[app.conf], spec.ports[http].port",
    },
    "old": _ANY,
    "new": _ANY,
    "replace": REPLACE,
}
_ONE_CHANGE: Schema = {"type": "object", "properties": _CHANGE, "required": ["path"], "additionalProperties": False}


@change_tool(
    "kubernetes_patch",
    "Change fields of any object by path, e.g. spec.template.spec.containers[app].image: old is what is there "
    "(null: nothing), new what shall be (null: none). Keys in old that are not in new are removed. Prefer a more "
    "special tool.",
    {**_CHANGE, "changes": {"type": "array", "items": _ONE_CHANGE, "minItems": 1, "maxItems": 100}},
    permissions=get_and_patch("KIND"),
)
@edits_object
def patch(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the object with the field changes of ``arguments`` carried out in order.

    Raises:
        ToolInputError: the arguments contradict one another, a path leads nowhere, or an old value is not there.
    """
    alone = {name: value for name, value in arguments.items() if name in _CHANGE}
    listed = arguments.get("changes")
    if (listed is None) is (alone.get("path") is None) or (listed is not None and alone):
        raise ToolInputError(
            "kubernetes_patch takes either a path with old and new, a path with replace, or changes",
            hint='Write {"path": "spec.replicas", "old": 2, "new": 3}',
        )
    value: Any = live
    for one in [alone] if listed is None else listed:
        value = field_change(value, one)
    return Edited(obj=value)


def field_change(obj: Any, one: Mapping[str, Any]) -> Any:
    """Return ``obj`` with one field change carried out.

    Raises:
        ToolInputError: as ``patch``.
    """
    path = named(obj, parse(str(one["path"])))
    if "replace" in one:
        if "old" in one or "new" in one:
            raise ToolInputError(f"{show(path)}: replace stands in place of old and new")
        texts = one["replace"]
        path = _find_path(obj, path, lambda value: isinstance(value, str) and all(old in value for old in texts))
        return put(obj, path, replace_texts(get(obj, path), texts, show(path)))
    if "old" not in one or "new" not in one:
        missing = "old" if "old" not in one else "new"
        raise ToolInputError(f"{show(path)}: {missing} is missing", hint="null stands for a field that is not there.")
    old, new = one["old"], one["new"]
    path = _find_path(obj, path, lambda value: same(value, old))
    here = get(obj, path)
    # Of two maps only the keys that either names are compared and written; what others put there stays.
    if isinstance(old, Mapping) and isinstance(new, Mapping) and isinstance(here, Mapping):
        return put(obj, path, _merge(here, old, new, show(path)))
    if not same(None if here is ABSENT else here, old) and not agrees(obj, path, old):
        raise _other(show(path), old, here)
    return remove(obj, path) if new is None else put(obj, path, new)


def _merge(here: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return a map whose keys in ``old`` have become those in ``new``; the other keys stay.

    Raises:
        ToolInputError: a key does not hold its old value, or a new key is taken by another value.
    """
    for key, value in old.items():
        if not same(here.get(key), value):
            raise _other(f"{where}[{key}]", value, here.get(key, ABSENT))
    for key, value in new.items():
        if key not in old and key in here and not same(here[key], value):
            raise ToolInputError(
                f"{where}[{one_line(key, 60)}] is there already: {show_value(here[key], f'{where}[{key}]')}",
                hint="Say its value in old as well if it is to be overwritten.",
            )
    result = {**{key: value for key, value in here.items() if key not in old or key in new}, **new}
    return {key: value for key, value in result.items() if value is not None}


def _find_path(obj: Any, path: FieldPath, fits: Any) -> FieldPath:
    """Return ``path`` with the list items that it leaves out: ``envFrom.configMapRef`` means the one item that fits.

    Raises:
        ToolInputError: several items fit.
    """
    value = obj
    for at, step in enumerate(path):
        if isinstance(value, list) and position_of(value, step) is None:
            key = natural_key(value)
            names = [str(item[key]) if key else str(place) for place, item in enumerate(value)]
            fitting = [name for name in names if fits(get(value, (name, *path[at:])))]
            if len(fitting) > 1:
                raise ToolInputError(
                    f"{show(path)}: {len(fitting)} items of the list fit", hint=f"Name one: {', '.join(fitting[:5])}"
                )
            return _find_path(obj, (*path[:at], fitting[0], *path[at:]), fits) if fitting else path
        value = get(value, (step,))
    return path


def _other(where: str, old: Any, here: Any) -> ToolInputError:
    return ToolInputError(
        f"{where} is not {show_value(old, where)} but {show_value(here, where)}",
        hint="Read it again with kubernetes_get; it may have changed.",
    )
