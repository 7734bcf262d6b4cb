"""The change that corrects a field of a workload's pod template, where the workload can be edited there.

Comes in: the workload and what is to become of which paths inside the pod spec. Goes out: one ``Change``, or none: a
pod that nothing made and a Job keep their template for good, so a patch of theirs would only be refused. Source:
https://kubernetes.io/docs/concepts/workloads/pods/#pod-update-and-replacement
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.plan import Change
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.objects.fields import Key, template_path
from agentops.providers.kubernetes.objects.workloads import TEMPLATED_KINDS


def template_patch(graph: Graph, key: Key, reason: str, *edits: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the patch of a workload's pod template; none where the template cannot be edited or was not read.

    Arguments:
        edits: ``{path, old, new}`` or ``{path, replace}``; the paths are those inside the pod spec.
    """
    if key[0] not in TEMPLATED_KINDS or graph.get(key) is None or not edits:
        return ()
    full = [{**one, "path": f"{template_path(key)}.{one['path']}"} for one in edits]
    arguments: dict[str, Any] = full[0] if len(full) == 1 else {"changes": full}
    return (Change(tool="kubernetes_patch", target=graph.ref_of(key), arguments=arguments, reason=reason),)
