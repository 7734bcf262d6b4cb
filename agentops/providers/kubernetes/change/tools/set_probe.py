"""``kubernetes_set_probe``: fields of a probe that a container has.

Comes in: a live workload (or CronJob), a container and the fields. Goes out: the workload as it should be. It must
never take a probe away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.providers.kubernetes.change.containers import (
    CONTAINER,
    TEMPLATE_PERMISSIONS,
    container_path,
)
from agentops.providers.kubernetes.change.declaration import PORT, TEXT, Schema, change_tool
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import get, put, remove
from agentops.providers.kubernetes.objects.workloads import TEMPLATED_KINDS

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext

_SECONDS: Schema = {"type": ["integer", "null"], "minimum": 0, "maximum": 86_400}
_FIELDS: Schema = {
    "type": "object",
    "properties": {
        "initialDelaySeconds": _SECONDS,
        "periodSeconds": _SECONDS,
        "timeoutSeconds": _SECONDS,
        "failureThreshold": _SECONDS,
        "successThreshold": _SECONDS,
        "terminationGracePeriodSeconds": _SECONDS,
        "path": {**TEXT, "type": ["string", "null"]},
        "port": PORT,
        "scheme": {"type": "string", "enum": ["HTTP", "HTTPS"]},
    },
    "additionalProperties": False,
    "minProperties": 1,
}


_HANDLERS = ("httpGet", "tcpSocket", "grpc")


_HANDLER_FIELDS = frozenset({"path", "port", "scheme", "host", "service"})


@change_tool(
    "kubernetes_set_probe",
    "Set fields of a probe that a container has; path, port are its handler's; null removes one.",
    {
        "container": CONTAINER,
        "probe": {"type": "string", "enum": ["liveness", "readiness", "startup"]},
        "fields": _FIELDS,
    },
    required=("probe", "fields"),
    kinds=TEMPLATED_KINDS,
    permissions=TEMPLATE_PERMISSIONS,
)
@edits_object
def set_probe(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the workload with other fields of one probe; path and port are those of its handler, null removes a field.

    Raises:
        ToolInputError: no such container or probe, or its handler has no such field.
    """
    container = container_path(live, str(arguments.get("container") or ""))
    which = f"{arguments['probe']}Probe"
    path = (*container, which)
    probe = get(live, path)
    if not isinstance(probe, Mapping):
        found = [name for name in ("livenessProbe", "readinessProbe", "startupProbe") if name in get(live, container)]
        raise ToolInputError(
            f"the container has no {which}",
            hint=f"It has: {', '.join(found) or 'no probe'}; kubernetes_patch can add one.",
        )
    # path, port and scheme belong to the handler, all else to the probe itself.
    handler = next((one for one in _HANDLERS if isinstance(probe.get(one), Mapping)), "")
    value: Any = dict(probe)
    for name, wanted in arguments["fields"].items():
        if name in _HANDLER_FIELDS and not _takes(handler, name):
            raise ToolInputError(f"{which} is of {handler or 'exec'}, which has no {name}")
        place = (handler, name) if name in _HANDLER_FIELDS else (name,)
        value = remove(value, place) if wanted is None else put(value, place, wanted)
    return Edited(obj=put(live, path, value))


def _takes(handler: str, field: str) -> bool:
    fields = {
        "httpGet": {"path", "port", "scheme", "host"},
        "tcpSocket": {"port", "host"},
        "grpc": {"port", "service"},
    }
    return field in fields.get(handler, set())
