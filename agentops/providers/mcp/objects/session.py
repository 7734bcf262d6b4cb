"""``McpSession``: a running server as the rest of this provider sees it. Synchronous; the client has the event loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from agentops.providers.mcp.objects.tool import ForeignResult, ForeignTool, ServerFacts


class McpSession(Protocol):
    """One server. It is started when it is first asked something; safe to call from several threads at once."""

    def facts(self) -> ServerFacts:
        """Return what it says of itself.

        Raises:
            ToolError: it could not be started or spoken to in time; the message says why, with its last words.
        """
        ...

    def tools(self) -> Sequence[ForeignTool]:
        """Return all of its tools, every page, in the order of their names; asked once a session.

        Raises:
            ToolError: as ``facts``; or the list is no list of tools, or longer than it may be.
        """
        ...

    def call(self, tool: str, arguments: Mapping[str, Any]) -> ForeignResult:
        """Call one tool once. It is never sent twice: an answer that is lost may have had its effect.

        Raises:
            InDoubt: it was sent, and no answer came in time.
            ToolError: it was not sent, or the server refused it. With the code ``mcp-failed`` the server answered by an
                error that does not say that nothing was done: a change may have had its effect all the same.
        """
        ...

    def close(self) -> None:
        """End it, and every process that it started. Never raises."""
        ...
