"""The use case ``audit replay``: puts recorded policy decisions to today's policy, and shows which would differ.

Comes in: settings, a run. Goes out: each recorded decision beside today's. Nothing is read of any system: a decision is
recorded with all its inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentops.app.policy_loading import policy_in_force
from agentops.core.errors import UsageError
from agentops.core.plan import PolicyDecision

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.core.audit import AuditRecord
    from agentops.core.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedDecision:
    """One recorded decision, and today's answer to the same question; ``now`` is None when it cannot be asked."""

    seq: int
    run: str
    stage: str
    then: Mapping[str, Any]
    now: PolicyDecision | None
    trouble: str = ""

    @property
    def differs(self) -> bool:
        """Whether today's answer is another one: allowed or not, or other obligations."""
        if self.now is None or self.now.allowed != self.then.get("allowed"):
            return True
        asked, today = self.then.get("obligation") or {}, self.now.obligation
        same = (today.approval.value, today.ttl_s, today.verify_s) == (
            asked.get("approval"),
            asked.get("ttl_s"),
            asked.get("verify_s"),
        )
        return self.now.allowed and not same


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The recorded decisions under today's policy."""

    policy_digest: str
    decisions: tuple[ReplayedDecision, ...]

    @property
    def differing(self) -> tuple[ReplayedDecision, ...]:
        """Those that today's policy decides otherwise."""
        return tuple(one for one in self.decisions if one.differs)

    @property
    def of_other_policy(self) -> int:
        """How many were made under another policy than today's."""
        return sum(one.then.get("policy_digest") != self.policy_digest for one in self.decisions)


def replay_decisions(settings: Settings, run: str = "") -> Replay:
    """Put the recorded decisions to today's policy.

    Arguments:
        run: a run's id or its beginning; empty means every run.

    Raises:
        UsageError: no decision is recorded for that run.
        AuditError: the log cannot be read.
    """
    from agentops.audit.read import Query, read_records

    policy = policy_in_force(settings)
    records = read_records(settings.folders.audit, Query(run=run, event="guard_stage"))
    decisions = tuple(_replayed(policy, record, ruling) for record in records for ruling in _ruling_of(record))
    if not decisions and run:
        raise UsageError(f"no policy decision is recorded for run {run!r}", hint="agentops audit log lists the runs.")
    return Replay(policy_digest=policy.digest, decisions=decisions)


def _ruling_of(record: AuditRecord) -> Iterator[Mapping[str, Any]]:
    """Yield the decision that a record holds, if it holds one with its request."""
    ruling = record.payload.get("ruling")
    if isinstance(ruling, dict) and isinstance(ruling.get("request"), dict):
        yield ruling


def _replayed(policy: Policy, record: AuditRecord, ruling: Mapping[str, Any]) -> ReplayedDecision:
    from agentops.policy import replay

    now, trouble = None, ""
    try:
        now = replay(policy, ruling["request"])
    except UsageError as error:
        trouble = error.message
    stage = str(record.payload.get("stage"))
    return ReplayedDecision(seq=record.seq, run=record.run, stage=stage, then=ruling, now=now, trouble=trouble)
