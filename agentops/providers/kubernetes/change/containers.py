"""Finds one container of a pod template, and edits quantities: what the tools that set something of a container share.

Comes in: a live workload (or CronJob) and a container's name. Goes out: its path. It must never guess which of several
containers is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.declaration import TEXT, Schema, get_and_patch
from agentops.providers.kubernetes.objects.field_paths import FieldPath, get
from agentops.providers.kubernetes.objects.quantity import parse_quantity

# What the identity needs to patch the kinds that have a pod template.
TEMPLATE_PERMISSIONS = get_and_patch("deployments.apps", "statefulsets.apps", "daemonsets.apps", "cronjobs.batch")
CONTAINER: Schema = {**TEXT, "description": "its name; may be left out when there is one"}


_LISTS = ("containers", "initContainers")


def template_path(live: Mapping[str, Any]) -> FieldPath:
    """Return where a workload keeps its pod spec."""
    if live.get("kind") == "CronJob":
        return ("spec", "jobTemplate", "spec", "template", "spec")
    return ("spec", "template", "spec")


def container_path(live: Mapping[str, Any], name: str) -> FieldPath:
    """Return where a container stands; with one container its name may be left out.

    Raises:
        ToolInputError: there is no such container, or no name and several containers.
    """
    pod = get(live, template_path(live))
    pod = pod if isinstance(pod, Mapping) else {}
    if not name and len(pod.get("containers") or ()) == 1:
        name = str(pod["containers"][0].get("name"))
    for listing in _LISTS:
        if any(one.get("name") == name for one in pod.get(listing) or ()):
            return (*template_path(live), listing, name)
    known = ", ".join(str(one.get("name")) for listing in _LISTS for one in pod.get(listing) or ())
    what = f"there is no container {one_line(name, 60)!r}" if name else "the container is not named"
    raise ToolInputError(what, hint=f"Its containers are: {one_line(known, 200) or 'none'}")


def with_quantities(here: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return a map of quantities with ``wanted`` merged in; null removes a key.

    Raises:
        ToolInputError: a value is no quantity, or is negative.
    """
    for name, value in wanted.items():
        number = 0.0 if value is None else parse_quantity(value)
        if number is None or number < 0:
            raise ToolInputError(
                f"{one_line(name, 60)} cannot be {one_line(str(value), 40)!r}",
                hint='Quantities look like "250m", "512Mi" or "2".',
            )
    return {name: value for name, value in {**here, **wanted}.items() if value is not None}
