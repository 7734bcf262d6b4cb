"""``kubernetes_resume_cronjob``: starts runs of a suspended CronJob again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.providers.kubernetes.change.declaration import FLAG, change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import get, put

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


@change_tool(
    "kubernetes_resume_cronjob",
    "Start runs of a suspended CronJob again.",
    {"suspend": FLAG},
    kinds=("CronJob",),
    permissions=get_and_patch("cronjobs.batch"),
)
@edits_object
def resume_cronjob(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the CronJob resumed.

    Raises:
        ToolInputError: ``suspend`` is given and true.
    """
    if arguments.get("suspend") is True:
        raise ToolInputError("kubernetes_resume_cronjob resumes", hint="Use kubernetes_suspend_cronjob.")
    if get(live, ("spec", "suspend")) is not True:
        return Edited(obj=live)
    warning = "A run that was missed within startingDeadlineSeconds (no limit, if unset) may start at once."
    return Edited(obj=put(live, ("spec", "suspend"), False), warnings=(warning,))
