"""``Edited`` and ``EditFunction``: what a tool that edits one object is written as.

Comes in: nothing. Goes out: types. A value of them may raise the risk of a change, never lower it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops.core.risk import Reversal, Risk

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What a tool wants of an object. ``obj`` is the whole object as it should be; the rest only ever adds caution.

    ``scale`` sends ``spec.replicas`` through the scale subresource, for which less permission is needed. ``earlier``
    says that the pod template becomes that of an earlier revision, so what it may do it has done before.
    """

    obj: Mapping[str, Any]
    risk: Risk = Risk.LOW
    reversal: Reversal = Reversal.EXACT
    residue: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    scale: bool = False
    earlier: bool = False


EditFunction: TypeAlias = "Callable[[ToolContext, Mapping[str, Any], Mapping[str, Any]], Edited]"
"""From the context, the live object and the checked arguments to what is wanted; raises ToolInputError."""
