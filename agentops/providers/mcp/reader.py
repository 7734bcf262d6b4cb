"""One MCP server for reading: its read tools, and the first look that its classifications ask for.

A witness: it has no resources of its own that an alert could be about, and a run goes on without it. Nothing is started
before the first look or the first call needs it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from agentops.core.alert import Alert, Target
from agentops.core.analysis import Analysis, ResolvedTarget
from agentops.core.errors import AgentopsError, ToolInputError
from agentops.core.evidence import Reading
from agentops.core.progress import Progress
from agentops.core.provider import ProviderContext
from agentops.core.resource import ResourceRef
from agentops.core.scope import Scope
from agentops.core.text import plural
from agentops.core.threads import Monotonic
from agentops.core.tool import ReadTool, ToolCall
from agentops.core.witness_reader import WitnessReader
from agentops.providers.mcp.offered.calling import ServerTools
from agentops.providers.mcp.offered.offer import SCHEME
from agentops.providers.mcp.read.tools import read_tools
from agentops.providers.mcp.sweep.problems import conditions_of, problems_of
from agentops.providers.mcp.sweep.sweep import SWEEP_S, ServerSweep, sweep_server

_OUTLINED = 6


class McpReader(WitnessReader):
    """See ``core.provider.Reader``."""

    def __init__(
        self, tools: ServerTools, scope: Scope, context: ProviderContext, monotonic: Monotonic = time.monotonic
    ) -> None:
        super().__init__(f"MCP server {tools.config.name}", scope)
        self._tools = tools
        self._context = context
        self._monotonic = monotonic
        self._until = monotonic() + SWEEP_S
        if any(offer.classification.sweep is not None and offer.reads for offer in tools.offers.values()):
            # Servers take seconds to start: all that the first look needs do so at once, while others are connected.
            threading.Thread(target=self._warm, name=f"agentops-mcp-{tools.config.name}", daemon=True).start()

    def _warm(self) -> None:
        # Whoever needs it asks again, and is told what is wrong.
        with suppress(AgentopsError, OSError, ValueError):
            self._tools.judgement()

    def sweep(self, target: Target, *, groups: tuple[str, ...], progress: Progress, settled: bool) -> ServerSweep:  # noqa: ARG002
        """Make the reads of the first look; after a change none: what they tell may be of the time before it."""
        if settled:
            return ServerSweep(at=self._context.clock())
        return sweep_server(
            self._tools,
            target,
            self._context.refusal,
            self._context.clock,
            until=self._until,
            disabled=self._context.options.get("disabled_tools", ()),
            monotonic=self._monotonic,
        )

    def analyze(self, snapshot: ServerSweep, alert: Alert | None) -> Analysis:  # noqa: ARG002
        """Return what was read, as evidence, and what the rules call a problem; never that something is well."""
        return Analysis(
            provider=self._title,
            place=self._scope.place,
            observed_at=snapshot.at,
            target=ResolvedTarget(refs=(), how="", exact=False),
            problems=problems_of(snapshot, self._context.redacted),
            conditions=conditions_of(self._tools.offers.values()),
            gaps=snapshot.gaps,
            not_checked=tuple(f"{gap.what}: {gap.reason}" for gap in snapshot.gaps),
            sighted=False,
            readings=tuple((one.call, one.reading) for one in snapshot.reads),
        )

    def alert_readings(self, alert: Alert) -> Sequence[tuple[ToolCall, Reading]]:  # noqa: ARG002
        """Return nothing."""
        return ()

    def read_tools(self) -> Sequence[ReadTool]:
        """Return the read tools."""
        return read_tools(self._tools, self._context.refusal)

    def outline(self) -> Reading:
        """Return how many tools there are and a few of them, without asking the server; a search finds the others."""
        reads = [offer for offer in self._tools.offers.values() if offer.reads]
        changes = len(self._tools.offers) - len(reads)
        named = [f"{offer.spec.name}: {offer.spec.description}" for offer in reads[:_OUTLINED]]
        more = [f"and {len(reads) - _OUTLINED} more reads: tool_search finds them"] if len(reads) > _OUTLINED else []
        return Reading(
            body="\n".join([*named, *more]),
            summary=f"{self._title}: {plural(len(reads), 'read')}, {plural(changes, 'change')}",
        )

    def canonical(self, ref: ResourceRef, group: str = "") -> ResourceRef:  # noqa: ARG002
        """Return the reference of a tool as it is.

        Raises:
            ToolInputError: there is no such tool.
        """
        if ref.scheme == SCHEME and self._tools.by_tool(ref.name) is not None:
            return ref
        raise ToolInputError(f"{self._title} offers no tool {ref.name!r}")
