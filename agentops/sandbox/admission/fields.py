"""Which fields an object has, as sets of paths, and who manages them (``metadata.managedFields``).

Comes in: objects and schemas. Goes out: path sets, and managedFields entries in the FieldsV1 form of
structured-merge-diff: ``f:name`` for a field, ``k:{...}`` for a list item by key, ``v:value`` for an item of a set.

Must never: own what only the server sets (name, uid, resourceVersion and so on).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from agentops.sandbox.data import data
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.schemas import Schema, child, is_set, items, list_keys, resolve

Path: TypeAlias = tuple[str, ...]

_ITSELF = "."
# Parts that an object of a Go type has from the start: nobody comes to own them by writing something into them.
_PARTS = ("metadata", "spec", "status", "template", "strategy", "updateStrategy", "jobTemplate", "containers")
_ALWAYS = {f"f:{name}" for name in (*_PARTS, "resources", "loadBalancer", "scaleTargetRef", "podSelector")}


def leaves(schema: Schema, obj: Obj, *, whole: bool = False) -> dict[Path, Any]:
    """Return every field that can be owned, with its value; an item of a keyed list also stands for itself.

    Arguments:
        schema: of the object.
        obj: the object.
        whole: a map, an object or a list stands for itself as well, as in what an update is recorded to own.
    """
    return {path: value for path, value in _walk(schema, obj, (), whole) if path and not _unowned(path)}


def _unowned(path: Path) -> bool:
    if path[0] == "f:metadata":
        return path[1:] != () and path[1].removeprefix("f:") in data("served.yaml")["unowned"]
    return path[0] in ("f:apiVersion", "f:kind")


def _walk(schema: Schema, value: Any, path: Path, whole: bool) -> Iterator[tuple[Path, Any]]:
    full = resolve(schema)
    form = _form(full, value)
    if whole and form and not set(path) <= _ALWAYS and path[-1][:2] == "f:":
        yield (*path, _ITSELF), None
    if form == "map":
        for field, one in value.items():
            yield from _walk(child(full, field) or {}, one, (*path, f"f:{field}"), whole)
    elif form == "list":
        for one in value:
            place = (*path, item_name(full, one))
            yield (*place, _ITSELF), None
            yield from _walk(items(full), one, place, whole)
    elif form == "set":
        yield from (((*path, "v:" + json.dumps(one)), one) for one in value)
    elif not (whole and value == {} and set(path) <= _ALWAYS):
        yield path, value


def _form(full: Schema, value: Any) -> str:
    """Return how the parts of a value are owned: ``map``, ``list`` (by key), ``set``; empty when it is owned whole."""
    if isinstance(value, dict) and value:
        return "map" if full.get("x-kubernetes-map-type") != "atomic" else ""
    if isinstance(value, list) and value:
        if list_keys(full) and _all_keyed(full, value):
            return "list"
        return "set" if is_set(full) else ""
    return ""


def _all_keyed(schema: Schema, value: list[Any]) -> bool:
    return all(isinstance(one, dict) and list_keys(schema)[0] in one for one in value)


def item_name(schema: Schema, item: Obj) -> str:
    """Return ``k:{"name":"web"}``: the name of an item of a keyed list; a port's protocol is TCP when not given."""
    given = {key: item.get(key, "TCP") for key in sorted(list_keys(schema)) if key in item or key == "protocol"}
    return "k:" + json.dumps(given, separators=(",", ":"))


def to_fields(paths: set[Path]) -> Obj:
    """Return a set of paths as FieldsV1."""
    tree: Obj = {}
    for path in sorted(paths):
        node = tree
        for name in path:
            node = node.setdefault(name, {})
    return tree


def from_fields(tree: Obj) -> set[Path]:
    """Return FieldsV1 as a set of paths."""
    found: set[Path] = set()

    def walk(node: Obj, path: Path) -> None:
        if not node and path:
            found.add(path)
        for name, inner in node.items():
            walk(inner, (*path, name))

    walk(tree, ())
    return found


def show(path: Path) -> str:
    """Return a path as conflicts name it: ``.spec.containers[name="web"].image``."""
    text = ""
    for name in path:
        kind, _, rest = name.partition(":")
        if kind == "f":
            text += f".{rest}"
        elif kind == "k":
            text += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(rest).items()) + "]"
        elif kind == "v":
            text += f"[={rest}]"
    return text


def undeclared(schema: Schema, obj: Any) -> list[str]:
    """Return the fields that the schema does not have, named as in conflicts."""
    found: list[str] = []

    def walk(schema: Schema, value: Any, path: Path) -> None:
        full = resolve(schema)
        for field, one in value.items() if isinstance(value, dict) else ():
            inner = child(full, field)
            if inner is None:
                found.append(show((*path, f"f:{field}")))
            else:
                walk(inner, one, (*path, f"f:{field}"))
        for one in value if isinstance(value, list) else ():
            walk(items(full), one, (*path, item_name(full, one)) if list_keys(full) and isinstance(one, dict) else path)

    walk(schema, obj, ())
    return found


def without(schema: Schema, obj: Any, paths: set[Path]) -> Any:
    """Return a copy of ``obj`` without the fields at ``paths``; what becomes empty by that goes too."""
    if not paths:
        return obj
    full = resolve(schema)
    heads: dict[str, set[Path]] = {}
    for path in paths:
        heads.setdefault(path[0], set()).add(path[1:])
    if isinstance(obj, dict):
        return _without_fields(full, obj, heads)
    if isinstance(obj, list) and list_keys(full):
        named = [(heads.get(item_name(full, one), set()), one) for one in obj]
        return [without(items(full), one, rest - {(_ITSELF,)}) for rest, one in named if (_ITSELF,) not in rest]
    if isinstance(obj, list):
        return [one for one in obj if "v:" + json.dumps(one) not in heads]
    return obj


def _without_fields(full: Schema, obj: Obj, heads: dict[str, set[Path]]) -> Obj:
    kept = {}
    for field, value in obj.items():
        rest = heads.get(f"f:{field}")
        if rest is None:
            kept[field] = value
        elif () not in rest:
            left = without(child(full, field) or {}, value, rest)
            if left not in ({}, []) or value in ({}, []):
                kept[field] = left
    return kept


def record_update(schema: Schema, live: Obj | None, new: Obj, entry: Obj) -> list[Obj]:
    """Return managedFields after an update: what changed belongs to this manager now, and to nobody else.

    Arguments:
        schema: of the object.
        live: before; None for a create.
        new: after.
        entry: the manager's entry without fields: manager, operation, apiVersion, time, perhaps subresource.
    """
    before, after = leaves(schema, live or {}, whole=True), leaves(schema, new, whole=True)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    gone = set(before) - set(after)
    entries = []
    own = set(changed)
    for one in (live or {}).get("metadata", {}).get("managedFields", ()):
        held = from_fields(one.get("fieldsV1", {})) - gone
        if identity(one) == identity(entry):
            own |= held
            entry = entry if changed else {**entry, "time": one.get("time")}
            continue
        left = held - changed
        if left:
            entries.append(one if left == held | gone else {**one, "fieldsV1": to_fields(left)})
    if own:
        entries.append({**entry, "fieldsType": "FieldsV1", "fieldsV1": to_fields(own)})
    return entries


def identity(entry: Obj) -> tuple[str, str, str, str]:
    """Return what tells two managers apart."""
    return (
        entry.get("manager", ""),
        entry.get("operation", ""),
        entry.get("apiVersion", ""),
        entry.get("subresource", ""),
    )
