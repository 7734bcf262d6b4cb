"""What every Kubernetes change tool does alike: predict, measure, observe; and ``KubernetesApplier``, which sends.

Comes in: a change or its preview. Goes out: a prediction, a blast radius, an observation; a receipt. A tool has no way
to write: only the applier is given the writer, and it must never send anything but the calls of the preview that it is
given.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from agentops.core.clock import Clock
from agentops.core.outcome import Observation, Receipt
from agentops.core.plan import BlastRadius, Change, Preview
from agentops.core.tool import ToolSpec
from agentops.providers.kubernetes.api.writer import ClusterWriter
from agentops.providers.kubernetes.change.sender import send_all

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.edit_tool import ToolContext

Sender: TypeAlias = Callable[[ClusterWriter, Preview, Clock], Receipt]


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesChangeTool(ABC):
    """A change tool on one cluster, but for its ``preview``."""

    spec: ToolSpec
    context: ToolContext

    @abstractmethod
    def make_preview(self, change: Change) -> Preview:
        """Return what the change would do on the context as it stands; see ``core.tool.ChangeTool``."""

    def preview(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        """Return what the change would do; see ``core.tool.ChangeTool``.

        Raises:
            ToolInputError: the arguments do not fit the tool or the object as it will be.
            ToolError: the server refuses it or cannot be asked.
        """
        return self._preview_on(self.context, change, earlier)

    def predict(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        """Return what the change would do as far as reads tell; see ``core.tool.ChangeTool``.

        Raises:
            ToolInputError, ToolError: as ``preview``, but for what only the server can refuse.
        """
        return replace(self._preview_on(self.context.predicting(), change, earlier), validated=False)

    def _preview_on(self, context: ToolContext, change: Change, earlier: Sequence[Preview]) -> Preview:
        if not earlier:
            return replace(self, context=context).make_preview(change)
        from agentops.providers.kubernetes.change.planned_server import PlannedServer

        server = PlannedServer(context.server, earlier)
        gone = frozenset(one.ref for preview in earlier for one in preview.objects if one.after is None)
        return server.noted(replace(self, context=replace(context, server=server, gone=gone)).make_preview(change))

    def blast_radius(self, preview: Preview) -> BlastRadius:
        """Return what the change reaches; see ``core.tool.ChangeTool``.

        Raises:
            ToolError: nothing could be computed.
        """
        from agentops.providers.kubernetes.impact.blast_radius import blast_radius

        return blast_radius(self.context.cluster, preview)

    def observe(self, preview: Preview) -> Observation:
        """Return the world round what the preview touches; see ``core.tool.ChangeTool``.

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
    send: Sender = send_all

    def apply(self, preview: Preview) -> Receipt:
        """Send exactly the calls of the preview.

        Raises:
            Stale, InDoubt, ToolError: as in the protocol.
        """
        return self.send(self.writer, preview, self.clock)
