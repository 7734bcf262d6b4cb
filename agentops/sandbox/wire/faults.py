"""Faults on demand: slow answers, 429, 500, lost dry runs, cut watches, expired tokens; to test clients, and to train.

Comes in: ``Fault`` values. Goes out: delays and refusals before the request is looked at, so that nothing was done; or
a request that has lost its ``dryRun``.
Must never: act when no fault was asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from agentops.sandbox.wire.request import ApiRequest
from agentops.sandbox.wire.status import ApiRefusal

_REFUSALS = {
    429: ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    500: ("InternalError", "Internal error occurred: fault injected by the sandbox"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong, with which requests, how often.

    Arguments:
        latency_s: seconds to wait first.
        code: 429, 500 or 503 to answer with; 0 answers as usual after the wait.
        retry_after_s: the Retry-After of a 429 or 503.
        times: how many requests it hits; None for all until it is cleared.
        method: only this HTTP method; empty for any.
        path: only paths that contain this.
        drops_dry_run: the query's ``dryRun`` is lost on the way, as behind a server that does not know it, so that
            what was to be tried is carried out.
    """

    latency_s: float = 0.0
    code: int = 0
    retry_after_s: int = 1
    times: int | None = None
    method: str = ""
    path: str = ""
    drops_dry_run: bool = False


class Faults:
    """The faults of one server.

    Arguments:
        sleep: how to wait.
    """

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let a fault happen from now on; the first one that fits a request hits it.

        Raises:
            ValueError: a code that is not simulated.
        """
        if fault.code and fault.code not in _REFUSALS:
            raise ValueError(f"no fault with code {fault.code}; use one of {sorted(_REFUSALS)}")
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Let everything work again."""
        with self._lock:
            self._faults.clear()

    def strike(self, request: ApiRequest) -> ApiRequest:
        """Delay, alter or refuse a request that a fault hits, and return it as it is to be answered.

        Raises:
            ApiRefusal: the fault's code.
        """
        fault = self._take(request)
        if fault is None:
            return request
        if fault.latency_s:
            self._sleep(fault.latency_s)
        if fault.code:
            reason, message = _REFUSALS[fault.code]
            retry_after_s = fault.retry_after_s if fault.code != 500 else 0
            details = {"retryAfterSeconds": retry_after_s} if retry_after_s else None
            raise ApiRefusal(reason, message, details, retry_after_s=retry_after_s)
        if fault.drops_dry_run:
            return replace(request, query={name: value for name, value in request.query.items() if name != "dryRun"})
        return request

    def _take(self, request: ApiRequest) -> Fault | None:
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.method in ("", request.method) and fault.path in request.path:
                    if fault.times is not None:
                        left = replace(fault, times=fault.times - 1)
                        self._faults[index : index + 1] = [left] if left.times else []
                    return fault
        return None
