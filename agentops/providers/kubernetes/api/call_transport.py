"""The transports that can send more than a read: one that sends dry runs only, and one that writes.

Comes in: a ``Call`` that was checked. Goes out: the server's 2xx answer. ``DryRunTransport`` looks at each request
right before it goes on the wire and raises unless the server would carry it out as a dry run; it is all that a preview
has. ``WriteTransport`` is given to ``apply`` and ``rollback`` alone. Neither may send a second time what may have had
an effect.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ClusterError, InDoubt, ToolInputError
from agentops.core.plan import Call
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.dry_run import as_dry_run, require_dry_run
from agentops.providers.kubernetes.api.failures import unreachable
from agentops.providers.kubernetes.api.refusals import evicts_too_much, may_have_happened, refused
from agentops.providers.kubernetes.api.transport import QueryParams, Reply, Transport, retry_after_s

_TOKEN_PATH = re.compile(r"/api/v1/namespaces/[a-z0-9-]+/serviceaccounts/[a-z0-9.-]+/token")


class _CallTransport(Transport):
    """Sends one call; what may have had an effect is not sent again."""

    def _send(self, call: Call, *, harmless: bool) -> Reply:
        """Return the 2xx answer.

        Arguments:
            call: the request, exactly as it goes out.
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
            reply, error = self._try(call, deadline, harmless=harmless)
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

    def _try(self, call: Call, deadline: float, *, harmless: bool) -> tuple[Reply | None, BaseException | None]:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

        what = f"{call.method} {call.path}"
        headers = {"Accept": "application/json"}
        if call.content_type:
            headers["Content-Type"] = call.content_type
        left_s = max(deadline - self._clock(), 0.1)
        timeout = (min(self._patience.connect_s, left_s), min(self._patience.read_s, left_s))
        request = self._make_ready(call.method, call.path, call.query, headers, call.body)
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


class DryRunTransport(_CallTransport):
    """Reads, and sends dry runs; whatever else it is given raises before a byte is sent."""

    def try_out(self, call: Call) -> Reply:
        """Send ``call`` as a dry run and return the 2xx answer.

        Raises:
            PreviewWouldWrite: it cannot be sent as one; nothing was sent.
            Stale, NotFound, Forbidden, ClusterError: the server refused.
            Unreachable: no answer came; a dry run is no doubt.
        """
        return self._send(as_dry_run(call), harmless=True)

    def _make_ready(self, method: str, path: str, query: QueryParams, headers: Mapping[str, str], body: Any) -> Any:
        # The last line before the wire, whichever method of this class or of one below it made the request.
        require_dry_run(method, path, query, body)
        return super()._make_ready(method, path, query, headers, body)


class WriteTransport(_CallTransport):
    """Carries calls out."""

    def write(self, call: Call) -> Reply:
        """Carry ``call`` out and return the 2xx answer.

        Raises:
            Stale, NotFound, Forbidden, ClusterError: the server refused.
            Unreachable: it was certainly not carried out.
            InDoubt: it was sent and the answer was lost, or is one that says nothing of the effect.
        """
        return self._send(call, harmless=False)


class TokenTransport(_CallTransport):
    """Asks for tokens of service accounts, and sends nothing else."""

    def ask(self, call: Call) -> dict[str, Any]:
        """Return the answer to a TokenRequest. Asked twice it does no harm: a token that nobody has is of no use.

        Raises:
            ToolInputError: it is another call.
            NotFound, Forbidden, Unreachable, ClusterError: as ``Transport.get``.
        """
        if call.method != "POST" or not _TOKEN_PATH.fullmatch(call.path):
            raise ToolInputError(f"{one_line(call.method, 10)} {one_line(call.path, 160)} asks for no token")
        reply = self._send(call, harmless=True)
        try:
            answer = json.loads(reply.body)
        except ValueError as error:
            raise ClusterError("the answer to a TokenRequest is not JSON") from error
        return answer if isinstance(answer, dict) else {}


def in_doubt(what: str, why: str) -> InDoubt:
    """Return the error for a write of which it is not known whether it took effect."""
    return InDoubt(
        f"{what}: whether it took effect is not known: {why}",
        hint="Check the object first: agentops recover",
    )
