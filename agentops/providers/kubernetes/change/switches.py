"""Switches: suspend and resume a CronJob, cordon and uncordon a node.

Comes in: a live object. Goes out: the object with one boolean turned. Turning off removes the field, which is how the
API writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.providers.kubernetes.change.edit_tool import Edited, ToolContext
from agentops.providers.kubernetes.objects.field_paths import get, put, remove


def suspend(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the CronJob suspended.

    Raises:
        ToolInputError: ``suspend`` is given and false.
    """
    if arguments.get("suspend") is False:
        raise ToolInputError("kubernetes_suspend_cronjob suspends", hint="Use kubernetes_resume_cronjob.")
    return Edited(obj=put(live, ("spec", "suspend"), True))


def resume(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
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


def cordon(_: ToolContext, live: Mapping[str, Any], __: Mapping[str, Any]) -> Edited:
    """Return the node cordoned: it takes no new pods, those on it stay."""
    return Edited(obj=put(live, ("spec", "unschedulable"), True))


def uncordon(_: ToolContext, live: Mapping[str, Any], __: Mapping[str, Any]) -> Edited:
    """Return the node uncordoned."""
    return Edited(obj=remove(live, ("spec", "unschedulable")))
