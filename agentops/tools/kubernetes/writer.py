"""``Writer``: the one way to write to a Kubernetes API server; only change tools are given one.

Comes in: a ``Call``, exactly as the plan shows it. Goes out: the object as the server stores it (or, for a dry run,
would store it), Secret values gone. It must never send a call that it does not know to be harmless to try twice a
second time, force a field away from its owner, write a Secret's data, or reach ``exec``, ``proxy``, tokens or status.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ClusterError, InDoubt
from agentops.core.plan import Call
from agentops.tools.kubernetes.client import Cluster, cluster_of
from agentops.tools.kubernetes.dry_run import as_dry_run
from agentops.tools.kubernetes.failures import unreachable
from agentops.tools.kubernetes.kubeconfig import open_connection
from agentops.tools.kubernetes.refusals import evicts_too_much, is_failed_test, may_have_happened, refused, stale
from agentops.tools.kubernetes.secrecy import conceal
from agentops.tools.kubernetes.transport import Patience, Reply, Transport, retry_after_s
from agentops.tools.kubernetes.writing import FIELD_MANAGER, check_call, warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FIELD_MANAGER", "Stored", "Writer", "connect_writer"]


class Stored(dict[str, Any]):
    """The object that the server answered with; ``warnings`` is what it said beside it.

    A plain dict for all purposes; a delete or an eviction may answer with a ``Status``.
    """

    def __init__(self, value: Mapping[str, Any], warnings: tuple[str, ...] = ()) -> None:
        super().__init__(value)
        self.warnings = warnings


class WriteTransport(Transport):
    """Sends one write; what may have had an effect is not sent again."""

    def write(self, call: Call, query: tuple[tuple[str, str], ...], *, harmless: bool) -> Reply:
        """Return the 2xx answer.

        Arguments:
            call: the request; already checked.
            query: its parameters, with ``dryRun`` or without.
            harmless: it is a dry run, so that a lost answer is no doubt.

        Raises:
            Stale, NotFound, Forbidden, ClusterError: the server refused.
            Unreachable: it was certainly not carried out.
            InDoubt: it was sent and the answer was lost, or is one that says nothing of the effect.
        """
        what = f"{call.method} {call.path}"
        deadline = self._clock() + self._patience.deadline_s
        attempt = 0
        while True:
            attempt += 1
            reply, error = self._try(call, query, deadline, harmless=harmless)
            if reply is not None and 200 <= reply.status < 300:
                return reply
            pause = self._wait_s(attempt, reply)
            if pause is not None and self._clock() + pause < deadline:
                self._sleep(pause)
                continue
            if reply is None:
                raise unreachable(error or TimeoutError(), self._server, what) from error
            if not harmless and may_have_happened(reply.status, reply.body):
                raise in_doubt(what, f"it answered HTTP {reply.status}")
            raise refused(reply.status, reply.body, what)

    def _wait_s(self, attempt: int, reply: Reply | None) -> float | None:
        """Return how long to wait before sending it again, which is right only when it certainly had no effect."""
        patience = self._patience
        if attempt >= patience.attempts or (reply is None and attempt >= 2):
            return None
        if reply is not None and (reply.status != 429 or evicts_too_much(reply.body)):
            return None
        asked = retry_after_s(reply.headers) if reply is not None else 0.0
        backoff: float = min(patience.backoff_s * 2.0 ** (attempt - 1), patience.backoff_cap_s)
        return max(backoff, min(asked, patience.retry_after_cap_s))

    def _try(
        self, call: Call, query: tuple[tuple[str, str], ...], deadline: float, *, harmless: bool
    ) -> tuple[Reply | None, BaseException | None]:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

        what = f"{call.method} {call.path}"
        headers = {"Accept": "application/json"}
        if call.content_type:
            headers["Content-Type"] = call.content_type
        left_s = max(deadline - self._clock(), 0.1)
        timeout = (min(self._patience.connect_s, left_s), min(self._patience.read_s, left_s))
        request = self._make_ready(call.method, call.path, query, headers, call.body)
        try:
            answer = self._api.call_api(*request, _request_timeout=timeout)
            return self._read(answer, self._patience.size_bytes, False, deadline), None
        except (NewConnectionError, NameResolutionError, ConnectTimeoutError) as error:
            return None, error
        except ApiException as error:
            # The package turns every TLS failure into this; only one of the handshake is certain to be harmless.
            if harmless or "certificate" in str(error.reason).lower():
                raise unreachable(error, self._server, what) from error
            raise in_doubt(what, "the connection broke") from error
        except (HTTPError, OSError) as error:
            if harmless:
                raise unreachable(error, self._server, what) from error
            raise in_doubt(what, "the connection broke before its answer was complete") from error
        except ClusterError as error:
            if harmless:
                raise
            raise in_doubt(what, error.message) from error


class Writer:
    """Writes to one cluster as one identity. Safe to use from several threads at once.

    Arguments:
        transport: sends the requests.
        context, server: what it is pinned to; the same as those of the ``Cluster`` that the tools read from.
    """

    def __init__(self, transport: WriteTransport, *, context: str, server: str) -> None:
        self._transport = transport
        self._context = context
        self._server = server

    @property
    def context(self) -> str:
        """The kubeconfig context that it was made for."""
        return self._context

    @property
    def server(self) -> str:
        """The API server's address."""
        return self._server

    def get(self, path: str) -> dict[str, Any]:
        """Return one object with its ``managedFields``, which ``Cluster`` leaves out; Secret values are gone.

        Raises:
            NotFound, Forbidden, Unreachable, ClusterError: the server refused, failed or did not answer.
        """
        found = _decode(self._transport.get(path), f"GET {path}")
        return _concealed(found, path)

    def dry_run(self, call: Call) -> Stored:
        """Return the object that ``call`` would store; the server checks and admits it, and stores nothing.

        Raises:
            ToolInputError: the call is not one that may be sent.
            Stale: an expectation in it (uid, resourceVersion, an old value) does not hold.
            NotFound, Forbidden, Unreachable, ClusterError: the server refused, failed or did not answer.
        """
        return self._carry_out(call, dry=True)

    def send(self, call: Call) -> Stored:
        """Carry out ``call`` and return the object as it is stored now.

        Raises:
            ToolInputError: the call is not one that may be sent; nothing was.
            Stale: the object is not what the call expects; nothing was changed.
            NotFound, Forbidden, Unreachable, ClusterError: the server refused; nothing was changed.
            InDoubt: the answer was lost; whether it took effect must be observed.
        """
        return self._carry_out(call, dry=False)

    def _carry_out(self, call: Call, *, dry: bool) -> Stored:
        check_call(call)
        sent = as_dry_run(call) if dry else call
        try:
            reply = self._transport.write(sent, sent.query, harmless=dry)
        except ClusterError as error:
            if is_failed_test(error, call):
                raise stale(call, self._now(call.path)) from error
            raise
        what = f"{call.method} {call.path}"
        try:
            answer = _decode(reply, what)
        except ClusterError as error:
            if dry:
                raise
            raise in_doubt(what, error.message) from error
        return Stored(_concealed(answer, call.path), warnings_of(reply.headers))

    def _now(self, path: str) -> dict[str, Any] | None:
        try:
            return self.get(path)
        except ClusterError:
            # It only makes the message exact; that the object moved is known without it.
            return None


def connect_writer(
    *,
    kubeconfig: Path | None,
    context: str | None,
    namespace: str | None,
    cache_dir: Path,
    patience: Patience | None = None,
    learn: Callable[[str], None] | None = None,
) -> tuple[Cluster, Writer]:
    """Make a ``Cluster`` and a ``Writer`` of one opened connection, so that both speak to the same server as the same
    identity; sends nothing yet.

    Arguments and errors are those of ``client.connect``.

    Raises:
        UsageError: the file or the context cannot be used.
        ClusterError: no cluster is configured, or the credential plugin failed.
    """
    opened = open_connection(kubeconfig=kubeconfig, context=context, namespace=namespace)
    if learn is not None:
        for secret in opened.secrets:
            learn(secret)
    cluster = cluster_of(opened, cache_dir=cache_dir, patience=patience)
    transport = WriteTransport(opened.api, server=opened.server, patience=patience or Patience())
    return cluster, Writer(transport, context=opened.context, server=opened.server)


def in_doubt(what: str, why: str) -> InDoubt:
    """Return the error for a write of which it is not known whether it took effect."""
    return InDoubt(
        f"{what}: whether it took effect is not known: {why}",
        hint="Look at the object before anything else is done; agentops recover does.",
    )


def _decode(reply: Reply, what: str) -> dict[str, Any]:
    import msgspec

    try:
        found = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _odd_answer(what) from error
    if not isinstance(found, dict):
        raise _odd_answer(what)
    return found


def _odd_answer(what: str) -> ClusterError:
    return ClusterError(
        f"{what}: the answer is not what a Kubernetes API sends",
        hint="Is the server address of this context a Kubernetes API server?",
        code="odd-answer",
    )


def _concealed(answer: dict[str, Any], path: str) -> dict[str, Any]:
    """Take Secret values out but keep ``managedFields``: they name fields and hold no value of them."""
    metadata = answer.get("metadata")
    fields = metadata.get("managedFields") if isinstance(metadata, dict) else None
    parts = path.split("/")
    of_secrets = any(part == "secrets" and before != "namespaces" for before, part in pairwise(parts))
    conceal(answer, of_secrets=of_secrets)
    if fields and isinstance(metadata, dict):
        metadata["managedFields"] = fields
    return answer
