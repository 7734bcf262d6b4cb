"""The last lines of a container's log, or its first, within a size; of the last the newest are kept.

The API cuts a log that is over ``limitBytes`` at its end, which is where the newest lines are. So an answer that was
cut is asked for again with fewer lines. Source:
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ (read log: tailLines, limitBytes).
"""

from __future__ import annotations

from dataclasses import dataclass

from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.api.logtext import log_lines
from agentops.providers.kubernetes.objects.kinds import builtin

_ATTEMPTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """Lines, oldest first. ``more`` says that there are others, ``cut`` that the newest may be missing."""

    lines: tuple[str, ...]
    more: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """Which container's log, of which run; ``since_s`` 0 means from the beginning."""

    namespace: str
    pod: str
    container: str
    previous: bool = False
    since_s: int = 0


def read_tail(cluster: Cluster, place: LogPlace, *, lines: int, size_bytes: int, line_limit: int) -> Tail:
    """Return at most ``lines`` last lines that fit into ``size_bytes``, each at most ``line_limit`` characters.

    Raises:
        ClusterError: the log cannot be read; the server says why.
    """
    path = builtin("Pod").path(namespace=place.namespace, name=place.pod, subresource="log")
    asked = lines
    for _ in range(_ATTEMPTS):
        # One line more than is wanted tells whether there are older ones.
        query = [("container", place.container), ("tailLines", str(asked + 1)), ("limitBytes", str(size_bytes))]
        query += [("previous", "true")] if place.previous else []
        query += [("sinceSeconds", str(place.since_s))] if place.since_s else []
        body, over = cluster.get_text(path, query, limit_bytes=size_bytes)
        found = log_lines(body, line_limit=line_limit)
        cut = over or len(body) >= size_bytes
        fits = int(len(found) * 0.8)
        if not cut or fits < 1 or fits >= asked:
            return Tail(lines=found[-asked:], more=len(found) > asked or asked < lines, cut=cut)
        asked = fits
    return Tail(lines=found[-asked:], more=True, cut=True)


def read_head(cluster: Cluster, place: LogPlace, *, lines: int, size_bytes: int, line_limit: int) -> Tail:
    """Return at most ``lines`` first lines that fit into ``size_bytes``, each at most ``line_limit`` characters.

    The API has no number of first lines; ``limitBytes`` alone makes it begin at the beginning.

    Raises:
        ClusterError: the log cannot be read; the server says why.
    """
    path = builtin("Pod").path(namespace=place.namespace, name=place.pod, subresource="log")
    query = [("container", place.container), ("limitBytes", str(size_bytes))]
    query += [("previous", "true")] if place.previous else []
    query += [("sinceSeconds", str(place.since_s))] if place.since_s else []
    body, over = cluster.get_text(path, query, limit_bytes=size_bytes)
    found = log_lines(body, line_limit=line_limit)
    cut = over or len(body) >= size_bytes
    return Tail(lines=found[:lines], more=len(found) > lines, cut=cut and len(found) <= lines)
