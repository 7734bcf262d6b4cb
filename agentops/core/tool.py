"""``ToolSpec``, ``ReadTool`` and ``ChangeTool``: what a tool declares about itself, and how it is called.

A read tool has no method that could change anything. A change tool has one, ``apply``, and only the guard calls it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from agentops.core.evidence import Reading
from agentops.core.outcome import Observation, Receipt
from agentops.core.plan import BlastRadius, Change, Preview
from agentops.core.risk import Reversal, Risk

__all__ = ["Applier", "ChangeTool", "Effect", "ReadTool", "Reversal", "Risk", "ToolCall", "ToolSpec"]


class Effect(StrEnum):
    """Whether a tool reads or changes; unknown counts as change."""

    READ = "read"
    CHANGE = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool's declaration.

    ``name`` is snake_case with the provider first (``kubernetes_list``). ``schema`` is the arguments' JSON Schema, with
    ``additionalProperties: false``. ``permissions`` are what its identity needs: ``get pods``, ``list events``.
    ``reversal`` says nothing for a read. ``facets`` are what policy is told of a call's arguments: the facet (see
    ``core.policy.FACETS``) to the argument that holds it. ``target`` is what it acts on, where that is one thing alone.
    ``deferred``: its declaration does not go to the model with the first request; it is found by a search. ``foreign``
    is what somebody else's server says of it: untrusted, and shown in a fence only.
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
    facets: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    deferred: bool = False
    foreign: str = ""


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
            ToolError: the provider refused or failed; the message is exact and fit for the model.
        """
        ...


class ChangeTool(Protocol):
    """A tool that knows how something is changed. It has no way to do it: that is its ``Applier``'s."""

    @property
    def spec(self) -> ToolSpec:
        """What the tool declares; the same object each time; ``effect`` is CHANGE."""
        ...

    def predict(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        """Say what the change would do as far as reads tell; nothing but reads is sent.

        Arguments:
            earlier: the predictions of the steps before it in the same plan, as if they had been applied.

        It is what policy and every static rule are asked about before anything is tried; never shown or applied.

        Raises:
            ToolInputError: the arguments do not fit, or an old value is not what is there.
            ToolError: the provider cannot be read.
        """
        ...

    def preview(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        """Let the provider validate the change without an effect, and say what it would do and how to undo it.

        Arguments:
            earlier: the previews of the steps before it in the same plan. The change is worked out upon them; what
                cannot be validated before they are applied is said to be so.

        Raises:
            ToolInputError: the arguments do not fit, or an old value is not what is there; nothing was sent or kept.
            ToolError: the provider refuses it or cannot be asked; the message is its own, fit for the model.
            PreviewWrote: the trial left a trace; everything stops.
        """
        ...

    def blast_radius(self, preview: Preview) -> BlastRadius:
        """Compute what depends on what is touched. What cannot be read is named in ``unknown``, never guessed.

        Raises:
            ToolError: nothing could be computed.
        """
        ...

    def observe(self, preview: Preview) -> Observation:
        """Return what is live now around what ``preview`` touches: its objects, its workloads, the bystanders.

        Raises:
            ToolError: it cannot be read.
        """
        ...


class Applier(Protocol):
    """The one thing that has an effect: it carries out what a change tool of the same name has previewed."""

    def apply(self, preview: Preview) -> Receipt:
        """Send exactly the calls of ``preview``. Only ``guard/apply.py`` and ``guard/rollback.py`` may call this.

        Raises:
            Stale: the object has changed since it was previewed; nothing was changed by the refused call.
            InDoubt: the answer was lost; whether the call took effect must be observed.
            ToolError: the provider refused; the message says which call.
        """
        ...
