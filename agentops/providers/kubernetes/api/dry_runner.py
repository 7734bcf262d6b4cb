"""``DryRunner``: all that a preview has of the API server: reads, and dry runs that are proved to have left no trace.

Comes in: a ``Call``, exactly as the plan will show it. Goes out: the object as the server would store it. Its transport
sends nothing but reads and dry runs; after each dry run the object is read again, and one that is not what it was
before raises ``PreviewWrote``, which stops everything. It must never take the server's answer for proof that nothing
happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote

from agentops.core.errors import ClusterError, NotFound, PreviewWrote, Stale
from agentops.core.plan import Call
from agentops.providers.kubernetes.api.answers import Stored, stored_of
from agentops.providers.kubernetes.api.call_transport import DryRunTransport
from agentops.providers.kubernetes.api.refusals import is_failed_test, stale
from agentops.providers.kubernetes.api.traces import Trace, trace_of
from agentops.providers.kubernetes.api.writing import check_call, subresource_of


class PreviewServer(Protocol):
    """What the preview of a change tool is made with: the server itself, or a prediction of it from reads alone."""

    def get(self, path: str) -> dict[str, Any]:
        """Return one object with its ``managedFields``; Secret values are gone.

        Raises:
            NotFound, Forbidden, Unreachable, ClusterError: the server refused, failed or did not answer.
        """
        ...

    def dry_run(self, call: Call, *, live: Mapping[str, Any] | None = None) -> Stored:
        """Return the object that ``call`` would store; nothing is stored.

        Arguments:
            live: the object that it is about as it was read just now, if it was.

        Raises:
            ToolInputError: the call is not one that may be sent.
            Stale: an expectation in it (uid, resourceVersion, an old value) does not hold.
            NotFound, Forbidden, Unreachable, ClusterError: the server refused, failed or did not answer.
        """
        ...


class DryRunner:
    """Reads from one cluster and tries calls out on it, as one identity.

    Arguments:
        transport: sends the requests.
        context, server: what it is pinned to; the same as those of the ``Cluster`` that the tools read from.
    """

    def __init__(self, transport: DryRunTransport, *, context: str, server: str) -> None:
        self._transport = transport
        self.context = context
        self.server = server

    def get(self, path: str) -> dict[str, Any]:
        """Return one object; see ``PreviewServer``."""
        return dict(stored_of(self._transport.get(path), path, f"GET {path}"))

    def dry_run(self, call: Call, *, live: Mapping[str, Any] | None = None) -> Stored:
        """Return the object that ``call`` would store; see ``PreviewServer``.

        Raises:
            PreviewWrote: the object is not what it was before: the server carried the call out.
            PreviewWouldWrite: the call cannot be sent as a dry run; nothing was sent.
        """
        check_call(call)
        path = object_path(call)
        # Nothing that was read earlier is remembered: an object that was changed since would look like our own doing.
        before = live if live is not None else self._now(path)
        try:
            answer = stored_of(self._transport.try_out(call), call.path, f"{call.method} {call.path}")
        except ClusterError as error:
            # Only a refusal says that nothing happened; it is looked at all the same, for it costs one read.
            self._prove(call, path, before, None)
            if is_failed_test(error, call):
                raise stale(call, self._now(path)) from error
            raise
        self._prove(call, path, before, answer)
        return answer

    def _now(self, path: str) -> dict[str, Any] | None:
        try:
            return self.get(path)
        except NotFound:
            return None

    def _prove(self, call: Call, path: str, before: Mapping[str, Any] | None, answer: Mapping[str, Any] | None) -> None:
        """Raise unless the object is what it was before the trial.

        Raises:
            PreviewWrote: it is not, and nobody else did it.
            Stale: somebody else changed it meanwhile.
            ClusterError: it cannot be read, so that nothing is proved.
        """
        trace = trace_of(before, self._now(path), answer)
        if trace is Trace.NONE:
            return
        what = f"{call.method} {path}"
        if trace is Trace.SOMEBODY_ELSE:
            raise Stale(f"{path} was changed by somebody else while it was previewed", hint="Try again.")
        raise PreviewWrote(
            f"a dry run changed the cluster: after the trial of {what} {trace.value}",
            hint="No further change is started. Compare the object, restore it from the copy that is kept with this "
            "report, then: agentops recover",
            before=dict(before) if before is not None else None,
            call=call,
        )


def object_path(call: Call) -> str:
    """Return the path of the object that a call is about: without ``scale`` or ``eviction``, with a new object's
    name."""
    if subresource_of(call):
        return call.path.rpartition("/")[0]
    if call.method != "POST":
        return call.path
    metadata = call.body.get("metadata") if isinstance(call.body, Mapping) else None
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return f"{call.path}/{quote(str(name or ''), safe='')}"
