"""``Toolbox``: the one place where tools run, and the one place where a reading becomes evidence.

Comes in: tool calls as a model made them. Goes out: for each call, in the order of the calls, a text that the model may
see. On the way: unknown tools and unfit arguments are refused in words, reads run in threads under a time-out, and
each reading is redacted, stored, numbered, audited and told to progress, in that order. A record that cannot be
written ends the run. Nothing here can change anything: only read tools are taken, and in a run that may end in a fix, a
``Drafting``, whose tools append to a plan.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentops.agent.audited import for_audit
from agentops.agent.deferred import TOOL_READ, TOOL_SEARCH, Deferred, ToolSearch
from agentops.agent.draft_tools import tool_of
from agentops.agent.drafting import Drafted, Drafting
from agentops.agent.fence import Fence, neutral
from agentops.agent.search import SPEC as SEARCH_SPEC
from agentops.agent.search import EvidenceSearch
from agentops.core.audit import AuditLog
from agentops.core.digest import digest
from agentops.core.errors import AgentopsError, PolicyRefused, ToolError, ToolInputError, UsageError
from agentops.core.evidence import Evidence, EvidenceStore, Reading, Redactor
from agentops.core.json_schema import called_wrongly, faults, without_absent
from agentops.core.progress import Progress, Stage, Step
from agentops.core.text import clip, one_line
from agentops.core.threads import Done, Job, Monotonic, run_in_order
from agentops.core.tool import Effect, ReadTool, ToolCall, ToolSpec

ALERT = "alert"
"""The tool that the alert's own text is kept under as evidence."""
EXCERPT_CHARS = 6_000
_ERROR_CHARS = 2_000
_DRAFT_ERROR_CHARS = 4_000
# Why policy refused a draft is said whole: it is what the person has to act on.
_REFUSAL_CHARS = 900
_DRY_RUN_CHARS = 6_000
# A defect in one tool must not cost the investigation; the model can look elsewhere, and the record shows it.
_DEFECTS = (OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What one call came to: ``content`` goes to the model as it stands; ``digest`` names what was read or said."""

    call: ToolCall
    content: str
    digest: str
    is_error: bool = False
    evidence: Evidence | None = None


class Toolbox:
    """Runs read tools for one incident.

    Arguments:
        tools: what may be called; ``evidence_search`` is added.
        store: keeps the redacted bodies and numbers the evidence.
        redactor: takes secrets out before anything is stored, recorded, shown or sent.
        audit: gets one ``tool_call`` record for each call, before its result is used.
        progress: told when a call starts and what came of it.
        fence: marks what a tool brought back as untrusted.
        monotonic: measures durations and time-outs.
        excerpt_chars: how much of a body the model gets to see at once.
        max_parallel: how many calls run at the same time.
        fingerprint: of the arguments before they are redacted, for the record; says nothing of them without its key.
        drafting: takes the calls that draft a change; None in a run that only investigates.
        about: the words of the incident; deferred tools that share some with them are named from the start.

    Raises:
        ValueError: a tool changes something, or two have one name.
    """

    def __init__(
        self,
        tools: Sequence[ReadTool],
        *,
        store: EvidenceStore,
        redactor: Redactor,
        audit: AuditLog,
        progress: Progress,
        fence: Fence,
        monotonic: Monotonic,
        excerpt_chars: int = EXCERPT_CHARS,
        max_parallel: int = 8,
        fingerprint: Callable[[Any], str] | None = None,
        drafting: Drafting | None = None,
        about: str = "",
    ) -> None:
        self._tools: dict[str, ReadTool] = {tool.spec.name: tool for tool in [*tools, EvidenceSearch(store)]}
        changing = sorted(name for name, tool in self._tools.items() if tool.spec.effect is not Effect.READ)
        if changing:
            raise ValueError(f"only read tools may be in a toolbox, not {', '.join(changing)}")
        self.drafting = drafting
        hidden = [tool.spec for tool in tools if tool.spec.deferred]
        self._deferred = Deferred(hidden, drafting.deferred if drafting else (), about)
        if self._deferred.specs:
            self._tools[TOOL_SEARCH] = ToolSearch(self._deferred)
        self._draftable = drafting.names if drafting else frozenset()
        if twice := sorted(self._draftable & set(self._tools)):
            raise ValueError(f"read tools and change tools share a name: {', '.join(twice)}")
        self.store = store
        self.redactor = redactor
        self.audit = audit
        self.fence = fence
        self._progress = progress
        self._monotonic = monotonic
        self._excerpt_chars = excerpt_chars
        self._max_parallel = max_parallel
        self._fingerprint = fingerprint

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the tools declare, in the order in which they were given, and after them the drafting tools.

        Of the deferred ones, only the two that find and call them.
        """
        shown = [tool.spec for tool in self._tools.values() if not tool.spec.deferred]
        return (*shown, *self._deferred.specs[1:], *(self.drafting.specs if self.drafting else ()))

    @property
    def said(self) -> frozenset[str]:
        """Ids of evidence that is the alert's own words, or a list of tools: it may be cited, and proves nothing."""
        return frozenset(evidence.id for evidence in self.store.all() if evidence.tool in (ALERT, TOOL_SEARCH))

    def drafts(self, call: ToolCall) -> bool:
        """Return whether a call drafts or withdraws a change."""
        return call.name in self._draftable

    def run(self, calls: Sequence[ToolCall]) -> tuple[ToolResult, ...]:
        """Run all calls, several at a time, and return their results in the order of the calls.

        Raises:
            AuditError: a call could not be recorded.
            StoreError: a reading could not be kept.
            KeyboardInterrupt: the user stopped it; calls under way are abandoned, they only read.
        """
        known = [evidence.id for evidence in self.store.all()]
        calls = [self._unwrapped(call) for call in calls]
        # Drafts come first and one by one: they cite what the model had seen before this turn, and their order counts.
        drafts: dict[int, ToolResult] = {}
        if self.drafting:
            drafts = {i: self._draft(self.drafting, c, known) for i, c in enumerate(calls) if self.drafts(c)}
        reads = [(i, call) for i, call in enumerate(calls) if i not in drafts]
        jobs = [Job(key=i, work=self._prepared(call), timeout_s=self._timeout_s(call)) for i, call in reads]
        outcomes = run_in_order(jobs, threads=self._max_parallel, monotonic=self._monotonic)
        results = {i: self._settle(call, outcome) for (i, call), outcome in zip(reads, outcomes, strict=True)} | drafts
        return tuple(results[i] for i in range(len(calls)))

    def refuse(self, call: ToolCall, reason: str) -> ToolResult:
        """Return the result of a call that does not run, recorded like any other; ``reason`` goes to the model."""
        text = f"Not executed: {reason}"
        event = "change_not_drafted" if self.drafts(call) else "tool_call"
        self._record(call, {"error": text, "executed": False}, duration_ms=0, event=event)
        self._progress(Step(stage=Stage.TOOL, text=f"{call.name}: {one_line(text)}", key=call.id, done=True))
        return ToolResult(call=call, content=text, digest=digest(text), is_error=True)

    def admit(self, call: ToolCall, reading: Reading, *, duration_ms: int) -> Evidence:
        """Turn a reading into evidence: redact, store and number, record, tell. Also the sweep's way in.

        Raises:
            AuditError: it could not be recorded.
            StoreError: it could not be kept.
        """
        clean = replace(
            reading,
            body=self.redactor.text(reading.body),
            summary=self.redactor.text(reading.summary),
            footer=self.redactor.text(reading.footer),
        )
        arguments = self.redactor.value(dict(call.arguments))
        evidence = self.store.add(clean, tool=call.name, arguments=arguments, excerpt_chars=self._excerpt_chars)
        self._record(
            call,
            {"evidence": evidence.id, "digest": evidence.digest, "size_bytes": evidence.size_bytes, "executed": True},
            duration_ms=duration_ms,
        )
        self._progress(
            Step(
                stage=Stage.EVIDENCE,
                text=f"{evidence.id} {one_line(evidence.summary)}",
                key=call.id,
                done=True,
                detail={"evidence": evidence.id, "tool": call.name},
            )
        )
        return evidence

    def shown(self, evidence: Evidence) -> str:
        """Return evidence as the model gets to see it: what it is, its excerpt in a fence, what was left out."""
        lines = [f"Evidence {evidence.id}: {neutral(one_line(evidence.summary, 300))}"]
        lines.append(self.fence.wrap(evidence.excerpt, f"{evidence.id} {evidence.tool}"))
        if evidence.footer:
            lines.append(neutral(one_line(evidence.footer, 400)))
        if evidence.truncated:
            lines.append(
                f"This is an excerpt of {evidence.size_bytes:,} bytes; {SEARCH_SPEC.name} with "
                f'evidence "{evidence.id}" reads the rest.'
            )
        return "\n".join(lines)

    def _unwrapped(self, call: ToolCall) -> ToolCall:
        """Return the call of a deferred tool under its own name; one that cannot be made stays as it is, and fails."""
        try:
            return self._deferred.unwrapped(call)
        except ToolInputError:
            return call

    def _prepared(self, call: ToolCall) -> Any:
        self._progress(
            Step(stage=Stage.TOOL, text=f"{call.name} {one_line(_brief(call.arguments), 120)}".rstrip(), key=call.id)
        )
        tool = self._tools.get(call.name)
        if tool is None and call.name == TOOL_READ and self._deferred.specs:
            return lambda: self._deferred.unwrapped(call)
        if tool is None:
            message = self._unknown(call.name)
            return lambda: _fail(message)
        given = without_absent(tool.spec.schema, call.arguments)
        wrong = faults(tool.spec.schema, given)
        if wrong:
            message = called_wrongly(call.name, wrong) + (self._deferred.form(call.name) if tool.spec.deferred else "")
            return lambda: _fail(message)
        return lambda: tool.read(given)

    def _timeout_s(self, call: ToolCall) -> float:
        tool = self._tools.get(call.name)
        return tool.spec.timeout_s if tool else 1.0

    def _unknown(self, name: str) -> str:
        names = [spec.name for spec in self.specs]
        near = difflib.get_close_matches(name, [*names, *sorted(self._draftable - set(names))], n=3, cutoff=0.5)
        known = f"Did you mean {' or '.join(near)}?" if near else f"The tools are {', '.join(names)}."
        return f"there is no tool {one_line(name, 60)!r}. {known}"

    def _settle(self, call: ToolCall, outcome: Done[int, Any]) -> ToolResult:
        if isinstance(outcome.value, Reading):
            evidence = self.admit(call, outcome.value, duration_ms=outcome.duration_ms)
            return ToolResult(call=call, content=self.shown(evidence), digest=evidence.digest, evidence=evidence)
        text = neutral(self.redactor.text(clip(_said(outcome.error, call.name), _ERROR_CHARS)))
        executed = not isinstance(outcome.error, ToolInputError | UsageError)
        self._record(call, {"error": one_line(text, 500), "executed": executed}, duration_ms=outcome.duration_ms)
        self._progress(Step(stage=Stage.TOOL, text=f"{call.name} failed: {one_line(text)}", key=call.id, done=True))
        return ToolResult(call=call, content=text, digest=digest(text), is_error=True)

    def _draft(self, drafting: Drafting, call: ToolCall, known: Sequence[str]) -> ToolResult:
        """Draft one change, in this thread: what tries it out has its own time-outs, and Ctrl-C must stop it."""
        began = self._monotonic()
        self._progress(Step(stage=Stage.CHANGE, text=f"drafting {tool_of(call)} {_target(call)}".rstrip(), key=call.id))
        try:
            drafted = drafting.take(call, known, self.redactor.text, said=self.said)
        except (AgentopsError, *_DEFECTS) as error:
            return self._undrafted(call, _said(error, tool_of(call)), duration_ms=self._since(began))
        self._record(call, _outcome(drafted), duration_ms=self._since(began), event=_event(drafted))
        text = one_line(f"{drafted.change.tool} on {drafted.change.target.short}", 160)
        done = "withdrawn" if drafted.dropped else f"drafted as step {drafted.step}, not executed"
        self._progress(Step(stage=Stage.CHANGE, text=f"{text}: {done}", key=call.id, done=True))
        content = neutral(drafted.said)
        if drafted.quoted:
            quoted = clip(self.redactor.text(drafted.quoted), _DRY_RUN_CHARS)
            content = f"{content}\n{self.fence.wrap(quoted, f'dry run of step {drafted.step}')}"
        return ToolResult(call=call, content=content, digest=digest(content))

    def _undrafted(self, call: ToolCall, why: str, *, duration_ms: int) -> ToolResult:
        text = neutral(self.redactor.text(clip(f"Not drafted, the plan is unchanged: {why}", _DRAFT_ERROR_CHARS)))
        said = {"error": one_line(text, 500), "executed": False}
        self._record(call, said, duration_ms=duration_ms, event="change_not_drafted")
        words = one_line(text, _REFUSAL_CHARS)
        step = Step(stage=Stage.CHANGE, text=f"{tool_of(call)}: {words}", key=call.id, done=True)
        self._progress(step)
        return ToolResult(call=call, content=text, digest=digest(text), is_error=True)

    def _since(self, began: float) -> int:
        return round((self._monotonic() - began) * 1000)

    def _record(
        self, call: ToolCall, outcome: Mapping[str, Any], *, duration_ms: int, event: str = "tool_call"
    ) -> None:
        payload = {
            "call": call.id,
            "tool": tool_of(call) if event.startswith("change_") else call.name,
            "arguments": self.redactor.value(dict(call.arguments)),
            "duration_ms": duration_ms,
            **outcome,
        }
        if self._fingerprint is not None:
            payload["arguments_hmac"] = self._fingerprint(dict(call.arguments))
        self.audit.append(event, for_audit(payload))


def _fail(message: str) -> Reading:
    raise ToolInputError(message)


def _said(error: BaseException | None, tool: str) -> str:
    """Return an error as the model reads it. What no tool should raise, ends the run where it is ours to fix."""
    if isinstance(error, PolicyRefused):
        return error.message  # its hint is for a person at a terminal
    if isinstance(error, ToolError | UsageError):
        return " ".join(filter(None, (error.message, error.hint)))
    if isinstance(error, AgentopsError) or error is None:
        raise error or RuntimeError(f"{tool} returned no reading")
    if isinstance(error, TimeoutError):
        return f"{tool} did not answer in time: {error}"
    if isinstance(error, _DEFECTS):
        return f"{tool} failed inside agentops ({type(error).__name__}: {one_line(str(error))}); this is a defect."
    raise error


def _brief(arguments: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in arguments.items())


def _target(call: ToolCall) -> str:
    return one_line(str(call.arguments.get("target", "")), 120)


def _event(drafted: Drafted) -> str:
    return "change_withdrawn" if drafted.dropped else "change_drafted"


def _outcome(drafted: Drafted) -> Mapping[str, Any]:
    """Return what the record says of a draft besides the call; ``executed`` is false by construction."""
    said = {"step": drafted.step, "target": str(drafted.change.target), "executed": False}
    return {**said, "replaced": True} if drafted.replaced else said
