"""Progress of long work, to a program that asked for it; whoever does not read it holds nothing up.

Comes in: steps, from worker threads. Goes out: notifications, the newest step only and a few a second. A step that
nobody took is replaced by the next; the work never waits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext

from agentops.agent.fence import neutral
from agentops.core.progress import Progress, Stage, Step, no_progress
from agentops.core.text import one_line

_EVERY_S = 0.15
_TOLD = (Stage.ALERT, Stage.SWEEP, Stage.PROBLEM, Stage.TOOL, Stage.EVIDENCE, Stage.NOTICE, Stage.CHANGE)


@dataclass(slots=True)
class Reporting:
    """The newest step of one request, and how many there were."""

    session: Any
    count: int = 0
    newest: str = ""
    _sent: int = field(default=0, init=False)

    @classmethod
    @asynccontextmanager
    async def of(cls, ctx: ServerRequestContext[Any, Any]) -> AsyncIterator[Progress]:
        """Yield what takes the steps of a request; what is not asked for is not sent."""
        if not (ctx.meta or {}).get("progress_token"):
            yield no_progress
            return
        reporting = cls(session=ctx.session)
        failure: Exception | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(reporting.send)
            try:
                yield reporting.take
            except Exception as error:  # noqa: BLE001 - a task group would raise it as one of a group; it goes on as it is
                failure = error
            finally:
                group.cancel_scope.cancel()
        if failure is not None:
            raise failure

    def take(self, step: Step) -> None:
        """Take one step; from any thread, and without waiting."""
        if step.stage in _TOLD and step.text:
            self.newest = neutral(one_line(step.text, 200))
            self.count += 1

    async def send(self) -> None:
        """Send what is new, until the request has ended."""
        while True:
            await anyio.sleep(_EVERY_S)
            if self.count > self._sent:
                self._sent = self.count
                await self.session.report_progress(float(self._sent), None, self.newest)
