"""One MCP server for reading: its read tools, and the first look that its classifications ask for.

A witness: it has no resources of its own that an alert could be about, and a run goes on without it. Nothing is started
before the first look or the first call needs it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from agentops.core.alert import Alert, Target
from agentops.core.analysis import Analysis, ResolvedTarget
from agentops.core.errors import AgentopsError, ToolInputError, UsageError
from agentops.core.evidence import Reading
from agentops.core.finding import Problem
from agentops.core.progress import Progress
from agentops.core.provider import ProviderContext
from agentops.core.resource import ResourceRef
from agentops.core.scope import Scope
from agentops.core.text import plural
from agentops.core.threads import Monotonic
from agentops.core.tool import ReadTool, ToolCall
from agentops.providers.mcp.offered.calling import ServerTools
from agentops.providers.mcp.offered.offer import SCHEME
from agentops.providers.mcp.read.tools import read_tools
from agentops.providers.mcp.sweep.problems import conditions_of, problems_of
from agentops.providers.mcp.sweep.sweep import SWEEP_S, ServerSweep, sweep_server

_OUTLINED = 6


class McpReader:
    """See ``core.provider.Reader``."""

    def __init__(
        self, tools: ServerTools, scope: Scope, context: ProviderContext, monotonic: Monotonic = time.monotonic
    ) -> None:
        self._tools = tools
        self._scope = scope
        self._context = context
        self._monotonic = monotonic
        self._until = monotonic() + SWEEP_S
        self._title = f"MCP server {tools.config.name}"
        if any(offer.classification.sweep is not None and offer.reads for offer in tools.offers.values()):
            # Servers take seconds to start: all that the first look needs do so at once, while others are connected.
            threading.Thread(target=self._warm, name=f"agentops-mcp-{tools.config.name}", daemon=True).start()

    def _warm(self) -> None:
        # Whoever needs it asks again, and is told what is wrong.
        with suppress(AgentopsError, OSError, ValueError):
            self._tools.judgement()

    @property
    def scope(self) -> Scope:
        """Return the server and what it is started with."""
        return self._scope

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

    def object_text(self, snapshot: Any, ref: ResourceRef, redacted: Callable[[Any], Any]) -> str:  # noqa: ARG002
        """Return nothing: it holds no objects."""
        return ""

    def log_readings(self, snapshot: Any, problems: Sequence[Problem]) -> Sequence[tuple[ToolCall, Reading]]:  # noqa: ARG002
        """Return nothing: what was read is evidence whatever triage finds."""
        return ()

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

    def named(self, target: Target) -> ResourceRef:
        """Refuse.

        Raises:
            UsageError: always; nothing here can be named.
        """
        raise UsageError(f"{target} is no resource of {self._title}", hint="Name what its labels are about.")

    def worded(self, alert: Alert, groups: tuple[str, ...]) -> Target:  # noqa: ARG002
        """Return what the alert claims: nothing here can be named in words."""
        return alert.target

    def canonical(self, ref: ResourceRef, group: str = "") -> ResourceRef:  # noqa: ARG002
        """Return the reference of a tool as it is.

        Raises:
            ToolInputError: there is no such tool.
        """
        if ref.scheme == SCHEME and self._tools.by_tool(ref.name) is not None:
            return ref
        raise ToolInputError(f"{self._title} offers no tool {ref.name!r}")

    def whereabouts(self, ref: ResourceRef) -> str:  # noqa: ARG002
        """Return nothing."""
        return ""
