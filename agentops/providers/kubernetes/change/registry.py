"""The Kubernetes change tools: what each declares, and the tools themselves for one cluster.

``CHANGE_SPECS`` is data; ``change_tools`` binds it to a cluster and what tries calls out there, ``appliers`` to the
writer. Nothing here has an effect: only the guard calls ``apply``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agentops.core.clock import Clock
from agentops.core.errors import ToolInputError
from agentops.core.tool import Applier, ChangeTool, ToolSpec
from agentops.providers.kubernetes.change.object_specs import OBJECT_SPECS, OBJECT_TARGETS
from agentops.providers.kubernetes.change.pod_specs import POD_SPECS, POD_TARGETS
from agentops.providers.kubernetes.change.specs import SPECS, TARGETS

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.client import Cluster
    from agentops.providers.kubernetes.api.dry_runner import DryRunner
    from agentops.providers.kubernetes.api.writer import ClusterWriter
    from agentops.providers.kubernetes.change.edit_tool import Editor

CHANGE_SPECS: tuple[ToolSpec, ...] = (*SPECS, *OBJECT_SPECS, *POD_SPECS)

CHANGE_TARGETS: Mapping[str, tuple[str, ...]] = {**TARGETS, **OBJECT_TARGETS, **POD_TARGETS}
"""The kinds that each tool takes as its target; none means any."""


def change_tools(cluster: Cluster, dry_runner: DryRunner, clock: Clock) -> dict[str, ChangeTool]:
    """Return all change tools by name, bound to one cluster; none of them can write.

    Arguments:
        cluster, dry_runner: made together by ``connect_clients``, so that what is read is what is tried.
        clock: the time that observations carry.

    Raises:
        ToolInputError: the two are not of the same cluster.
    """
    from agentops.providers.kubernetes.change.deletion import DeleteTool
    from agentops.providers.kubernetes.change.edit_tool import EditTool, ToolContext
    from agentops.providers.kubernetes.change.manifests import ManifestTool
    from agentops.providers.kubernetes.change.pods import pod_tools

    if (cluster.context, cluster.server) != (dry_runner.context, dry_runner.server):
        raise ToolInputError(
            f"reads go to {cluster.server} and dry runs to {dry_runner.server}", hint="Make both with connect_clients."
        )
    context = ToolContext(cluster=cluster, server=dry_runner, clock=clock)
    specs = {spec.name: spec for spec in CHANGE_SPECS}
    tools: dict[str, ChangeTool] = {
        name: EditTool(spec=specs[name], context=context, edit=edit, kinds=CHANGE_TARGETS[name])
        for name, edit in _editors().items()
    }
    tools["kubernetes_apply_manifest"] = ManifestTool(spec=specs["kubernetes_apply_manifest"], context=context)
    tools["kubernetes_delete"] = DeleteTool(spec=specs["kubernetes_delete"], context=context)
    return tools | pod_tools(context)


def appliers(writer: ClusterWriter, clock: Clock) -> dict[str, Applier]:
    """Return what carries out the previews of each change tool; only the guard's apply and rollback are given it.

    Arguments:
        writer: made together with the tools' cluster by ``connect_clients``.
        clock: the time that receipts carry.
    """
    from agentops.providers.kubernetes.change.base_tool import KubernetesApplier, Sender
    from agentops.providers.kubernetes.change.drain import send_drain

    special: Mapping[str, Sender] = {"kubernetes_drain": send_drain}
    return {
        spec.name: KubernetesApplier(
            writer=writer, clock=clock, **({"send": special[spec.name]} if spec.name in special else {})
        )
        for spec in CHANGE_SPECS
    }


def _editors() -> Mapping[str, Editor]:
    from agentops.providers.kubernetes.change import configmaps, containers, objects, patching, rollouts, switches

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
        "kubernetes_set_image": containers.set_image,
        "kubernetes_set_resources": containers.set_resources,
        "kubernetes_set_env": containers.set_env,
        "kubernetes_set_probe": containers.set_probe,
        "kubernetes_set_service": objects.set_service,
        "kubernetes_set_hpa": objects.set_hpa,
        "kubernetes_set_quota": objects.set_quota,
        "kubernetes_set_network_policy": objects.set_network_policy,
        "kubernetes_set_role_binding": objects.set_role_binding,
        "kubernetes_resize_pvc": objects.resize_pvc,
        "kubernetes_label": objects.label,
        "kubernetes_annotate": objects.annotate,
    }
