"""The pipeline as types: each state is the one before plus one fact, made in the file of its own stage only.

A function that needs an approved plan takes ``Approved``; there is no way to have one without having been through
``confirm``. So a skipped step does not type-check, and a test walks the source to see that no file but a stage's own
makes that stage's state (``tests/guard/test_pipeline_order.py``).
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
    precheck: PolicyDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted(Prechecked):
    """As far as reads tell, every static rule and policy allow it: it may be tried on the provider
    (``prediction.py``)."""

    prediction: Preview


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed(Predicted):
    """The provider has validated it without an effect (``dry_run.py``)."""

    preview: Preview


@dataclass(frozen=True, slots=True, kw_only=True)
class Diffed(Previewed):
    """It would change something, and nothing that it must not (``diff.py``)."""

    fields: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Diffed):
    """What depends on it is known, and what is not known is named (``blast_radius.py``)."""

    blast_radius: BlastRadius


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(Measured):
    """Policy allows it with all the facts on the table, and allows its way back (``decision.py``)."""

    decision: PolicyDecision
    undo_decision: PolicyDecision | None


# ---- a plan of them ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan and the live states that it was made of (``planning.py``)."""

    plan: ChangePlan
    steps: tuple[Decided, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(Planned):
    """Whoever policy asks for has agreed to this very digest (``confirm.py``)."""

    approvals: tuple[SignedApproval, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked(Approved):
    """The world and policy are still those that were approved (``recheck.py``); ``before`` is the world per step."""

    before: tuple[Observation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journaled(Rechecked):
    """The approval is spent and the intent is on disk, in one step (``intent.py``)."""

    change_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied(Journaled):
    """All calls were sent and answered (``apply.py``)."""

    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified(Applied):
    """The world is what was previewed, and well but for the ``doubts`` (``verify.py``)."""

    after: tuple[Observation, ...]
    checked: Mapping[str, str]
    doubts: tuple[str, ...] = ()
