"""``kubernetes_set_network_policy``: whole fields of a NetworkPolicy.

Comes in: a live policy and the fields. Goes out: the policy as it should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.providers.kubernetes.change.declaration import Schema, change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.field_paths import put

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext

_RULES: Schema = {"type": "array", "items": {"type": "object"}, "maxItems": 100}


_POLICY_FIELDS = {
    "pod_selector": "podSelector",
    "ingress": "ingress",
    "egress": "egress",
    "policy_types": "policyTypes",
}


@change_tool(
    "kubernetes_set_network_policy",
    "Replace whole fields of a NetworkPolicy. What no rule lets through is cut off.",
    {
        "pod_selector": {"type": "object"},
        "ingress": _RULES,
        "egress": _RULES,
        "policy_types": {"type": "array", "items": {"type": "string", "enum": ["Ingress", "Egress"]}, "maxItems": 2},
    },
    kinds=("NetworkPolicy",),
    permissions=get_and_patch("networkpolicies.networking.k8s.io"),
)
@edits_object
def set_network_policy(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the policy with whole fields replaced: selector, ingress rules, egress rules, types.

    Raises:
        ToolInputError: nothing is asked for.
    """
    value: Any = live
    given = [name for name in _POLICY_FIELDS if arguments.get(name) is not None]
    if not given:
        raise ToolInputError(f"kubernetes_set_network_policy needs one of {', '.join(_POLICY_FIELDS)}")
    for name in given:
        value = put(value, ("spec", _POLICY_FIELDS[name]), arguments[name])
    return Edited(obj=value)
