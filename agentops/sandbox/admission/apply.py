"""Server-side apply: merge a manager's whole intent into the live object, with ownership and conflicts.

Comes in: the live object (or none), the applied configuration and the manager's name. Goes out: the merged object with
its managedFields, or 409 naming who owns the contested fields. Follows structured-merge-diff's Apply.

Must never: take a field from another manager without ``force``.
"""

from __future__ import annotations

from typing import Any

from agentops.sandbox.admission.fields import Path, from_fields, identity, item_name, leaves, show, to_fields, without
from agentops.sandbox.store import Obj, copy_json
from agentops.sandbox.wire.schemas import Schema, child, is_set, items, list_keys, resolve
from agentops.sandbox.wire.status import ApiRefusal

_ABSENT = object()


def server_side_apply(schema: Schema, live: Obj | None, config: Obj, entry: Obj, *, force: bool) -> Obj:
    """Return the live object with ``config`` applied by the manager that ``entry`` names.

    Arguments:
        schema: of the object.
        live: what is stored; None when the object is new.
        config: everything that this manager wants to say about the object.
        entry: the manager's managedFields entry without its fields.
        force: take contested fields over.

    Raises:
        ApiRefusal: 409, a field has another value and another manager.
    """
    base: Obj = live or {}
    entries = list(base.get("metadata", {}).get("managedFields") or (_before(schema, live, entry) if live else ()))
    others = [one for one in entries if identity(one) != identity(entry)]
    previous = next((one for one in entries if identity(one) == identity(entry)), None)
    before = from_fields(previous["fieldsV1"]) if previous is not None else set()
    wanted, present = leaves(schema, config), leaves(schema, base)
    differing = _differing(wanted, present)
    contested = [(one, path) for one in others for path in sorted(from_fields(one["fieldsV1"]) & differing)]
    if contested and not force:
        raise _conflict(contested)
    held = {id(one): from_fields(one["fieldsV1"]) - differing for one in others}
    dropped = before - set(wanted) - {path for paths in held.values() for path in paths}
    merged: Obj = _merge(schema, without(schema, base, dropped), config)
    kept = [_holding(one, held[id(one)]) for one in others if held[id(one)]]
    own = {**entry, "fieldsType": "FieldsV1", "fieldsV1": to_fields(set(wanted))}
    if previous is not None and previous["fieldsV1"] == own["fieldsV1"] and not differing:
        own["time"] = previous.get("time")
    merged.setdefault("metadata", {})["managedFields"] = [*kept, own]
    return merged


def _holding(entry: Obj, paths: set[Path]) -> Obj:
    """Return the entry with these fields; untouched when it had no other, so that its form stays too."""
    return entry if paths == from_fields(entry["fieldsV1"]) else {**entry, "fieldsV1": to_fields(paths)}


def _before(schema: Schema, live: Obj, entry: Obj) -> list[Obj]:
    """Return the entry of all that was there before anybody's fields were tracked, as from plain manifests."""
    fields = to_fields(set(leaves(schema, live)))
    kept = {"operation": "Update", "apiVersion": entry["apiVersion"], "time": entry["time"]}
    return [{"manager": "before-first-apply", **kept, "fieldsType": "FieldsV1", "fieldsV1": fields}]


def _differing(wanted: dict[Path, Any], present: dict[Path, Any]) -> set[Path]:
    inner = {path[:length] for path in present for length in range(1, len(path))}
    # An empty map or list says nothing against what is already in it, and an item's "." has no value.
    return {
        path
        for path, value in wanted.items()
        if path[-1] != "." and present.get(path, _ABSENT) != value and not (value in ({}, []) and path in inner)
    }


def _merge(schema: Schema, live: Any, config: Any) -> Any:
    full = resolve(schema)
    if isinstance(config, dict) and isinstance(live, dict) and full.get("x-kubernetes-map-type") != "atomic":
        new = dict(live)
        for field, value in config.items():
            new[field] = _merge(child(full, field) or {}, live.get(field), value)
        return new
    if isinstance(config, list) and isinstance(live, list):
        if list_keys(full):
            return _merge_items(full, live, config)
        if is_set(full):
            return [*live, *(one for one in config if one not in live)]
    return copy_json(config)


def _merge_items(full: Schema, live: list[Obj], config: list[Obj]) -> list[Obj]:
    wanted = {item_name(full, one): one for one in config}
    merged = [_merge(items(full), one, wanted.pop(item_name(full, one), {})) for one in live]
    return [*merged, *(copy_json(one) for one in wanted.values())]


def _conflict(contested: list[tuple[Obj, Path]]) -> ApiRefusal:
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {_manager(one)}", "field": show(path)}
        for one, path in contested
    ]
    if len(contested) == 1:
        one, path = contested[0]
        message = f"Apply failed with 1 conflict: conflict with {_manager(one)}: {show(path)}"
    else:
        lines = []
        for manager in sorted({_manager(one) for one, _ in contested}):
            lines.append(f"conflicts with {manager}:")
            lines += [f"- {show(path)}" for one, path in contested if _manager(one) == manager]
        message = f"Apply failed with {len(contested)} conflicts: " + "\n".join(lines)
    return ApiRefusal("Conflict", message, {"causes": causes})


def _manager(entry: Obj) -> str:
    name = f'"{entry["manager"]}"'
    if entry.get("subresource"):
        name += f' with subresource "{entry["subresource"]}"'
    return f"{name} using {entry['apiVersion']}" if entry.get("operation") == "Update" else name
