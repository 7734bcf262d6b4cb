"""What NetworkPolicies let through, before and after a change: who loses traffic with a pod, and whether anybody does.

Comes in: a pod, the policies of its namespace before and after, and a way to the pods that a peer means. Goes out: one
text for each that loses traffic. Policies add up, so what one of them lets through is let through. What cannot be told
(traffic of everybody, of addresses, of peers that could not be read) counts as traffic that is there. Source:
https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, TypeAlias

from agentops.providers.kubernetes.objects.fields import Object, labels_of, name_of, namespace_of, spec_of
from agentops.providers.kubernetes.objects.pod_ports import may_be_served, port_covers
from agentops.providers.kubernetes.objects.selectors import matches

Rule: TypeAlias = Mapping[str, Any]
Named: TypeAlias = Mapping[tuple[str, str], Object]
PodsOf: TypeAlias = Callable[[Rule], Named | None]
"""The active pods that a peer of a rule means, by namespace and name; None when they could not be read."""

_ANYBODY = "anybody"
_EVERYTHING: Rule = {}


@dataclass(frozen=True, slots=True)
class Way:
    """A direction, with the fields in which a policy has its rules and a rule its peers."""

    name: str
    rules: str
    peers: str


WAYS = (Way("Ingress", "ingress", "from"), Way("Egress", "egress", "to"))


@dataclass(frozen=True, slots=True)
class Loss:
    """One peer that loses traffic: ``peer`` is its pod, or None with ``words`` for who it may be."""

    words: str
    peer: Object | None = None


def selects(policy: Object | None, pod: Object) -> bool:
    """Return whether a policy is about a pod of its namespace; an empty selector is about all."""
    return policy is not None and matches(spec_of(policy).get("podSelector") or {}, labels_of(pod))


def lost_peers(pod: Object, before: Sequence[Object], after: Sequence[Object], pods_of: PodsOf) -> Iterator[Loss]:
    """Yield who has traffic with a pod before and not after.

    Arguments:
        before, after: all policies of the pod's namespace.
    """
    for way in WAYS:
        new = _rules(after, way, pod)
        if new is None:
            continue
        old = _rules(before, way, pod)
        for rule in [_EVERYTHING] if old is None else old:
            if not any(_is_wider(wide, rule, way) for wide in new):
                yield from _lost(pod, rule, new, way, pods_of)


def _rules(policies: Sequence[Object], way: Way, pod: Object) -> list[Rule] | None:
    """Return what is let through, rule by rule; None when all is, because no policy isolates the pod."""
    isolating = [one for one in policies if selects(one, pod) and way.name in _types(one)]
    if not isolating:
        return None
    return [rule for one in isolating for rule in spec_of(one).get(way.rules) or ()]


def _types(policy: Object) -> Sequence[str]:
    """An absent policyTypes means Ingress, and Egress when there are egress rules (NetworkPolicySpec)."""
    spec = spec_of(policy)
    return spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])


def _is_wider(wide: Rule, rule: Rule, way: Way) -> bool:
    """Return whether a rule lets through another as a whole; an empty list of peers or ports lets through all."""
    for field in (way.peers, "ports"):
        allowed, asked = wide.get(field) or (), rule.get(field) or ()
        if allowed and (not asked or any(one not in allowed for one in asked)):
            return False
    return True


def _lost(pod: Object, rule: Rule, new: Sequence[Rule], way: Way, pods_of: PodsOf) -> Iterator[Loss]:
    peers, ports = rule.get(way.peers) or (), rule.get("ports") or ()
    here = pod if way.name == "Ingress" else None
    if not peers:
        if not _is_dead(ports, here) and not all(_lets_all(new, [port], way, here) for port in ports or (None,)):
            yield Loss(_ANYBODY)
        return
    for peer in peers:
        yield from _lost_of_peer(pod, peer, ports, new, way, pods_of)


def _lost_of_peer(
    pod: Object, peer: Rule, ports: Sequence[Any], new: Sequence[Rule], way: Way, pods_of: PodsOf
) -> Iterator[Loss]:
    here = pod if way.name == "Ingress" else None
    if "ipBlock" in peer:
        if not _is_dead(ports, here) and not _lets_block(new, peer["ipBlock"], ports, way, here):
            yield Loss(f"addresses of {peer['ipBlock'].get('cidr')}")
        return
    meant = pods_of(peer)
    if meant is None:
        yield Loss("peers that could not be read")
        return
    for place, other in meant.items():
        served = pod if way.name == "Ingress" else other
        # A pod always reaches itself.
        if place == place_of(pod) or _is_dead(ports, served):
            continue
        if not all(_lets(new, other, port, way, served, pods_of) for port in _alive(ports, served)):
            yield Loss("/".join(place), other)


def place_of(pod: Object) -> tuple[str, str]:
    """Return a pod's namespace and name."""
    return namespace_of(pod), name_of(pod)


def _alive(ports: Sequence[Any], served: Object) -> list[Any]:
    """Return the ports on which something may be there; [None] for all ports."""
    return [port for port in ports if may_be_served(port, served)] if ports else [None]


def _is_dead(ports: Sequence[Any], served: Object | None) -> bool:
    """Return whether nothing can be there on any of a rule's ports."""
    return bool(ports) and served is not None and not _alive(ports, served)


def _covers(rule: Rule, port: Any, served: Object | None) -> bool:
    ports = rule.get("ports") or ()
    return not ports or (port is not None and any(port_covers(one, port, served) for one in ports))


def _lets_all(new: Sequence[Rule], ports: Sequence[Any], way: Way, served: Object | None) -> bool:
    """Return whether everybody is let through on these ports."""
    if served is not None:
        ports = [port for port in ports if port is None or may_be_served(port, served)]
    return all(any(not (one.get(way.peers) or ()) and _covers(one, port, served) for one in new) for port in ports)


def _lets_block(new: Sequence[Rule], block: Rule, ports: Sequence[Any], way: Way, served: Object | None) -> bool:
    fitting = [one for one in new if not one.get(way.peers) or any(_holds(p, block) for p in one[way.peers])]
    return all(any(_covers(one, port, served) for one in fitting) for port in ports or (None,))


def _holds(peer: Rule, block: Rule) -> bool:
    """Return whether a peer's addresses hold all of another block's."""
    wide = peer.get("ipBlock")
    if wide is None or wide == block:
        return wide is not None
    outer, inner = _network(wide.get("cidr")), _network(block.get("cidr"))
    if outer is None or inner is None or outer.version != inner.version:
        return False
    # What the wider one leaves out must be left out by the other as well.
    left_out = all(one in (block.get("except") or ()) for one in wide.get("except") or ())
    return left_out and outer.prefixlen <= inner.prefixlen and inner.network_address in outer


def _network(cidr: Any) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(str(cidr), strict=False)
    except ValueError:
        return None


def _lets(new: Sequence[Rule], other: Object, port: Any, way: Way, served: Object, pods_of: PodsOf) -> bool:
    return any(_covers(one, port, served) and _means(one.get(way.peers) or (), other, pods_of) for one in new)


def _means(peers: Sequence[Rule], other: Object, pods_of: PodsOf) -> bool:
    """Return whether a pod is one of a rule's peers; addresses of pods are not looked at, for they change."""
    if not peers:
        return True
    return any(place_of(other) in (pods_of(peer) or {}) for peer in peers if "ipBlock" not in peer)
