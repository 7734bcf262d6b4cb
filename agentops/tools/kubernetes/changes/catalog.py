"""The Kubernetes change tools: what each declares, and the tools themselves for one cluster.

``CHANGE_SPECS`` is data; ``change_tools`` binds it to a cluster and its writer. Nothing here has an effect: only the
guard calls ``apply``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agentops.core.clock import Clock
from agentops.core.errors import ToolInputError
from agentops.core.tool import ChangeTool, ToolSpec
from agentops.tools.kubernetes.changes.pod_specs import POD_SPECS, POD_TARGETS
from agentops.tools.kubernetes.changes.specs import SPECS, TARGETS

if TYPE_CHECKING:
    from agentops.tools.kubernetes.changes.editing import Editor
    from agentops.tools.kubernetes.client import Cluster
    from agentops.tools.kubernetes.writer import Writer

CHANGE_SPECS: tuple[ToolSpec, ...] = (*SPECS, *POD_SPECS)

CHANGE_TARGETS: Mapping[str, tuple[str, ...]] = {**TARGETS, **POD_TARGETS}
"""The kinds that each tool takes as its target; none means any."""


def change_tools(cluster: Cluster, writer: Writer, clock: Clock) -> dict[str, ChangeTool]:
    """Return all change tools by name, bound to one cluster.

    Arguments:
        cluster, writer: made together by ``connect_writer``, so that what is read is what is written.
        clock: the time that receipts and observations carry.

    Raises:
        ToolInputError: the two are not of the same cluster.
    """
    from agentops.tools.kubernetes.changes.editing import Bench, EditTool
    from agentops.tools.kubernetes.changes.pods import pod_tools

    if (cluster.context, cluster.server) != (writer.context, writer.server):
        raise ToolInputError(
            f"reads go to {cluster.server} and writes to {writer.server}", hint="Make both with connect_writer."
        )
    bench = Bench(cluster=cluster, writer=writer, clock=clock)
    editors = _editors()
    edit_tools: dict[str, ChangeTool] = {
        spec.name: EditTool(spec=spec, bench=bench, edit=editors[spec.name], kinds=TARGETS[spec.name]) for spec in SPECS
    }
    return edit_tools | pod_tools(cluster, writer, clock)


def _editors() -> Mapping[str, Editor]:
    from agentops.tools.kubernetes.changes import configmaps, patching, rollouts, switches

    return {
        "kubernetes_patch": patching.patch,
        "kubernetes_scale": rollouts.scale,
        "kubernetes_rollout_restart": rollouts.restart,
        "kubernetes_rollout_undo": rollouts.undo_rollout,
        "kubernetes_uncordon": switches.uncordon,
        "kubernetes_cordon": switches.cordon,
        "kubernetes_suspend_cronjob": switches.suspend,
        "kubernetes_resume_cronjob": switches.resume,
        "kubernetes_edit_configmap": configmaps.edit_configmap,
    }
