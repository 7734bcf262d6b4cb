"""``Cluster``: the one way to read from a Kubernetes API server.

Comes in: kind, namespace, name, selectors. Goes out: plain dicts and lists, decoded by msgspec, with Secret values and
``managedFields`` already gone; log bytes. Context and namespace are pinned when it is made. There is no method on it
that writes, and the transport below it cannot send one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sized
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, TypeVar

from agentops.core.errors import ClusterError
from agentops.core.resource import ResourceRef, kubernetes_ref
from agentops.providers.kubernetes.api.boundary import EVERYWHERE, Boundary
from agentops.providers.kubernetes.api.discovery import discover, load_cached, save_cached
from agentops.providers.kubernetes.api.kubeconfig import ClusterConnection, open_connection
from agentops.providers.kubernetes.api.listing import (
    Pages,
    items_of,
    more_of,
    odd_answer,
    refuse,
    require_list,
    require_modest,
    whole,
)
from agentops.providers.kubernetes.api.reading_limits import ReadingLimits
from agentops.providers.kubernetes.api.transport import Patience, QueryParams, Reply, Transport
from agentops.providers.kubernetes.objects.field_types import Flaw, identity_flaw, label_of, type_of
from agentops.providers.kubernetes.objects.kinds import BUILTIN, Kind, check_kind_name, resolve, unknown_kind
from agentops.providers.kubernetes.objects.secrecy import conceal

PAGE_SIZE = 500
DISCOVERY_TTL_S = 600.0
SMALLEST_PAGE = 5
_LARGE_BYTES = 2 * 1024 * 1024
_FLAW_LIMIT = 1_000
_Kept = TypeVar("_Kept", bound=Sized)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which objects of a kind: ``namespace`` empty means all namespaces; selectors in the API's own syntax."""

    namespace: str = ""
    labels: str = ""
    fields: str = ""

    def query(self) -> list[tuple[str, str]]:
        """Return the selectors as query parameters."""
        pairs = (("labelSelector", self.labels), ("fieldSelector", self.fields))
        return [(key, value) for key, value in pairs if value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list: ``more`` is the token of the next page; ``remaining`` is the server's estimate, or None."""

    items: list[dict[str, Any]] = field(default_factory=list)
    more: str = ""
    remaining: int | None = None


class ReadTransport(Protocol):
    """What a ``Cluster`` reads through: a connection to a server, or what was saved of one."""

    def get(
        self, path: str, query: QueryParams = (), *, accept: str = "application/json", limit_bytes: int = 0
    ) -> Reply:
        """Return the answer to a GET; see ``Transport.get``."""
        ...

    def review(self, kind: str, spec: Mapping[str, Any]) -> Reply:
        """Return the answer to a self-review; see ``Transport.review``."""
        ...


class Cluster:
    """Reads from one cluster as one identity. Safe to use from several threads at once.

    Arguments:
        transport: sends the requests.
        context, namespace, server: what it is pinned to; shown to people and put in every reference.
        cache_dir: a private folder for the list of kinds; None keeps it in memory only.
        wall_clock: seconds since the epoch, for the age of that list.
        boundary: what the transport lets pass, for those who plan their reads by it.
    """

    def __init__(
        self,
        transport: ReadTransport,
        *,
        context: str,
        namespace: str,
        server: str,
        cache_dir: Path | None = None,
        wall_clock: Callable[[], float] = time.time,
        boundary: Boundary = EVERYWHERE,
    ) -> None:
        self._transport = transport
        self._context = context
        self._namespace = namespace
        self._server = server
        self._cache_dir = cache_dir
        self.boundary = boundary
        self._wall_clock = wall_clock
        self._kinds: tuple[Kind, ...] = ()
        self._kinds_lock = threading.Lock()
        self._noticed = threading.local()
        self._decoding = threading.Lock()

    @property
    def context(self) -> str:
        """The kubeconfig context that it was made for."""
        return self._context

    @property
    def namespace(self) -> str:
        """The namespace that is used when none is named."""
        return self._namespace

    @property
    def server(self) -> str:
        """The API server's address."""
        return self._server

    def ref(self, kind: str, name: str, namespace: str | None = None) -> ResourceRef:
        """Return the reference of an object of this cluster; no namespace means cluster-scoped."""
        return kubernetes_ref(self._context, namespace, kind, name)

    def get_json(self, path: str, query: QueryParams = (), *, accept: str = "application/json") -> Any:
        """Return the decoded answer to a GET of an API path, Secret values already gone.

        Raises:
            NotFound, Forbidden, Unreachable, ClusterError: the server refused, failed or did not answer.
        """
        # A table of Secrets has no kind in its items, so the path says whether values are to go.
        reply = self._transport.get(path, query, accept=accept)
        return conceal(_decode(reply.body, path), of_secrets=_is_of_secrets(path))

    def get_object(self, kind: Kind, name: str, namespace: str = "") -> dict[str, Any]:
        """Return one object.

        Raises:
            NotFound, Forbidden, Unreachable, ClusterError: as ``get_json``.
        """
        return self._object(kind, name, namespace, keep_managers=False)

    def get_with_managers(self, kind: Kind, name: str, namespace: str = "") -> dict[str, Any]:
        """Return one object with its ``managedFields``: who wrote which field, and when.

        Raises:
            NotFound, Forbidden, Unreachable, ClusterError: as ``get_json``.
        """
        return self._object(kind, name, namespace, keep_managers=True)

    def _object(self, kind: Kind, name: str, namespace: str, *, keep_managers: bool) -> dict[str, Any]:
        path = kind.path(namespace=namespace, name=name)
        answer = _decode(self._transport.get(path).body, path)
        found = conceal(answer, of_secrets=_is_of_secrets(path), keep_managers=keep_managers)
        if not isinstance(found, dict) or found.get("kind") != kind.kind:
            raise odd_answer(path, f"it is no {kind.kind}")
        flaw = identity_flaw(found, kind.kind, kind.namespaced, namespace)
        if flaw is not None or found["metadata"].get("name") != name:
            raise odd_answer(path, str(flaw) if flaw else "it is another object")
        return whole(found, type_of(kind.kind), label_of(found, kind.kind), self._tell)

    @contextmanager
    def noticing(self) -> Iterator[list[Flaw]]:
        """Leave out what cannot be right and collect what that was, for reads of this thread while it is entered.

        Elsewhere such an answer is an error: whoever decides by what he read takes no part of it.
        """
        before = getattr(self._noticed, "flaws", None)
        flaws: list[Flaw] = []
        self._noticed.flaws = flaws
        try:
            yield flaws
        finally:
            self._noticed.flaws = before

    def _tell(self, flaw: Flaw) -> None:
        flaws = getattr(self._noticed, "flaws", None)
        if flaws is None:
            refuse(flaw)
        elif len(flaws) < _FLAW_LIMIT:
            flaws.append(flaw)

    def get_text(self, path: str, query: QueryParams, *, limit_bytes: int) -> tuple[bytes, bool]:
        """Return the first ``limit_bytes`` of a text answer (container logs), and whether there was more.

        Raises:
            NotFound, Forbidden, Unreachable, ClusterError: as ``get_json``.
        """
        reply = self._transport.get(path, query, accept="*/*", limit_bytes=limit_bytes)
        return reply.body, reply.cut

    def list_page(self, kind: Kind, selection: Selection, *, limit: int = PAGE_SIZE, more: str = "") -> Page:
        """Return one page of a list, each item with ``kind`` and ``apiVersion`` set.

        Raises:
            NotFound, Forbidden, Unreachable, ClusterError: as ``get_json``; code ``expired`` when the token is too old.
        """
        path = kind.path(namespace=selection.namespace)
        answer = require_list(self.get_json(path, _paged(selection, limit, more)), kind, path)
        remaining = answer["metadata"].get("remainingItemCount")
        return Page(
            items=items_of(answer.get("items"), kind, selection.namespace, self._tell),
            more=more_of(answer, path),
            remaining=remaining if type(remaining) is int else None,
        )

    def list_pages(self, kind: Kind, selection: Selection, *, limit: int = PAGE_SIZE) -> Iterator[Page]:
        """Yield the pages of a list one after another, each fetched when it is asked for."""
        more, pages = "", Pages(kind.path(namespace=selection.namespace))
        while True:
            try:
                page = self.list_page(kind, selection, limit=limit, more=more)
            except ClusterError as error:
                if error.code != "too-large" or limit <= SMALLEST_PAGE:
                    raise
                limit = smaller_page(limit)
                continue
            yield page
            more = pages.next(page.more, len(page.items))
            if not more:
                return

    def list_objects(self, kind: Kind, selection: Selection, *, limit: int = 5000) -> tuple[list[dict[str, Any]], bool]:
        """Return up to ``limit`` objects, and whether there are more."""
        found: list[dict[str, Any]] = []
        for page in self.list_pages(kind, selection, limit=min(limit, PAGE_SIZE)):
            found += page.items
            # A page may hold more than was asked for, and a page that is just full may be the last one.
            if len(found) > limit or (len(found) == limit and page.more):
                return found[:limit], True
        return found, False

    def list_decoded(
        self, kind: Kind, selection: Selection, decode: Callable[[bytes], tuple[_Kept, str]]
    ) -> Iterator[_Kept]:
        """Yield each page as ``decode`` reads it from the raw bytes; for large lists of which few fields are needed.

        Arguments:
            decode: returns what it keeps of a page, and the token of the next.

        Raises:
            ValueError: ``kind`` is Secret, whose bytes do not leave this module.
            ClusterError: and its kind, as ``get_json``.
        """
        if kind.plural == "secrets":
            raise ValueError("Secrets are read through list_page, which takes their values out")
        path = kind.path(namespace=selection.namespace)
        more, pages, limit = "", Pages(path), PAGE_SIZE
        while True:
            try:
                kept, more = self._one_page(path, _paged(selection, limit, more), decode)
            except ClusterError as error:
                if error.code != "too-large" or limit == SMALLEST_PAGE:
                    raise
                limit = smaller_page(limit)
                continue
            yield kept
            more = pages.next(more, len(kept))
            if not more:
                return

    def _one_page(
        self, path: str, query: QueryParams, decode: Callable[[bytes], tuple[_Kept, str]]
    ) -> tuple[_Kept, str]:
        # The bytes of a page may be as large as all that is kept of it: they go before the next is asked for, and large
        # ones become objects one at a time.
        body = self._transport.get(path, query).body
        with self._decoding if len(body) > _LARGE_BYTES else nullcontext():
            return decode(body)

    def review(self, kind: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Return the ``status`` of a SelfSubjectAccessReview or SelfSubjectRulesReview; the server stores nothing.

        Raises:
            ClusterError: and its kind, as ``get_json``.
        """
        answer = _decode(self._transport.review(kind, spec).body, kind)
        status = answer.get("status") if isinstance(answer, dict) else None
        if not isinstance(status, dict) or answer.get("kind") != kind:
            raise odd_answer(kind)
        return status

    def version(self) -> str:
        """Return the server's version, e.g. ``v1.34.2``; empty when it does not say."""
        answer = self.get_json("/version")
        return str(answer.get("gitVersion") or "") if isinstance(answer, dict) else ""

    def kind(self, name: str) -> Kind:
        """Return the kind that ``name`` means: kind, plural or short name, any case, with or without a group.

        Raises:
            ToolInputError: it cannot be a kind's name.
            NotFound: the server has none; the hint gives the nearest names.
            ClusterError: discovery failed.
        """
        check_kind_name(name)
        # The built-in kinds cost no request; a kind that is not remembered may have been installed since.
        found = resolve(name, BUILTIN) or resolve(name, self.kinds()) or resolve(name, self.kinds(fresh=True))
        if found is None:
            raise unknown_kind(name, (*BUILTIN, *self.kinds()))
        return found

    def kinds(self, *, fresh: bool = False) -> tuple[Kind, ...]:
        """Return all kinds that the server serves.

        Arguments:
            fresh: ask the server even when an answer is remembered.

        Raises:
            ClusterError: and its kind, as ``get_json``.
        """
        with self._kinds_lock:
            if self._kinds and not fresh:
                return self._kinds
            now_s = self._wall_clock()
            if self._cache_dir and not fresh:
                self._kinds = load_cached(self._cache_dir, self._server, now_s=now_s, ttl_s=DISCOVERY_TTL_S)
            if fresh or not self._kinds:
                self._kinds = discover(lambda path, accept: self.get_json(path, accept=accept))
                if self._cache_dir:
                    save_cached(self._cache_dir, self._server, self._kinds, now_s=now_s)
            return self._kinds


def connect(
    *,
    kubeconfig: Path | None,
    context: str | None,
    namespace: str | None,
    cache_dir: Path,
    patience: Patience | None = None,
    learn: Callable[[str], None] | None = None,
    boundary: Boundary = EVERYWHERE,
    limits: ReadingLimits | None = None,
) -> Cluster:
    """Make a ``Cluster`` from a kubeconfig or the pod's own service account; sends nothing yet.

    Arguments:
        kubeconfig: the file; None means ``$KUBECONFIG``, ``~/.kube/config``, then in-cluster.
        context: None means the file's current context.
        namespace: None means the context's namespace, then ``default``.
        cache_dir: where the list of kinds is remembered; made with mode 0700.
        patience: time-outs and retries; None means the defaults.
        learn: told each credential that it will send (token, password), so that a redactor can hide it everywhere.
        boundary: the namespaces that no request may leave.
        limits: how much the run may read; None means the defaults.

    Raises:
        UsageError: the file or the context cannot be used.
        ClusterError: no cluster is configured, or the credential plugin failed.
    """
    opened = open_connection(kubeconfig=kubeconfig, context=context, namespace=namespace, learn=learn)
    return cluster_of(opened, cache_dir=cache_dir, patience=patience, boundary=boundary, limits=limits)


def cluster_of(
    opened: ClusterConnection,
    *,
    cache_dir: Path,
    patience: Patience | None = None,
    boundary: Boundary = EVERYWHERE,
    limits: ReadingLimits | None = None,
) -> Cluster:
    """Return the ``Cluster`` that reads through an opened connection; the arguments are those of ``connect``."""
    transport = Transport(
        opened.api, server=opened.server, patience=patience or Patience(), boundary=boundary, limits=limits
    )
    return Cluster(
        transport,
        context=opened.context,
        namespace=opened.namespace,
        server=opened.server,
        cache_dir=cache_dir,
        boundary=boundary,
    )


def smaller_page(limit: int) -> int:
    """Return how many objects to ask for when so many were too large: none is larger than a few megabytes."""
    return max(limit // 10, SMALLEST_PAGE)


def _paged(selection: Selection, limit: int, more: str) -> list[tuple[str, str]]:
    query = [*selection.query(), ("limit", str(limit))]
    return [*query, ("continue", more)] if more else query


def _is_of_secrets(path: str) -> bool:
    parts = path.split("/")
    return any(part == "secrets" and before != "namespaces" for before, part in pairwise(parts))


def _decode(body: bytes, what: str) -> Any:
    import msgspec

    require_modest(body)
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise odd_answer(what) from error
