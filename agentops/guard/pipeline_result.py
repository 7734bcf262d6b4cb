"""``PipelineResult``: a plan and what came of it. A value; nothing here decides or acts."""

from __future__ import annotations

from dataclasses import dataclass

from agentops.core.errors import AgentopsError, ExitCode, Interrupted
from agentops.core.outcome import Outcome
from agentops.guard.states import Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineResult:
    """A plan and what came of it; ``error`` is why it did not run, when it did not."""

    planned: Planned
    outcome: Outcome
    error: AgentopsError | None = None

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that says how it ended."""
        return self.outcome.status.exit_code if self.error is None else self.error.exit_code

    @property
    def status(self) -> str:
        """How it ended, in one word for scripts: that of the outcome, or that a person pressed Ctrl-C before it ran."""
        return self.error.code if isinstance(self.error, Interrupted) else self.outcome.status.value
