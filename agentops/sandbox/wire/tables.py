"""Server-side Tables: the columns that ``kubectl get`` shows, computed here as the real server computes them.

Comes in: stored objects of one kind. Goes out: a ``meta.k8s.io/v1`` Table. Columns of built-in kinds follow
kubernetes/pkg/printers/internalversion/printers.go and stand in ``schema/columns.yaml``; those of custom kinds come
from their definition.

Must never: be parsed by our own tools; a Table is for people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from agentops.sandbox.data import data
from agentops.sandbox.store import Obj, Objects
from agentops.sandbox.wire import cells, pod_cells
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.request import ApiRequest
from agentops.sandbox.wire.status import bad_request

_PLACE = re.compile(r"\{([\w.]+)=?(\w*)\}")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, how its cell is computed, its OpenAPI type, and whether only ``-o wide`` shows it."""

    name: str
    cell: Callable[[Obj, datetime], Any]
    type: str = "string"
    wide: bool = False


def table(resource: Resource, objects: Objects, metadata: Obj, request: ApiRequest, now: datetime) -> Obj:
    """Return a Table with a row for each object.

    Arguments:
        resource: the kind of the objects.
        objects: what to show, in order.
        metadata: the list's metadata.
        request: its ``includeObject`` says how much of each object goes along: Metadata, Object or None.
        now: for ages.
    """
    columns = _columns(resource)
    included = request.query.get("includeObject", "Metadata")
    if included not in ("Metadata", "Object", "None", ""):
        words = f"Invalid value: \"{included}\": must be 'Metadata', 'Object', 'None', or empty"
        raise bad_request(f"Unable to convert to Table as requested: includeObject: {words}")
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [_definition(column) for column in columns],
        "rows": [
            {"cells": [column.cell(obj, now) for column in columns], **_row_object(obj, included)} for obj in objects
        ],
    }


def _definition(column: Column) -> Obj:
    return {
        "name": column.name,
        "type": column.type,
        "format": "name" if column.name == "Name" else "",
        "description": "",
        "priority": int(column.wide),
    }


def _row_object(obj: Obj, included: str) -> Obj:
    if included == "None":
        return {}
    if included == "Object":
        return {"object": obj}
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
    return {"object": partial}


def _columns(resource: Resource) -> Sequence[Column]:
    built_in = _built_in()
    if resource.custom and resource.columns:
        return (_name(), *(_custom_column(column) for column in resource.columns))
    return built_in.get(resource.kind, built_in["_"]) if not resource.custom else built_in["_"]


@cache
def _built_in() -> dict[str, Sequence[Column]]:
    found: dict[str, Sequence[Column]] = {}
    for kind, written in data("columns.yaml").items():
        lines = [line for one in written for line in (one if isinstance(one, list) else [one])]
        columns = [_column(line) for line in lines]
        named = any(column.name in ("Name", "Last Seen") for column in columns)
        found[kind] = tuple(columns if named else [_name(), *columns])
    return found


def _name() -> Column:
    return Column("Name", _path_cell("metadata.name", ""))


def _column(line: str) -> Column:
    """Return the column that a line of ``columns.yaml`` describes."""
    heading, source, options = ([part.strip() for part in line.split(" | ")] + [""])[:3]
    words, _, absent = options.partition("else ")
    shown: Any = int(absent) if absent.isdigit() else absent
    kinds = [word for word in words.split() if word != "wide"]
    if "{" in source:
        return Column(heading, _text_cell(source))
    name, call, argument = source.rstrip(")").partition("(")
    cell = _cell(name, argument, shown) if call else _path_cell(source, shown)
    return Column(heading, cell, kinds[0] if kinds else "string", "wide" in words.split())


def _path_cell(path: str, absent: Any) -> Callable[[Obj, datetime], Any]:
    absent = False if absent == "False" else absent
    return lambda obj, _: cells.at(obj, *path.split("."), default=absent)


def _text_cell(text: str) -> Callable[[Obj, datetime], str]:
    return lambda obj, _: _PLACE.sub(lambda place: str(cells.at(obj, *place[1].split("."), default=place[2])), text)


def _cell(name: str, argument: str, absent: Any) -> Callable[[Obj, datetime], Any]:
    if name == "shown":
        return lambda obj, _: str(cells.at(obj, *argument.split("."), default=absent))
    if name == "size":
        return lambda obj, _: sum(len(cells.at(obj, *path.split("."), default=())) for path in argument.split())
    made = getattr(pod_cells if name.startswith("pod_") else cells, name)
    found: Callable[[Obj, datetime], Any] = made(argument) if argument else made
    return found


def _custom_column(definition: Obj) -> Column:
    path = [part for part in re.split(r"[.\[\]'\"]+", definition["jsonPath"].replace("\\.", "\0")) if part]

    def cell(obj: Obj, now: datetime) -> Any:
        value: Any = cells.at(obj, *(part.replace("\0", ".") for part in path), default=None)
        if definition["type"] == "date":
            return cells.since(value, now) if value else None
        return value

    kind = "string" if definition["type"] == "date" else definition["type"]
    return Column(definition["name"], cell, kind, bool(definition.get("priority")))
