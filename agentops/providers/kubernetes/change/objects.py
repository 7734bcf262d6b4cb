"""Services, autoscalers, quotas, network policies, bindings, claims, labels: the other objects that are edited.

Comes in: a live object and the tool's arguments. Goes out: the object as it should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ClusterError, ToolInputError
from agentops.core.risk import Reversal, Risk
from agentops.core.text import one_line
from agentops.providers.kubernetes.change.containers import with_quantities
from agentops.providers.kubernetes.change.edit_tool import Edited, ToolContext
from agentops.providers.kubernetes.objects.field_paths import get, put
from agentops.providers.kubernetes.objects.irreversible_effects import GROWN
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.quantity import amount, parse_quantity

_NEVER_SUBJECTS = frozenset({"system:masters", "system:unauthenticated", "system:anonymous"})
_POLICY_FIELDS = {
    "pod_selector": "podSelector",
    "ingress": "ingress",
    "egress": "egress",
    "policy_types": "policyTypes",
}


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


def set_hpa(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the autoscaler with other bounds.

    Raises:
        ToolInputError: no bound is given, or the lower is above the upper.
    """
    if "min" not in arguments and "max" not in arguments:
        raise ToolInputError("kubernetes_set_hpa needs min or max")
    spec = live.get("spec") or {}
    low, high = int(arguments.get("min", spec.get("minReplicas", 1))), int(arguments.get("max", spec["maxReplicas"]))
    if low > high:
        raise ToolInputError(f"min {low} is above max {high}")
    value: Any = live
    if "min" in arguments:
        value = put(value, ("spec", "minReplicas"), low)
    if "max" in arguments:
        value = put(value, ("spec", "maxReplicas"), high)
    return Edited(obj=value)


def set_quota(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the quota with other hard limits; those that are not named stay, null removes one.

    Raises:
        ToolInputError: a value is no quantity.
    """
    hard = (live.get("spec") or {}).get("hard") or {}
    return Edited(obj=put(live, ("spec", "hard"), with_quantities(hard, arguments["hard"])))


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


def set_role_binding(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the binding with subjects added or removed; what they may do (roleRef) cannot change.

    Raises:
        ToolInputError: nothing is asked for, a subject is not there, or it is one that nobody should bind.
    """
    add, remove = ([_subject(one) for one in arguments.get(name) or ()] for name in ("add", "remove"))
    if not add and not remove:
        raise ToolInputError("kubernetes_set_role_binding needs add or remove")
    for one in add:
        if one["name"] in _NEVER_SUBJECTS:
            raise ToolInputError(f"{one['name']} is not bound to a role by agentops")
    here = [dict(one) for one in live.get("subjects") or ()]
    for one in remove:
        if one not in here:
            raise ToolInputError(f"the binding has no subject {one['kind']} {one_line(one['name'], 80)}")
    kept = [one for one in here if one not in remove]
    kept += [one for one in add if one not in kept]
    rest = {name: value for name, value in live.items() if name != "subjects"}
    return Edited(obj={**rest, "subjects": kept} if kept else rest, risk=Risk.HIGH)


def _subject(one: Mapping[str, Any]) -> dict[str, Any]:
    kind, name, namespace = one["kind"], one["name"], one.get("namespace")
    if (kind == "ServiceAccount") is not bool(namespace):
        raise ToolInputError(f"{kind} {one_line(name, 80)}: a namespace goes with a ServiceAccount, and only with one")
    if kind == "ServiceAccount":
        return {"kind": kind, "name": name, "namespace": namespace}
    return {"kind": kind, "apiGroup": "rbac.authorization.k8s.io", "name": name}


def resize_pvc(context: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the claim with more storage; nothing makes a volume smaller again.

    Raises:
        ToolInputError: it is no quantity, not more than there is, or its storage class cannot grow volumes.
    """
    wanted = str(arguments["storage"])
    had = get(live, ("spec", "resources", "requests", "storage"))
    size, now = parse_quantity(wanted), amount(had)
    if size is None or size <= 0:
        raise ToolInputError(f"storage cannot be {one_line(wanted, 40)!r}", hint='Sizes look like "20Gi".')
    if size < now:
        raise ToolInputError(f"the claim has {had} and cannot become smaller ({one_line(wanted, 40)})")
    return Edited(
        obj=put(live, ("spec", "resources", "requests", "storage"), wanted),
        reversal=Reversal.NONE,
        residue=(GROWN,),
        warnings=_expandable(context, live),
    )


def _expandable(context: ToolContext, live: Mapping[str, Any]) -> tuple[str, ...]:
    name = (live.get("spec") or {}).get("storageClassName")
    if not name:
        return ()
    try:
        found = context.cluster.get_object(builtin("StorageClass"), str(name))
    except ClusterError as error:
        return (f"Whether the storage class can grow volumes is not known: {error.message}",)
    if not found.get("allowVolumeExpansion"):
        raise ToolInputError(f"the storage class {one_line(str(name), 60)} does not let volumes grow")
    return ()


def label(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the object with labels set or removed; a pod's labels decide who sends it traffic and who owns it.

    Raises:
        ToolInputError: nothing is asked for, or a label to remove is not there.
    """
    risk = Risk.MEDIUM if live.get("kind") == "Pod" else Risk.LOW
    return Edited(obj=_marked(live, "labels", arguments), risk=risk)


def annotate(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the object with annotations set or removed.

    Raises:
        ToolInputError: nothing is asked for, or an annotation to remove is not there.
    """
    return Edited(obj=_marked(live, "annotations", arguments))


def _marked(live: Mapping[str, Any], field: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted, unset = arguments.get("set") or {}, arguments.get("unset") or ()
    if not wanted and not unset:
        raise ToolInputError(f"set or unset is needed to change {field}")
    here = dict(live["metadata"].get(field) or {})
    for name in unset:
        if name not in here:
            known = one_line(", ".join(sorted(here)), 200) or "none"
            raise ToolInputError(f"there is no {one_line(name, 80)!r} in metadata.{field}", hint=f"There are: {known}")
        del here[name]
    marked: dict[str, Any] = put(live, ("metadata", field), {**here, **wanted})
    return marked
