"""Injected faults hit what they name, as often as they say, and nothing was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.sandbox.wire.faults import Fault

PODS = "/api/v1/namespaces/shop/pods"


def test_a_fault_hits_a_number_of_requests(call: Any) -> None:
    """The next two lists are 429 with Retry-After, others and later ones are answered."""
    call.api.faults.add(Fault(code=429, times=2, method="GET", path="/pods", retry_after_s=3))
    answers = [call.send("GET", url) for url in ("/api/v1/nodes", PODS, PODS, PODS)]
    assert [(answer.code, answer.headers.get("Retry-After")) for answer in answers] == [
        (200, None),
        (429, "3"),
        (429, "3"),
        (200, None),
    ]
    assert b"too many requests" in answers[1].body


def test_latency_waits_and_then_answers(make_caller: Callable[..., Any]) -> None:
    """A slow answer is an answer; clearing ends it."""
    waits: list[float] = []
    call = make_caller(sleep=waits.append)
    call.api.faults.add(Fault(latency_s=2.5))
    codes = [call.send("GET", PODS).code]
    call.api.faults.clear()
    codes.append(call.send("GET", PODS).code)
    assert (codes, waits) == ([200, 200], [2.5])


def test_500_has_no_retry_after_and_other_codes_are_not_simulated(call: Any) -> None:
    """The refusal is a Status; an unknown code is the caller's mistake."""
    call.api.faults.add(Fault(code=500, times=1))
    assert call.refused(PODS) == (500, "Internal error occurred: fault injected by the sandbox")
    with pytest.raises(ValueError, match="no fault with code 418"):
        call.api.faults.add(Fault(code=418))
