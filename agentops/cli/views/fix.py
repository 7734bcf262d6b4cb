"""What came of a fix, a rollback or a recovery: the plans, each with its outcome, as a page and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from agentops.cli.report import Block, Bullets, Code, Heading, Item, Paragraph, Tone
from agentops.cli.views.plan import plan_blocks, plan_document
from agentops.cli.views.wording import change_words
from agentops.core.jsonable import to_json
from agentops.core.outcome import Outcome, Status

if TYPE_CHECKING:
    from agentops.app.fixing.result import FixResult
    from agentops.app.services import RefusedChange
    from agentops.guard.pipeline_result import PipelineResult

_SAID = {
    Status.DRY_RUN: ("Dry run: nothing was changed", Tone.GOOD),
    Status.APPLIED: ("Applied and verified", Tone.GOOD),
    Status.ROLLED_BACK: ("Rolled back: it is as it was before", Tone.WARN),
    Status.ROLLBACK_FAILED: ("NOT everything could be rolled back: a person is needed", Tone.BAD),
    Status.STOPPED: ("Stopped before the end: a person is needed", Tone.BAD),
    Status.DECLINED: ("Not run: nothing was changed", Tone.WARN),
    Status.REFUSED: ("Refused: nothing was changed", Tone.BAD),
}


_AS_BEFORE = ("Rolled back; as unhealthy as before", Tone.WARN)


def result_blocks(
    result: PipelineResult, *, side_by_side: bool = False, with_plan: bool = True, hint: bool = True
) -> list[Block]:
    """Return a plan and what came of it; ``hint``: with the command that comes next."""
    blocks = plan_blocks(result.planned.plan, side_by_side=side_by_side) if with_plan else []
    return [*blocks, *outcome_blocks(result, hint=hint)]


def outcome_blocks(result: PipelineResult, *, hint: bool = True) -> list[Block]:
    """Return what came of a plan: how far it got, and, with ``hint``, the command that comes next."""
    outcome = result.outcome
    text, tone = _said(result)
    blocks: list[Block] = [Heading(f"{text} (plan {result.planned.plan.code})", tone)]
    if outcome.why:
        blocks.append(Paragraph(outcome.why, tone))
    blocks += [Paragraph(doubt, Tone.WARN) for doubt in outcome.doubts]
    if outcome.status is Status.APPLIED:
        blocks += _applied_blocks(result)
    if outcome.status in (Status.ROLLBACK_FAILED, Status.STOPPED):
        blocks.append(Code("See what was changed, and close it: agentops recover"))
    if result.error is not None and result.error.hint and hint:
        blocks.append(Code(result.error.hint))
    return blocks


def _applied_blocks(result: PipelineResult) -> Iterator[Block]:
    """Say what verification saw, and what takes the change back."""
    outcome = result.outcome
    if not outcome.doubts:
        last = [one for one in outcome.stages if one.passed and one.stage == "verify"]
        yield from (Paragraph(one.reason) for one in last[-1:] if one.reason)
    # An embedded cluster ends with the run: afterwards there is nothing to roll back.
    if not result.planned.plan.servers.startswith("sandbox:"):
        yield Code(f"Roll it back: agentops rollback {outcome.change_id.rpartition('-')[2]}")


def _said(result: PipelineResult) -> tuple[str, Tone]:
    """Return how a plan ended, in one phrase; only what was verified is called so."""
    outcome, goes_back = result.outcome, bool(result.planned.plan.rolls_back)
    if goes_back and outcome.status is Status.APPLIED:
        return _AS_BEFORE if outcome.doubts else ("Rolled back, and healthy", Tone.GOOD)
    if outcome.doubts and outcome.status is Status.APPLIED:
        return "Applied; NOT verified", Tone.WARN
    if outcome.doubts and outcome.status is Status.ROLLED_BACK:
        return _AS_BEFORE
    return _SAID[outcome.status]


def refusal_blocks(refusals: tuple[RefusedChange, ...]) -> list[Block]:
    """Return the changes that no plan could be made of, each with its reason."""
    if not refusals:
        return []
    items = tuple(
        Item(f"{change_words(one.change)} ({one.change.target.short})", label="✗", note=one.error.message)
        for one in refusals
    )
    return [Heading("Proposed, but not in a plan", Tone.WARN), Bullets(items)]


def refusal_documents(refusals: Sequence[RefusedChange]) -> list[dict[str, Any]]:
    """Return the changes that no plan could be made of, for scripts."""
    return [{"change": to_json(one.change), "code": one.error.code, "message": one.error.message} for one in refusals]


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """Return the envelope's ``outcome``."""
    return {
        "status": outcome.status.value,
        "change": outcome.change_id,
        "why": outcome.why,
        "verified": outcome.verified,
        "doubts": list(outcome.doubts),
        "stages": to_json(outcome.stages),
        "receipts": to_json(outcome.receipts),
    }


def result_document(result: PipelineResult) -> dict[str, Any]:
    """Return the envelope's ``plan`` and ``outcome``."""
    return {"plan": plan_document(result.planned.plan), "outcome": outcome_document(result.outcome)}


def fix_document(fix: FixResult) -> dict[str, Any]:
    """Return the envelope's parts of a fix: the last plan with its outcome, and what went before it."""
    found: dict[str, Any] = {}
    if fix.rounds:
        found |= result_document(fix.rounds[-1])
    if fix.rounds[:-1]:
        found["earlier"] = [result_document(one) for one in fix.rounds[:-1]]
    if fix.refusals:
        found["refusals"] = refusal_documents(fix.refusals)
    if fix.after is not None:
        found["after"] = {
            "verdict": fix.after.finding.verdict.value,
            "conclusion": fix.after.finding.conclusion,
            "about": fix.after.about,
            "healed": fix.is_healed,
        }
    if fix.kept is not None:
        found["kept"] = str(fix.kept)
    return found
