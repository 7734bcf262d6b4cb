"""Fields of which an object may have only one: an edit that sets another removes the one before, in the same patch.

Comes in: an object as it is and as it is wanted. Goes out: the wanted object without the members that the server would
refuse beside the new one ("may not be specified when strategy `type` is 'Recreate'"). It takes away only what the edit
left as it was: where somebody asks for two, the server says what is wrong with that. Pure.
Source: https://github.com/kubernetes/kubernetes/tree/v1.36.2/pkg/apis (the validation of each kind)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agentops.providers.kubernetes.objects.difference import same
from agentops.providers.kubernetes.objects.field_paths import natural_key

_ROLLING = {"RollingUpdate": "rollingUpdate"}
_TAGGED: Mapping[str, Mapping[str, str]] = {
    "strategy": _ROLLING,
    "updateStrategy": _ROLLING,
    "seccompProfile": {"Localhost": "localhostProfile"},
    "appArmorProfile": {"Localhost": "localhostProfile"},
    "metrics": {
        "Resource": "resource",
        "ContainerResource": "containerResource",
        "Pods": "pods",
        "Object": "object",
        "External": "external",
    },
    "target": {"Utilization": "averageUtilization", "AverageValue": "averageValue", "Value": "value"},
}
"""Below these fields ``type`` says which member there may be."""

_HANDLER = ({"exec"}, {"httpGet"}, {"tcpSocket"}, {"grpc"}, {"sleep"})
_ONE_OF: Mapping[str, tuple[set[str], ...]] = {
    **dict.fromkeys(("livenessProbe", "readinessProbe", "startupProbe", "postStart", "preStop"), _HANDLER),
    "env": ({"value"}, {"valueFrom"}),
    "valueFrom": ({"configMapKeyRef"}, {"secretKeyRef"}, {"fieldRef"}, {"resourceFieldRef"}, {"fileKeyRef"}),
    "envFrom": ({"configMapRef"}, {"secretRef"}),
    "backend": ({"service"}, {"resource"}),
    "defaultBackend": ({"service"}, {"resource"}),
    "port": ({"name"}, {"number"}),
    "from": ({"ipBlock"}, {"podSelector", "namespaceSelector"}),
    "to": ({"ipBlock"}, {"podSelector", "namespaceSelector"}),
}
"""Below these fields there may be members of one set only."""
_OF_KIND: Mapping[str, tuple[set[str], ...]] = {"PodDisruptionBudget": ({"minAvailable"}, {"maxUnavailable"})}
"""The same for ``spec`` itself, by kind."""


def with_one_member(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``wanted`` without the members of a union that a newly set one replaces."""
    settled = dict(_settled("", live, wanted))
    sets = _OF_KIND.get(str(live.get("kind")))
    spec, old = settled.get("spec"), live.get("spec")
    if sets and isinstance(spec, Mapping) and isinstance(old, Mapping):
        settled["spec"] = _dropped(spec, _replaced(old, spec, sets))
    if live.get("kind") == "Service" and isinstance(spec, Mapping) and isinstance(old, Mapping):
        settled["spec"] = _service(old, spec)
    return settled


_EXPOSED = frozenset({"NodePort", "LoadBalancer"})
_OF_EXPOSED = ("externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts")


def _service(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Service's spec without what only a type that is seen from outside may have, when it gets another type.

    A server drops these by itself where they are as they were (``dropTypeDependentFields`` of its strategy, from
    1.20 on); it is written here so that the plan shows it.
    """
    if old.get("type") not in _EXPOSED or new.get("type") in _EXPOSED:
        return dict(new)
    kept = _dropped(new, [name for name in _OF_EXPOSED if _is_left(name, old, new)])
    ports = new.get("ports")
    if isinstance(ports, list):
        kept["ports"] = [
            _dropped(port, ["nodePort"] if before and _is_left("nodePort", before, port) else [])
            for before, port in _paired(list(old.get("ports") or ()), ports)
        ]
    return kept


def _settled(field: str, old: Any, new: Any) -> Any:
    if same(old, new):
        return new
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        inner = {key: _settled(key, old[key], value) if key in old else value for key, value in new.items()}
        return _dropped(inner, _outdated(field, old, inner))
    if isinstance(old, list) and isinstance(new, list):
        return [_settled(field, before, item) for before, item in _paired(old, new)]
    return new


def _outdated(field: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[str]:
    if field == "volumes":
        return _replaced(old, new, tuple({key} for key in {**old, **new} if key != "name"))
    if field in _ONE_OF:
        return _replaced(old, new, _ONE_OF[field])
    members = _TAGGED.get(field, {})
    if old.get("type") == new.get("type"):
        return ()
    return [name for kind, name in members.items() if kind != new.get("type") and _is_left(name, old, new)]


def _replaced(old: Mapping[str, Any], new: Mapping[str, Any], sets: tuple[set[str], ...]) -> Iterable[str]:
    """Return the members that were there before and are of another set than the one that is newly set."""
    fresh = [one for one in sets if any(name in new and not _is_left(name, old, new) for name in one)]
    if len(fresh) != 1:
        return ()
    return [name for one in sets if one is not fresh[0] for name in one if _is_left(name, old, new)]


def _is_left(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return name in new and name in old and same(old[name], new[name])


def _dropped(value: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    gone = set(names)
    return {key: item for key, item in value.items() if key not in gone}


def _paired(old: list[Any], new: list[Any]) -> list[tuple[Any, Any]]:
    """Return each new item with the old one of the same key, or of the same place; nothing for one that is new."""
    key = natural_key(old, new)
    if key is not None:
        before = {str(item[key]): item for item in old}
        return [(before.get(str(item[key])), item) for item in new]
    return [(old[at] if at < len(old) else None, item) for at, item in enumerate(new)]
