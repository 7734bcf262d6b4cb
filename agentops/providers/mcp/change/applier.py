"""What carries out a previewed call: it is sent once, exactly as it was approved, and never again.

Comes in: a preview of ``ForeignChange``. Goes out: a receipt. A server that says that a call failed may have done half
of it, so that is in doubt like an answer that was lost: what the read shows decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agentops.core.clock import Clock
from agentops.core.digest import digest
from agentops.core.errors import InDoubt, Stale, ToolError
from agentops.core.outcome import Receipt
from agentops.core.plan import Preview
from agentops.providers.mcp.change.tools import ForeignChange
from agentops.providers.mcp.objects.tool import ForeignResult
from agentops.providers.mcp.offered.calling import said_by
from agentops.providers.mcp.offered.offer import Offer

_LOOKS, _PAUSE_S = 10, 1.0
_MAY_HAVE_WORKED = "A call that failed may have had an effect: look at the system that it changes."


@dataclass(frozen=True, slots=True)
class ForeignApplier:
    """See ``core.tool.Applier``. ``pause`` waits between two looks at what the call did; ``redacted``
    hides the secrets of what a server says."""

    change: ForeignChange
    clock: Clock
    redacted: Callable[[str], str]
    pause: Callable[[float], None] = time.sleep

    def apply(self, preview: Preview) -> Receipt:
        """Send the one call of a preview.

        Raises:
            Stale: what the read shows is not what was approved; nothing was sent.
            InDoubt: no answer came, or the server says that it failed.
            ToolError: it was not sent, or refused before anything was done.
        """
        offer = self.change.offer
        (call,), (one,) = preview.calls, preview.objects
        body = call.body
        if call.path != str(offer.ref) or body["tool"] != offer.tool:
            raise ToolError(f"{offer.spec.name} does not carry out a call of another tool")
        arguments = offer.checked(body["arguments"])
        if self._is_seen(preview):
            raise Stale(f"what {offer.spec.name} would change is not what it was when it was approved")
        result = self._called(offer, arguments)
        if result.is_error:
            raise InDoubt(
                f"MCP server {offer.server} says that {offer.tool} failed: {self.redacted(said_by(result))}",
                hint=_MAY_HAVE_WORKED,
            )
        self.change.sent.calls.add(digest(body))
        self._await(preview)
        return Receipt(at=self.clock(), objects={str(one.ref): (offer.tool, "called")})

    def _called(self, offer: Offer, arguments: Mapping[str, Any]) -> ForeignResult:
        try:
            return self.change.tools.call(offer, arguments)
        except ToolError as error:
            if error.code != "mcp-failed":
                raise
            raise InDoubt(error.message, hint=_MAY_HAVE_WORKED) from error

    def _is_seen(self, preview: Preview) -> bool:
        """Return whether an effect is seen; before the call, that is somebody else's."""
        (one,) = preview.objects
        live = self.change.observe(preview).objects[str(one.ref)]
        return live is not None and live["effect"] in ("seen", "called")

    def _await(self, preview: Preview) -> None:
        """Wait a little until the effect is seen: what is read may lag behind the call."""
        for look in range(_LOOKS):
            try:
                if self._is_seen(preview):
                    return
            except ToolError:
                return
            if look < _LOOKS - 1:
                self.pause(_PAUSE_S)
