"""``Change``: one mutation as data. Nothing in this module can carry one out.

``ChangePlan`` and the guard's states join it when the guard is built; a proposal in a finding is a ``Change`` already,
so that what is proposed and what is later previewed are the same value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentops.core.resource import ResourceRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One proposed mutation: ``tool`` with ``arguments`` on ``target``, and why.

    ``reason`` and ``evidence`` may be the model's own words and are never read by policy.
    ``tool`` is a change tool's name, e.g. ``kubernetes_rollout_undo``, ``kubernetes_patch``.
    """

    tool: str
    target: ResourceRef
    arguments: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    evidence: tuple[str, ...] = ()
