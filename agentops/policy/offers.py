"""``never_allowed``: the change tools that policy refuses in this run whatever their arguments.

Comes in: a policy, the tools' declarations, and what is known of the run before anything is proposed. Goes out: names.
Pure. A tool is named only when policy has decided already; what may still be allowed is never named.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agentops.core.policy import Policy, Principal
from agentops.core.risk import Reversal, Risk
from agentops.core.tool import ToolSpec


def never_allowed(
    policy: Policy,
    specs: Iterable[ToolSpec],
    principal: Principal,
    *,
    environment: str | None,
    frozen: bool,
    tainted: bool,
) -> frozenset[str]:
    """Return the names of the tools whose every change would be refused.

    Arguments:
        specs: of change tools.
        environment, frozen: of the place that the run is pinned to, as it is now; None where several differ.
        tainted: what is proposed is, because a model proposes it that reads untrusted text.
    """
    place = {
        "dryRun": False,
        "rollback": False,
        "frozen": frozen,
        "tainted": tainted,
        **({} if environment is None else {"environment": environment}),
    }
    return frozenset(
        spec.name
        for spec in specs
        if not any(policy.could_allow(spec, principal, {**place, **own}) for own in _possible(spec))
    )


def _possible(spec: ToolSpec) -> Iterable[dict[str, Any]]:
    """Yield what a tool's calls may be: never of less risk, nor easier to undo, than it declares."""
    final = {"reversible": False, "reversal": "none"} if spec.reversal is Reversal.NONE else {}
    yield from ({"risk": risk.value, **final} for risk in Risk if risk.rank >= spec.risk.rank)
