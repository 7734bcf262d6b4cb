"""Reads lists and logs in parallel, for the sweep; each may fail without spoiling the others.

Comes in: which lists and logs are wanted. Goes out: what was read, and a ``Gap`` with the reason for everything that
was not. It raises only when the API server cannot be reached, or accepts nobody, and nothing at all was read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from agentops.core.analysis import Gap
from agentops.core.errors import ClusterError, Forbidden, NotFound, Unreachable
from agentops.core.progress import Progress, Stage, Step
from agentops.core.text import plural
from agentops.core.threads import Done, Job, run_as_they_end
from agentops.providers.kubernetes.api.boundary import OUTSIDE
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.api.listing import flaws_in_words
from agentops.providers.kubernetes.api.tail import LogPlace, read_tail
from agentops.providers.kubernetes.objects.denials import who_may_not
from agentops.providers.kubernetes.objects.field_types import Flaw
from agentops.providers.kubernetes.objects.kinds import ABSENCE_IS_A_FINDING, Kind
from agentops.providers.kubernetes.objects.snapshot import LogTail
from agentops.providers.kubernetes.sweep.unwell import LogRequest

THREADS = 8
BROKEN = "broken-answer"
_OBJECT_LIMIT = 50_000
_GIVE_UP_AFTER = 3
"""So many lists without an answer, and none with one, mean that the others need not be tried."""
_LOG_LINES = 60
_LOG_BYTES = 65_536
_LOG_LINE_LIMIT = 1_000
_WITHOUT_HELM = "type!=helm.sh/release.v1"
"""Helm keeps each release as a Secret of up to a megabyte; no analyzer reads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """One list that is wanted; ``namespace`` is empty for all namespaces and for cluster-scoped kinds.

    ``whole``: with all fields, and kept apart from the lists that are pruned.
    """

    kind: Kind
    namespace: str = ""
    whole: bool = False

    @property
    def what(self) -> str:
        """How a gap names it."""
        if not self.kind.namespaced:
            return self.kind.kind
        return f"{self.kind.kind} in {self.namespace or 'all namespaces'}"


@dataclass(slots=True)
class FetchResult:
    """What the reads of one sweep returned so far; filled by several threads under one lock."""

    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    whole: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    failed: dict[ListRequest, ClusterError] = field(default_factory=dict)
    cut: list[Gap] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_lost(self, *, failures: int) -> Unreachable | None:
        """Return the error when nothing was read so far and so many lists got no answer."""
        lost = [error for error in list(self.failed.values()) if isinstance(error, Unreachable)]
        return lost[0] if len(lost) >= failures and not self.objects else None


def read_lists(
    cluster: Cluster, requests: Sequence[ListRequest], result: FetchResult, *, progress: Progress, deadline_s: float
) -> None:
    """Read all ``requests`` into ``result``, eight at a time; what is not back by the deadline counts as failed.

    Raises:
        Unreachable: there is no answer, and nothing was read before.
        ClusterError: the credentials are not accepted.
    """
    jobs = [Job(key=request, work=partial(_read_list, cluster, request, result)) for request in requests]
    missing = set(requests)
    for done in run_as_they_end(jobs, threads=THREADS, deadline_s=deadline_s):
        missing.discard(done.key)
        _settle(done, result, progress)
    for request in missing:
        result.failed[request] = Unreachable(f"no answer within {deadline_s:.0f} s")
    if (lost := result.is_lost(failures=1)) is not None:
        raise lost
    # Credentials that are not accepted are no gap, nor is a server that is none: nothing could be read at all.
    # What a dump does not hold is a gap each: it is all that there is.
    useless = [
        error
        for error in result.failed.values()
        if not isinstance(error, Forbidden | NotFound) and error.code != "not-saved"
    ]
    refused = [error for error in useless if error.code == "unauthorized"]
    if not result.objects and (refused or len(useless) == len(requests)):
        raise (refused or useless)[0]


def _settle(done: Done[ListRequest, int], result: FetchResult, progress: Progress) -> None:
    what = done.key.what
    if done.error is None:
        progress(Step(stage=Stage.SWEEP, text=f"{what}: {done.value:,}", key=what, done=True))
        return
    if not isinstance(done.error, ClusterError):
        raise done.error
    # What is kept of it is its words: its frames hold the bytes of the answer that it is about.
    done.error.__traceback__ = done.error.__cause__ = done.error.__context__ = None
    with result.lock:
        result.failed[done.key] = done.error
    progress(Step(stage=Stage.SWEEP, text=f"{what}: not read", key=what, done=True))


def _read_list(cluster: Cluster, request: ListRequest, result: FetchResult) -> int:
    # A server that answers nobody would take each list its full time-out.
    if (lost := result.is_lost(failures=_GIVE_UP_AFTER)) is not None:
        raise lost
    read = _secrets if request.kind.plural == "secrets" else _all_fields if request.whole else _pruned
    try:
        found, flaws = read(cluster, request)
    except ClusterError as error:
        if error.code != "expired":
            raise
        # The list changed under the continue token (410 Gone); from the start, once.
        found, flaws = read(cluster, request)
    if flaws and request.kind.kind in ABSENCE_IS_A_FINDING:
        # What is left out of such a list would look as if it did not exist.
        raise ClusterError(flaws_in_words(flaws), code=BROKEN)
    if flaws:
        with result.lock:
            result.cut.append(Gap(what=request.what, reason=flaws_in_words(flaws), broken=True))
    if len(found) > _OBJECT_LIMIT:
        del found[_OBJECT_LIMIT:]
        with result.lock:
            result.cut.append(Gap(what=request.what, reason=f"there are more; the first {_OBJECT_LIMIT:,} were read"))
    with result.lock:
        place = result.whole if request.whole else result.objects
        place.setdefault(request.kind.kind, []).extend(found)
    return len(found)


_ReadList: TypeAlias = tuple[list[dict[str, Any]], list[Flaw]]
"""The objects of a list, and what was left out of it because it cannot be right."""


def _pruned(cluster: Cluster, request: ListRequest) -> _ReadList:
    from agentops.providers.kubernetes.api.pruning import Pruner

    found: list[dict[str, Any]] = []
    flaws: list[Flaw] = []
    pruner = Pruner(request.kind, namespace=request.namespace, tell=flaws.append)
    for page in cluster.list_decoded(request.kind, Selection(namespace=request.namespace), pruner.page):
        found += page
        if len(found) > _OBJECT_LIMIT:
            break
    return found, flaws


def _all_fields(cluster: Cluster, request: ListRequest) -> _ReadList:
    with cluster.noticing() as flaws:
        selection = Selection(namespace=request.namespace)
        return cluster.list_objects(request.kind, selection, limit=_OBJECT_LIMIT + 1)[0], flaws


def _secrets(cluster: Cluster, request: ListRequest) -> _ReadList:
    """Return Secrets with their keys only, ``data`` mapped key -> ``""`` as the snapshot wants it."""
    with cluster.noticing() as flaws:
        return _secret_keys(cluster, request), flaws


def _secret_keys(cluster: Cluster, request: ListRequest) -> list[dict[str, Any]]:
    try:
        found, _ = cluster.list_objects(
            request.kind, Selection(namespace=request.namespace, fields=_WITHOUT_HELM), limit=_OBJECT_LIMIT + 1
        )
    except ClusterError as error:
        if error.code not in {"bad-request", "unsupported"}:
            raise
        found, _ = cluster.list_objects(request.kind, Selection(namespace=request.namespace), limit=_OBJECT_LIMIT + 1)
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
    cluster: Cluster, requests: Iterable[LogRequest], *, progress: Progress, deadline_s: float, window_s: int = 0
) -> tuple[tuple[LogTail, ...], tuple[Gap, ...]]:
    """Return the last lines of the wanted containers, current and previous run, and what could not be read.

    Arguments:
        window_s: only lines that are younger; 0 for any.
    """
    runs = [
        (request, previous) for request in requests for previous in ((False, True) if request.previous else (False,))
    ]
    tails: dict[tuple[LogRequest, bool], LogTail] = {}
    jobs = [Job(key=run, work=partial(_read_log, cluster, *run, window_s)) for run in runs]
    missing = dict.fromkeys(runs, f"no answer within {deadline_s:.0f} s")
    for done in run_as_they_end(jobs, threads=THREADS, deadline_s=deadline_s):
        del missing[done.key]
        if done.value is not None:
            tails[done.key] = done.value
        elif isinstance(done.error, ClusterError):
            missing[done.key] = done.error.message
        elif done.error is not None:
            raise done.error
    # The run before may be gone from the node already; that is not worth a gap when the last one is there.
    gaps = [
        Gap(what=f"logs of {request.namespace}/{request.pod} {request.container}", reason=reason)
        for (request, previous), reason in missing.items()
        if not previous
    ]
    if runs:
        progress(Step(stage=Stage.SWEEP, text=f"logs of {plural(len(tails), 'container run')}", key="logs", done=True))
    return tuple(tails[run] for run in runs if run in tails and tails[run].lines), tuple(gaps)


def _read_log(cluster: Cluster, request: LogRequest, previous: bool, window_s: int) -> LogTail:
    place = LogPlace(
        namespace=request.namespace, pod=request.pod, container=request.container, previous=previous, since_s=window_s
    )
    found = read_tail(cluster, place, lines=_LOG_LINES, size_bytes=_LOG_BYTES, line_limit=_LOG_LINE_LIMIT)
    return LogTail(
        namespace=request.namespace,
        pod=request.pod,
        container=request.container,
        previous=previous,
        lines=found.lines,
    )


def gaps_of(result: FetchResult) -> tuple[Gap, ...]:
    """Return why each failed list is missing, in a stable order."""
    gaps = [
        Gap(
            what=request.what,
            reason=_reason(error),
            chosen=isinstance(error, Forbidden),
            broken=error.code == BROKEN,
        )
        for request, error in result.failed.items()
    ]
    return tuple(sorted([*gaps, *result.cut], key=lambda gap: gap.what))


def _reason(error: ClusterError) -> str:
    if isinstance(error, Forbidden) and error.code != OUTSIDE:
        # Said alike of each kind, so that it is said once; which kind it is stands beside it.
        refused = who_may_not(error.message)
        return "not allowed: " + (f"{refused[0]} cannot {refused[1]} it" if refused else error.message)
    if isinstance(error, NotFound):
        return "this server does not serve the kind"
    return error.message
