"""``Exchange``: what is known of one request to a server: whether it was sent, what came back, what was left out.

The SDK raises the same error for a request that never left and for one whose answer was lost. For a change that is the
difference between "nothing happened" and "nobody knows", so the streams write down what they saw. ``CURRENT`` leads
from a call to its exchange: the SDK writes a request in the task, or in the context of the task, that makes the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Exchange:
    """One request, of ``method``.

    Arguments:
        sent: whether it left.
        answer: its result, as it was on the wire.
        refused: whether it was answered with an error.
        unreadable: whether it was answered with something that is neither.
        status: of HTTP; 0 where no response came.
        failure: why none came, or what is wrong with it; empty where nothing is.
        cut: bytes of the answer that were not kept.
    """

    method: str = ""
    sent: bool = False
    answer: Mapping[str, Any] | None = None
    refused: bool = False
    unreadable: bool = False
    status: int = 0
    failure: str = ""
    cut: int = 0


CURRENT: ContextVar[Exchange | None] = ContextVar("agentops_mcp_exchange", default=None)
