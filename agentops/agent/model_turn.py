"""One turn of the model: the request, the answer, and its record, before anything of the answer is used.

Comes in: a run. Goes out: the ``Turn``. A conversation that has outgrown the context window is shortened once and asked
again. What is recorded is redacted; a record that cannot be written ends the run.
"""

from __future__ import annotations

from agentops.agent.audited import for_audit, usage_for_audit
from agentops.agent.model import ContextOverflow, ModelRequest, Refused, Turn
from agentops.agent.request_prefix import wire_tools
from agentops.agent.review import R
from agentops.agent.run import Run
from agentops.core.digest import digest
from agentops.core.progress import Stage, Step
from agentops.core.text import one_line, plural

_WINDOW_FULL = "model_context_window_exceeded"
CUT = ("max_tokens", _WINDOW_FULL)
"""The stop reasons of a message that was cut off."""


def ask_model(run: Run[R]) -> Turn:
    """Ask the model for its next turn, and record it.

    Raises:
        Refused: the model declined to go on.
        ModelError: it could not be asked, or the conversation is too long for it and cannot be shortened.
        AuditError: the turn could not be recorded.
    """
    while True:
        turn = _answer(run)
        # What was taken back closes the run, so a second message that is too long stands as it is.
        if turn is None or (turn.stop_reason == _WINDOW_FULL and run.shorten()):
            continue
        if turn.stop_reason == "refusal":
            raise Refused(
                f"{run.model.name} declined to go on{': ' + one_line(turn.detail, 300) if turn.detail else ''}",
                hint="Try another model with --model, or --no-model for the triage report.",
            )
        return turn


def _answer(run: Run[R]) -> Turn | None:
    """Send one request; None when it was too long, and the conversation is shorter now."""
    number = run.budget.spent.turns + 1
    key = f"turn-{number}"
    request = ModelRequest(
        system=run.review.system,
        tools=wire_tools(run.toolbox, run.review.ending),
        messages=run.history.send(),
    )
    run.progress(Step(stage=Stage.MODEL, text=f"{run.model.name}, turn {number}", key=key))
    try:
        turn = run.model.turn(request, run.progress)
    except ContextOverflow:
        run.progress(Step(stage=Stage.MODEL, text=f"turn {number}: too long", key=key, done=True))
        if not run.shorten():
            raise
        return None
    run.budget.add(turn.usage)
    _record(run, number, request, turn)
    run.progress(Step(stage=Stage.MODEL, text=_told(number, turn), key=key, done=True))
    return turn


def _record(run: Run[R], number: int, request: ModelRequest, turn: Turn) -> None:
    redact = run.toolbox.redactor
    payload = {
        "turn": number,
        "model": run.model.name,
        "request": digest([request.system, request.tools, request.messages]),
        "request_id": turn.request_id,
        "stop_reason": turn.stop_reason,
        "reasoning": redact.text(turn.reasoning),
        "text": redact.text(turn.text),
        "tool_calls": [
            {"call": call.id, "tool": call.name, "arguments": redact.value(dict(call.arguments))} for call in turn.calls
        ],
        "usage": usage_for_audit(turn.usage),
    }
    run.toolbox.audit.append("model_turn", for_audit(payload))


def _told(number: int, turn: Turn) -> str:
    usage = turn.usage
    read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    cost = "" if usage.cost_usd is None else f", ${usage.cost_usd:.3f}"
    calls = plural(len(turn.calls), "tool call") if turn.calls else turn.stop_reason.replace("_", " ")
    return f"turn {number}: {calls}, {read:,} tokens in, {usage.output_tokens:,} out{cost}"
