"""``kubernetes_set_role_binding``: subjects of a RoleBinding or ClusterRoleBinding.

Comes in: a live binding, subjects to add and to remove. Goes out: the binding as it should be. It must never bind
everybody to a role.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.core.risk import Risk
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.declaration import TEXT, Schema, change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext

_SUBJECT: Schema = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["User", "Group", "ServiceAccount"]},
        "name": TEXT,
        "namespace": TEXT,
    },
    "required": ["kind", "name"],
    "additionalProperties": False,
}
_SUBJECTS: Schema = {"type": "array", "items": _SUBJECT, "minItems": 1, "maxItems": 20}


_NEVER_SUBJECTS = frozenset({"system:masters", "system:unauthenticated", "system:anonymous"})


@change_tool(
    "kubernetes_set_role_binding",
    "Add or remove subjects of a RoleBinding or ClusterRoleBinding.",
    {"add": _SUBJECTS, "remove": _SUBJECTS},
    kinds=("RoleBinding", "ClusterRoleBinding"),
    permissions=get_and_patch(
        "rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io"
    ),
    risk=Risk.HIGH,
)
@edits_object
def set_role_binding(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the binding with subjects added or removed; what they may do (roleRef) cannot change.

    Raises:
        ToolInputError: nothing is asked for, a subject is not there, or it is one that nobody should bind.
    """
    add, remove = ([_subject(one) for one in arguments.get(name) or ()] for name in ("add", "remove"))
    if not add and not remove:
        raise ToolInputError("kubernetes_set_role_binding needs add or remove")
    here = [dict(one) for one in live.get("subjects") or ()]
    _check_subjects(here, add, remove)
    kept = [one for one in here if one not in remove]
    kept += [one for one in add if one not in kept]
    rest = {name: value for name, value in live.items() if name != "subjects"}
    return Edited(obj={**rest, "subjects": kept} if kept else rest, risk=Risk.HIGH)


def _check_subjects(here: Sequence[Any], add: Sequence[Any], remove: Sequence[Any]) -> None:
    for one in add:
        if one["name"] in _NEVER_SUBJECTS:
            raise ToolInputError(f"{one['name']} is not bound to a role by agentops")
    for one in remove:
        if one not in here:
            raise ToolInputError(f"the binding has no subject {one['kind']} {one_line(one['name'], 80)}")


def _subject(one: Mapping[str, Any]) -> dict[str, Any]:
    kind, name, namespace = one["kind"], one["name"], one.get("namespace")
    if (kind == "ServiceAccount") is not bool(namespace):
        raise ToolInputError(f"{kind} {one_line(name, 80)}: a namespace goes with a ServiceAccount, and only with one")
    if kind == "ServiceAccount":
        return {"kind": kind, "name": name, "namespace": namespace}
    return {"kind": kind, "apiGroup": "rbac.authorization.k8s.io", "name": name}
