"""What came of a fix, a rollback or a recovery: the plans, each with its outcome, as a page and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agentops.cli.report import Block, Bullets, Code, Heading, Item, Paragraph, Quote, Tone
from agentops.cli.views.plan import deed_words, objects_of, plan_blocks, plan_document, summary_blocks
from agentops.cli.views.shorter import said_once
from agentops.cli.views.wording import change_words, located
from agentops.core.commands import command_line
from agentops.core.errors import Interrupted
from agentops.core.jsonable import to_json
from agentops.core.outcome import Outcome, Status
from agentops.core.text import one_line
from agentops.store.changes import short_change

if TYPE_CHECKING:
    from agentops.app.fixing.result import FixResult
    from agentops.app.services import RefusedChange
    from agentops.guard.pipeline_result import PipelineResult

CLOSING_LINES = 6
CLOSING_WIDTH = 74
"""What a line of a terminal of 80 columns holds of running text, which is wrapped at its words."""
_LAST_LINE = 4
"""What the last line holds besides: nothing is wrapped there."""
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


def plan_as_shown(result: PipelineResult, *, details: bool, side_by_side: bool = False) -> list[Block]:
    """Return what stands of a plan above the last lines: with ``details`` all of it, else what nobody has seen yet.

    Whoever was asked has seen the plan a moment ago, and of one that ran the last lines say what it did.
    """
    plan = result.planned.plan
    if details:
        return plan_blocks(plan, side_by_side=side_by_side)
    return summary_blocks(plan, more="--details shows them") if _is_news(result) else []


def _is_news(result: PipelineResult) -> bool:
    """Return whether nobody has seen the plan: it did not run, and nobody was asked."""
    was_asked = isinstance(result.error, Interrupted) or any(one.stage == "asked" for one in result.outcome.stages)
    return not was_asked and not result.outcome.change_id


def outcome_blocks(
    result: PipelineResult, *, seen: tuple[str, Tone] | None = None, then: Sequence[str] = ()
) -> list[Block]:
    """Return the last lines of a report about a plan: how it ended, what was done to which object, what was verified.

    They are six at most, at 80 columns.

    Arguments:
        seen: what triage says of it now; None where nobody looked.
        then: what can be typed next, best first, each a line.
    """
    outcome, plan = result.outcome, result.planned.plan
    text, tone = _said(result)
    where = f"change {short_change(outcome.change_id)}" if outcome.change_id else f"plan {plan.code}"
    is_well = seen is not None and seen[1] is Tone.GOOD
    # Where the plan stands right above, what it does is not said again.
    # And where something went wrong the lines are for that.
    most = CLOSING_WIDTH + _LAST_LINE if outcome.doubts or outcome.why else 400
    parts = [] if _is_news(result) else [(one_line(_capital(deed_words(plan)), most), Tone.PLAIN)]
    parts += [(why, tone) for why in (_why(result, is_well=is_well),) if why]
    parts += [(f"✓ {seen[0]}" if is_well else seen[0], seen[1])] if seen is not None else []
    blocks: list[Block] = [Heading(f"{text} — {one_line(objects_of(plan), 60)} ({where})", tone)]
    blocks += closing_lines(parts, CLOSING_LINES - 1 - len(then))
    return [*blocks, *(Code(line) for line in then)]


class Quoted(str):
    """A text of the closing lines that is somebody else's."""

    __slots__ = ()


def closing_lines(parts: Sequence[tuple[str, Tone]], room: int) -> list[Block]:
    """Return each text as a paragraph, all of them in ``room`` lines of 80 columns; what is left over is the last's."""
    blocks: list[Block] = []
    for number, (text, tone) in enumerate(parts, 1):
        # Each text that follows keeps a line of its own.
        most = max(room - (len(parts) - number), 1)
        said = said_once(text, most * CLOSING_WIDTH + _LAST_LINE)
        blocks.append(Quote(said, tone) if isinstance(text, Quoted) else Paragraph(said, tone))
        room -= max(-(-(len(said) - _LAST_LINE) // CLOSING_WIDTH), 1)
    return blocks


def then_lines(result: PipelineResult, *, hint: bool = True) -> tuple[str, ...]:
    """Return what can be typed next, whatever made the plan: the way back, out of doubt, or the error's hint."""
    outcome, plan = result.outcome, result.planned.plan
    change = short_change(outcome.change_id)
    if outcome.status in (Status.ROLLBACK_FAILED, Status.STOPPED):
        return (f"Next: {command_line('recover', change)}",)
    # An embedded cluster ends with the run: afterwards there is nothing to roll back.
    if outcome.status is Status.APPLIED and not plan.servers.startswith("sandbox:"):
        return (f"{'Make it again' if plan.rolls_back else 'Roll it back'}: {command_line('rollback', change)}",)
    return (result.error.hint,) if hint and result.error is not None and result.error.hint else ()


def outcome_details(result: PipelineResult) -> list[Block]:
    """Return in full what the last lines have no room for: why it ended so, and every doubt."""
    outcome = result.outcome
    blocks: list[Block] = [Paragraph(outcome.why, Tone.WARN)] if outcome.why else []
    return [*blocks, *(Paragraph(doubt, Tone.WARN) for doubt in outcome.doubts)]


def outcome_words(result: PipelineResult) -> str:
    """Return how a plan ended and what it does, on one line."""
    return f"{_said(result)[0]} — {objects_of(result.planned.plan)}: {deed_words(result.planned.plan)}"


def _why(result: PipelineResult, *, is_well: bool) -> str:
    """Return why it ended so, or what was verified; doubts first.

    Arguments:
        is_well: triage says afterwards that all is well, so that what it no longer finds need not be listed.
    """
    outcome = result.outcome
    if outcome.doubts:
        rest = len(outcome.doubts) - 1
        more = f" (and {rest} more: {command_line('show', short_change(outcome.change_id))})" if rest else ""
        is_cure = outcome.status is Status.APPLIED and not result.planned.plan.rolls_back
        name = "Not verified" if is_cure else "Unhealthy"
        # Cut here already: what stands behind it must not be what is cut off.
        return f"{name}: {one_line(outcome.doubts[0], 2 * CLOSING_WIDTH - len(more) - len(name))}{more}"
    if outcome.status is Status.APPLIED:
        last = [one.reason for one in outcome.stages if one.passed and one.stage == "verify" and one.reason]
        seen = [one for one in "".join(last[-1:]).split("; ") if not (is_well and one.endswith(" any more"))]
        return f"✓ {'; '.join(seen)}" if any(seen) else ""
    return _capital(outcome.why)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


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
        Item(located(change_words(one.change), one.change.target), label="✗", note=one.error.message)
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
