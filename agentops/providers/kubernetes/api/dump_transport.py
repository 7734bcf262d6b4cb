"""``DumpTransport``: answers the reads of a ``Cluster`` from what was saved of one.

Comes in: API paths. Goes out: the bodies that an API server would send. What was not saved is refused with that reason,
never answered as if it did not exist. Nothing is sent anywhere, and nothing can be written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from agentops.core.errors import ClusterError, NotFound
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.api.dump_files import Dump, GroupKind, read_dump
from agentops.providers.kubernetes.api.transport import QueryParams, Reply
from agentops.providers.kubernetes.objects.kinds import ABSENCE_IS_A_FINDING, BUILTIN, Kind

NOT_SAVED = "it is not in the dump"
_IN_PART = "the dump has it in part only"


class DumpTransport:
    """See ``transport.Transport``, whose reads it offers."""

    def __init__(self, dump: Dump) -> None:
        self._dump = dump
        self._kinds = tuple(_kinds(dump))

    def get(
        self,
        path: str,
        query: QueryParams = (),
        *,
        accept: str = "application/json",  # noqa: ARG002 - the protocol has it
        limit_bytes: int = 0,
    ) -> Reply:
        """Return the answer to a GET.

        Raises:
            NotFound: there is no such object in a list that was saved whole.
            ClusterError: it was not saved.
        """
        parts = [unquote(part) for part in path.strip("/").split("/")]
        wanted = dict(query)
        if parts[-1] == "log" and parts[:2] == ["api", "v1"]:
            return self._log(parts[3], parts[5], wanted, limit_bytes)
        if parts in (["api"], ["apis"]):
            return _reply(_discovery(self._kinds, core=parts == ["api"]))
        root = 2 if parts[0] == "api" else 3
        group, version = ("", parts[1]) if root == 2 else (parts[1], parts[2])
        rest = parts[root:]
        namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        kind = next((one for one in self._kinds if (one.group, one.plural) == (group, rest[0] if rest else "")), None)
        if kind is None or len(rest) > 2:
            raise ClusterError(NOT_SAVED, code="not-saved")
        if len(rest) == 2:
            return _reply(self._object(kind, namespace, rest[1]))
        items = list(self._list(kind, namespace, wanted))
        heading = {"kind": f"{kind.kind}List", "apiVersion": f"{group}/{version}".lstrip("/"), "metadata": {}}
        return _reply(heading | {"items": items})

    def review(self, kind: str, spec: Mapping[str, Any]) -> Reply:  # noqa: ARG002 - the protocol has it
        """Refuse: a dump holds nobody's permissions.

        Raises:
            ClusterError: always.
        """
        raise ClusterError(f"{kind}: a dump cannot tell who may do what", code="not-saved")

    def _object(self, kind: Kind, namespace: str, name: str) -> Mapping[str, Any]:
        key = (kind.group, kind.kind)
        found = self._dump.objects.get(key, {}).get((namespace, name))
        if found is not None:
            return found
        if self._dump.is_whole(key, namespace):
            raise NotFound(f"there is no {kind.kind} {name} in the dump")
        raise ClusterError(NOT_SAVED, code="not-saved")

    def _list(self, kind: Kind, namespace: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        key = (kind.group, kind.kind)
        objects = self._dump.objects.get(key, {})
        mine = [item for (space, _), item in objects.items() if namespace in ("", space)]
        if not self._dump.is_whole(key, namespace):
            if not mine:
                raise ClusterError(NOT_SAVED, code="not-saved")
            if kind.kind in ABSENCE_IS_A_FINDING:
                # What is missing of it would look as if it did not exist.
                raise ClusterError(_IN_PART, code="not-saved")
        if query.get("labelSelector"):
            raise ClusterError("a dump is not searched by labels", code="unsupported")
        return filter(_field_test(query.get("fieldSelector", "")), mine)

    def _log(self, namespace: str, pod: str, query: Mapping[str, str], limit_bytes: int) -> Reply:
        text = self._dump.logs.get((namespace, pod, query.get("container", ""), query.get("previous") == "true"))
        if text is None:
            raise ClusterError(NOT_SAVED, code="not-saved")
        lines = text.splitlines(keepends=True)
        tail = int(query.get("tailLines") or len(lines))
        body = "".join(lines[-tail:] if tail else []).encode()
        most = limit_bytes or len(body)
        return Reply(status=200, headers={}, body=body[:most], cut=len(body) > most)


def open_dump(path: Path) -> tuple[Cluster, Dump, Callable[[], datetime] | None]:
    """Return a cluster that reads from a dump, what is in it, and its time; None where nothing in it tells one.

    Raises:
        UsageError: there is no dump there.
    """
    dump = read_dump(path)
    spaces = dump.namespaces
    cluster = Cluster(
        DumpTransport(dump),
        context=f"dump:{path.resolve().name}",
        namespace=spaces[0] if len(spaces) == 1 else "default",
        server=f"file:{path.resolve()}",
    )
    newest = dump.newest
    return cluster, dump, None if newest is None else lambda: newest


def _kinds(dump: Dump) -> Iterator[Kind]:
    """Yield the built-in kinds, and those that objects of the dump are of besides."""
    known: set[GroupKind] = set()
    for kind in BUILTIN:
        known.add((kind.group, kind.kind))
        yield kind
    for (group, name), objects in dump.objects.items():
        if (group, name) not in known:
            item = next(iter(objects.values()))
            version = str(item.get("apiVersion") or "v1").rpartition("/")[2]
            namespaced = bool(item["metadata"].get("namespace"))
            plural = f"{name.lower()}s"
            yield Kind(kind=name, plural=plural, group=group, version=version, namespaced=namespaced)


def _discovery(kinds: tuple[Kind, ...], *, core: bool) -> Mapping[str, Any]:
    """Return the aggregated discovery document of the core group, or of all others."""
    groups: dict[str, dict[str, list[Kind]]] = {}
    for kind in kinds:
        if (kind.group == "") == core:
            groups.setdefault(kind.group, {}).setdefault(kind.version, []).append(kind)
    items = [
        {
            "metadata": {"name": group},
            "versions": [
                {"version": version, "resources": [_resource(kind) for kind in found]}
                for version, found in versions.items()
            ],
        }
        for group, versions in groups.items()
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}


def _resource(kind: Kind) -> Mapping[str, Any]:
    return {
        "resource": kind.plural,
        "responseKind": {"kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "shortNames": list(kind.short_names),
        "verbs": ["get", "list"],
    }


def _field_test(selector: str) -> Callable[[Mapping[str, Any]], bool]:
    """Return the predicate of a field selector: ``path=value`` and ``path!=value``, joined by commas."""
    terms = []
    for term in filter(None, selector.split(",")):
        path, operator, value = term.partition("!=") if "!=" in term else term.partition("=")
        terms.append((path.split("."), operator == "!=", value.lstrip("=")))

    def holds(item: Mapping[str, Any]) -> bool:
        return all((_at(item, path) == value) is not other for path, other, value in terms)

    return holds


def _at(item: Any, path: list[str]) -> str:
    for part in path:
        item = item.get(part) if isinstance(item, Mapping) else None
    return "" if item is None else str(item)


def _reply(document: Mapping[str, Any]) -> Reply:
    return Reply(status=200, headers={}, body=json.dumps(document).encode())
