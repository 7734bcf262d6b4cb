"""Whether one pod can open a connection to a host and port: names, services, endpoints and network policies.

Comes in: the client pod, host and port. Goes out: empty when the connection opens, else what a Go dialer says about
it. Must never open a connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.sandbox.objects import containers_of, labels_of, matches, named_ports, namespace_of
from agentops.sandbox.programs import Dependency
from agentops.sandbox.store import Key, Obj
from agentops.sandbox.world import World

_DNS = "10.96.0.10:53"
# A name of two parts is taken for a host on the internet when it ends so, else for SERVICE.NAMESPACE.
_PUBLIC = frozenset({"com", "net", "org", "io", "dev", "cloud", "example"})


def address(dependency: Dependency, env: Mapping[str, str]) -> tuple[str, int]:
    """Return host and port of a dependency as the process reads them from its environment."""
    text = env.get(dependency.env, "") if dependency.env else dependency.service
    host = text.rpartition("://")[2].rpartition("@")[2].partition("/")[0]
    host, _, port = host.partition(":")
    return host or dependency.service, dependency.port or (int(port) if port.isdigit() else 80)


def dial(world: World, pod: Obj, host: str, port: int) -> str:
    """Return why the pod cannot connect; empty when it can."""
    unknown = f"dial tcp: lookup {host} on {_DNS}: no such host"
    place = _service_name(host, namespace_of(pod))
    if place is None:
        return "" if _public(host) else unknown
    service = world.peek("Service", *place)
    if service is None:
        return unknown
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return ""
    headless = spec.get("clusterIP") == "None"
    found = _ports(world, service, port)
    ip = spec.get("clusterIP") if not headless else next((addresses for _, addresses, _ in found), "")
    target = f"dial tcp {ip}:{port}: "
    if not headless and not any(one.get("port") == port for one in spec.get("ports") or []):
        return target + "i/o timeout"
    if not found:
        return unknown if headless else target + "connect: connection refused"
    open_to = [entry for entry in found if _allowed(world, pod, entry[0], entry[2])]
    if not open_to:
        return target + "i/o timeout"
    if not any(_listens(world, one, number) for one, _, number in open_to):
        return target + "connect: connection refused"
    return ""


def _service_name(host: str, namespace: str) -> tuple[str, str] | None:
    """Return (namespace, name) of the service that a cluster DNS name means; None for any other name."""
    parts = host.removesuffix(".").removesuffix(".cluster.local").removesuffix(".svc").split(".")
    if len(parts) == 1:
        return namespace, parts[0]
    if len(parts) == 3 and ".svc" in host:
        # POD.SERVICE.NAMESPACE.svc, as the pods of a StatefulSet are named.
        return parts[2], parts[1]
    if len(parts) == 2 and parts[1] not in _PUBLIC:
        return parts[1], parts[0]
    return None


def _public(host: str) -> bool:
    return "." in host and not host.endswith((".svc", ".cluster.local")) and host.rpartition(".")[2].isalpha()


def _ports(world: World, service: Obj, port: int) -> list[tuple[Obj, str, int]]:
    """Return (pod, address, target port) for each ready endpoint behind a port of the service."""
    namespace, headless = namespace_of(service), service["spec"].get("clusterIP") == "None"
    names = [one.get("name") or "" for one in service["spec"].get("ports") or [] if one.get("port") == port or headless]
    found: list[tuple[Obj, str, int]] = []
    for part in world.store.list("EndpointSlice", namespace):
        if labels_of(part).get("kubernetes.io/service-name") != service["metadata"]["name"]:
            continue
        targets = [one["port"] for one in part.get("ports") or [] if (one.get("name") or "") in names]
        for endpoint in part.get("endpoints") or []:
            reference = endpoint.get("targetRef") or {}
            pod = world.store.peek(Key("", "Pod", namespace, reference.get("name", "")))
            if endpoint["conditions"].get("ready") and pod is not None and targets:
                found.append((pod, endpoint["addresses"][0], port if headless else targets[0]))
    return found


def _listens(world: World, pod: Obj, port: int) -> bool:
    programs = [world.programs.find(container["image"]) for container in containers_of(pod["spec"])]
    return any(program is not None and port in program.listens for program in programs)


def _allowed(world: World, client: Obj, server: Obj, port: int) -> bool:
    incoming = _policies(world, server, "Ingress")
    outgoing = _policies(world, client, "Egress")
    return _passes(world, incoming, "ingress", "from", client, server, port) and _passes(
        world, outgoing, "egress", "to", server, server, port
    )


def _policies(world: World, pod: Obj, direction: str) -> list[Obj]:
    return [
        policy
        for policy in world.namespaced("NetworkPolicy", pod)
        if direction in _types(policy) and matches(policy["spec"].get("podSelector") or {}, labels_of(pod))
    ]


def _types(policy: Obj) -> list[str]:
    return policy["spec"].get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in policy["spec"] else [])]


def _passes(world: World, policies: list[Obj], rules: str, peers: str, other: Obj, server: Obj, port: int) -> bool:
    if not policies:
        return True
    return any(
        _port_matches(rule.get("ports"), server, port)
        and (not rule.get(peers) or any(_peer_matches(world, policy, peer, other) for peer in rule[peers]))
        for policy in policies
        for rule in policy["spec"].get(rules) or []
    )


def _port_matches(ports: list[dict[str, Any]] | None, server: Obj, port: int) -> bool:
    if not ports:
        return True
    named = named_ports(server["spec"])
    for one in ports:
        wanted = one.get("port")
        first = named.get(wanted) if isinstance(wanted, str) else wanted
        if first is None or first <= port <= one.get("endPort", first):
            return True
    return False


def _peer_matches(world: World, policy: Obj, peer: dict[str, Any], other: Obj) -> bool:
    if "ipBlock" in peer:
        return bool(peer["ipBlock"].get("cidr") == "0.0.0.0/0")
    if "namespaceSelector" in peer:
        home = world.peek("Namespace", "", namespace_of(other))
        labels = {"kubernetes.io/metadata.name": namespace_of(other), **(labels_of(home) if home else {})}
        if not matches(peer["namespaceSelector"] or {}, labels):
            return False
    elif namespace_of(other) != namespace_of(policy):
        return False
    return "podSelector" not in peer or matches(peer["podSelector"] or {}, labels_of(other))
