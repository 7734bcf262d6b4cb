"""``kubernetes_list``: the objects of a kind as a table, or their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.kubernetes.api.client import PAGE_SIZE, Cluster, Selection
from agentops.providers.kubernetes.objects.kinds import Kind
from agentops.providers.kubernetes.objects.status import pod_state
from agentops.providers.kubernetes.read.arguments import Arguments
from agentops.providers.kubernetes.read.column_paths import cell, parse_path
from agentops.providers.kubernetes.read.columns import columns_of, name_columns
from agentops.providers.kubernetes.read.declaration import FLAG, NAME, number, read_tool, text
from agentops.providers.kubernetes.read.phrases import in_namespace

_SCAN_LIMIT = 20_000
_REF_LIMIT = 50


@read_tool(
    "kubernetes_list",
    "List objects of a kind as a table with their health, or count them.",
    {
        # What a kind and a namespace are is said here, at the first tool, for all: every turn pays for each word.
        "kind": text("kind, plural or short name; CRDs too; KIND.GROUP if ambiguous"),
        "namespace": text("default, here and elsewhere: the pinned one; * for all"),
        "labels": text("label selector, e.g. app=web,tier!=db"),
        "fields": text("field selector, e.g. spec.nodeName=n1"),
        "name_contains": NAME,
        "columns": {
            "type": "array",
            "items": {"type": "string"},
            "description": "paths to show, e.g. spec.containers.image, status.conditions[type=Ready].status",
        },
        "limit": number(1000, "default 100"),
        "count": FLAG,
    },
    required=("kind",),
    permissions=("list KIND",),
)
def list_objects(cluster: Cluster, clock: Clock, arguments: Arguments) -> Reading:
    """Return a table of the objects of a kind; with ``count`` their number and, for pods, their states.

    Raises:
        ToolInputError: an argument cannot be used.
        ClusterError: as ``Cluster.list_page``.
    """
    kind = cluster.kind(arguments.text("kind"))
    namespace = arguments.namespace(cluster.namespace) if kind.namespaced else ""
    selection = Selection(namespace=namespace, labels=arguments.text("labels"), fields=arguments.text("fields"))
    wanted = arguments.text("name_contains").lower()
    columns = [(path, parse_path(path)) for path in arguments.texts("columns")]
    where = in_namespace(namespace, namespaced=kind.namespaced)
    if arguments.flag("count"):
        return _count(cluster, kind, selection, wanted, where)
    rows, left_out = _rows(cluster, kind, selection, wanted, limit=arguments.number("limit", 100))
    return Reading(
        body=_table(rows, kind, columns, clock()) if rows else f"There are no {kind.plural} {where}.",
        summary=f"{plural(len(rows), kind.kind, kind.plural)} {where}{_filters(selection, wanted)}",
        footer=" ".join(filter(None, (left_out, _empty_columns(rows, columns)))),
        resources=tuple(
            cluster.ref(kind.kind, item["metadata"].get("name") or "", item["metadata"].get("namespace"))
            for item in rows[:_REF_LIMIT]
        ),
    )


def _empty_columns(rows: Sequence[Mapping[str, Any]], columns: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    """Return a sentence about columns that no row has: a misspelt path looks like a field that nobody set."""
    empty = [path for path, steps in columns if rows and all(cell(row, steps) == "-" for row in rows)]
    if not empty:
        return ""
    return f"No row has {one_line(', '.join(empty), 200)}: is the path right? kubernetes_get shows an object's fields."


def _filters(selection: Selection, wanted: str) -> str:
    parts = [part for part in (selection.labels, selection.fields, f"name contains {wanted}" if wanted else "") if part]
    return f" ({'; '.join(parts)})" if parts else ""


def _table(
    rows: Sequence[Mapping[str, Any]], kind: Kind, columns: Sequence[tuple[str, tuple[str, ...]]], now: datetime
) -> str:
    # The namespace stands in a column of its own only where rows are of several.
    first = name_columns(rows, namespaced=kind.namespaced)
    header, cells = columns_of(kind.kind)
    if columns:
        header = tuple(path for path, _ in columns)
    lines = []
    for row in rows:
        metadata = row["metadata"]
        names = (metadata.get("namespace") or "-", metadata.get("name") or "-")[-len(first) :]
        shown = tuple(cell(row, steps) for _, steps in columns) if columns else cells(row, now)
        lines.append((*names, *shown))
    return table((*first, *header), lines)


def _rows(
    cluster: Cluster, kind: Kind, selection: Selection, wanted: str, *, limit: int
) -> tuple[list[dict[str, Any]], str]:
    """Return at most ``limit`` objects whose name holds ``wanted``, and what was left out, in a sentence."""
    rows: list[dict[str, Any]] = []
    seen = 0
    # A search by name has to look through everything, so it reads whole pages; a plain list only what it shows.
    for page in cluster.list_pages(kind, selection, limit=PAGE_SIZE if wanted else min(limit, PAGE_SIZE)):
        seen += len(page.items)
        rows += [item for item in page.items if wanted in item["metadata"].get("name", "").lower()]
        # What is left on this page and the server's estimate of the pages after it are what is not shown.
        if len(rows) >= limit and (page.more or len(rows) > limit):
            more = len(rows) - limit + (page.remaining or 0)
            exist = f"at least {more:,} more exist" if more else "there are more"
            return rows[:limit], f"Only the first {limit} are shown; {exist}."
        if seen >= _SCAN_LIMIT and page.more:
            return rows[:limit], f"Only the first {seen:,} {kind.plural} were searched."
    return rows[:limit], ""


def _count(cluster: Cluster, kind: Kind, selection: Selection, wanted: str, where: str) -> Reading:
    total = 0
    states: Counter[str] = Counter()
    namespaces: Counter[str] = Counter()
    complete = True
    for items, more in _pages(cluster, kind, selection):
        matching = [item for item in items if wanted in item["metadata"].get("name", "").lower()]
        total += len(matching)
        namespaces.update(item["metadata"].get("namespace") or "-" for item in matching)
        if kind.kind == "Pod":
            states.update(pod_state(item) for item in matching)
        if total >= _SCAN_LIMIT and more:
            complete = False
            break
    lines = [f"{plural(total, kind.kind, kind.plural)} {where}"]
    lines += [f"  {state}: {number:,}" for state, number in states.most_common()]
    if kind.namespaced and not selection.namespace:
        lines += [f"  in {name}: {number:,}" for name, number in namespaces.most_common(30)]
    return Reading(
        body="\n".join(lines),
        summary=lines[0] + _filters(selection, wanted),
        footer="" if complete else f"Counting stopped at {total:,}; there are more.",
    )


def _pages(cluster: Cluster, kind: Kind, selection: Selection) -> Iterator[tuple[list[dict[str, Any]], bool]]:
    for page in cluster.list_pages(kind, selection):
        yield page.items, bool(page.more)
