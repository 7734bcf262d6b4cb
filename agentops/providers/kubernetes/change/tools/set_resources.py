"""``kubernetes_set_resources``: requests and limits of one container.

Comes in: a live workload (or CronJob), a container and quantities. Goes out: the workload as it should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.providers.kubernetes.change.containers import (
    CONTAINER,
    TEMPLATE_PERMISSIONS,
    container_path,
    with_quantities,
)
from agentops.providers.kubernetes.change.declaration import QUANTITIES, change_tool
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import FieldPath, get, put
from agentops.providers.kubernetes.objects.workloads import TEMPLATED_KINDS

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


@change_tool(
    "kubernetes_set_resources",
    "Set requests or limits of one container, e.g. memory: 512Mi; null removes one.",
    {"container": CONTAINER, "requests": QUANTITIES, "limits": QUANTITIES},
    kinds=TEMPLATED_KINDS,
    permissions=TEMPLATE_PERMISSIONS,
)
@edits_object
def set_resources(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the workload with other requests or limits; those that are not named stay, null removes one.

    Raises:
        ToolInputError: no such container, nothing is asked for, or a value is no quantity.
    """
    path = container_path(live, str(arguments.get("container") or ""))
    if not arguments.get("requests") and not arguments.get("limits"):
        raise ToolInputError("kubernetes_set_resources needs requests or limits")
    value: Any = live
    for field in ("requests", "limits"):
        wanted = arguments.get(field)
        if wanted:
            value = _with_quantities(value, (*path, "resources", field), wanted)
    return Edited(obj=value)


def _with_quantities(obj: Any, path: FieldPath, wanted: Mapping[str, Any]) -> Any:
    here = get(obj, path)
    return put(obj, path, with_quantities(here if isinstance(here, Mapping) else {}, wanted))
