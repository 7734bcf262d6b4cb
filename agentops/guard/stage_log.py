"""``StageLog``: records how each stage went: in the audit chain first, then for the caller, then on the screen.

Comes in: what a stage says of itself. Goes out: ``StageRecord``s, and one audit record each, redacted. It must never
catch an audit error: without the record nothing goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentops.core.jsonable import to_json
from agentops.core.outcome import StageRecord
from agentops.core.progress import Stage, Step
from agentops.core.text import one_line
from agentops.guard.services import GuardServices


@dataclass(slots=True)
class StageLog:
    """Records every stage: in the audit chain first, then for the caller, then on the screen."""

    services: GuardServices
    records: list[StageRecord] = field(default_factory=list)

    def note(self, event: str, payload: Mapping[str, Any]) -> None:
        """Append one audit record, redacted.

        Raises:
            AuditError: it could not be written; the caller must not go on.
        """
        self.services.audit.append(event, self.services.redactor.value(to_json(dict(payload))))

    def passed(self, stage: str, reason: str = "", *, step: int = 0, **payload: Any) -> None:
        """Record that a stage was passed."""
        self._record(StageRecord(stage=stage, passed=True, reason=reason, step=step), payload)

    def failed(self, stage: str, reason: str, *, step: int = 0, **payload: Any) -> None:
        """Record that a stage stopped the change."""
        self._record(StageRecord(stage=stage, passed=False, reason=reason, step=step), payload)

    def say(self, text: str, *, key: str = "", done: bool = False) -> None:
        """Show a line of progress."""
        self.services.progress(Step(stage=Stage.CHANGE, text=text, key=key, done=done))

    def _record(self, record: StageRecord, payload: Mapping[str, Any]) -> None:
        said = {"stage": record.stage, "passed": record.passed, "reason": one_line(record.reason, 500)}
        self.note("guard_stage", {**said, "step": record.step, **payload})
        self.records.append(record)
