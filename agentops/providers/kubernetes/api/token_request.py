"""Asks for a short-lived token of one service account, and makes a connection of it.

Comes in: an open connection, the account. Goes out: the token's connection, and of the token what may be recorded:
whose it is, its id, when it ends. The token itself stays in memory, and the redactor learns it. It must never ask for a
token of anything but a service account that a setting names, nor write one anywhere.
Source: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from agentops.core.errors import ClusterError, UsageError
from agentops.core.plan import Call
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.kubeconfig import ClusterConnection, client_of

LEAST_S = 600
"""The API server gives no token for a shorter time."""
_ACCOUNT = re.compile(r"([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)/([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """What is known of a token: its connection, and what may be shown and recorded of it.

    Arguments:
        token_id: as the API server names it to its policies; empty where the server gives none.
        expires_at: as the server says it.
    """

    connection: ClusterConnection
    token_id: str
    expires_at: str


def split_account(account: str) -> tuple[str, str]:
    """Return namespace and name of a service account that a setting names.

    Raises:
        UsageError: it is not written so.
    """
    found = _ACCOUNT.fullmatch(account)
    if found is None:
        raise UsageError(
            f"kubernetes.change_account is no service account: {one_line(account, 80)!r}",
            hint='Write it as "NAMESPACE/NAME", such as "agentops/agentops-fix".',
        )
    return found[1], found[2]


def token_call(namespace: str, name: str, seconds: int) -> Call:
    """Return the request for a token that ends after so many seconds, and in ten minutes at the earliest."""
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": max(seconds, LEAST_S)},
    }
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    return Call(verb="create", method="POST", path=path, content_type="application/json", body=body)


def issued(opened: ClusterConnection, answer: dict[str, Any], learn: Callable[[str], None]) -> IssuedToken:
    """Return the token of an answer, known to the redactor.

    Raises:
        ClusterError: there is none in it.
    """
    status = answer.get("status")
    token = status.get("token") if isinstance(status, dict) else None
    if not isinstance(token, str) or not token:
        raise ClusterError("the API server answered a TokenRequest without a token")
    learn(token)
    ends = one_line(str(status.get("expirationTimestamp") or ""), 40) if isinstance(status, dict) else ""
    connection = replace(opened, api=_client_with(opened.api, token))
    return IssuedToken(connection=connection, token_id=_id_of(token), expires_at=ends)


def _id_of(token: str) -> str:
    """Return the claim ``jti``; what the server's policies see of the token is made of it. Nothing is trusted by it."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        found = claims["jti"]
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return ""
    return found if isinstance(found, str) and re.fullmatch(r"[\w-]{1,80}", found) else ""


def _client_with(api: Any, token: str) -> Any:
    """Return a client of the same server and trust that sends this token and no other credential."""
    from kubernetes.client import Configuration

    was, made = api.configuration, Configuration()
    for name in (
        "host", "verify_ssl", "ssl_ca_cert", "ca_cert_data", "assert_hostname", "tls_server_name", "no_proxy",
        "proxy_headers", "connection_pool_maxsize", "retries", "client_go_retries",
    ):  # fmt: skip
        setattr(made, name, getattr(was, name))
    made.proxy = was.proxy
    made.api_key = {"BearerToken": f"Bearer {token}"}
    return client_of(made)
