"""What every Kubernetes change tool does alike: measure, send and observe. How a preview is made is each tool's own.

Comes in: a preview. Goes out: its blast radius, a receipt, an observation. It must never send anything but the calls of
the preview that it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentops.core.outcome import Observation, Receipt
from agentops.core.plan import BlastRadius, Preview
from agentops.core.tool import ToolSpec
from agentops.tools.kubernetes.changes.sending import send_all

if TYPE_CHECKING:
    from agentops.tools.kubernetes.changes.editing import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTool:
    """A change tool on one cluster, but for its ``preview``."""

    spec: ToolSpec
    bench: Bench

    def blast_radius(self, preview: Preview) -> BlastRadius:
        """Return what the change reaches; see ``core.tool.ChangeTool``.

        Raises:
            ToolError: nothing could be computed.
        """
        from agentops.tools.kubernetes.changes.blast import blast_radius

        return blast_radius(self.bench.cluster, preview)

    def apply(self, preview: Preview) -> Receipt:
        """Send exactly the calls of the preview; see ``core.tool.ChangeTool``.

        Raises:
            Stale, InDoubt, ToolError: as in the protocol.
        """
        return send_all(self.bench.writer, preview, self.bench.clock)

    def observe(self, preview: Preview) -> Observation:
        """Return the world round what the preview touches; see ``core.tool.ChangeTool``.

        Raises:
            ToolError: it cannot be read.
        """
        from agentops.tools.kubernetes.changes.observing import observe

        return observe(self.bench.cluster, preview, self.bench.clock)
