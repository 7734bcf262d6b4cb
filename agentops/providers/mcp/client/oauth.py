"""Signing in to an HTTP server by OAuth 2.1, through the SDK's own provider.

Comes in: a server's address, a file, and perhaps somebody who can be shown an address to sign in at. Goes out: what
authorises requests. What is kept is bound to the server's address, so that no other one is ever sent its tokens, and
says where tokens are renewed: without that, a run hours later would need a person again.

Source: https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization, RFC 8252 (loopback redirects).

Must never: register or open anything where nobody asked to sign in, or keep a token where others can read it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

from agentops.core.commands import quoted
from agentops.core.durable_files import replace_file
from agentops.core.errors import ToolError
from agentops.core.foreign_documents import read_json
from agentops.providers.mcp.client.background import in_thread

if TYPE_CHECKING:
    import httpx2
    from mcp.client.auth import OAuthClientProvider
    from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthToken

Show: TypeAlias = Callable[[str], None]
"""Shows a person the address at which to sign in."""

PERSON_S = 300.0
"""How long a person has to sign in, in seconds."""
_PATH = "/callback"
_LINE_BYTES = 8192
_PAGE = b"<!doctype html><title>agentops</title><p>You can close this window and go back to agentops."


@dataclass(slots=True)
class KeptSignIn:
    """What is kept of a sign-in, in a file of the user's alone.

    Arguments:
        url: the server that it is for.
    """

    path: Path
    url: str
    tokens: dict[str, Any] = field(default_factory=dict, repr=False)
    client: dict[str, Any] = field(default_factory=dict, repr=False)
    metadata: dict[str, Any] = field(default_factory=dict)
    resource: dict[str, Any] = field(default_factory=dict)
    expires_at: float = 0.0

    def load(self) -> None:
        """Read the file; one that is not there, cannot be read or is for another server holds nothing."""
        with suppress(OSError, ValueError):
            found = read_json(self.path.read_text("utf-8"))
            if isinstance(found, dict) and found.get("url") == self.url:
                for name in ("tokens", "client", "metadata", "resource"):
                    setattr(self, name, found[name] if isinstance(found.get(name), dict) else {})
                self.expires_at = found["expires_at"] if isinstance(found.get("expires_at"), int | float) else 0.0

    def save(self) -> None:
        """Write the file, readable by this user alone.

        Raises:
            ToolError: it cannot be written.
        """
        names = ("url", "tokens", "client", "metadata", "resource", "expires_at")
        text = json.dumps({name: getattr(self, name) for name in names})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(self.path, text.encode())
        except OSError as error:
            raise ToolError(f"the sign-in cannot be kept in {self.path}: {error}", code="mcp-sign-in") from error

    def secrets(self) -> tuple[str, ...]:
        """Return what must not be said."""
        named = (self.tokens.get("access_token"), self.tokens.get("refresh_token"), self.client.get("client_secret"))
        return tuple(one for one in named if isinstance(one, str) and one)


def sign_in_file(home: Path, server: str) -> Path:
    """Return where the sign-in to a server is kept."""
    return home / "mcp" / "servers" / server / "sign-in.json"


def forget_sign_in(home: Path, server: str) -> bool:
    """Remove what is kept of the sign-in to a server, and return whether there was anything.

    Raises:
        ToolError: it cannot be removed.
    """
    path = sign_in_file(home, server)
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ToolError(f"{path} cannot be removed: {error.strerror}", code="mcp-sign-in") from error
    return True


@asynccontextmanager
async def signed_in(kept: KeptSignIn, show: Show | None, server: str) -> AsyncIterator[httpx2.Auth]:
    """Yield what authorises requests to a server.

    Arguments:
        show: shows a person where to sign in; None: nobody is there, and what is kept must do.

    Raises:
        ToolError: nothing is kept, and nobody is there.
    """
    if show is None:
        kept.load()
        if not kept.tokens:
            raise not_signed_in(server)
        yield _provider(kept, "http://127.0.0.1/callback", _nobody(server), _nobody(server))
        return
    redirects: asyncio.Queue[AuthorizationCodeResult] = asyncio.Queue(1)
    listening = await asyncio.start_server(
        lambda reader, writer: _take_redirect(reader, writer, redirects), "127.0.0.1", 0, limit=_LINE_BYTES
    )
    async with listening:
        port = listening.sockets[0].getsockname()[1]

        async def shown(url: str) -> None:
            await in_thread(lambda: show(url))

        async def redirected() -> AuthorizationCodeResult:
            return await asyncio.wait_for(redirects.get(), PERSON_S)

        yield _provider(kept, f"http://127.0.0.1:{port}{_PATH}", shown, redirected)


def not_signed_in(server: str) -> ToolError:
    """Return the error that says that a person must sign in first."""
    return ToolError(
        f"nobody has signed in to MCP server {server}, or the sign-in is over",
        hint=f"Run: agentops mcp login {quoted(server)}",
        code="mcp-sign-in",
    )


def _nobody(server: str) -> Callable[..., Any]:
    async def refuse(*_url: str) -> None:
        raise not_signed_in(server)

    return refuse


def _provider(
    kept: KeptSignIn, redirect: str, shown: Callable[[str], Any], redirected: Callable[[], Any]
) -> OAuthClientProvider:
    from mcp.client.auth import OAuthClientProvider
    from mcp.shared.auth import OAuthClientMetadata, OAuthMetadata, ProtectedResourceMetadata
    from pydantic import AnyUrl

    storage = _Storage(kept)
    provider = OAuthClientProvider(
        kept.url,
        OAuthClientMetadata(client_name="agentops", redirect_uris=[AnyUrl(redirect)]),
        storage,
        shown,
        redirected,
    )
    storage.provider = provider
    # The SDK keeps none of this, and without it would renew a token at the wrong address, or not at all.
    context = provider.context
    with suppress(ValueError):
        if kept.metadata:
            context.oauth_metadata = OAuthMetadata.model_validate(kept.metadata)
        if kept.resource:
            context.protected_resource_metadata = ProtectedResourceMetadata.model_validate(kept.resource)
    context.token_expiry_time = kept.expires_at or None
    return provider


class _Storage:
    """The SDK's way to what is kept."""

    provider: OAuthClientProvider

    def __init__(self, kept: KeptSignIn) -> None:
        self._kept = kept

    async def get_tokens(self) -> OAuthToken | None:
        from mcp.shared.auth import OAuthToken

        with suppress(ValueError):
            return OAuthToken.model_validate(self._kept.tokens) if self._kept.tokens else None
        return None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        context, kept = self.provider.context, self._kept
        kept.tokens = tokens.model_dump(mode="json", exclude_none=True)
        kept.expires_at = time.time() + tokens.expires_in if tokens.expires_in else 0.0
        kept.metadata = _dumped(context.oauth_metadata)
        kept.resource = _dumped(context.protected_resource_metadata)
        kept.save()

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        from mcp.shared.auth import OAuthClientInformationFull

        with suppress(ValueError):
            return OAuthClientInformationFull.model_validate(self._kept.client) if self._kept.client else None
        return None

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self._kept.client = _dumped(client_info)


def _dumped(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = model.model_dump(mode="json", exclude_none=True) if model is not None else {}
    return found


async def _take_redirect(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, redirects: asyncio.Queue[AuthorizationCodeResult]
) -> None:
    """Answer the browser that comes back; what does not belong to the sign-in is refused."""
    from mcp.shared.auth import AuthorizationCodeResult

    status, page = b"404 Not Found", b""
    with suppress(Exception):
        line = await asyncio.wait_for(reader.readline(), 10.0)
        method, target, _ = line.decode("ascii").split(" ", 2)
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        if method == "GET" and parts.path == _PATH and not redirects.full():
            redirects.put_nowait(
                AuthorizationCodeResult(code=_first(query, "code"), state=_first(query, "state"), iss=_iss(query))
            )
            status, page = b"200 OK", _PAGE
    with suppress(OSError):
        writer.write(b"HTTP/1.1 %b\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n%b" % (status, page))
        await writer.drain()
        writer.close()


def _first(query: Mapping[str, list[str]], name: str) -> str:
    return query.get(name, [""])[0]


def _iss(query: Mapping[str, list[str]]) -> str | None:
    return _first(query, "iss") or None
