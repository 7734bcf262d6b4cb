"""What ``kubectl`` prints, pasted: tables of ``get``, the page of ``describe``, with or without the command above.

Comes in: text. Goes out: alerts about what the page shows to be unwell, or None when it is no page of kubectl.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agentops.alerts.grouping import Payload
from agentops.alerts.kinds import kind_named
from agentops.alerts.labels import CLUSTER_KINDS, is_name
from agentops.core.alert import Alert, Target
from agentops.core.text import clip, one_line

_COMMAND = re.compile(r"^\s*(?:[$#>]|\S+[$#])?\s*(?:kubectl|k|oc)\s+(get|describe)\s+(.*)$", re.MULTILINE)
_OPTION = re.compile(r"(?:^|\s)(?:-n|--namespace)[ =](\S+)")
_CELLS = re.compile(r"\s{2,}|\t+")
_TABLES: tuple[tuple[str, str], ...] = (
    ("Event", "REASON OBJECT MESSAGE"), ("Pod", "READY STATUS RESTARTS"), ("Node", "STATUS ROLES VERSION"),
    ("DaemonSet", "DESIRED CURRENT READY UP-TO-DATE AVAILABLE"), ("Deployment", "READY UP-TO-DATE AVAILABLE"),
    ("ReplicaSet", "DESIRED CURRENT READY"), ("Job", "COMPLETIONS DURATION"), ("CronJob", "SCHEDULE SUSPEND"),
    ("PersistentVolumeClaim", "STATUS VOLUME CAPACITY"), ("HorizontalPodAutoscaler", "REFERENCE TARGETS"),
    ("Service", "TYPE CLUSTER-IP"), ("Ingress", "CLASS HOSTS"), ("PodDisruptionBudget", "ALLOWED AGE"),
    ("StatefulSet", "NAME READY AGE"),
)  # fmt: skip
"""Which columns a table has, the most telling first; the last is asked for the whole."""
_PAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Node", ("Roles", "Capacity")), ("Pod", ("Containers", "Node")), ("Deployment", ("StrategyType",)),
    ("DaemonSet", ("Desired Number of Nodes Scheduled",)), ("CronJob", ("Schedule",)), ("Job", ("Parallelism",)),
    ("StatefulSet", ("Update Strategy",)), ("HorizontalPodAutoscaler", ("Reference",)), ("Ingress", ("Rules",)),
    ("PersistentVolumeClaim", ("StorageClass", "Access Modes")), ("Service", ("Endpoints",)),
    ("ReplicaSet", ("Controlled By", "Replicas")),
)  # fmt: skip
"""Which fields the page of a kind has at its left margin."""
_WELL = frozenset({"Running", "Completed", "Succeeded", "Bound", "Ready", "Active", "Complete"})
_SHARE = re.compile(r"(\d+)/(\d+)")
_MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class _Row:
    target: Target
    said: str
    is_unwell: bool


def kubectl_page(text: str) -> Payload | None:
    """Return what a page of kubectl shows; None when the text is none."""
    command = _COMMAND.search(text)
    asked = command.group(2) if command else ""
    option = _OPTION.search(asked)
    namespace = option.group(1) if option and is_name(option.group(1)) else ""
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not _COMMAND.match(line)]
    rows = list(_table(lines, namespace)) or list(_described(lines, namespace))
    if not rows:
        return None
    unwell = [row for row in rows if row.is_unwell] or rows
    shown = unwell if len(unwell) <= _MOST_ROWS else unwell[:_MOST_ROWS]
    # Rows of which none stands out say where to look, not at what.
    if len(shown) > 1 and not any(row.is_unwell for row in rows):
        shown = [_Row(Target(namespace=shown[0].target.namespace), "nothing in it stands out", False)]
    return Payload(alerts=tuple(_alert(row, text) for row in shown))


def _alert(row: _Row, text: str) -> Alert:
    kind, name = row.target.kind, row.target.name
    return Alert(
        name=one_line(f"{kind} {name}: {row.said}" if kind else f"a page of kubectl: {row.said}", 120),
        source="text",
        summary=one_line(row.said, 500),
        labels={"namespace": row.target.namespace} if row.target.namespace else {},
        annotations={"description": clip(text.strip(), 4000)},
        target=row.target,
        # A table without the column, and no option above it: which namespace is told by the names that exist.
        from_words=not row.target.namespace and kind not in CLUSTER_KINDS,
    )


def _table(lines: Sequence[str], namespace: str) -> Iterator[_Row]:
    header: list[str] = []
    kind = ""
    for line in lines:
        cells = _CELLS.split(line.strip())
        found = _kind_of(cells)
        if found:
            header, kind = cells, found
        elif header and len(cells) >= 2:
            row = _row(dict(zip(header, cells, strict=False)), kind, namespace)
            if row is not None:
                yield row


def _kind_of(cells: Sequence[str]) -> str:
    columns = set(cells)
    if len(cells) < 3 or not {"NAME", "OBJECT"} & columns or any(cell != cell.upper() for cell in cells):
        return ""
    words = set(" ".join(cells).split())
    return next((kind for kind, needed in _TABLES if set(needed.split()) <= words), "")


def _row(cells: Mapping[str, str], kind: str, namespace: str) -> _Row | None:
    name = cells.get("OBJECT" if kind == "Event" else "NAME", "")
    typed, slash, rest = name.partition("/")
    if slash:
        # ``kubectl get all`` and events write pod/web-1, deployment.apps/web.
        kind, name = kind_named(typed.partition(".")[0]), rest
    if not is_name(name):
        return None
    place = cells.get("NAMESPACE", namespace)
    target = Target(namespace=place if is_name(place) and kind not in CLUSTER_KINDS else "", kind=kind, name=name)
    if "REASON" in cells:
        return _Row(
            target, f"{cells['REASON']}: {cells.get('MESSAGE', '')}".rstrip(": "), cells.get("TYPE") == "Warning"
        )
    status, share = cells.get("STATUS", ""), _SHARE.fullmatch(cells.get("READY", cells.get("COMPLETIONS", "")))
    is_short = share is not None and int(share.group(1)[:9]) < int(share.group(2)[:9]) and status not in ("Completed",)
    is_bad = bool(status) and status.partition(",")[0] not in _WELL
    said = status if is_bad or not share else f"{share.group(0)} ready"
    return _Row(target, said or "listed", is_short or is_bad)


def _described(lines: Sequence[str], namespace: str) -> Iterator[_Row]:
    """Yield the object of a page of ``describe``; its fields stand at the left margin."""
    found: dict[str, str] = {}
    for line in lines:
        key, colon, value = line.partition(":")
        if colon and not line[0].isspace():
            found.setdefault(key, value.strip())
    name, place = found.get("Name", ""), found.get("Namespace", namespace)
    # A pair or two are a message of somebody; a page has many fields.
    if not is_name(name) or len(found) < 4:
        return
    kind = next((kind for kind, needed in _PAGES if found.keys() >= set(needed)), "")
    if not kind:
        return
    text = "\n".join(lines)
    waiting = re.search(r"^\s+Reason:\s+([A-Z]\w+)$", text, re.MULTILINE)
    warned = re.findall(r"^\s+Warning\s+(\w+)\s+.*?\s{2,}\S+\s{2,}(.+)$", text, re.MULTILINE)
    said = waiting.group(1) if waiting else warned[-1][0] if warned else found.get("Status", "") or "described"
    told = f"{said}: {warned[-1][1]}" if warned else said
    namespaced = place if is_name(place) and kind not in CLUSTER_KINDS else ""
    yield _Row(Target(namespace=namespaced, kind=kind, name=name), told, True)
