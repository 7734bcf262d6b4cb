"""Who asks: bearer tokens, client certificates and impersonation become a ``User``.

Comes in: a request's headers and what the TLS layer says about the client. Goes out: a user, or 401. Must never: let
an unknown token pass as anonymous.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agentops.sandbox.wire.access import Attempt, Rbac
from agentops.sandbox.wire.request import ANONYMOUS, ApiRequest, User
from agentops.sandbox.wire.status import ApiRefusal, bad_request

ADMIN = User(name="sandbox-admin", groups=("system:masters", "system:authenticated"))
_AUTHENTICATED = "system:authenticated"
_CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"


@dataclass(frozen=True, slots=True)
class _Grant:
    user: User
    expires_at: datetime | None


class Tokens:
    """The bearer tokens that the server knows.

    Arguments:
        given: token -> user, never expiring by themselves.
        now: the simulated clock.
        new_token: makes the secret part of an issued token.
    """

    def __init__(self, given: Mapping[str, User], now: Callable[[], datetime], new_token: Callable[[], str]) -> None:
        self._now = now
        self._new_token = new_token
        self._lock = threading.Lock()
        self._grants = {token: _Grant(_authenticated(user), None) for token, user in given.items()}

    def user(self, token: str) -> User | None:
        """Return whose token this is; None when it is unknown or has expired."""
        with self._lock:
            grant = self._grants.get(token)
        if grant is None or (grant.expires_at is not None and grant.expires_at <= self._now()):
            return None
        return grant.user

    def issue(self, namespace: str, service_account: str, lifetime_s: int) -> str:
        """Return a new token for a service account: of the form of a JWT, whose claims a client can read.

        Its id becomes the credential id of whoever comes with it, as in a real server.
        """
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", _AUTHENTICATED)
        name, ends, token_id = (
            f"system:serviceaccount:{namespace}:{service_account}",
            self._now() + timedelta(seconds=lifetime_s),
            str(uuid.uuid4()),
        )
        extra = ((_CREDENTIAL_ID, (f"JTI={token_id}",)),)
        user = User(name=name, groups=groups, extra=extra)
        claims = {"jti": token_id, "sub": name, "exp": int(ends.timestamp())}
        token = f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}.{self._new_token()}"
        with self._lock:
            self._grants[token] = _Grant(user, ends)
        return token

    def expire(self) -> None:
        """Make every token known so far expire now."""
        with self._lock:
            self._grants.clear()


class Identifier:
    """Finds out who asks.

    Arguments:
        tokens: the bearer tokens.
        rbac: decides who may impersonate.
        open_to_all: a request without credentials is the admin's; for a server without TLS and tokens.
    """

    def __init__(self, tokens: Tokens, rbac: Rbac, *, open_to_all: bool) -> None:
        self._tokens = tokens
        self._rbac = rbac
        self._open = open_to_all

    def identify(self, request: ApiRequest) -> User:
        """Return the user, after impersonation.

        Raises:
            ApiRefusal: 401 for a token that is not known, 403 for an impersonation that is not allowed.
        """
        user = self._authenticate(request)
        wanted = request.headers.get("impersonate-user")
        groups = tuple(filter(None, request.headers.get("impersonate-group", "").split(",")))
        if not wanted and groups:
            shown = ", ".join(f'"{group}"' for group in groups)
            info = f'Name:"", UID:"", Groups:[]string{{{shown}}}, Extra:map[string][]string(nil)'
            raise bad_request(f"requested &user.DefaultInfo{{{info}}} without impersonating a user name")
        if not wanted:
            return user
        attempt = Attempt(verb="impersonate", resource="users", name=wanted)
        if not self._rbac.allows(user, attempt):
            raise ApiRefusal(
                "Forbidden",
                f'users "{wanted}" is forbidden: User "{user.name}" cannot impersonate resource "users" in API group '
                '"" at the cluster scope',
                {"name": wanted, "kind": "users"},
            )
        return _authenticated(User(name=wanted, groups=groups))

    def _authenticate(self, request: ApiRequest) -> User:
        if request.user != ANONYMOUS:
            return _authenticated(request.user)
        header = request.headers.get("authorization", "")
        if header:
            scheme, _, token = header.partition(" ")
            user = self._tokens.user(token.strip()) if scheme.lower() == "bearer" else None
            if user is None and not self._open:
                raise ApiRefusal("Unauthorized", "Unauthorized")
            return user or ADMIN
        return ADMIN if self._open else ANONYMOUS


def _part(claims: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def _authenticated(user: User) -> User:
    return user if _AUTHENTICATED in user.groups else replace(user, groups=(*user.groups, _AUTHENTICATED))
