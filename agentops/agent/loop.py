"""The loop: from an opening message to a finding, by way of tool calls.

Comes in: a model, a toolbox, the opening message, limits. Goes out: a ``LoopResult`` with a finding, or with the reason
why there is none. Each turn is in the audit chain before a tool of it runs. The loop itself runs no tool, changes
nothing, and lets nothing that a model or a tool says change its limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agentops.agent import report
from agentops.agent.audited import for_audit, usage_for_audit
from agentops.agent.budget import Budget, Monotonic
from agentops.agent.finding_review import FindingReview, from_text, warned
from agentops.agent.history import History, Keep, forget
from agentops.agent.model import ContextOverflow, Message, Model, ModelRequest, Refused, Turn
from agentops.agent.prompt import filled, prompt
from agentops.agent.repetition import Repetition
from agentops.agent.signature import without_bounds
from agentops.agent.toolbox import Toolbox, ToolResult
from agentops.core.digest import digest
from agentops.core.errors import ModelError
from agentops.core.finding import Finding
from agentops.core.plan import Change
from agentops.core.progress import Progress, Stage, Step
from agentops.core.text import one_line, plural
from agentops.core.tool import ToolCall
from agentops.core.usage import Limits, Usage

_CUTS_AT_MOST = 2
_CIRCLES_AT_MOST = 3
_WINDOW_FULL = "model_context_window_exceeded"
_CUT = ("max_tokens", _WINDOW_FULL)
# Tools run after these only. Some compatible endpoints say ``end_turn`` with calls; the message is whole all the same.
_WHOLE = ("tool_use", "end_turn", "stop_sequence")


class Stop(StrEnum):
    """How a run ended."""

    REPORTED = "reported"
    ANSWERED = "answered"
    EXHAUSTED = "exhausted"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopResult:
    """What a run came to.

    Arguments:
        finding: the model's, with its citations checked; None when it was interrupted or failed.
        stop: ``reported`` by the tool; ``answered`` in text only, so unsupported; ``exhausted``: a limit or a circle
            ended it, and ``finding`` is the best there was; ``interrupted`` by the user; ``failed``: see ``error``.
        reason: one sentence part for people: which limit, what failed.
        usage: what was spent.
        messages: the whole history; give it to ``investigate`` as ``resume`` to go on.
        error: why it failed.
        drafted: the changes that the model drafted, in the order of the plan; empty without a finding that evidence
            supports, because nothing else may feed a plan.
    """

    finding: Finding | None
    stop: Stop
    reason: str
    usage: Usage
    messages: tuple[Message, ...]
    error: ModelError | None = None
    drafted: tuple[Change, ...] = ()


def investigate(
    *,
    model: Model,
    toolbox: Toolbox,
    opening: str,
    context: str,
    limits: Limits,
    progress: Progress,
    monotonic: Monotonic,
    resume: Sequence[Message] = (),
    keep: Keep = forget,
) -> LoopResult:
    """Run the loop to its end; failures of the model and Ctrl-C are results too, so that nothing is lost.

    Arguments:
        model: takes the turns.
        toolbox: runs the calls; its audit log gets the turns as well. With ``drafting``, the run may end in a fix.
        opening: the first user message; with ``resume``, what to say before going on, or empty.
        context: the kubeconfig context that resources in the finding belong to.
        limits: what may be spent from now on.
        progress: told turns, reasoning, answers, calls and evidence.
        monotonic: measures wall time.
        resume: messages of an earlier run of the same incident; tool calls left open in them are closed as not run.
        keep: given messages as they become final, each exactly once and in order; those of ``resume`` never.

    Raises:
        AuditError: a turn or call could not be recorded.
        StoreError: evidence or a message could not be kept.
    """
    run = _Run(model, toolbox, context, Budget(limits, monotonic), History(resume, keep), progress)
    if resume and toolbox.drafting and not toolbox.drafting.changes:
        opening = f"{opening}\n\n{prompt('plan_empty')}".lstrip()
    try:
        return run.until_end(opening)
    except KeyboardInterrupt:
        return run.result(Stop.INTERRUPTED, "stopped by the user")
    except ModelError as error:
        return run.result(Stop.FAILED, error.message, error=error)


def wire_tools(toolbox: Toolbox) -> tuple[Mapping[str, Any], ...]:
    """Return the tools of every request as they go over the wire, ``report_finding`` last; always the same bytes.

    Bounds of arguments are not sent; the toolbox checks them, and says so to whoever is out of them.
    """
    ending = report.SPEC if toolbox.drafting is None else report.DRAFTING_SPEC
    return tuple(
        {"name": spec.name, "description": spec.description, "input_schema": without_bounds(spec.schema)}
        for spec in (*toolbox.specs, ending)
    )


def system_prompt(toolbox: Toolbox) -> str:
    """Return the system prompt: the same bytes in every run that investigates, and more in one that may fix."""
    return prompt("system") if toolbox.drafting is None else f"{prompt('system')}\n\n{prompt('fix')}"


class _Run:
    """The state of one run. Once ``_closing`` says why, the model has one turn left, for its report."""

    def __init__(
        self, model: Model, toolbox: Toolbox, context: str, budget: Budget, history: History, progress: Progress
    ) -> None:
        self._model = model
        self._toolbox = toolbox
        self._budget = budget
        self._history = history
        self._progress = progress
        self._review = FindingReview(context=context, by=model.name)
        self._repetition = Repetition()
        self._closing = ""
        self._reminded = False
        self._cuts = 0
        self._texts: list[str] = []

    def until_end(self, opening: str) -> LoopResult:
        """Take turns until one of them ends the run."""
        self._history.open(opening)
        while True:
            if not self._closing:
                self._close(self._budget.exhausted)
            turn = self._turn()
            ended = self._settle(turn) if turn else None
            if ended:
                return ended

    def result(
        self, stop: Stop, reason: str, finding: Finding | None = None, error: ModelError | None = None
    ) -> LoopResult:
        """Return how the run ended, everything kept."""
        return LoopResult(
            finding=finding,
            stop=stop,
            reason=reason,
            usage=self._budget.spent,
            messages=self._history.end(),
            error=error,
            drafted=self._toolbox.drafting.changes if self._toolbox.drafting and finding and finding.supported else (),
        )

    def _turn(self) -> Turn | None:
        """Ask the model; None when the conversation had grown too long, and the run is closing with a shorter one."""
        number = self._budget.spent.turns + 1
        key = f"turn-{number}"
        request = ModelRequest(
            system=system_prompt(self._toolbox), tools=wire_tools(self._toolbox), messages=self._history.send()
        )
        self._progress(Step(stage=Stage.MODEL, text=f"{self._model.name}, turn {number}", key=key))
        try:
            turn = self._model.turn(request, self._progress)
        except ContextOverflow:
            self._progress(Step(stage=Stage.MODEL, text=f"turn {number}: too long", key=key, done=True))
            if not self._shorten():
                raise
            return None
        self._budget.add(turn.usage)
        self._record(number, request, turn)
        self._progress(Step(stage=Stage.MODEL, text=_told(number, turn), key=key, done=True))
        if turn.stop_reason == _WINDOW_FULL and self._shorten():
            return None
        return turn

    def _settle(self, turn: Turn) -> LoopResult | None:
        """Take in a turn; return the result when it ends the run."""
        if turn.stop_reason == "refusal":
            raise Refused(
                f"{self._model.name} declined to go on{': ' + one_line(turn.detail, 300) if turn.detail else ''}",
                hint="Try another model with --model, or --no-model for the triage report.",
            )
        if turn.text:
            self._texts.append(turn.text)
        self._history.take(turn)
        if turn.stop_reason in _CUT:
            return self._after_cut(turn)
        if turn.calls:
            return self._after_calls(turn)
        if turn.stop_reason == "pause_turn" and not self._closing:
            return None
        return self._after_text()

    def _after_cut(self, turn: Turn) -> LoopResult | None:
        """A message cut at a limit: its last call may be half a call, so none of them runs."""
        self._cuts += 1
        reason = "your message was cut off at the output limit; the arguments may be incomplete."
        self._history.answer([self._toolbox.refuse(call, reason) for call in turn.calls])
        if self._closing or self._cuts > _CUTS_AT_MOST:
            return self._answered(f"the model's message was cut off {plural(self._cuts, 'time')} at the output limit")
        self._history.say(prompt("cut"))
        return None

    def _after_text(self) -> LoopResult | None:
        """An end without a report: remind once, then take the text for what it is."""
        if self._closing or self._reminded:
            return self._answered(self._closing or "the model answered in text and reported no finding")
        self._reminded = True
        self._history.say(prompt("remind"))
        return None

    def _after_calls(self, turn: Turn) -> LoopResult | None:
        """Take a report if there is one; otherwise run what may run, and answer every call, in order."""
        results: dict[int, ToolResult] = {}
        for index, call in enumerate(turn.calls):
            if reason := self._refusal(call, turn):
                results[index] = self._toolbox.refuse(call, reason)
        drafts = [] if self._closing else self._draft(turn.calls, results)
        finding = self._take_report(turn.calls, results)
        rest = [(index, call) for index, call in enumerate(turn.calls) if index not in results]
        if finding or self._closing:
            ran: Sequence[ToolResult] = [self._toolbox.refuse(call, "the investigation has ended.") for _, call in rest]
        else:
            ran = self._toolbox.run([call for _index, call in rest])
            self._budget.add_calls(len(ran))
        results |= {index: result for (index, _call), result in zip(rest, ran, strict=True)}
        self._history.answer([results[index] for index in range(len(turn.calls))])
        if finding:
            return self._reported(finding)
        if self._closing:
            return self._answered(self._closing)
        self._watch([*drafts, *ran])
        return None

    def _draft(self, calls: Sequence[ToolCall], results: dict[int, ToolResult]) -> Sequence[ToolResult]:
        """Draft before a report of the same message is taken; when that fails, the model must see why, and go on."""
        places = [i for i, call in enumerate(calls) if i not in results and self._toolbox.drafts(call)]
        drafts = self._toolbox.run([calls[i] for i in places])
        results |= dict(zip(places, drafts, strict=True))
        self._budget.add_calls(len(drafts))
        if any(draft.is_error for draft in drafts):
            for index, call in enumerate(calls):
                if call.name == report.SPEC.name and index not in results:
                    results[index] = self._toolbox.refuse(call, "a change beside it was not drafted. Read why first.")
        return drafts

    def _refusal(self, call: ToolCall, turn: Turn) -> str:
        """Return why a call must not run; empty when it may."""
        if call.id in turn.malformed:
            return f"the arguments are not valid JSON ({turn.malformed[call.id]}). Call it again with a JSON object."
        if turn.stop_reason not in _WHOLE:
            return f"the message ended with stop reason {one_line(turn.stop_reason, 40)}, so it may be incomplete."
        if self._closing and call.name != report.SPEC.name:
            return f"{self._closing}; only {report.SPEC.name} is taken now."
        return ""

    def _take_report(self, calls: Sequence[ToolCall], results: dict[int, ToolResult]) -> Finding | None:
        """Decide about the first report among ``calls``, and put the answer to each of them into ``results``."""
        reports = [i for i, call in enumerate(calls) if call.name == report.SPEC.name and i not in results]
        if not reports:
            return None
        known = [evidence.id for evidence in self._toolbox.store.all()]
        decision = self._review.decide(
            calls[reports[0]], known, last_chance=bool(self._closing), said=self._toolbox.said
        )
        for index in reports:
            said = decision.said if index == reports[0] else "Not executed: one report is enough."
            results[index] = ToolResult(
                call=calls[index], content=said, digest=digest(said), is_error=decision.finding is None
            )
        return decision.finding

    def _reported(self, finding: Finding) -> LoopResult:
        if self._closing:
            return self.result(Stop.EXHAUSTED, self._closing, warned(finding, (f"it ended early, {self._closing}",)))
        return self.result(Stop.REPORTED, "the model reported its finding", finding)

    def _answered(self, reason: str) -> LoopResult:
        finding = from_text(self._texts, by=self._model.name, reason=reason)
        return self.result(Stop.EXHAUSTED if self._closing else Stop.ANSWERED, reason, finding)

    def _close(self, reason: str) -> None:
        if reason:
            self._closing = reason
            self._progress(Step(stage=Stage.NOTICE, text=f"{reason}; asking for the best finding so far"))
            self._history.say(filled("closing", reason=reason))

    def _shorten(self) -> bool:
        if self._closing or not self._history.shorten():
            return False
        self._close("the conversation fills the model's context window")
        return True

    def _watch(self, ran: Sequence[ToolResult]) -> None:
        circles = self._repetition.note(ran)
        if circles == 1:
            self._history.say(prompt("repeat"))
        elif circles >= _CIRCLES_AT_MOST:
            self._close("the same calls were made again and again")

    def _record(self, number: int, request: ModelRequest, turn: Turn) -> None:
        redact = self._toolbox.redactor
        payload = {
            "turn": number,
            "model": self._model.name,
            "request": digest([request.system, request.tools, request.messages]),
            "request_id": turn.request_id,
            "stop_reason": turn.stop_reason,
            "reasoning": redact.text(turn.reasoning),
            "text": redact.text(turn.text),
            "tool_calls": [
                {"call": call.id, "tool": call.name, "arguments": redact.value(dict(call.arguments))}
                for call in turn.calls
            ],
            "usage": usage_for_audit(turn.usage),
        }
        self._toolbox.audit.append("model_turn", for_audit(payload))


def _told(number: int, turn: Turn) -> str:
    usage = turn.usage
    read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    cost = "" if usage.cost_usd is None else f", ${usage.cost_usd:.3f}"
    calls = plural(len(turn.calls), "tool call") if turn.calls else turn.stop_reason.replace("_", " ")
    return f"turn {number}: {calls}, {read:,} tokens in, {usage.output_tokens:,} out{cost}"
