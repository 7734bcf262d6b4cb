"""An authorisation server on the address of an MCP server over HTTP, and a browser whose person says yes."""

from __future__ import annotations

import json
import threading
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tests.support.mcp_servers.over_http import Message, Request, reply


@dataclass
class Authority:
    """An authorisation server on the same address as the MCP server; ``asked`` are its requests that cost something."""

    url: str
    asked: list[str] = field(default_factory=list)
    valid: set[str] = field(default_factory=set)
    renewing: bool = True
    expires_in: int = 3600

    def answers(self, request: Request, message: Message) -> bool:
        """Answer what belongs to signing in, and refuse what has no valid token."""
        base = self.url.removesuffix("/mcp")
        path = urlsplit(request.path).path
        if path.startswith("/.well-known/oauth-protected-resource"):
            return self._said(request, {"resource": self.url, "authorization_servers": [base]})
        if path.startswith("/.well-known/oauth-authorization-server"):
            places = {f"{name}_endpoint": f"{base}/own/{name}" for name in ("authorization", "token", "registration")}
            own = {"response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"]}
            return self._said(request, {"issuer": base, **places, **own})
        if path == "/own/registration":
            self.asked.append("register")
            return self._said(request, {"client_id": "c1", "redirect_uris": message["redirect_uris"]}, 201)
        if path == "/own/token":
            return self._token(request, message["form"])
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.valid:
            where = f'Bearer resource_metadata="{base}/.well-known/oauth-protected-resource/mcp"'
            reply(request, b"", status=401, **{"www-authenticate": where})
            return True
        return False

    def _token(self, request: Request, form: dict[str, str]) -> bool:
        self.asked.append(form["grant_type"])
        if form["grant_type"] == "refresh_token" and not self.renewing:
            return self._said(request, {"error": "invalid_grant"}, 400)
        token = f"access-{len(self.asked)}"
        self.valid = {token}
        kind = {"token_type": "Bearer", "expires_in": self.expires_in, "refresh_token": "refresh-1"}
        return self._said(request, {"access_token": token, **kind})

    def _said(self, request: Request, body: dict[str, Any], status: int = 200) -> bool:
        reply(request, json.dumps(body).encode(), status=status)
        return True


def browser(url: str, *, state: str | None = None) -> None:
    """Do what a browser does after the person has said yes: go back to the redirect's address."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    back = f"{query['redirect_uri']}?code=code-1&state={quote(state or query['state'])}"
    threading.Thread(target=lambda: urllib.request.urlopen(back, timeout=10).read(), daemon=True).start()
