"""``PipelineResult``: a plan and what came of it. A value; nothing here decides or acts."""

from __future__ import annotations

from dataclasses import dataclass

from agentops.core.errors import AgentopsError
from agentops.core.outcome import Outcome
from agentops.guard.states import Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineResult:
    """A plan and what came of it; ``error`` is why it did not run, when it did not."""

    planned: Planned
    outcome: Outcome
    error: AgentopsError | None = None
