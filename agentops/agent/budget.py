"""``Budget``: what a run has spent so far, and which of its limits that reaches.

Comes in: the usage of each turn and the number of tool calls. Goes out: the total, and a sentence once a limit is
reached. Nothing that a model or a tool says can change a limit.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.core.threads import Monotonic
from agentops.core.usage import Limits, Usage


class Budget:
    """Adds up usage and compares it with ``limits``. Not thread-safe: the loop alone uses it."""

    def __init__(self, limits: Limits, monotonic: Monotonic) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._started_at = monotonic()
        self._total = Usage(cost_usd=0.0)

    def add(self, usage: Usage) -> None:
        """Add one turn. One turn without a known price makes the cost of the whole run unknown."""
        self._total = together(self._total, replace(usage, tool_calls=0, wall_s=0.0))

    def add_calls(self, count: int) -> None:
        """Add ``count`` tool calls that ran."""
        self._total = replace(self._total, tool_calls=self._total.tool_calls + count)

    @property
    def spent(self) -> Usage:
        """The total so far, wall time included; the cost is None before the first turn and where no price is known."""
        cost = self._total.cost_usd if self._total.turns else None
        return replace(self._total, cost_usd=cost, wall_s=round(self._monotonic() - self._started_at, 3))

    @property
    def exhausted(self) -> str:
        """Which limit is reached, as a sentence part for people; empty while there is something left."""
        spent, limits = self.spent, self._limits
        tokens = spent.input_tokens + spent.output_tokens + spent.cache_read_tokens + spent.cache_write_tokens
        if spent.turns >= limits.steps:
            return f"{spent.turns} of {limits.steps} model turns are used"
        if tokens >= limits.tokens:
            return f"{tokens:,} of {limits.tokens:,} tokens are used"
        if spent.cost_usd is not None and spent.turns and spent.cost_usd >= limits.usd:
            return f"${spent.cost_usd:.2f} of ${limits.usd:.2f} are spent"
        if spent.wall_s >= limits.seconds:
            return f"{spent.wall_s:.0f} of {limits.seconds:.0f} seconds are over"
        return ""


def left(limits: Limits, spent: Usage) -> Limits:
    """Return what may still be spent of ``limits``, for another round of the same run; nothing of it is negative."""
    tokens = spent.input_tokens + spent.output_tokens + spent.cache_read_tokens + spent.cache_write_tokens
    return Limits(
        steps=max(limits.steps - spent.turns, 0),
        tokens=max(limits.tokens - tokens, 0),
        usd=max(limits.usd - (spent.cost_usd or 0.0), 0.0),
        seconds=max(limits.seconds - spent.wall_s, 0.0),
    )


def together(one: Usage, other: Usage) -> Usage:
    """Return what two rounds of a run spent; one round without a known price makes the cost of both unknown."""
    known = one.cost_usd is not None and other.cost_usd is not None
    return Usage(
        turns=one.turns + other.turns,
        tool_calls=one.tool_calls + other.tool_calls,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cache_read_tokens=one.cache_read_tokens + other.cache_read_tokens,
        cache_write_tokens=one.cache_write_tokens + other.cache_write_tokens,
        cost_usd=(one.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
        wall_s=round(one.wall_s + other.wall_s, 3),
    )
