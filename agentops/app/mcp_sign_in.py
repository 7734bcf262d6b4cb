"""The use cases ``mcp login`` and ``logout``: a person signs in to a server that wants OAuth, or forgets it.

Comes in: settings, a server's name, and somebody who is shown where to sign in. Goes out: what the server says of
itself. Both are recorded first; a token is kept in one file of the user's alone, and never on record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from agentops.app.audit_run import record
from agentops.app.mcp_servers import mcp_server
from agentops.app.mcp_sessions import server_session
from agentops.core.commands import command_line
from agentops.core.errors import UsageError

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.providers.mcp.objects.server import ServerConfig
    from agentops.providers.mcp.objects.tool import ServerFacts


def sign_in(settings: Settings, name: str, show: Callable[[str], None]) -> ServerFacts:
    """Have a person sign in to a server, and keep it for later runs.

    Arguments:
        show: shows the person the address at which to sign in.

    Raises:
        UsageError: no server is called so, or it is not signed in to by OAuth.
        ToolError: it did not come to that.
        AuditError: it could not be recorded; nothing is asked of the server.
    """
    from agentops.redaction.redactor import SecretRedactor

    server = _with_oauth(settings, name)
    redactor = SecretRedactor()
    payload = {"server": server.name, "identity": server.identity}
    record(settings, "mcp_signed_in", redactor.value(payload))
    session = server_session(settings, server, learn=redactor.learn, redact=redactor.text, show=show)
    try:
        return session.facts()
    finally:
        session.close()


def sign_out(settings: Settings, name: str) -> bool:
    """Forget the sign-in to a server; return whether there was one. The server is not told.

    Raises:
        UsageError: as ``sign_in``.
        ToolError: the file cannot be removed.
        AuditError: it could not be recorded; nothing is forgotten.
    """
    from agentops.providers.mcp.client.oauth import forget_sign_in

    server = _with_oauth(settings, name)
    record(settings, "mcp_signed_out", {"server": server.name})
    return forget_sign_in(settings.folders.data, server.name)


def _with_oauth(settings: Settings, name: str) -> ServerConfig:
    server = mcp_server(settings, name)
    if not server.oauth:
        hint = f"Connect it anew: {command_line('mcp', 'add', server.name, '--url', server.url or 'URL', '--oauth')}"
        raise UsageError(f"{server.name} is not signed in to by OAuth", hint=hint)
    return server
