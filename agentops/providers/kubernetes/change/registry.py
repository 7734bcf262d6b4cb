"""The registry of Kubernetes change tools: every tool is named here once, and nowhere else.

``CHANGE_TOOLS`` is data; ``change_tools`` binds it to a cluster and what tries calls out there, ``appliers`` to the
writer. Nothing here has an effect: only the guard calls ``apply``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agentops.core.clock import Clock
from agentops.core.errors import ToolInputError
from agentops.core.tool import Applier, ChangeTool, ToolSpec
from agentops.providers.kubernetes.change.tools.annotate import annotate
from agentops.providers.kubernetes.change.tools.apply_manifest import apply_manifest
from agentops.providers.kubernetes.change.tools.cordon import cordon
from agentops.providers.kubernetes.change.tools.delete import delete
from agentops.providers.kubernetes.change.tools.delete_pod import delete_pod
from agentops.providers.kubernetes.change.tools.drain import drain
from agentops.providers.kubernetes.change.tools.edit_configmap import edit_configmap
from agentops.providers.kubernetes.change.tools.evict_pod import evict_pod
from agentops.providers.kubernetes.change.tools.label import label
from agentops.providers.kubernetes.change.tools.patch import patch
from agentops.providers.kubernetes.change.tools.rerun_job import rerun_job
from agentops.providers.kubernetes.change.tools.resize_pvc import resize_pvc
from agentops.providers.kubernetes.change.tools.resume_cronjob import resume_cronjob
from agentops.providers.kubernetes.change.tools.rollout_restart import rollout_restart
from agentops.providers.kubernetes.change.tools.rollout_undo import rollout_undo
from agentops.providers.kubernetes.change.tools.scale import scale
from agentops.providers.kubernetes.change.tools.set_env import set_env
from agentops.providers.kubernetes.change.tools.set_hpa import set_hpa
from agentops.providers.kubernetes.change.tools.set_image import set_image
from agentops.providers.kubernetes.change.tools.set_network_policy import set_network_policy
from agentops.providers.kubernetes.change.tools.set_probe import set_probe
from agentops.providers.kubernetes.change.tools.set_quota import set_quota
from agentops.providers.kubernetes.change.tools.set_resources import set_resources
from agentops.providers.kubernetes.change.tools.set_role_binding import set_role_binding
from agentops.providers.kubernetes.change.tools.set_service import set_service
from agentops.providers.kubernetes.change.tools.suspend_cronjob import suspend_cronjob
from agentops.providers.kubernetes.change.tools.uncordon import uncordon

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.client import Cluster
    from agentops.providers.kubernetes.api.dry_runner import DryRunner
    from agentops.providers.kubernetes.api.writer import ClusterWriter
    from agentops.providers.kubernetes.change.declaration import DeclaredChangeTool

# In the order in which a model is shown them, and docs/change-tools.md too.
CHANGE_TOOLS: tuple[DeclaredChangeTool, ...] = (
    patch,
    scale,
    rollout_restart,
    rollout_undo,
    uncordon,
    cordon,
    suspend_cronjob,
    resume_cronjob,
    edit_configmap,
    set_image,
    set_resources,
    set_env,
    set_probe,
    set_service,
    set_hpa,
    set_quota,
    set_network_policy,
    set_role_binding,
    resize_pvc,
    label,
    annotate,
    apply_manifest,
    delete,
    evict_pod,
    delete_pod,
    drain,
    rerun_job,
)

CHANGE_SPECS: tuple[ToolSpec, ...] = tuple(tool.spec for tool in CHANGE_TOOLS)

CHANGE_TARGETS: Mapping[str, tuple[str, ...]] = {tool.spec.name: tool.kinds for tool in CHANGE_TOOLS}
"""The kinds that each tool takes as its target; none means any."""


def change_tools(cluster: Cluster, dry_runner: DryRunner, clock: Clock) -> dict[str, ChangeTool]:
    """Return all change tools by name, bound to one cluster; none of them can write.

    Arguments:
        cluster, dry_runner: made together by ``connect_clients``, so that what is read is what is tried.
        clock: the time that observations carry.

    Raises:
        ToolInputError: the two are not of the same cluster.
    """
    from agentops.providers.kubernetes.change.tool_context import ToolContext

    if (cluster.context, cluster.server) != (dry_runner.context, dry_runner.server):
        raise ToolInputError(
            f"reads go to {cluster.server} and dry runs to {dry_runner.server}", hint="Make both with connect_clients."
        )
    context = ToolContext(cluster=cluster, server=dry_runner, clock=clock)
    return {tool.spec.name: tool.bind(context) for tool in CHANGE_TOOLS}


def appliers(writer: ClusterWriter, clock: Clock) -> dict[str, Applier]:
    """Return what carries out the previews of each change tool; only the guard's apply and rollback are given it.

    Arguments:
        writer: made together with the tools' cluster by ``connect_clients``.
        clock: the time that receipts carry.
    """
    return {tool.spec.name: tool.applier(writer, clock) for tool in CHANGE_TOOLS}
