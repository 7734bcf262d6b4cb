"""One container of a pod template: its image, resources, environment and probes.

Comes in: a live workload (or CronJob) and the tool's arguments. Goes out: the workload as it should be. It must never
write a credential into a template, where everybody who may read the workload reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.edit_tool import Edited, ToolContext
from agentops.providers.kubernetes.change.sensitive import is_credential, names_credential
from agentops.providers.kubernetes.objects.field_paths import Path, get, put, remove
from agentops.providers.kubernetes.objects.quantity import parse_quantity

_LISTS = ("containers", "initContainers")
# https://github.com/distribution/reference/blob/main/regexp.go, without its limits on length
_IMAGE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._:/-]*(?:@[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,})?")
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_HANDLERS = ("httpGet", "tcpSocket", "grpc")
_HANDLER_FIELDS = frozenset({"path", "port", "scheme", "host", "service"})


def template_path(live: Mapping[str, Any]) -> Path:
    """Return where a workload keeps its pod spec."""
    if live.get("kind") == "CronJob":
        return ("spec", "jobTemplate", "spec", "template", "spec")
    return ("spec", "template", "spec")


def container_path(live: Mapping[str, Any], name: str) -> Path:
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
    what = f"there is no container {one_line(name, 60)!r}" if name else "which container is meant is not said"
    raise ToolInputError(what, hint=f"Its containers are: {one_line(known, 200) or 'none'}")


def set_image(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the workload with another image.

    Raises:
        ToolInputError: no such container, or what is given is no image reference.
    """
    path = container_path(live, str(arguments.get("container") or ""))
    image = str(arguments["image"])
    if not _IMAGE.fullmatch(image) or len(image) > 1000:
        raise ToolInputError(
            f"{one_line(image, 80)!r} is not an image", hint="Write it like registry.example/team/app:v1.2.3"
        )
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    moving = (
        ("latest or no tag: what runs depends on when it is pulled.",)
        if tag in {"", "latest"} and "@" not in image
        else ()
    )
    return Edited(obj=put(live, (*path, "image"), image), warnings=moving)


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


def _with_quantities(obj: Any, path: Path, wanted: Mapping[str, Any]) -> Any:
    here = get(obj, path)
    return put(obj, path, with_quantities(here if isinstance(here, Mapping) else {}, wanted))


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


def set_env(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the workload with environment variables set to literal values, or removed.

    Raises:
        ToolInputError: no such container or variable, or a value that comes from a Secret or belongs in one.
    """
    path = container_path(live, str(arguments.get("container") or ""))
    wanted: Mapping[str, Any] = arguments.get("set") or {}
    unset = tuple(arguments.get("unset") or ())
    if not wanted and not unset:
        raise ToolInputError("kubernetes_set_env needs set or unset")
    here = get(live, (*path, "env"))
    env: list[dict[str, Any]] = list(here) if isinstance(here, list) else []
    names = [str(one.get("name")) for one in env]
    for name in unset:
        if name not in names:
            raise ToolInputError(
                f"there is no variable {one_line(name, 60)!r}",
                hint=f"Set are: {one_line(', '.join(names), 200) or 'none'}",
            )
    for name, value in wanted.items():
        check_variable(name, value, next((one for one in env if one.get("name") == name), {}))
    kept = [
        {"name": one["name"], "value": wanted[one["name"]]} if one.get("name") in wanted else one
        for one in env
        if one.get("name") not in unset
    ]
    kept += [{"name": name, "value": value} for name, value in wanted.items() if name not in names]
    if not kept:
        container = {key: value for key, value in get(live, path).items() if key != "env"}
        return Edited(obj=put(live, path, container))
    return Edited(obj=put(live, (*path, "env"), kept))


def check_variable(name: str, value: str, here: Mapping[str, Any]) -> None:
    """Let a variable pass that may stand in a pod template as plain text.

    Raises:
        ToolInputError: it is no name, it looks like a credential, or it comes from a Secret now.
    """
    if not _VARIABLE.fullmatch(name):
        raise ToolInputError(f"{one_line(name, 60)!r} cannot name an environment variable")
    if names_credential(name) or is_credential(value):
        raise ToolInputError(
            f"{name} looks like a credential, and a pod template is no place for one: use a Secret",
            hint="Put it into a Secret by hand and refer to it with valueFrom.secretKeyRef (kubernetes_patch).",
        )
    if (here.get("valueFrom") or {}).get("secretKeyRef"):
        raise ToolInputError(
            f"{name} comes from a Secret and is not replaced by a plain value",
            hint="Change the reference with kubernetes_patch, or the Secret by hand.",
        )


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
