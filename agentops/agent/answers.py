"""What the model's turn is answered with: results of its calls, a reminder, or the end of the run.

Comes in: a run and the turn that was just taken. Goes out: answers in the history; ``RunEnded`` when the turn ends the
run. Every call gets exactly one answer, in the order of the calls, also one that does not run: the API demands it. A
call runs only when its message is whole and its arguments are JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from agentops.agent.model import Turn
from agentops.agent.prompt import filled, prompt
from agentops.agent.result import RunEnded, Stop
from agentops.agent.review import R
from agentops.agent.run import Run
from agentops.agent.toolbox import ToolResult
from agentops.core.digest import digest
from agentops.core.text import one_line, plural
from agentops.core.tool import ToolCall

_CUTS_AT_MOST = 2
_CIRCLES_AT_MOST = 3
_REFUSAL_CHARS = 900
# Tools run after these only. Some compatible endpoints say ``end_turn`` with calls; the message is whole all the same.
_WHOLE = ("tool_use", "end_turn", "stop_sequence")


def answer_cut(run: Run[R], turn: Turn) -> None:
    """Answer a message that was cut at a limit: its last call may be half a call, so none of them runs.

    Raises:
        RunEnded: it was cut too often, or this was its last turn.
    """
    run.cuts += 1
    reason = "your message was cut off at the output limit; the arguments may be incomplete."
    run.history.answer([run.toolbox.refuse(call, reason) for call in turn.calls])
    if run.closing or run.cuts > _CUTS_AT_MOST:
        _end_with_text(run, f"the model's message was cut off {plural(run.cuts, 'time')} at the output limit")
    run.history.say(prompt("cut"))


def answer_text(run: Run[R]) -> None:
    """Answer a message without a call: remind of the report once, then take the text for what it is.

    Raises:
        RunEnded: it was reminded already, or this was its last turn.
    """
    if run.closing or run.reminded:
        _end_with_text(run, run.closing or "the model answered in text and reported nothing")
    run.reminded = True
    run.history.say(filled("remind", report=run.review.ending.name))


def answer_calls(run: Run[R], turn: Turn) -> None:
    """Take a report if there is one; otherwise run what may run. Every call is answered, in order.

    Raises:
        RunEnded: a report was accepted, or this was its last turn.
        AuditError, StoreError: as ``Toolbox.run``.
    """
    # By the place of the call in the message, since refusals, drafts, the report and reads are settled in turn.
    answers: dict[int, ToolResult] = {}
    for place, call in enumerate(turn.calls):
        if reason := _reason_not_to_run(run, call, turn):
            answers[place] = run.toolbox.refuse(call, reason)
    # Drafts go before the report of the same message, which may rest on them.
    drafts = () if run.closing else _draft(run, turn.calls, answers)
    reported = _review_report(run, turn.calls, answers)
    read = _run_rest(run, turn.calls, answers, ended=bool(reported or run.closing))
    run.history.answer([answers[place] for place in range(len(turn.calls))])
    run.refused += [_why_refused(one) for one in answers.values() if one.is_error and _is_own(run, one.call)]
    if reported:
        _end_with_report(run, reported)
    if run.closing:
        _end_with_text(run, run.closing)
    _note_repetition(run, [*drafts, *read])


def _is_own(run: Run[R], call: ToolCall) -> bool:
    return call.name == run.review.ending.name or run.toolbox.drafts(call)


def _why_refused(result: ToolResult) -> str:
    return f"{result.call.name} was refused: {one_line(result.content, _REFUSAL_CHARS)}"


def _reason_not_to_run(run: Run[R], call: ToolCall, turn: Turn) -> str:
    """Return why a call must not run; empty when it may."""
    if call.id in turn.malformed:
        return f"the arguments are not valid JSON ({turn.malformed[call.id]}). Call it again with a JSON object."
    if turn.stop_reason not in _WHOLE:
        return f"the message ended with stop reason {one_line(turn.stop_reason, 40)}, so it may be incomplete."
    if run.closing and call.name != run.review.ending.name:
        return f"{run.closing}; only {run.review.ending.name} is taken now."
    return ""


def _draft(run: Run[R], calls: Sequence[ToolCall], answers: dict[int, ToolResult]) -> Sequence[ToolResult]:
    """Draft what is to be drafted; when that fails, no report beside it is taken: the model must see why first."""
    places = [place for place, call in enumerate(calls) if place not in answers and run.toolbox.drafts(call)]
    drafts = run.toolbox.run([calls[place] for place in places])
    answers |= dict(zip(places, drafts, strict=True))
    run.budget.add_calls(len(drafts))
    if any(draft.is_error for draft in drafts):
        for place, call in enumerate(calls):
            if call.name == run.review.ending.name and place not in answers:
                answers[place] = run.toolbox.refuse(call, "a change beside it was not drafted. Read why first.")
    return drafts


def _review_report(run: Run[R], calls: Sequence[ToolCall], answers: dict[int, ToolResult]) -> R | None:
    """Decide about the first report among ``calls``, and answer each of them; None when none is accepted."""
    reports = [
        place for place, call in enumerate(calls) if call.name == run.review.ending.name and place not in answers
    ]
    if not reports:
        return None
    known = [evidence.id for evidence in run.toolbox.store.all()]
    decision = run.review.decide(calls[reports[0]], known, last_chance=bool(run.closing), said=run.toolbox.said)
    for place in reports:
        said = decision.said if place == reports[0] else "Not executed: one report is enough."
        answers[place] = ToolResult(
            call=calls[place], content=said, digest=digest(said), is_error=decision.report is None
        )
    return decision.report


def _run_rest(
    run: Run[R], calls: Sequence[ToolCall], answers: dict[int, ToolResult], *, ended: bool
) -> Sequence[ToolResult]:
    """Run the calls that are not answered yet, or refuse them when the run has ended."""
    places = [place for place in range(len(calls)) if place not in answers]
    rest = [calls[place] for place in places]
    if ended:
        results = tuple(run.toolbox.refuse(call, "the run has ended.") for call in rest)
    else:
        results = run.toolbox.run(rest)
        run.budget.add_calls(len(results))
    answers |= dict(zip(places, results, strict=True))
    return results


def _note_repetition(run: Run[R], results: Sequence[ToolResult]) -> None:
    """Say so to a model that goes round in circles; close the run when it does not stop."""
    circles = run.repetition.note(results)
    if circles == 1:
        run.history.say(prompt("repeat"))
    elif circles >= _CIRCLES_AT_MOST:
        run.close("the same calls were made again and again")


def _end_with_report(run: Run[R], report: R) -> NoReturn:
    if run.closing:
        raise RunEnded(Stop.EXHAUSTED, run.closing, run.review.early(report, run.closing))
    raise RunEnded(Stop.REPORTED, "the model reported", report)


def _end_with_text(run: Run[R], reason: str) -> NoReturn:
    """End with the model's own words as a report that nothing supports.

    Raises:
        BadAnswer: it wrote none.
    """
    report = run.review.from_text(run.texts, reason)
    raise RunEnded(Stop.EXHAUSTED if run.closing else Stop.ANSWERED, reason, report)
