"""``ServerTools``: one open server for this provider. It calls a tool only while the server lists it as it was trusted.

Comes in: a server, its pin, what opens a session. Goes out: results. The session is opened by the first call; that the
tools are as they were pinned is judged then, in every field, and a tool that is not is in quarantine for the run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from agentops.core.commands import command_line
from agentops.core.errors import InDoubt, ToolError
from agentops.core.text import one_line
from agentops.providers.mcp.objects.server import ServerConfig
from agentops.providers.mcp.objects.session import McpSession
from agentops.providers.mcp.objects.tool import ForeignResult
from agentops.providers.mcp.offered.offer import Offer
from agentops.providers.mcp.pins.judge import PinJudgement, judge
from agentops.providers.mcp.pins.pin import ServerPin


class ServerTools:
    """See the module. Safe to call from several threads.

    Arguments:
        offers: ``offers_of(config, pin)``.
        open_session: makes the session; called once, when a tool is first called.
    """

    def __init__(
        self,
        config: ServerConfig,
        pin: ServerPin | None,
        offers: Mapping[str, Offer],
        open_session: Callable[[], McpSession],
    ) -> None:
        self.config = config
        self.offers = offers
        self._pin = pin
        self._open_session = open_session
        self._session: McpSession | None = None
        self._judged: PinJudgement | None = None
        self._lock = threading.Lock()

    def by_tool(self, tool: str) -> Offer | None:
        """Return what is offered under a server's own name of a tool."""
        return next((one for one in self.offers.values() if one.tool == tool), None)

    def read(self, offer: Offer, arguments: Mapping[str, Any]) -> ForeignResult:
        """Call a tool that reads.

        Raises:
            ToolError: it was refused, or no answer came; a read that is lost has changed nothing.
        """
        try:
            return self.call(offer, arguments)
        except InDoubt as error:
            raise ToolError(error.message, code="mcp-no-answer") from error

    def call(self, offer: Offer, arguments: Mapping[str, Any]) -> ForeignResult:
        """Call a tool once, with arguments that were checked.

        Raises:
            InDoubt: it was sent, and no answer came.
            ToolError: it was not sent, or the server refused it; or it is not as it was trusted.
        """
        self.require_trusted(offer)
        return self._opened().call(offer.tool, arguments)

    def require_trusted(self, offer: Offer) -> None:
        """Raise unless the server lists a tool as a person trusted it.

        Raises:
            ToolError: it does not, or the server cannot be asked.
        """
        judged = self.judgement()
        if any(one.tool.name == offer.tool for one in judged.offered):
            return
        held = next((one.why for one in judged.held if one.name == offer.tool), "the server does not list it any more")
        raise ToolError(
            f"{offer.spec.name} is held back: {held}",
            hint=f"Look at it: {command_line('mcp', 'trust', self.config.name)}",
            code="mcp-quarantined",
        )

    def judgement(self) -> PinJudgement:
        """Return what of the server's tools is as it was trusted; asked once.

        Raises:
            ToolError: the server cannot be asked.
        """
        with self._lock:
            if self._judged is None:
                session = self._unlocked()
                self._judged = judge(self.config, session.facts(), self._pin, session.tools())
            return self._judged

    def close(self) -> None:
        """End the session, if one was opened."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _opened(self) -> McpSession:
        with self._lock:
            return self._unlocked()

    def _unlocked(self) -> McpSession:
        if self._session is None:
            self._session = self._open_session()
        return self._session


def said_by(result: ForeignResult, limit: int = 300) -> str:
    """Return the first words of a result on one line, for messages."""
    return one_line(" ".join(part.text for part in result.parts if part.text), limit) or "nothing"
