"""``kubernetes_set_env``: environment variables of one container, as literal values.

Comes in: a live workload (or CronJob), a container and variables. Goes out: the workload as it should be. It must never
write a credential into a template, where everybody who may read the workload reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.core.secret_names import is_secret_pair
from agentops.core.secret_values import holds_secret
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.containers import (
    CONTAINER,
    TEMPLATE_PERMISSIONS,
    container_path,
)
from agentops.providers.kubernetes.change.declaration import KEYS, TEXTS, change_tool
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import get, put
from agentops.providers.kubernetes.objects.workloads import TEMPLATED_KINDS

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext

_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


@change_tool(
    "kubernetes_set_env",
    "Set or remove environment variables of one container. Never for credentials.",
    {"container": CONTAINER, "set": TEXTS, "unset": KEYS},
    kinds=TEMPLATED_KINDS,
    permissions=TEMPLATE_PERMISSIONS,
)
@edits_object
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
    by_name: dict[str, dict[str, Any]] = {}
    for one in env:
        by_name.setdefault(str(one.get("name")), one)
    _check_there(by_name, unset)
    for name, value in wanted.items():
        _check_variable(name, value, by_name.get(name, {}))
    kept = [_with_value(one, wanted) for one in env if one.get("name") not in unset]
    kept += [{"name": name, "value": value} for name, value in wanted.items() if name not in by_name]
    if not kept:
        container = {key: value for key, value in get(live, path).items() if key != "env"}
        return Edited(obj=put(live, path, container))
    return Edited(obj=put(live, (*path, "env"), kept))


def _with_value(variable: dict[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variable with its wanted value; as it is when none is wanted."""
    name = str(variable.get("name"))
    return {"name": name, "value": wanted[name]} if name in wanted else variable


def _check_there(by_name: Mapping[str, Any], names: Sequence[str]) -> None:
    for name in names:
        if name not in by_name:
            raise ToolInputError(
                f"there is no variable {one_line(name, 60)!r}",
                hint=f"Set are: {one_line(', '.join(by_name), 200) or 'none'}",
            )


def _check_variable(name: str, value: str, here: Mapping[str, Any]) -> None:
    """Let a variable pass that may stand in a pod template as plain text.

    Raises:
        ToolInputError: it is no name, it looks like a credential, or it comes from a Secret now.
    """
    if not _VARIABLE.fullmatch(name):
        raise ToolInputError(f"{one_line(name, 60)!r} cannot name an environment variable")
    if is_secret_pair(name, value) or holds_secret(value):
        raise ToolInputError(
            f"{name} looks like a credential, and a pod template is no place for one: use a Secret",
            hint="Put it into a Secret by hand and refer to it with valueFrom.secretKeyRef (kubernetes_patch).",
        )
    if (here.get("valueFrom") or {}).get("secretKeyRef"):
        raise ToolInputError(
            f"{name} comes from a Secret and is not replaced by a plain value",
            hint="Change the reference with kubernetes_patch, or the Secret by hand.",
        )
