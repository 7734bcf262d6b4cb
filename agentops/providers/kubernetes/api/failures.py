"""The API server's refusals and the network's failures, as errors that say what, where and what next.

Comes in: an HTTP status with its body, or an exception of urllib3 or the operating system. Goes out: one error of the
``ClusterError`` family. Bodies are foreign text: cut to one line and escaped. Nothing here may carry a credential:
request headers never come this way.
"""

from __future__ import annotations

import json

from agentops.core.errors import ClusterError, Forbidden, NotFound, Unreachable
from agentops.core.text import one_line

_MESSAGE_LIMIT = 400
_BODY_LIMIT = 100_000


def server_message(body: bytes) -> str:
    """Return the ``message`` of a ``Status`` object, or the body itself, on one line."""
    text = body[:_BODY_LIMIT].decode("utf-8", "replace")
    try:
        status = json.loads(text)
    except ValueError:
        return one_line(text, _MESSAGE_LIMIT)
    message = status.get("message") if isinstance(status, dict) else None
    return one_line(message if isinstance(message, str) and message else text, _MESSAGE_LIMIT)


def refusal(status: int, body: bytes, what: str) -> ClusterError:
    """Return the error for an HTTP answer that is not 2xx.

    Arguments:
        status: the HTTP status code.
        body: the answer's body, a ``Status`` object in most cases.
        what: what was asked for, e.g. ``GET /api/v1/namespaces/shop/pods``.
    """
    message = server_message(body) or f"HTTP {status}"
    text = f"{what}: {message}"
    if status == 403:
        return Forbidden(text, hint="Ask for read access, or see with kubernetes_can_i what this identity may read.")
    if status == 404:
        return NotFound(text, hint="Check the name, the namespace and the kind; list the objects to see what exists.")
    if 300 <= status < 400:
        # Following it would hand the token to whatever host the answer names.
        text = f"{what}: the server answered with a redirect (HTTP {status}), which is not followed"
    known = _KNOWN.get(status) or _KNOWN[500 if status >= 500 else 300 if status < 400 else 400]
    return ClusterError(text, code=known[0], hint=known[1])


_KNOWN = {
    300: ("redirect", "Check the server address of this context."),
    400: ("bad-request", "Check the arguments against the API."),
    401: (
        "unauthorized",
        "The API server does not accept the credentials: log in again, or check this context's user.",
    ),
    410: ("expired", "The list changed while it was being read; ask again."),
    429: ("throttled", "The API server asks callers to slow down; try again later."),
    500: ("server-error", "The API server failed; look at its health, then try again."),
    501: ("unsupported", "This server does not offer the request."),
}


def is_refused(error: BaseException) -> bool:
    """Return whether nobody listens there or the name does not resolve: waiting will not help."""
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    return isinstance(error, NewConnectionError | NameResolutionError)


def unreachable(error: BaseException, server: str, what: str) -> Unreachable:
    """Return the error for a request that got no usable answer."""
    from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ProxyError, SSLError
    from urllib3.exceptions import TimeoutError as HttpTimeout

    text = one_line(str(getattr(error, "reason", "") or error), 200)
    if isinstance(error, NameResolutionError):
        reason, hint = "its name does not resolve", "Check the server address in the kubeconfig, DNS and VPN."
    elif isinstance(error, NewConnectionError):
        reason, hint = "the connection was refused", "Is the cluster running? Check the server address of this context."
    elif isinstance(error, ConnectTimeoutError):
        reason, hint = "no connection in time", "Check the network, the VPN and the server address of this context."
    elif isinstance(error, ProxyError):
        reason, hint = f"the proxy failed: {text}", "Check HTTPS_PROXY, NO_PROXY and proxy-url of this context."
    elif isinstance(error, SSLError) or "SSL" in text or "certificate" in text:
        reason, hint = f"TLS failed: {text}", "Check certificate-authority and the server address of this context."
    elif isinstance(error, HttpTimeout | TimeoutError):
        reason, hint = "no answer in time", "The API server is slow or a proxy in between holds the request; try again."
    else:
        reason, hint = f"the connection broke: {text}", "Try again; if it stays, check the network path to the server."
    return Unreachable(f"{what}: cannot reach {one_line(server, 120)}: {reason}", hint=hint)
