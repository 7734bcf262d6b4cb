"""``kubernetes_set_service``: the selector of a Service, or ports that it has.

Comes in: a live Service and the tool's arguments. Goes out: the Service as it should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.declaration import PORT, TEXTS, Schema, change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import put

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext

_SERVICE_PORT: Schema = {
    "type": "object",
    "properties": {"port": {**PORT, "type": "integer"}, "targetPort": PORT},
    "additionalProperties": False,
    "minProperties": 1,
}


@change_tool(
    "kubernetes_set_service",
    "Set the whole selector of a Service, or port and targetPort of ports that it has, by name.",
    {
        "selector": TEXTS,
        "ports": {"type": "object", "additionalProperties": _SERVICE_PORT, "minProperties": 1},
    },
    kinds=("Service",),
    permissions=get_and_patch("services"),
)
@edits_object
def set_service(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the Service with another selector (all of it) or other fields of ports that it has.

    Raises:
        ToolInputError: nothing is asked for, or there is no such port.
    """
    selector, ports = arguments.get("selector"), arguments.get("ports") or {}
    if selector is None and not ports:
        raise ToolInputError("kubernetes_set_service needs selector or ports")
    value: Any = live
    if selector is not None:
        value = put(value, ("spec", "selector"), dict(selector))
    listed = list((live.get("spec") or {}).get("ports") or ())
    for name, fields in ports.items():
        places = [at for at, one in enumerate(listed) if name in {str(one.get("name")), str(one.get("port"))}]
        if len(places) != 1:
            known = ", ".join(str(one.get("name") or one.get("port")) for one in listed)
            raise ToolInputError(
                f"{len(places) or 'no'} ports of the Service are called {one_line(name, 60)!r}",
                hint=f"Its ports are: {one_line(known, 200) or 'none'}",
            )
        listed[places[0]] = {**listed[places[0]], **fields}
    return Edited(obj=put(value, ("spec", "ports"), listed) if ports else value)
