"""The three patch formats as pure functions: JSON patch (RFC 6902), merge patch (RFC 7396), strategic merge patch.

Comes in: the live object and a patch. Goes out: a new object; nothing is changed in place. Strategic merge follows
apimachinery's strategicpatch: merge keys and strategies come from the schema, directives ($patch, $retainKeys,
$deleteFromPrimitiveList, $setElementOrder) from the patch.

Must never: half-apply a patch.
"""

from __future__ import annotations

from typing import Any

from agentops.sandbox.store import copy_json
from agentops.sandbox.wire.schemas import Schema, child, items, resolve
from agentops.sandbox.wire.status import ApiRefusal, bad_request

_ORDER, _DELETE = "$setElementOrder/", "$deleteFromPrimitiveList/"


def merge_patch(value: Any, patch: Any) -> Any:
    """Return ``value`` with an RFC 7396 merge patch applied."""
    if not isinstance(patch, dict):
        return copy_json(patch)
    new = dict(value) if isinstance(value, dict) else {}
    for field, one in patch.items():
        if one is None:
            new.pop(field, None)
        else:
            new[field] = merge_patch(new.get(field), one)
    return new


def json_patch(value: Any, operations: Any) -> Any:
    """Return ``value`` with RFC 6902 operations applied, ``test`` included.

    Raises:
        ApiRefusal: 400 for what is no JSON patch, 422 when an operation cannot be applied or a test fails.
    """
    if not isinstance(operations, list) or not all(isinstance(one, dict) and "op" in one for one in operations):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        )
    new = copy_json(value)
    try:
        for operation in operations:
            new = _perform(new, operation)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ApiRefusal("Invalid", "the server rejected our request due to an error in our request", {}) from error
    return new


def _perform(document: Any, operation: dict[str, Any]) -> Any:
    kind, path = operation["op"], _pointer(operation["path"])
    if kind == "test":
        if _look_up(document, path, absent=operation.get("value") is None) != operation.get("value"):
            raise ValueError(f"testing value {operation['path']} failed: test failed")
        return document
    if kind == "remove":
        return _place(document, path, "remove", None)
    if kind in ("add", "replace"):
        return _place(document, path, kind, copy_json(operation["value"]))
    if kind in ("move", "copy"):
        source = _pointer(operation["from"])
        value = copy_json(_look_up(document, source))
        if kind == "move":
            document = _place(document, source, "remove", None)
        return _place(document, path, "add", value)
    raise ValueError(f"unexpected kind: {kind}")


def _pointer(text: str) -> list[str]:
    if text and not text.startswith("/"):
        raise ValueError(f"bad pointer {text}")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _look_up(document: Any, path: list[str], *, absent: bool = False) -> Any:
    """Return what a path leads to; with ``absent`` a field that is not there is null, as the real server takes it."""
    for part in path:
        if absent and isinstance(document, dict) and part not in document:
            return None
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _place(document: Any, path: list[str], kind: str, value: Any) -> Any:
    if not path:
        return value
    holder, last = _look_up(document, path[:-1]), path[-1]
    if isinstance(holder, list):
        index = len(holder) if last == "-" and kind == "add" else int(last)
        if index < 0 or index > len(holder) - (kind != "add"):
            raise IndexError(f"index {last} is out of bounds")
        if kind == "add":
            holder.insert(index, value)
        elif kind == "replace":
            holder[index] = value
        else:
            del holder[index]
    elif kind in ("add", "replace"):  # the real server replaces what is not there as well
        holder[last] = value
    else:
        del holder[last]
    return document


def strategic_merge(schema: Schema, value: Any, patch: dict[str, Any]) -> dict[str, Any]:
    """Return ``value`` with a strategic merge patch applied.

    Raises:
        ApiRefusal: an unknown directive, or an item without its merge key.
    """
    value = value if isinstance(value, dict) else {}
    directive = patch.get("$patch", "merge")
    if directive == "replace":
        return {field: copy_json(one) for field, one in patch.items() if field != "$patch"}
    if directive == "delete":
        return {}
    if directive != "merge":
        raise bad_request(f"unknown patch type found: {directive}")
    retained = patch.get("$retainKeys")
    new = {f: one for f, one in value.items() if retained is None or f in retained}
    for field, one in patch.items():
        if field.startswith(_DELETE):
            name = field.removeprefix(_DELETE)
            new[name] = [item for item in new.get(name, ()) if item not in one]
        elif not field.startswith("$"):
            _merge_field(schema, new, field, one)
    for field, order in patch.items():
        if field.startswith(_ORDER) and isinstance(new.get(field.removeprefix(_ORDER)), list):
            name = field.removeprefix(_ORDER)
            new[name] = _ordered(new[name], order, _merge_key(schema, name))
    return new


def _merge_field(schema: Schema, new: dict[str, Any], field: str, patch: Any) -> None:
    if patch is None:
        new.pop(field, None)
        return
    inner = child(schema, field) or {}
    full = resolve(inner)
    merges = "merge" in full.get("x-kubernetes-patch-strategy", "").split(",")
    if isinstance(patch, dict):
        replaces = "replace" in full.get("x-kubernetes-patch-strategy", "").split(",")
        new[field] = copy_json(patch) if replaces else strategic_merge(inner, new.get(field), patch)
    elif isinstance(patch, list) and merges:
        new[field] = _merge_list(inner, new.get(field) or [], patch, _merge_key(schema, field))
    elif isinstance(patch, list):
        new[field] = [copy_json(one) for one in patch if not (isinstance(one, dict) and "$patch" in one)]
    else:
        new[field] = patch


def _merge_key(schema: Schema, field: str) -> str:
    return str(resolve(child(schema, field) or {}).get("x-kubernetes-patch-merge-key", ""))


def _merge_list(schema: Schema, value: list[Any], patch: list[Any], key: str) -> list[Any]:
    if not key:
        return [*value, *(one for one in patch if one not in value)]
    if any(isinstance(one, dict) and one.get("$patch") == "replace" for one in patch):
        return [copy_json(one) for one in patch if "$patch" not in one]
    new = list(value)
    for one in patch:
        if not isinstance(one, dict) or key not in one:
            raise bad_request(f"map: {one} does not contain declared merge key: {key}")
        index = next((i for i, item in enumerate(new) if item.get(key) == one[key]), None)
        if one.get("$patch") == "delete":
            new = [item for item in new if item.get(key) != one[key]]
        elif index is None:
            new.append(strategic_merge(items(schema), {}, one))
        else:
            new[index] = strategic_merge(items(schema), new[index], one)
    return _interleaved(new, [item.get(key) for item in value], [one[key] for one in patch], key)


def _interleaved(merged: list[Any], before: list[Any], patched: list[Any], key: str) -> list[Any]:
    """Return the list as the real server orders it: the patch's items in its order, the others before their successors.

    Source: apimachinery's strategicpatch, normalizeElementOrder and mergeSortedSlice.
    """
    left = [item for item in merged if item.get(key) not in patched]
    right = sorted((item for item in merged if item.get(key) in patched), key=lambda one: patched.index(one.get(key)))
    ordered = []
    while left and right:
        first, second = (before.index(one[0][key]) if one[0].get(key) in before else -1 for one in (left, right))
        ordered.append(left.pop(0) if 0 <= first < second else right.pop(0))
    return [*ordered, *left, *right]


def _ordered(value: list[Any], order: list[Any], key: str) -> list[Any]:
    """Return the list in the patch's order; items that it does not name keep their place behind those before them."""
    wanted = [one.get(key) if key and isinstance(one, dict) else one for one in order]

    def name(item: Any) -> Any:
        return item.get(key) if key else item

    named = sorted((item for item in value if name(item) in wanted), key=lambda item: wanted.index(name(item)))
    return [named.pop(0) if name(item) in wanted else item for item in value]
