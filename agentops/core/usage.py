"""``Usage`` and ``Limits``: what a run spent and what it may spend."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was spent. Tokens are as the model's endpoint counted them; ``cost_usd`` is None when no price is known."""

    turns: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float | None = None
    wall_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may spend before the model is asked once for its best report.

    ``steps`` counts model turns, ``tokens`` all input and output tokens, ``usd`` money where prices are known,
    ``seconds`` wall time of the loop.
    """

    steps: int = 30
    tokens: int = 1_000_000
    usd: float = 5.0
    seconds: float = 600.0
