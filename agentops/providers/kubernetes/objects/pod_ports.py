"""Ports of pods: which a pod is known to serve, and whether a rule's port is one of them.

Comes in: pods and ports as plain dicts. Goes out: answers. Pure. A container's list of ports is for information only:
a pod that lists none may listen anywhere; of one that lists some, or is probed on some, these are taken for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from agentops.providers.kubernetes.objects.fields import Object, spec_of

Port: TypeAlias = Mapping[str, Any]
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HANDLERS = ("httpGet", "tcpSocket", "grpc")
_LAST = 65_535


def listed_ports(pod: Object) -> Iterator[Port]:
    """Yield the ports that a pod's containers list, as the API has them."""
    for container in spec_of(pod).get("containers") or ():
        yield from (port for port in container.get("ports") or () if isinstance(port, Mapping))


def port_names(pod: Object) -> frozenset[str]:
    """Return the names of the ports that a pod lists."""
    return frozenset(str(port["name"]) for port in listed_ports(pod) if port.get("name"))


def known_ports(pod: Object) -> frozenset[tuple[str, int]]:
    """Return (protocol, number) of all ports that a pod lists or is probed on; empty when it may listen anywhere."""
    found = {(str(port.get("protocol") or "TCP"), int(port.get("containerPort") or 0)) for port in listed_ports(pod)}
    for container in spec_of(pod).get("containers") or ():
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
