"""``Toolbox``: the one place where tools run, and the one place where a reading becomes evidence.

Comes in: tool calls as a model made them. Goes out: for each call, in the order of the calls, a text that the model may
see. On the way: unknown tools and unfit arguments are refused in words, reads run in threads under a time-out, and
each reading is redacted, stored, numbered, audited and told to progress, in that order. A record that cannot be
written ends the run. Nothing here can change anything: only read tools are taken.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentops.agent.arguments import complaints
from agentops.agent.audited import for_audit
from agentops.agent.budget import Monotonic
from agentops.agent.fence import Fence, neutral
from agentops.agent.parallel import Job, Outcome, run_all
from agentops.agent.search import SPEC as SEARCH_SPEC
from agentops.agent.search import EvidenceSearch
from agentops.core.audit import AuditLog
from agentops.core.digest import digest
from agentops.core.errors import AgentopsError, ToolError, ToolInputError, UsageError
from agentops.core.evidence import Evidence, EvidenceStore, Reading, Redactor
from agentops.core.progress import Progress, Stage, Step
from agentops.core.text import clip, one_line
from agentops.core.tool import Effect, ReadTool, ToolCall, ToolSpec

EXCERPT_CHARS = 6_000
_ERROR_CHARS = 2_000


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
    ) -> None:
        self._tools: dict[str, ReadTool] = {tool.spec.name: tool for tool in [*tools, EvidenceSearch(store)]}
        changing = sorted(name for name, tool in self._tools.items() if tool.spec.effect is not Effect.READ)
        if changing:
            raise ValueError(f"only read tools may be in a toolbox, not {', '.join(changing)}")
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
        """What the tools declare, in the order in which they were given."""
        return tuple(tool.spec for tool in self._tools.values())

    def run(self, calls: Sequence[ToolCall]) -> tuple[ToolResult, ...]:
        """Run all calls, several at a time, and return their results in the order of the calls.

        Raises:
            AuditError: a call could not be recorded.
            StoreError: a reading could not be kept.
            KeyboardInterrupt: the user stopped it; calls under way are abandoned, they only read.
        """
        jobs = [Job(work=self._prepared(call), timeout_s=self._timeout_s(call)) for call in calls]
        results: list[ToolResult] = []
        for call, outcome in zip(
            calls, run_all(jobs, max_parallel=self._max_parallel, monotonic=self._monotonic), strict=True
        ):
            results.append(self._settle(call, outcome))
        return tuple(results)

    def refuse(self, call: ToolCall, reason: str) -> ToolResult:
        """Return the result of a call that does not run, recorded like any other; ``reason`` goes to the model."""
        text = f"Not executed: {reason}"
        self._record(call, {"error": text, "executed": False}, duration_ms=0)
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

    def _prepared(self, call: ToolCall) -> Any:
        self._progress(
            Step(stage=Stage.TOOL, text=f"{call.name} {one_line(_brief(call.arguments), 120)}".rstrip(), key=call.id)
        )
        tool = self._tools.get(call.name)
        if tool is None:
            message = self._unknown(call.name)
            return lambda: _fail(message)
        wrong = complaints(tool.spec.schema, dict(call.arguments))
        if wrong:
            message = f"{call.name} was called wrongly: {'; '.join(wrong[:5])}"
            return lambda: _fail(message)
        return lambda: tool.read(call.arguments)

    def _timeout_s(self, call: ToolCall) -> float:
        tool = self._tools.get(call.name)
        return tool.spec.timeout_s if tool else 1.0

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name, list(self._tools), n=3, cutoff=0.5)
        known = f"Did you mean {' or '.join(near)}?" if near else f"The tools are {', '.join(self._tools)}."
        return f"there is no tool {one_line(name, 60)!r}. {known}"

    def _settle(self, call: ToolCall, outcome: Outcome) -> ToolResult:
        if isinstance(outcome.value, Reading):
            evidence = self.admit(call, outcome.value, duration_ms=outcome.duration_ms)
            return ToolResult(call=call, content=self.shown(evidence), digest=evidence.digest, evidence=evidence)
        text = neutral(self.redactor.text(clip(_said(outcome.error, call.name), _ERROR_CHARS)))
        executed = not isinstance(outcome.error, ToolInputError | UsageError)
        self._record(call, {"error": one_line(text, 500), "executed": executed}, duration_ms=outcome.duration_ms)
        self._progress(Step(stage=Stage.TOOL, text=f"{call.name} failed: {one_line(text)}", key=call.id, done=True))
        return ToolResult(call=call, content=text, digest=digest(text), is_error=True)

    def _record(self, call: ToolCall, outcome: Mapping[str, Any], *, duration_ms: int) -> None:
        payload = {
            "call": call.id,
            "tool": call.name,
            "arguments": self.redactor.value(dict(call.arguments)),
            "duration_ms": duration_ms,
            **outcome,
        }
        if self._fingerprint is not None:
            payload["arguments_hmac"] = self._fingerprint(dict(call.arguments))
        self.audit.append("tool_call", for_audit(payload))


def _fail(message: str) -> Reading:
    raise ToolInputError(message)


def _said(error: BaseException | None, tool: str) -> str:
    """Return an error as the model reads it. What no tool should raise, ends the run where it is ours to fix."""
    if isinstance(error, ToolError | UsageError):
        return " ".join(filter(None, (error.message, error.hint)))
    if isinstance(error, AgentopsError) or error is None:
        raise error or RuntimeError(f"{tool} returned no reading")
    if isinstance(error, TimeoutError):
        return f"{tool} did not answer in time: {error}"
    if isinstance(error, OSError | ValueError | TypeError | LookupError | AttributeError | ArithmeticError):
        # A defect in one tool must not cost the investigation; the model can look elsewhere, and the record shows it.
        return f"{tool} failed inside agentops ({type(error).__name__}: {one_line(str(error))}); this is a defect."
    raise error


def _brief(arguments: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in arguments.items())
