"""``ClusterWriter``: the only way to write to an API server; only the guard's apply and rollback are given one.

Comes in: a ``Call``, exactly as the plan shows it. Goes out: the object as the server stores it, Secret values gone. It
must never send a call that it does not know to be harmless to try twice a second time, force a field away from its
owner, write a Secret's data, or reach ``exec``, ``proxy``, tokens or status.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ClusterError
from agentops.core.place_identity import PlaceIdentity
from agentops.core.plan import Call
from agentops.providers.kubernetes.api.answers import Stored, stored_of
from agentops.providers.kubernetes.api.boundary import EVERYWHERE, Boundary
from agentops.providers.kubernetes.api.call_transport import DryRunTransport, WriteTransport, in_doubt
from agentops.providers.kubernetes.api.client import Cluster, cluster_of
from agentops.providers.kubernetes.api.dry_runner import DryRunner, object_path
from agentops.providers.kubernetes.api.kubeconfig import ClusterConnection, open_connection
from agentops.providers.kubernetes.api.reading_limits import ReadingLimits
from agentops.providers.kubernetes.api.refusals import is_failed_test, stale
from agentops.providers.kubernetes.api.transport import Patience
from agentops.providers.kubernetes.api.writing import check_call

if TYPE_CHECKING:
    from collections.abc import Callable


class ClusterWriter:
    """Writes to one cluster as one identity. Safe to use from several threads at once.

    Arguments:
        transport: sends the requests.
        context, server: what it is pinned to; the same as those of the ``Cluster`` that the tools read from.
    """

    def __init__(self, transport: WriteTransport, *, context: str, server: str) -> None:
        self._transport = transport
        self.context = context
        self.server = server

    def send(self, call: Call) -> Stored:
        """Carry out ``call`` and return the object as it is stored now.

        Raises:
            ToolInputError: the call is not one that may be sent.
            Stale: the object is not what the call expects; nothing was changed.
            NotFound, Forbidden, Unreachable, ClusterError: the server refused; nothing was changed.
            InDoubt: the answer was lost; whether it took effect must be observed.
        """
        check_call(call)
        what = f"{call.method} {call.path}"
        try:
            reply = self._transport.write(call)
        except ClusterError as error:
            if is_failed_test(error, call):
                raise stale(call, self._now(object_path(call))) from error
            raise
        try:
            return stored_of(reply, call.path, what)
        except ClusterError as error:
            raise in_doubt(what, error.message) from error

    def _now(self, path: str) -> dict[str, Any] | None:
        try:
            return stored_of(self._transport.get(path), path, f"GET {path}")
        except ClusterError:
            # It only makes the message exact; that the object moved is known without it.
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """The three ways to one cluster as one identity: to read, to try out, to write. Each can do no more than it
    says."""

    opened: ClusterConnection
    cluster: Cluster
    dry_runner: DryRunner
    writer: ClusterWriter
    identity: PlaceIdentity


def connect_clients(
    *,
    kubeconfig: Path | None,
    context: str | None,
    namespace: str | None,
    cache_dir: Path,
    patience: Patience | None = None,
    learn: Callable[[str], None] | None = None,
    boundary: Boundary = EVERYWHERE,
    seen_as: str = "",
    limits: ReadingLimits | None = None,
) -> Clients:
    """Make the clients of one opened connection, so that all speak to the same server as the same identity; sends
    nothing yet.

    Arguments and errors are those of ``client.connect``; ``seen_as`` is the context that references name, where the
    connection is of another identity in the same cluster.

    Raises:
        UsageError: the file or the context cannot be used.
        ClusterError: no cluster is configured, or the credential plugin failed.
    """
    opened = open_connection(kubeconfig=kubeconfig, context=context, namespace=namespace, learn=learn)
    if not boundary.has(opened.namespace):
        # The context's own namespace was not chosen by whoever set the boundary.
        opened = replace(opened, namespace=boundary.namespaces[0])
    if seen_as:
        opened = replace(opened, context=seen_as)
    pinned = {"context": opened.context, "server": opened.server}
    sending: dict[str, Any] = {
        "server": opened.server,
        "patience": patience or Patience(),
        "boundary": boundary,
    }
    return Clients(
        opened=opened,
        cluster=cluster_of(opened, cache_dir=cache_dir, patience=patience, boundary=boundary, limits=limits),
        dry_runner=DryRunner(DryRunTransport(opened.api, **sending, limits=limits), **pinned),
        # Of what was sent the answer is read whatever was read before; it is bounded by its own size.
        writer=ClusterWriter(WriteTransport(opened.api, **sending), **pinned),
        identity=opened.identity,
    )
