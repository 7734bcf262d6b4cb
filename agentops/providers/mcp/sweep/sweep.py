"""The first look of one server: the reads that its classifications name, all at once, under one deadline.

Comes in: an open server, and what the alert is about. Goes out: what each read gave, and what was not read. It never
raises and never waits longer than its deadline: a run goes on without any MCP server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agentops.core.alert import Target
from agentops.core.analysis import Gap
from agentops.core.clock import Clock
from agentops.core.errors import AgentopsError
from agentops.core.evidence import Reading
from agentops.core.text import one_line
from agentops.core.threads import Job, Monotonic, run_as_they_end
from agentops.core.tool import ToolCall
from agentops.providers.mcp.objects.tool import ForeignResult
from agentops.providers.mcp.offered.calling import ServerTools
from agentops.providers.mcp.offered.offer import Offer, Refusal
from agentops.providers.mcp.offered.results import reading_of
from agentops.providers.mcp.offered.templates import filled

SWEEP_S = 20.0
"""How long the first look waits for a server, counted from when it was connected; all servers start at once."""
_LEAST_S = 2.0
_THREADS = 4
_MOST_READS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptRead:
    """One read and what it gave, as the server answered it."""

    offer: Offer
    call: ToolCall
    reading: Reading
    result: ForeignResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSweep:
    """The snapshot of one server."""

    at: datetime
    reads: tuple[SweptRead, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRead:
    """One read of the first look, with its arguments."""

    offer: Offer
    arguments: Mapping[str, Any]


def planned_reads(tools: ServerTools, target: Target, disabled: Collection[str] = ()) -> tuple[FirstRead, ...]:
    """Return the reads that the first look makes; one whose arguments are not known is left out."""
    return tuple(one for one in _planned(tools, target) if one.offer.spec.name not in disabled)[:_MOST_READS]


def sweep_server(
    tools: ServerTools,
    target: Target,
    refusal: Refusal,
    clock: Clock,
    *,
    until: float,
    disabled: Collection[str] = (),
    monotonic: Monotonic = time.monotonic,
) -> ServerSweep:
    """Read what the first look reads.

    Arguments:
        refusal: why policy refuses a call; empty where it permits it.
        until: the deadline, as ``monotonic`` counts.
        disabled: tools that a setting switches off.
    """
    wanted = planned_reads(tools, target, disabled)
    at = clock()
    if not wanted:
        return ServerSweep(at=at)
    left = max(until - monotonic(), _LEAST_S)
    jobs = [Job(key=index, work=_job(tools, one, refusal), timeout_s=left) for index, one in enumerate(wanted)]
    reads: dict[int, SweptRead] = {}
    reasons = dict.fromkeys(range(len(wanted)), f"no answer in {left:.0f} s")
    for done in run_as_they_end(jobs, threads=_THREADS, deadline_s=left, monotonic=monotonic):
        if isinstance(done.value, SweptRead):
            reads[done.key] = done.value
            del reasons[done.key]
        elif isinstance(done.error, AgentopsError):
            reasons[done.key] = one_line(done.error.message, 200)
        elif done.error is not None and not isinstance(done.error, TimeoutError):
            reasons[done.key] = f"it failed inside agentops ({type(done.error).__name__})"
    gaps = tuple(Gap(what=wanted[index].offer.spec.name, reason=why) for index, why in sorted(reasons.items()))
    return ServerSweep(at=at, reads=tuple(reads[index] for index in sorted(reads)), gaps=gaps)


def _planned(tools: ServerTools, target: Target) -> Iterator[FirstRead]:
    known = {"namespace": target.namespace, "kind": target.kind, "name": target.name}
    for offer in tools.offers.values():
        template = offer.classification.sweep
        if template is None or not offer.reads:
            continue
        arguments = filled(template, known.get)
        if arguments is not None:
            yield FirstRead(offer=offer, arguments=arguments)


def _job(tools: ServerTools, planned: FirstRead, refusal: Refusal) -> Callable[[], SweptRead]:
    def work() -> SweptRead:
        offer = planned.offer
        given = offer.checked(planned.arguments)
        why = refusal(offer.spec, offer.ref, given)
        if why:
            raise AgentopsError(f"policy refuses it: {why}")
        result = tools.read(offer, given)
        call = ToolCall(id="sweep", name=offer.spec.name, arguments=given)
        return SweptRead(offer=offer, call=call, reading=reading_of(offer, result), result=result)

    return work
