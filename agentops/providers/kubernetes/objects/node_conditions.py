"""What is wrong with a node by its own account.

Comes in: a node. Goes out: the conditions that say so. Source:
https://kubernetes.io/docs/reference/node/node-status/#condition (Ready should be True; pressure and the conditions of
node-problem-detector should be False, and are Unknown only where Ready is as well).
"""

from __future__ import annotations

from typing import Any

from agentops.providers.kubernetes.objects.fields import items, text

# True is how it should be.
_GOOD = frozenset({"Ready", "EtcdIsVoter"})


def bad_conditions(node: Any) -> list[dict[str, Any]]:
    """Return the conditions of a node that say that something is wrong with it."""
    return [
        entry
        for entry in items(node, "status", "conditions")
        if (text(entry, "type") == "Ready" and text(entry, "status") != "True")
        or (text(entry, "type") not in _GOOD and text(entry, "status") == "True")
    ]
