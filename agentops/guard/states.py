"""The pipeline as types: each state holds the one before it and adds one fact.

A function that needs an approved plan takes ``Approved``; there is no way to have one without having been through
``confirm``. So a skipped stage does not type-check, and a test walks the source to see that no file but a stage's own
makes that stage's state (``tests/guard/test_pipeline_order.py``). What later stages read of earlier ones is a property.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentops.core.approval import SignedApproval
from agentops.core.outcome import Observation, Receipt
from agentops.core.plan import BlastRadius, Change, ChangePlan, PolicyDecision, Preview
from agentops.core.tool import ToolSpec

# ---- one change ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Prechecked:
    """Policy lets this change be tried out (``precheck.py``)."""

    change: Change
    spec: ToolSpec
    decision: PolicyDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """As far as reads tell, every static rule and policy allow it: it may be tried on the provider
    (``prediction.py``)."""

    prechecked: Prechecked
    prediction: Preview

    @property
    def change(self) -> Change:
        """What is proposed."""
        return self.prechecked.change


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """The provider has validated it without an effect (``dry_run.py``)."""

    predicted: Predicted
    preview: Preview

    @property
    def change(self) -> Change:
        """What is proposed."""
        return self.predicted.change


@dataclass(frozen=True, slots=True, kw_only=True)
class Diffed:
    """It would change something, and nothing that it must not (``diff.py``); ``differences`` is how much."""

    previewed: Previewed
    differences: int

    @property
    def change(self) -> Change:
        """What is proposed."""
        return self.previewed.change

    @property
    def preview(self) -> Preview:
        """What the provider says that it would do."""
        return self.previewed.preview


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What depends on it is known, and what is not known is named (``blast_radius.py``)."""

    diffed: Diffed
    blast_radius: BlastRadius

    @property
    def change(self) -> Change:
        """What is proposed."""
        return self.diffed.change

    @property
    def spec(self) -> ToolSpec:
        """What its tool declares."""
        return self.diffed.previewed.predicted.prechecked.spec

    @property
    def preview(self) -> Preview:
        """What the provider says that it would do."""
        return self.diffed.preview


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Policy allows it with all the facts on the table, and allows its undo (``decision.py``)."""

    measured: Measured
    decision: PolicyDecision
    undo_decision: PolicyDecision | None

    @property
    def change(self) -> Change:
        """What is proposed."""
        return self.measured.change

    @property
    def preview(self) -> Preview:
        """What the provider says that it would do."""
        return self.measured.preview

    @property
    def blast_radius(self) -> BlastRadius:
        """What it reaches."""
        return self.measured.blast_radius


# ---- a plan of them ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan and the live states that it was made of (``planning.py``)."""

    plan: ChangePlan
    steps: tuple[Decided, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """Whoever policy asks for has agreed to this very digest (``confirm.py``)."""

    planned: Planned
    approvals: tuple[SignedApproval, ...]

    @property
    def plan(self) -> ChangePlan:
        """The plan that was approved."""
        return self.planned.plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """Objects and policy are still those that were approved (``recheck.py``).

    ``steps`` are the live states made again: from here on they count, and not those of ``Planned``. ``before`` is the
    world per step.
    """

    approved: Approved
    steps: tuple[Decided, ...]
    before: tuple[Observation, ...]

    @property
    def plan(self) -> ChangePlan:
        """The plan that was approved."""
        return self.approved.plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Journaled:
    """The approval is spent and the intent is on disk, in one step (``intent.py``)."""

    rechecked: Rechecked
    change_id: str

    @property
    def planned(self) -> Planned:
        """The plan with the live states that it was made of."""
        return self.rechecked.approved.planned

    @property
    def plan(self) -> ChangePlan:
        """The plan that was approved."""
        return self.rechecked.plan

    @property
    def steps(self) -> tuple[Decided, ...]:
        """The live states right before the intent."""
        return self.rechecked.steps

    @property
    def before(self) -> tuple[Observation, ...]:
        """What was observed per step, before anything was sent."""
        return self.rechecked.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """All calls were sent and answered (``apply.py``)."""

    journaled: Journaled
    receipts: tuple[Receipt, ...]

    @property
    def plan(self) -> ChangePlan:
        """The plan that was approved."""
        return self.journaled.plan

    @property
    def steps(self) -> tuple[Decided, ...]:
        """The live states right before the intent."""
        return self.journaled.steps

    @property
    def before(self) -> tuple[Observation, ...]:
        """What was observed per step, before anything was sent."""
        return self.journaled.before

    @property
    def change_id(self) -> str:
        """What the change is called in the journal and the records."""
        return self.journaled.change_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The objects are as previewed, and well but for the ``doubts`` (``verify.py``)."""

    applied: Applied
    after: tuple[Observation, ...]
    checked: Mapping[str, str]
    doubts: tuple[str, ...] = ()
