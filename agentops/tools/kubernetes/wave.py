"""One parallel wave of reads: lists and logs, each of which may fail without spoiling the others.

Comes in: what is wanted. Goes out: what was read, and a ``Gap`` with the reason for everything that was not. It raises
only when the API server cannot be reached, or accepts nobody, and nothing at all was read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from agentops.core.errors import ClusterError, Forbidden, NotFound, Unreachable
from agentops.core.progress import Progress, Stage, Step
from agentops.core.snapshot import Gap, LogTail
from agentops.core.text import plural
from agentops.tools.kubernetes.client import Cluster, Selection
from agentops.tools.kubernetes.crew import Done, run_until
from agentops.tools.kubernetes.kinds import Kind
from agentops.tools.kubernetes.tail import LogPlace, read_tail
from agentops.tools.kubernetes.unwell import LogWish

THREADS = 8
_OBJECT_LIMIT = 50_000
_GIVE_UP_AFTER = 3
"""So many lists without an answer, and none with one, mean that the others need not be tried."""
_LOG_LINES = 60
_LOG_BYTES = 65_536
_LOG_LINE_LIMIT = 1_000
_WITHOUT_HELM = "type!=helm.sh/release.v1"
"""Helm keeps each release as a Secret of up to a megabyte; no analyzer reads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWish:
    """One list that is wanted; ``namespace`` is empty for all namespaces and for cluster-scoped kinds."""

    kind: Kind
    namespace: str = ""

    @property
    def what(self) -> str:
        """How a gap names it."""
        if not self.kind.namespaced:
            return self.kind.kind
        return f"{self.kind.kind} in {self.namespace or 'all namespaces'}"


@dataclass(slots=True)
class Haul:
    """What the waves of one sweep brought back; grows under one lock."""

    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    failed: dict[ListWish, ClusterError] = field(default_factory=dict)
    cut: list[Gap] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_lost(self, *, failures: int) -> Unreachable | None:
        """Return the error when nothing was read so far and so many lists got no answer."""
        lost = [error for error in list(self.failed.values()) if isinstance(error, Unreachable)]
        return lost[0] if len(lost) >= failures and not self.objects else None


def read_lists(
    cluster: Cluster, wishes: Sequence[ListWish], haul: Haul, *, progress: Progress, deadline_s: float
) -> None:
    """Read all ``wishes`` into ``haul``, eight at a time; what is not back by the deadline counts as failed.

    Raises:
        Unreachable: there is no answer, and nothing was read before.
        ClusterError: the credentials are not accepted.
    """
    jobs = [(wish, partial(_read_list, cluster, wish, haul)) for wish in wishes]
    missing = set(wishes)
    for done in run_until(jobs, threads=THREADS, deadline_s=deadline_s):
        missing.discard(done.key)
        _settle(done, haul, progress)
    for wish in missing:
        haul.failed[wish] = Unreachable(f"no answer within {deadline_s:.0f} s")
    if (lost := haul.is_lost(failures=1)) is not None:
        raise lost
    refused = [error for error in haul.failed.values() if error.code == "unauthorized"]
    if refused and not haul.objects:
        raise refused[0]


def _settle(done: Done[ListWish, int], haul: Haul, progress: Progress) -> None:
    what = done.key.what
    if done.error is None:
        progress(Step(stage=Stage.SWEEP, text=f"{what}: {done.value:,}", key=what, done=True))
        return
    if not isinstance(done.error, ClusterError):
        raise done.error
    with haul.lock:
        haul.failed[done.key] = done.error
    progress(Step(stage=Stage.SWEEP, text=f"{what}: not read", key=what, done=True))


def _read_list(cluster: Cluster, wish: ListWish, haul: Haul) -> int:
    if (lost := haul.is_lost(failures=_GIVE_UP_AFTER)) is not None:
        raise lost
    try:
        found = _secrets(cluster, wish) if wish.kind.plural == "secrets" else _pruned(cluster, wish)
    except ClusterError as error:
        if error.code != "expired":
            raise
        # The list changed under the continue token (410 Gone); from the start, once.
        found = _secrets(cluster, wish) if wish.kind.plural == "secrets" else _pruned(cluster, wish)
    if len(found) > _OBJECT_LIMIT:
        del found[_OBJECT_LIMIT:]
        with haul.lock:
            haul.cut.append(Gap(what=wish.what, reason=f"there are more; the first {_OBJECT_LIMIT:,} were read"))
    with haul.lock:
        haul.objects.setdefault(wish.kind.kind, []).extend(found)
    return len(found)


def _pruned(cluster: Cluster, wish: ListWish) -> list[dict[str, Any]]:
    from agentops.tools.kubernetes.pruning import Pruner

    found: list[dict[str, Any]] = []
    for page in cluster.list_decoded(wish.kind, Selection(namespace=wish.namespace), Pruner(wish.kind).page):
        found += page
        if len(found) > _OBJECT_LIMIT:
            break
    return found


def _secrets(cluster: Cluster, wish: ListWish) -> list[dict[str, Any]]:
    """Return Secrets with their keys only, ``data`` mapped key -> ``""`` as the snapshot wants it."""
    try:
        found, _ = cluster.list_objects(
            wish.kind, Selection(namespace=wish.namespace, fields=_WITHOUT_HELM), limit=_OBJECT_LIMIT + 1
        )
    except ClusterError as error:
        if error.code not in {"bad-request", "unsupported"}:
            raise
        found, _ = cluster.list_objects(wish.kind, Selection(namespace=wish.namespace), limit=_OBJECT_LIMIT + 1)
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": item.get("metadata") or {},
            "type": item.get("type") or "Opaque",
            "data": dict.fromkeys(item.get("data") or {}, ""),
        }
        for item in found
    ]


def read_logs(
    cluster: Cluster, wishes: Iterable[LogWish], *, progress: Progress, deadline_s: float, window_s: int = 0
) -> tuple[tuple[LogTail, ...], tuple[Gap, ...]]:
    """Return the last lines of the wanted containers, current and previous run, and what could not be read.

    Arguments:
        window_s: only lines that are younger; 0 for any.
    """
    requests = [(wish, previous) for wish in wishes for previous in ((False, True) if wish.previous else (False,))]
    tails: dict[tuple[LogWish, bool], LogTail] = {}
    jobs = [(request, partial(_read_log, cluster, *request, window_s)) for request in requests]
    missing = dict.fromkeys(requests, f"no answer within {deadline_s:.0f} s")
    for done in run_until(jobs, threads=THREADS, deadline_s=deadline_s):
        del missing[done.key]
        if done.value is not None:
            tails[done.key] = done.value
        elif isinstance(done.error, ClusterError):
            missing[done.key] = done.error.message
        elif done.error is not None:
            raise done.error
    # The run before may be gone from the node already; that is not worth a gap when the last one is there.
    gaps = [
        Gap(what=f"logs of {wish.namespace}/{wish.pod} {wish.container}", reason=reason)
        for (wish, previous), reason in missing.items()
        if not previous
    ]
    if requests:
        progress(Step(stage=Stage.SWEEP, text=f"logs of {plural(len(tails), 'container run')}", key="logs", done=True))
    return tuple(tails[request] for request in requests if request in tails and tails[request].lines), tuple(gaps)


def _read_log(cluster: Cluster, wish: LogWish, previous: bool, window_s: int) -> LogTail:
    place = LogPlace(
        namespace=wish.namespace, pod=wish.pod, container=wish.container, previous=previous, since_s=window_s
    )
    found = read_tail(cluster, place, lines=_LOG_LINES, size_bytes=_LOG_BYTES, line_limit=_LOG_LINE_LIMIT)
    return LogTail(
        namespace=wish.namespace,
        pod=wish.pod,
        container=wish.container,
        previous=previous,
        lines=found.lines,
    )


def gaps_of(haul: Haul) -> tuple[Gap, ...]:
    """Return why each failed list is missing, in a stable order."""
    gaps = [Gap(what=wish.what, reason=_reason(error)) for wish, error in haul.failed.items()]
    return tuple(sorted([*gaps, *haul.cut], key=lambda gap: gap.what))


def _reason(error: ClusterError) -> str:
    if isinstance(error, Forbidden):
        return f"not allowed: {error.message}"
    if isinstance(error, NotFound):
        return "this server does not serve the kind"
    return error.message
