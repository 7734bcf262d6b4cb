"""Asks the API server what kinds it serves, and remembers the answer for a short time.

Comes in: a way to GET JSON. Goes out: all kinds, core first, then in the server's own order of groups. The copy on disk
is one small file per server in a private folder; it is only ever a shortcut, so failing to read or write it is no
error. Sources: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api (aggregated), and
``/api/v1``, ``/apis/GROUP/VERSION`` (each group's own list, for servers before 1.26 and simulators).
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

from agentops.core.errors import ClusterError, Unreachable
from agentops.core.threads import run_each
from agentops.providers.kubernetes.api.listing import odd_answer
from agentops.providers.kubernetes.objects.field_types import is_plain_name
from agentops.providers.kubernetes.objects.fields import at, flag, items, strings, text
from agentops.providers.kubernetes.objects.kinds import Kind

FetchJson: TypeAlias = Callable[[str, str], Any]
"""Takes a path and an Accept header, returns decoded JSON; raises ClusterError."""

AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
)
_PLAIN = "application/json"
_THREADS = 8
_KEPT_S = 24 * 3600.0


def discover(fetch: FetchJson) -> tuple[Kind, ...]:
    """Return every kind that the server serves at its preferred version, subresources left out.

    A group whose own server is down is left out; that is how an unavailable aggregated API shows.

    Raises:
        ClusterError: not even the list of groups could be read.
    """
    core = fetch("/api", AGGREGATED)
    groups = fetch("/apis", AGGREGATED)
    if _is_aggregated(core) and _is_aggregated(groups):
        return tuple(_from_aggregated(core)) + tuple(_from_aggregated(groups))
    if not isinstance(at(groups, "groups"), list):
        raise odd_answer("/apis", "it has no groups")
    wanted = [("", "v1"), *filter(None, map(_preferred, items(groups, "groups")))]
    lists = run_each(lambda pair: _one_group(fetch, *pair), wanted, threads=_THREADS)
    return tuple(kind for found in lists for kind in found)


def _is_aggregated(answer: Any) -> bool:
    return text(answer, "kind") == "APIGroupDiscoveryList" and isinstance(at(answer, "items"), list)


def _from_aggregated(answer: Mapping[str, Any]) -> Iterable[Kind]:
    for item in items(answer, "items"):
        group = text(item, "metadata", "name")
        seen: set[str] = set()
        # Versions come with the preferred one first; a kind that only an older one serves is taken from there.
        for version in items(item, "versions"):
            for resource in items(version, "resources"):
                plural = text(resource, "resource")
                if plural not in seen:
                    seen.add(plural)
                    kind = text(resource, "responseKind", "kind") or plural
                    yield from _kind(resource, kind, plural, group, text(version, "version") or "v1")


def _kind(resource: Mapping[str, Any], kind: str, plural: str, group: str, version: str) -> Iterator[Kind]:
    """Yield the kind of a resource; nothing when its names cannot stand in a path."""
    if not all(map(is_plain_name, (kind, plural, version, group or "core"))):
        return
    yield Kind(
        kind=kind,
        plural=plural,
        group=group,
        version=version,
        namespaced=text(resource, "scope") == "Namespaced" or flag(resource, "namespaced"),
        short_names=tuple(strings(resource, "shortNames")),
        listable="list" in strings(resource, "verbs"),
    )


def _preferred(group: Mapping[str, Any]) -> tuple[str, str] | None:
    version = text(group, "preferredVersion", "version") or text(group, "versions", 0, "version") or "v1"
    pair = (text(group, "name"), version)
    return pair if all(map(is_plain_name, pair)) else None


def _one_group(fetch: FetchJson, group: str, version: str) -> list[Kind]:
    try:
        answer = fetch(f"/apis/{group}/{version}" if group else f"/api/{version}", _PLAIN)
    # A group whose server is down (a broken APIService) must not take all other kinds away.
    except Unreachable:
        raise
    except ClusterError:
        return []
    return [
        kind
        for resource in items(answer, "resources")
        for kind in _kind(
            resource, text(resource, "kind") or text(resource, "name"), text(resource, "name"), group, version
        )
    ]


def load_cached(folder: Path, server: str, *, now_s: float, ttl_s: float) -> tuple[Kind, ...]:
    """Return the kinds remembered for ``server``; empty when there are none, they are old, or they cannot be read."""
    try:
        saved = json.loads(_cache_file(folder, server).read_bytes())
        if saved["server"] != server or not 0 <= now_s - saved["time_s"] <= ttl_s:
            return ()
        return tuple(Kind(**{**entry, "short_names": tuple(entry["short_names"])}) for entry in saved["kinds"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def save_cached(folder: Path, server: str, kinds: tuple[Kind, ...], *, now_s: float) -> None:
    """Remember the kinds of ``server`` in a file that only its owner can read; a full or read-only disk is no error."""
    document = {"server": server, "time_s": now_s, "kinds": [asdict(kind) for kind in kinds]}
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Written aside and renamed, so that another process never reads half of it.
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".discovery-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file)
        Path(temporary).replace(_cache_file(folder, server))
        _forget_old(folder, now_s)
    except OSError:
        return


def _forget_old(folder: Path, now_s: float) -> None:
    """Remove what was remembered of clusters that come and go on ephemeral ports."""
    for file in folder.glob("discovery-*.json"):
        if file.stat().st_mtime < now_s - _KEPT_S:
            file.unlink(missing_ok=True)


def _cache_file(folder: Path, server: str) -> Path:
    return folder / f"discovery-{hashlib.sha256(server.encode()).hexdigest()[:16]}.json"
