"""``kubernetes_suspend_cronjob``: starts no more runs of a CronJob; those that run go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.providers.kubernetes.change.declaration import FLAG, change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import put

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


@change_tool(
    "kubernetes_suspend_cronjob",
    "Start no more runs of a CronJob.",
    {"suspend": FLAG},
    kinds=("CronJob",),
    permissions=get_and_patch("cronjobs.batch"),
)
@edits_object
def suspend_cronjob(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the CronJob suspended.

    Raises:
        ToolInputError: ``suspend`` is given and false.
    """
    if arguments.get("suspend") is False:
        raise ToolInputError("kubernetes_suspend_cronjob suspends", hint="Use kubernetes_resume_cronjob.")
    return Edited(obj=put(live, ("spec", "suspend"), True))
