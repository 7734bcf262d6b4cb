"""The outline of a place: which namespaces there are, and what runs in one of them, in one table.

Comes in: a cluster. Goes out: one reading, the same for whoever asks what: nothing is ranked or judged. What may not be
read is said in it; only a cluster that does not answer is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from agentops.core.clock import Clock
from agentops.core.errors import ClusterError, Unreachable
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.objects.fields import Object, containers_of, name_of, pod_spec, text
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.read.columns import columns_of
from agentops.providers.kubernetes.read.phrases import not_read

_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Service")
_MOST_OF_A_KIND = 60
_MOST_NAMESPACES = 100
_NAMES_CHARS = 1_500


def outline(cluster: Cluster, clock: Clock) -> Reading:
    """Return what there is: the names of the namespaces, and the workloads and services of the pinned one.

    Raises:
        Unreachable: the cluster does not answer.
    """
    namespace, now = cluster.namespace, clock()
    gaps: list[str] = []
    names = [name_of(one) for one in _listed(cluster, "Namespace", "", _MOST_NAMESPACES, gaps)]
    rows: list[tuple[str, ...]] = []
    resources = []
    for kind in _KINDS:
        for item in _listed(cluster, kind, namespace, _MOST_OF_A_KIND, gaps):
            rows.append((kind, name_of(item), "; ".join(_state(kind, item, now))))
            resources.append(cluster.ref(kind, name_of(item), namespace))
    known = f"namespaces: {one_line(', '.join(names), _NAMES_CHARS)}\n\n" if names else ""
    body = table(("KIND", "NAME", "STATE"), rows) if rows else f"There are no workloads and no services in {namespace}."
    return Reading(
        body=f"{known}{body}",
        summary=f"{plural(len(rows), 'workload and service', 'workloads and services')} in {namespace}"
        + (f", {plural(len(names), 'namespace')} in all" if names else ""),
        footer=" ".join(gaps),
        resources=tuple(resources),
    )


def _listed(cluster: Cluster, kind: str, namespace: str, most: int, gaps: list[str]) -> Iterator[Object]:
    """Yield the first objects of a kind; what is missing, and why, is added to ``gaps``."""
    known = builtin(kind)
    try:
        page = cluster.list_page(known, Selection(namespace=namespace), limit=most)
    except Unreachable:
        raise
    except ClusterError as error:
        gaps.append(f"{not_read(known.plural, error)}.")
        return
    if page.more:
        gaps.append(f"Only the first {len(page.items)} {known.plural} are shown.")
    yield from page.items


def _state(kind: str, item: Object, now: datetime) -> Iterator[str]:
    """Yield the cells that a list of this kind has, each with its header, and the images of a workload."""
    header, cells = columns_of(kind)
    for name, cell in zip(header, cells(item, now), strict=True):
        if cell != "-":
            yield f"{name.lower()} {cell}"
    images = [text(container, "image") for _, container in containers_of(pod_spec(item))] if kind != "Service" else []
    if images:
        yield f"image {one_line(', '.join(images), 200)}"
