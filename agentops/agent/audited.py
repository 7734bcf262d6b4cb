"""Makes JSON fit for the audit chain: no floats, no integer beyond 2**53, no lone surrogate.

Comes in: any JSON value, such as the arguments that a model chose. Goes out: a value that every JSON implementation
writes the same way, so that a hash over it means something. Redaction is not done here; see ``core`` ``Redactor``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.usage import Usage

_LARGEST_EXACT = 2**53
_MICRO = 1_000_000


def for_audit(value: Any) -> Any:
    """Return ``value`` with floats and too large integers as their decimal text, and surrogates escaped."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_EXACT else str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {for_audit(str(key)): for_audit(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [for_audit(item) for item in value]
    return str(value)


def usage_for_audit(usage: Usage) -> dict[str, int | None]:
    """Return ``usage`` in integers: money in millionths of a dollar, time in milliseconds."""
    return {
        "turns": usage.turns,
        "tool_calls": usage.tool_calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cost_micro_usd": None if usage.cost_usd is None else round(usage.cost_usd * _MICRO),
        "wall_ms": round(usage.wall_s * 1000),
    }
