"""``kubernetes_resize_pvc``: gives a PersistentVolumeClaim more storage.

Comes in: a live claim and a size. Goes out: the claim as it should be. It must never promise an undo: nothing makes a
volume smaller again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ClusterError, ToolInputError
from agentops.core.risk import Reversal
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.declaration import TEXT, change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import get, put
from agentops.providers.kubernetes.objects.irreversible_effects import GROWN
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.quantity import amount, parse_quantity

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


@change_tool(
    "kubernetes_resize_pvc",
    "Give a PersistentVolumeClaim more storage. It cannot be made smaller again.",
    {"storage": {**TEXT, "maxLength": 40}},
    required=("storage",),
    kinds=("PersistentVolumeClaim",),
    permissions=(*get_and_patch("persistentvolumeclaims"), "get storageclasses.storage.k8s.io"),
    reversal=Reversal.NONE,
)
@edits_object
def resize_pvc(context: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the claim with more storage; nothing makes a volume smaller again.

    Raises:
        ToolInputError: it is no quantity, not more than there is, or its storage class cannot grow volumes.
    """
    wanted = str(arguments["storage"])
    had = get(live, ("spec", "resources", "requests", "storage"))
    size, now = parse_quantity(wanted), amount(had)
    if size is None or size <= 0:
        raise ToolInputError(f"storage cannot be {one_line(wanted, 40)!r}", hint='Sizes look like "20Gi".')
    if size < now:
        raise ToolInputError(f"the claim has {had} and cannot become smaller ({one_line(wanted, 40)})")
    return Edited(
        obj=put(live, ("spec", "resources", "requests", "storage"), wanted),
        reversal=Reversal.NONE,
        residue=(GROWN,),
        warnings=_expandable(context, live),
    )


def _expandable(context: ToolContext, live: Mapping[str, Any]) -> tuple[str, ...]:
    name = (live.get("spec") or {}).get("storageClassName")
    if not name:
        return ()
    try:
        found = context.cluster.get_object(builtin("StorageClass"), str(name))
    except ClusterError as error:
        return (f"Whether the storage class can grow volumes is not known: {error.message}",)
    if not found.get("allowVolumeExpansion"):
        raise ToolInputError(f"the storage class {one_line(str(name), 60)} does not let volumes grow")
    return ()
