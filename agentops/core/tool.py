"""``ToolSpec`` and ``ReadTool``: what a tool declares about itself, and how it is called.

Change tools get their own protocol together with the guard; a read tool has no method that could change anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from agentops.core.evidence import Reading


class Effect(StrEnum):
    """Whether a tool reads or changes; unknown counts as change."""

    READ = "read"
    CHANGE = "change"


class Risk(StrEnum):
    """How much harm a tool can do when it is used wrongly."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Reversal(StrEnum):
    """How far a change can be undone."""

    EXACT = "exact"
    COMPENSATING = "compensating"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool's declaration.

    ``name`` is snake_case with the wing first (``kubernetes_list``). ``schema`` is the JSON Schema of the arguments,
    ``additionalProperties: false``. ``permissions`` are what its identity needs: ``get pods``, ``list events``.
    ``reversal`` says nothing for a read.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    effect: Effect = Effect.READ
    risk: Risk = Risk.LOW
    permissions: tuple[str, ...] = ()
    idempotent: bool = True
    reversal: Reversal = Reversal.NONE
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A request to run a tool; ``id`` is the model's own id for it, or ``sweep`` for ours."""

    id: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


class ReadTool(Protocol):
    """A tool that only reads."""

    @property
    def spec(self) -> ToolSpec:
        """What the tool declares; the same object each time."""
        ...

    def read(self, arguments: Mapping[str, Any]) -> Reading:
        """Carry out one read. Safe to call from several threads at once.

        Raises:
            ToolInputError: the arguments do not fit; the message says which and what is expected.
            ToolError: the world refused or failed; the message is exact and fit for the model.
        """
        ...
