"""What of an answer is compared: the part that a step asks for, without what differs from one run to the next.

Comes in: decoded answers. Goes out: values that two runs, and two clusters, have in common. Must never: hide a
difference that a client could see.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any


def at(value: Any, path: str) -> Any:
    """Return what a dotted path leads to; ``*`` stands for each item of a list, a missing field is None."""
    head, _, rest = path.partition(".")
    if head == "*":
        return [at(one, rest) if rest else one for one in value or ()]
    value = value[int(head)] if isinstance(value, list) else (value or {}).get(head)
    return at(value, rest) if rest else value


def view(wanted: Any, body: Any) -> Any:
    """Return the part of an answer that is compared.

    Arguments:
        wanted: a dotted path; ``keys``, ``len`` or ``sorted`` of one (``metadata|keys``); one of the named views below;
            or a list or an object of these. ``""`` keeps nothing.
        body: the whole answer.
    """
    if isinstance(wanted, list):
        return [view(one, body) for one in wanted]
    if isinstance(wanted, dict):
        return {name: view(one, body) for name, one in wanted.items()}
    if wanted in VIEWS:
        return VIEWS[wanted](body)
    path, _, how = wanted.partition("|")
    found = at(body, path) if path else body
    return _HOW[how](found)


def _table(body: Any) -> Any:
    names = [column["name"] for column in body["columnDefinitions"]]
    rows = [dict(zip(names, row["cells"], strict=True)) for row in body["rows"]]
    first = at(body["rows"][0] if body["rows"] else {}, "object.kind")
    return {"kind": body["kind"], "cols": _columns(body), "rows": rows, "obj": first}


def _columns(body: Any) -> Any:
    return [[column[part] for part in ("name", "type", "format", "priority")] for column in body["columnDefinitions"]]


def _resources(body: Any) -> Any:
    def one(found: Any) -> Any:
        return {
            "ns": found["namespaced"],
            "kind": found["kind"],
            "verbs": sorted(found["verbs"]),
            "short": found.get("shortNames"),
            "cat": found.get("categories"),
            "singular": found.get("singularName"),
        }

    return {"groupVersion": body.get("groupVersion"), "resources": {r["name"]: one(r) for r in body["resources"]}}


def _ordered(items: Iterator[Any]) -> list[Any]:
    return sorted(items, key=lambda one: json.dumps(steady(one), sort_keys=True))


def _conditions(kind: str) -> Callable[[Any], Any]:
    return lambda body: [one for one in at(body, "status.conditions") or () if one["type"] == kind]


_REVISION = ["metadata.annotations", "spec.replicas", "status"]
_HISTORY = ["stem", "revision", "metadata.labels|keys"]
_UNSAID = ("storageClassName", "volumeName")
_HOW: dict[str, Callable[[Any], Any]] = {
    "": lambda found: found,
    "keys": lambda found: sorted(found or ()),
    "len": len,
    "sorted": sorted,
}
VIEWS: dict[str, Callable[[Any], Any]] = {
    "": lambda _: None,
    "names": lambda body: at(body, "items.*.metadata.name") or [],
    "table": _table,
    "columns": _columns,
    "counted-table": lambda body: {**_table(body), "rows": len(body["rows"])},
    "resources": _resources,
    "groups": lambda body: {group["name"]: at(group, "versions.*.version") for group in body["groups"]},
    "text": lambda body: "text" if isinstance(body, str) else body,
    "paths": lambda body: sorted({"api/v1", "apis/apps/v1", "apis/batch/v1"} & set(body["paths"])),
    "stem": lambda body: re.sub(r"-[a-z0-9]+$", "-<h>", body["metadata"]["name"]),
    "generated": lambda body: re.sub(r"[a-z0-9]{5}$", "<gen>", body["metadata"]["name"]),
    "revisions": lambda body: _ordered(
        view(["metadata.annotations", "spec.replicas", "status"], one) for one in body["items"]
    ),
    "without-status": lambda body: {name: value for name, value in body.items() if name != "status"},
    "scheduled": _conditions("PodScheduled"),
    "disrupted": _conditions("DisruptionTarget"),
    "claim-spec": lambda body: {name: one for name, one in body["spec"].items() if name not in _UNSAID},
    "cron-jobs": lambda body: [
        [
            one["metadata"]["ownerReferences"],
            sorted(one["metadata"].get("annotations") or {}),
            re.sub(r"\d+", "<n>", one["metadata"]["name"]),
        ]
        for one in body["items"]
        if one["metadata"]["name"].startswith("cj1-")
    ][:1],
    "history": lambda body: _ordered(view(_HISTORY, one) for one in body["items"]),
}

# What differs from one run to the next, or from one cluster to another, and says nothing about how a server behaves.
_WORDS: tuple[tuple[str, str], ...] = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uid>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "<time>"),
    (r"-[a-z0-9]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b", "-<hash>-<pod>"),
    (r"-[bcdf0-9]{8,10}\b|-[bcdfghjklmnpqrstvwxz2456789]{8,10}\b(?=$|[\"' ])", "-<hash>"),
    (r"^(badimg|d1|nosa|noprio|qd|ld|pd|del\d)-[a-z0-9]{8,10}$", r"\1-<hash>"),
    (r"\b(jfail|jdead|jok|ds1|d1|lonely)-[bcdfghjklmnpqrstvwxz2456789]{5}\b", r"\1-<pod>"),
    (r"\bworker-\d\b", "<node>"),
    (r"\b(10|172|127)\.\d+\.\d+\.\d+\b", "<ip>"),
    (r"\b(cj1-)\d+", r"\1<n>"),
    (r"\b[0-9.]+m?s\b(?= \([0-9.]+m?s)|\([0-9.]+m?s including waiting\)|Image size: \d+ bytes", "<dur>"),
    (r"in record \(\d+\)", "in record (<rv>)"),
    (r"current resource version \d+|resourceVersion \d+|StorageError.*?Key: \S+,", "<rv>"),
    (r"system:admin|sandbox-admin|kubernetes-admin|lab-admin|<admin>", "<admin>"),
    (r"kube-api-access-[a-z0-9]{5}", "kube-api-access-<x>"),
)
_STEADY_WORDS = tuple((re.compile(pattern), word) for pattern, word in _WORDS)
_TIMES = {
    "creationTimestamp",
    "deletionTimestamp",
    "time",
    "startTime",
    "startedAt",
    "finishedAt",
    "lastTransitionTime",
    "lastUpdateTime",
    "lastProbeTime",
    "completionTime",
    "firstTimestamp",
    "lastTimestamp",
    "eventTime",
    "lastScheduleTime",
    "lastScaleTime",
    "expirationTimestamp",
    "Age",
    "Duration",
    "Last Seen",
}
_FIXED = {
    **dict.fromkeys(("podIP", "hostIP", "clusterIP", "ip"), "<ip>"),
    **{name: f"<{name}>" for name in ("pod-template-hash", "controller-revision-hash", "currentRevision")},
    **{name: f"<{name}>" for name in ("updateRevision", "imageID", "containerID", "podCIDR")},
    **dict.fromkeys(("nodePort", "healthCheckNodePort"), "<port>"),
    "nodeName": "<node>",
    "resourceVersion": "<rv>",
    "uid": "<uid>",
}


def steady(value: Any, key: str = "") -> Any:
    """Return a value without what differs from run to run; the same when it is given its own answer."""
    if isinstance(value, dict):
        return {steady(str(name)): _steady_field(str(name), one) for name, one in value.items()}
    if isinstance(value, list):
        found = [steady(one) for one in value]
        if key == "conditions":
            found.sort(key=lambda one: str(one.get("type")) if isinstance(one, dict) else str(one))
        if key in ("managedFields", "mf"):
            found.sort(key=lambda one: (one.get("manager", ""), one.get("operation", ""), one.get("subresource", "")))
        return found
    if isinstance(value, str):
        for pattern, word in _STEADY_WORDS:
            value = pattern.sub(word, value)
    return value


def _steady_field(name: str, value: Any) -> Any:
    if name in _TIMES:
        return None if value is None else "<time>"
    if name.endswith("controller-uid"):
        return "<uid>"
    if name in ("clusterIPs", "podIPs", "hostIPs"):
        return [one if one == "None" else steady(one, name) if isinstance(one, dict) else "<ip>" for one in value or ()]
    if name in _FIXED and value not in ("", "None", None) and not isinstance(value, dict | list):
        return _FIXED[name]
    return steady(value, name)
