"""A recorded decision's request, put to a policy again.

Comes in: ``PolicyDecision.request`` as it stands in a plan or in the audit chain. Goes out: today's decision on it.
With the same policy digest the two are equal; with another they show what the new policy would have said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import UsageError
from agentops.core.jsonable import from_json
from agentops.core.plan import PolicyDecision
from agentops.core.policy import Policy, PolicyRequest
from agentops.core.policy_facts import decide_all
from agentops.core.text import one_line


def recorded_requests(recorded: Mapping[str, Any]) -> tuple[PolicyRequest, ...]:
    """Return the requests of a record: of ``decide_all``, or the one of ``Policy.decide``.

    Raises:
        UsageError: it is not a recorded request.
    """
    several = recorded.get("requests")
    try:
        entries = several if isinstance(several, list) else [recorded]
        return tuple(from_json(PolicyRequest, entry) for entry in entries)
    except ValueError as error:
        raise UsageError(
            f"this is not a recorded request of policy: {one_line(str(error), 200)}",
            hint="It is the `request` of a decision.",
        ) from error


def replay(policy: Policy, recorded: Mapping[str, Any]) -> PolicyDecision:
    """Return what ``policy`` says of a recorded request.

    Raises:
        UsageError: it is not a recorded request.
    """
    requests = recorded_requests(recorded)
    return decide_all(policy, requests) if "requests" in recorded else policy.decide(requests[0])
