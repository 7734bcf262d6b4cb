"""Taints of nodes, and which pods tolerate them.

Comes in: tolerations and a taint. Goes out: the toleration that covers it. Sources: ``ToleratesTaint`` (k8s.io/api) and
https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agentops.providers.kubernetes.objects.fields import Object, items, text

CORDONED_TAINT = "node.kubernetes.io/unschedulable"


def covering_toleration(tolerations: Iterable[Object], taint: Any) -> Object | None:
    """Return the first toleration that covers ``taint``; None when the pod does not tolerate it.

    An empty effect covers every effect, an empty key with ``Exists`` every key; an absent operator is ``Equal``.
    """
    return next((one for one in tolerations if _covers(one, taint)), None)


def _covers(toleration: Object, taint: Any) -> bool:
    effect, key, operator = text(toleration, "effect"), text(toleration, "key"), text(toleration, "operator")
    if effect and effect != text(taint, "effect"):
        return False
    if key != text(taint, "key") and (key or operator != "Exists"):
        return False
    if operator == "Exists":
        return True
    return operator in ("", "Equal") and text(toleration, "value") == text(taint, "value")


def tolerates_forever(pod: Any, taint: Any) -> bool:
    """Return whether a running pod stays where ``taint`` comes; one that tolerates it for a time is evicted as well."""
    found = covering_toleration(items(pod, "spec", "tolerations"), taint)
    return found is not None and found.get("tolerationSeconds") is None
