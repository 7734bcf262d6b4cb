"""``KubernetesChangeTool`` and ``KubernetesApplier``: a change tool on one cluster, and what sends its previews.

Comes in: a change or its preview. Goes out: a preview, a prediction, a blast radius, an observation; a receipt. A tool
has no way to write: only the applier is given the writer, and it must never send anything but the calls of the preview
that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from agentops.core.clock import Clock
from agentops.core.json_schema import checked_arguments
from agentops.core.outcome import Observation, Receipt
from agentops.core.plan import BlastRadius, Change, Preview
from agentops.core.resource import ResourceRef
from agentops.core.risk import highest_risk, least_reversible
from agentops.core.tool import ToolSpec

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.writer import ClusterWriter
    from agentops.providers.kubernetes.change.sender import Sender
    from agentops.providers.kubernetes.change.tool_context import ToolContext
    from agentops.providers.kubernetes.objects.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedChange:
    """What a tool is asked for: a target of a kind that it takes, and arguments that fit its schema."""

    target: ResourceRef
    kind: Kind
    arguments: Mapping[str, Any]


ChangeFunction: TypeAlias = "Callable[[ToolContext, CheckedChange], Preview]"
"""From the context and the checked change to what it would do; raises ToolError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesChangeTool:
    """A change tool on one cluster; see ``core.tool.ChangeTool``. Its target is of ``kinds``; empty takes any."""

    spec: ToolSpec
    function: ChangeFunction
    kinds: tuple[str, ...]
    context: ToolContext

    def preview(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        """Return what the change would do; see ``core.tool.ChangeTool``.

        Raises:
            ToolInputError: the arguments do not fit the tool or the object as it will be.
            ToolError: the server refuses it or cannot be asked.
        """
        return self._preview_after(earlier, self.context, change)

    def predict(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        """Return what the change would do as far as reads tell; see ``core.tool.ChangeTool``.

        Raises:
            ToolInputError, ToolError: as ``preview``, but for what only the server can refuse.
        """
        return replace(self._preview_after(earlier, self.context.predicting(), change), validated=False)

    def _preview_after(self, earlier: Sequence[Preview], context: ToolContext, change: Change) -> Preview:
        if not earlier:
            return self._preview_in(context, change)
        from agentops.providers.kubernetes.change.planned_server import PlannedServer

        # The tool reads and tries its call on the cluster as the earlier steps will have left it, and does not know.
        server = PlannedServer(context.server, earlier)
        gone = frozenset(one.ref for preview in earlier for one in preview.objects if one.after is None)
        return server.noted(self._preview_in(replace(context, server=server, gone=gone), change))

    def _preview_in(self, context: ToolContext, change: Change) -> Preview:
        # Checked before anything is asked of the server: a model gave them.
        arguments = checked_arguments(self.spec, change.arguments)
        kind = context.kind_of(change.target, self.kinds)
        made = self.function(context, CheckedChange(target=change.target, kind=kind, arguments=arguments))
        # A preview may be graver than the tool is declared, never milder.
        return replace(
            made,
            risk=highest_risk(self.spec.risk, made.risk),
            reversal=least_reversible(self.spec.reversal, made.reversal),
        )

    def blast_radius(self, preview: Preview) -> BlastRadius:
        """Return what the change reaches; see ``core.tool.ChangeTool``.

        Raises:
            ToolError: nothing could be computed.
        """
        from agentops.providers.kubernetes.impact.blast_radius import blast_radius

        return blast_radius(self.context.cluster, preview)

    def observe(self, preview: Preview) -> Observation:
        """Return what is live around what the preview touches; see ``core.tool.ChangeTool``.

        Raises:
            ToolError: it cannot be read.
        """
        from agentops.providers.kubernetes.impact.observation import observe

        return observe(self.context.cluster, preview, self.context.clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesApplier:
    """Carries out the previews of one change tool; see ``core.tool.Applier``."""

    writer: ClusterWriter
    clock: Clock
    send: Sender

    def apply(self, preview: Preview) -> Receipt:
        """Send exactly the calls of the preview.

        Raises:
            Stale, InDoubt, ToolError: as in the protocol.
        """
        return self.send(self.writer, preview, self.clock)
