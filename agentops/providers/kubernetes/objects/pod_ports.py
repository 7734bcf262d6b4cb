"""Ports of pods: which a pod is known to serve, and whether a rule's port is one of them.

Comes in: pods and ports as plain dicts. Goes out: answers. Pure. A container's list of ports is for information only:
a pod that lists none may listen anywhere; of one that lists some, or is probed on some, these are taken for all. Ports
are those of the containers and then of the sidecars, as the endpoints controllers look for a name (``FindPort``,
kubernetes/pkg/api/v1/pod/util.go); an init container that ends serves nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from agentops.providers.kubernetes.objects.fields import Object, items, number, spec_of, text

Port: TypeAlias = Mapping[str, Any]
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HANDLERS = ("httpGet", "tcpSocket", "grpc")
_LAST = 65_535


def _serving(spec: Any) -> Iterator[dict[str, Any]]:
    yield from items(spec, "containers")
    yield from (one for one in items(spec, "initContainers") if text(one, "restartPolicy") == "Always")


def listed_ports(pod: Any) -> Iterator[dict[str, Any]]:
    """Yield the ports that a pod's containers list, as the API has them."""
    for container in _serving(spec_of(pod)):
        yield from items(container, "ports")


def declared_ports(spec: Any) -> list[tuple[str, str, int]]:
    """Return ``(container, port name, number)`` of every port that the containers of a pod spec list."""
    return [
        (text(container, "name"), text(port, "name"), number(port, "containerPort"))
        for container in _serving(spec)
        for port in items(container, "ports")
        if number(port, "containerPort")
    ]


def port_names(pod: Object) -> frozenset[str]:
    """Return the names of the ports that a pod lists."""
    return frozenset(str(port["name"]) for port in listed_ports(pod) if port.get("name"))


def known_ports(pod: Object) -> frozenset[tuple[str, int]]:
    """Return (protocol, number) of all ports that a pod lists or is probed on; empty when it may listen anywhere."""
    found = {(str(port.get("protocol") or "TCP"), int(port.get("containerPort") or 0)) for port in listed_ports(pod)}
    for container in _serving(spec_of(pod)):
        handlers = [(container.get(probe) or {}).get(how) or {} for probe in _PROBES for how in _HANDLERS]
        found |= {("TCP", int(one["port"])) for one in handlers if str(one.get("port", "")).isdigit()}
    return frozenset(found)


def numbers_of(port: Port, pod: Object | None) -> tuple[str, range]:
    """Return protocol and numbers of a rule's port on a pod; no number when the pod has no port of that name."""
    protocol, value = str(port.get("protocol") or "TCP"), port.get("port")
    if value is None:
        return protocol, range(1, _LAST + 1)
    if isinstance(value, str) and not value.isdigit():
        named = [one for one in listed_ports(pod or {}) if one.get("name") == value]
        first = next((int(one.get("containerPort") or 0) for one in named), 0)
        return protocol, range(first, first + 1) if first else range(0)
    return protocol, range(int(value), int(port.get("endPort") or value) + 1)


def may_be_served(port: Port, pod: Object) -> bool:
    """Return whether traffic to a rule's port may reach something on the pod."""
    protocol, numbers = numbers_of(port, pod)
    known = known_ports(pod)
    if not numbers:
        return False
    return not known or any(name == protocol and number in numbers for name, number in known)


def port_covers(wide: Port, asked: Port, pod: Object | None) -> bool:
    """Return whether a rule's port lets through all that another's does, on this pod."""
    protocol, numbers = numbers_of(asked, pod)
    other, allowed = numbers_of(wide, pod)
    if wide == asked or not numbers:
        return wide == asked or protocol == other
    return protocol == other and bool(allowed) and numbers[0] in allowed and numbers[-1] in allowed
