"""One request to the API server, with time-outs, retries and a deadline; read-only by construction.

Comes in: a vetted path (``paths.py``) and query. Goes out: status, headers and the whole body as bytes. Knows two
verbs: GET, and POST to the two endpoints that ask 'may I?' and store nothing. It must never send anything else, follow
a redirect (that would carry the token to another host), or touch the ``kubernetes`` package's global configuration.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from agentops.core.errors import ClusterError
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.boundary import EVERYWHERE, Boundary
from agentops.providers.kubernetes.api.failures import is_refused, refusal, unreachable
from agentops.providers.kubernetes.api.listing import too_large
from agentops.providers.kubernetes.api.reading_limits import ReadingLimits
from agentops.providers.kubernetes.objects.paths import vet_path, vet_query

QueryParams: TypeAlias = Sequence[tuple[str, str]]

REVIEWS = {
    "SelfSubjectAccessReview": "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "SelfSubjectRulesReview": "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
}
"""The only POSTs there are: they ask what the caller may do and change nothing."""

_CHUNK_BYTES = 1 << 18
_LARGE_BYTES = 4 * 1024 * 1024
_RETRIED_STATUS = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait and how often to try.

    ``deadline_s`` is for one call with all its retries. ``retry_after_cap_s`` bounds what a server may ask for.
    ``size_bytes`` is the largest answer that is read.
    """

    connect_s: float = 5.0
    read_s: float = 30.0
    deadline_s: float = 60.0
    attempts: int = 5
    backoff_s: float = 0.2
    backoff_cap_s: float = 5.0
    retry_after_cap_s: float = 10.0
    size_bytes: int = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A complete answer; ``cut`` says that the body was longer than the caller's limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False


class Transport:
    """Sends requests through one configured ``kubernetes`` ApiClient; safe to use from several threads.

    Arguments:
        api: an ``ApiClient`` whose configuration has retries and redirects off (see ``kubeconfig.py``).
        server: the server's address, for messages.
        patience: time-outs and retries.
        boundary: the namespaces that no request may leave.
        limits: what a run may read; shared by all that it reads through.
        sleep, clock, jitter: time and randomness; parameters so that tests need not wait.
    """

    def __init__(
        self,
        api: Any,
        *,
        server: str,
        patience: Patience,
        boundary: Boundary = EVERYWHERE,
        limits: ReadingLimits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._api = api
        self._server = server
        self._patience = patience
        self._boundary = boundary
        self._limits = limits or ReadingLimits()
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter
        # Compressing costs both sides more than the loopback interface saves.
        self._is_near = (urlsplit(server).hostname or "") in {"localhost", "127.0.0.1", "::1"}
        # Credentials may be refreshed by an exec plugin while a request is made ready; one at a time.
        self._ready_lock = threading.Lock()

    def get(
        self, path: str, query: QueryParams = (), *, accept: str = "application/json", limit_bytes: int = 0
    ) -> Reply:
        """Return the 2xx answer to a GET.

        Arguments:
            path: an API path, percent-encoded.
            query: parameters, not encoded.
            accept: the Accept header.
            limit_bytes: read at most so much and mark the reply as cut; 0 means that a longer answer is an error.

        Raises:
            Unreachable, NotFound, Forbidden, ClusterError: as in ``failures.py``.
        """
        vet_path(path)
        vet_query(query)
        headers = {"Accept": accept} if self._is_near else {"Accept": accept, "Accept-Encoding": "gzip"}
        return self._with_retries("GET", path, query, headers, None, limit_bytes)

    def review(self, kind: str, spec: Mapping[str, Any]) -> Reply:
        """Return the answer to one of the two self-review requests.

        Raises:
            KeyError: ``kind`` is not one of ``REVIEWS``.
            ClusterError: and its kind, as in ``get``.
        """
        path = REVIEWS[kind]
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": dict(spec)}
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return self._with_retries("POST", path, (), headers, body, 0)

    def _with_retries(
        self, method: str, path: str, query: QueryParams, headers: Mapping[str, str], body: Any, limit_bytes: int
    ) -> Reply:
        what = f"{method} {path}"
        deadline = self._clock() + self._patience.deadline_s
        attempt = 0
        while True:
            attempt += 1
            reply, error = self._once(method, path, query, headers, body, limit_bytes, deadline)
            if reply is not None and 200 <= reply.status < 300:
                return reply
            pause = self._pause(attempt, reply, error)
            if pause is None or self._clock() + pause >= deadline:
                if reply is not None:
                    raise refusal(reply.status, reply.body, what)
                raise unreachable(error or TimeoutError(), self._server, what) from error
            self._sleep(pause)

    def _pause(self, attempt: int, reply: Reply | None, error: BaseException | None) -> float | None:
        """Return how long to wait before the next attempt, or None when there is to be none."""
        patience = self._patience
        if attempt >= patience.attempts:
            return None
        if reply is not None and reply.status not in _RETRIED_STATUS:
            return None
        # Nobody listening is final but for a restart in progress; a silent server has had its read time-out already.
        if error is not None and attempt >= 2 and (is_refused(error) or isinstance(error, TimeoutError)):
            return None
        backoff: float = min(patience.backoff_s * 2.0 ** (attempt - 1), patience.backoff_cap_s) * (
            0.5 + self._jitter() / 2
        )
        asked = retry_after_s(reply.headers) if reply is not None else 0.0
        return max(backoff, min(asked, patience.retry_after_cap_s))

    def _once(
        self,
        method: str,
        path: str,
        query: QueryParams,
        headers: Mapping[str, str],
        body: Any,
        limit_bytes: int,
        deadline: float,
    ) -> tuple[Reply | None, BaseException | None]:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError
        from urllib3.exceptions import TimeoutError as HttpTimeout

        # The deadline holds for all attempts together, so a later attempt gets what is left.
        left_s = max(deadline - self._clock(), 0.1)
        timeout = (min(self._patience.connect_s, left_s), min(self._patience.read_s, left_s))
        try:
            request = self._make_ready(method, path, query, headers, body)
            answer = self._api.call_api(*request, _request_timeout=timeout)
            return self._read(answer, limit_bytes or self._patience.size_bytes, bool(limit_bytes), deadline), None
        except ApiException as error:
            # The package turns a TLS failure into a status-less ApiException; waiting does not cure a certificate.
            raise unreachable(error, self._server, f"{method} {path}") from error
        except HttpTimeout as error:
            return None, TimeoutError(str(error)) if not is_refused(error) else error
        except (HTTPError, OSError) as error:
            return None, error

    def _make_ready(self, method: str, path: str, query: QueryParams, headers: Mapping[str, str], body: Any) -> Any:
        from kubernetes.config.config_exception import ConfigException

        # The last line before the wire, for reads, dry runs and writes alike.
        self._boundary.require(path, body)
        request: Any = None
        with self._ready_lock, captured_errors() as complaints:
            try:
                request = self._api.param_serialize(
                    method=method,
                    resource_path=path,
                    query_params=list(query),
                    header_params=dict(headers),
                    body=body,
                    auth_settings=["BearerToken"],
                )
            except (ConfigException, OSError) as error:
                # The token's file or the plugin behind it is gone; it was there when the run began.
                complaints.append(str(error))
        if complaints:
            raise ClusterError(
                f"the credentials could not be renewed: {one_line(complaints[0], 200)}",
                hint="Run the kubeconfig's credential plugin by hand, or log in again.",
                code="unauthorized",
            )
        return request

    def _read(self, answer: Any, limit_bytes: int, may_cut: bool, deadline: float) -> Reply:
        """Read the body piece by piece, so that neither its size nor its pace is the server's choice."""
        response = answer.response
        chunks: list[bytes] = []
        size = 0
        whole = held = False
        large = ExitStack()
        try:
            while chunk := response.read1(_CHUNK_BYTES, decode_content=True):
                chunks.append(chunk)
                size += len(chunk)
                self._limits.take(len(chunk))
                if size > _LARGE_BYTES and not held:
                    # Eight lists at a time may be large; what they take together must not be eight times the largest.
                    large.enter_context(self._limits.large)
                    held = True
                if size > limit_bytes:
                    break
                if self._clock() > deadline:
                    raise TimeoutError("the answer did not end in time")
            whole = size <= limit_bytes
        finally:
            large.close()
            # A connection with unread bytes cannot be used again.
            if whole:
                response.release_conn()
            else:
                response.close()
        if not whole and not may_cut:
            raise too_large(f"is larger than {limit_bytes:,} bytes")
        return Reply(status=answer.status, headers=answer.headers, body=b"".join(chunks)[:limit_bytes], cut=not whole)


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Return the seconds that a ``Retry-After`` header asks for; 0 when there is none."""
    # Only the number of seconds: the API server never sends the date form (RFC 9110 10.2.3).
    value = headers.get("Retry-After", "")
    return float(value) if value.isdigit() else 0.0


@contextmanager
def captured_errors() -> Iterator[list[str]]:
    """Collect what the ``kubernetes`` package says through the root logger instead of raising.

    Its exec-plugin loader calls ``logging.error`` and goes on without credentials; without a handler on the root logger
    that call would also install one that writes to stderr for the rest of the process.
    """
    handler = _Collector()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield handler.messages
    finally:
        root.removeHandler(handler)


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
        self.messages: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "root" and record.thread == self._thread:
            self.messages.append(record.getMessage())
