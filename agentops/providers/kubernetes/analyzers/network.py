"""NetworkPolicies that stand between a workload and a Service that it needs.

A path is blocked when some policy selects the server (Ingress) or the client (Egress) and no policy that does allows
the other side. Source: networking.k8s.io/v1; policies only add up, an empty rule list allows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

from agentops.core.alert import Severity
from agentops.core.clock import age
from agentops.core.finding import Problem
from agentops.core.plan import Change
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.reachability import Complaint, Need, complaints_of, needs_of, ports_of
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import PATCH, analyzer, exact
from agentops.providers.kubernetes.objects.fields import (
    Key,
    items,
    key_of,
    mapping,
    moment,
    name_of,
    namespace_of,
    number,
    pod_labels,
    pod_spec,
    scalar,
    string_map,
    strings,
    text,
)
from agentops.providers.kubernetes.objects.pod_health import is_ready
from agentops.providers.kubernetes.objects.pod_ports import declared_ports
from agentops.providers.kubernetes.objects.selectors import matches, near_miss, pairs

NAME = "network"
_LATELY = timedelta(hours=24)
_DNS = 53
_NAME_LABEL = "kubernetes.io/metadata.name"


@analyzer(
    NAME,
    exact(
        "NetworkPolicyBlocks", "NetworkPolicy", "it blocks a path that a configuration names, or DNS", remedies=(PATCH,)
    ),
)
def network(graph: Graph) -> Iterable[Problem]:
    """Return the policies that block a path which a workload's configuration asks for."""
    if not graph.of("NetworkPolicy"):
        return
    done: set[tuple[Key, Key]] = set()
    for workload in graph.workloads:
        client = key_of(workload)
        for need in (*needs_of(graph, client), *_asked_for(graph, client)):
            service = graph.get(need.service) if need.service else None
            if service is not None:
                for problem in _path(graph, workload, need, service):
                    if (client, _policy_key(problem)) not in done:
                        done.add((client, _policy_key(problem)))
                        yield problem
        yield from _names(graph, workload)


def _asked_for(graph: Graph, client: Key) -> Iterator[Need]:
    """Yield what only the log names: a Service that did not answer, or refused; some networks refuse what is barred."""
    for complaint in complaints_of(graph, client) if graph.snapshot.logs else ():
        if complaint.service is not None and complaint.clue.kind in ("timeout", "refused"):
            where = (complaint.pod, f"log[{complaint.clue.container}]")
            yield Need(
                workload=client,
                service=complaint.service,
                host=complaint.host,
                port=_port(graph, complaint),
                where=where,
            )


def _port(graph: Graph, complaint: Complaint) -> int:
    return complaint.port if complaint.port in ports_of(graph, complaint.service or ("", "", "")) else 0


def _policy_key(problem: Problem) -> Key:
    return problem.resource.kind, problem.resource.namespace, problem.resource.name


def policies_on(graph: Graph, namespace: str, labels: dict[str, str], direction: str) -> list[dict[str, Any]]:
    """Return the policies of ``direction`` (``Ingress``, ``Egress``) that select pods with ``labels``."""
    return [
        policy
        for policy in graph.policies_for(namespace, labels)
        if direction in _types(policy) and matches(mapping(policy, "spec", "podSelector"), labels)
    ]


def _types(policy: dict[str, Any]) -> list[str]:
    written = strings(policy, "spec", "policyTypes")
    return written or (["Ingress", "Egress"] if items(policy, "spec", "egress") else ["Ingress"])


def _allows(
    graph: Graph, policy: dict[str, Any], direction: str, peer: tuple[str, dict[str, str]], ports: set[str]
) -> bool:
    side, list_name = ("from", "ingress") if direction == "Ingress" else ("to", "egress")
    for rule in items(policy, "spec", list_name):
        if _port_allowed(items(rule, "ports"), ports) and _peer_allowed(graph, policy, items(rule, side), peer):
            return True
    return False


def _port_allowed(rules: list[dict[str, Any]], ports: set[str]) -> bool:
    if not rules or not ports:
        return True
    for rule in rules:
        port, last = scalar(rule, "port"), number(rule, "endPort")
        if not port or port in ports:
            return True
        if last and port.isdecimal() and any(p.isdecimal() and int(port) <= int(p) <= last for p in ports):
            return True
    return False


def _peer_allowed(
    graph: Graph, policy: dict[str, Any], peers: list[dict[str, Any]], peer: tuple[str, dict[str, str]]
) -> bool:
    if not peers:
        return True
    namespace, labels = peer
    for entry in peers:
        if "ipBlock" in entry:
            if _may_hold_pods(text(entry, "ipBlock", "cidr")):
                return True
            continue
        home = namespace_of(policy) == namespace
        if "namespaceSelector" in entry:
            home = _is_selected(graph, namespace, mapping(entry, "namespaceSelector"))
        if home and ("podSelector" not in entry or matches(mapping(entry, "podSelector"), labels)):
            return True
    return False


def _may_hold_pods(cidr: str) -> bool:
    """Return whether a range may be that of pods: everything, or addresses of a private network."""
    try:
        network = ip_network(cidr, strict=False)
    except ValueError:
        return True
    return network.prefixlen == 0 or network.is_private


def _is_selected(graph: Graph, namespace: str, selector: dict[str, Any]) -> bool:
    """Return whether a namespace is selected; one whose labels were not read may be, and is then not said to be cut
    off. Its name is a label of each namespace (https://kubernetes.io/docs/reference/labels-annotations-taints/).
    """
    found = graph.find("Namespace", "", namespace)
    asked = {*string_map(selector, "matchLabels"), *(text(one, "key") for one in items(selector, "matchExpressions"))}
    if found is None and asked - {_NAME_LABEL}:
        return True
    return matches(selector, {_NAME_LABEL: namespace, **string_map(found, "metadata", "labels")})


def _path(graph: Graph, workload: dict[str, Any], need: Need, service: dict[str, Any]) -> Iterator[Problem]:
    namespace, selector = namespace_of(service), string_map(service, "spec", "selector")
    servers = graph.pods_labelled(namespace, selector)
    if not servers:
        return
    server, labels = servers[0], pod_labels(servers[0])
    ports = _target_ports(service, server, need.port)
    client = (namespace_of(workload), pod_labels(workload))
    inward = policies_on(graph, namespace, labels, "Ingress")
    if inward and not any(_allows(graph, policy, "Ingress", client, ports) for policy in inward):
        words = "lets nobody in" if _empty(inward) else "does not let it in"
        meant = _meant_rule(graph, inward, "Ingress", client, ports)
        yield _problem(graph, inward, workload, need, service, words, meant)
    outward = policies_on(graph, client[0], client[1], "Egress")
    if outward and not any(_allows(graph, policy, "Egress", (namespace, labels), ports) for policy in outward):
        meant = _meant_rule(graph, outward, "Egress", (namespace, labels), ports)
        yield _problem(graph, outward, workload, need, service, "does not let it out", meant)


@dataclass(frozen=True, slots=True, kw_only=True)
class _MeantRule:
    """The rule that should have admitted the peer: what of it differs, and the change where it is a slip."""

    policy: dict[str, Any]
    words: str
    remedies: tuple[Change, ...] = ()


def _meant_rule(
    graph: Graph,
    policies: list[dict[str, Any]],
    direction: str,
    peer: tuple[str, dict[str, str]],
    ports: set[str],
) -> _MeantRule | None:
    """Return the one rule that misses the peer by a single label, or names it with another port, or None."""
    found = [rule for policy in policies for rule in _near_rules(graph, policy, direction, peer, ports)]
    slips = [rule for rule in found if rule.remedies]
    return (slips or found)[0] if len(slips or found) == 1 else None


def _near_rules(
    graph: Graph, policy: dict[str, Any], direction: str, peer: tuple[str, dict[str, str]], ports: set[str]
) -> Iterator[_MeantRule]:
    side, list_name = ("from", "ingress") if direction == "Ingress" else ("to", "egress")
    for at, rule in enumerate(items(policy, "spec", list_name)):
        port_fits = _port_allowed(items(rule, "ports"), ports)
        for where, entry in enumerate(items(rule, side)):
            path = f"spec.{list_name}[{at}].{side}[{where}]"
            if not port_fits and _peer_allowed(graph, policy, [entry], peer):
                allowed = ", ".join(filter(None, (scalar(port, "port") for port in items(rule, "ports"))))
                words = (
                    f"its rule {path} admits the peer on port {allowed}, and port {'/'.join(sorted(ports))} is asked"
                )
                yield _MeantRule(policy=policy, words=words)
            elif port_fits and "podSelector" in entry:
                yield from _near_peer(graph, policy, path, entry, peer)


def _near_peer(
    graph: Graph, policy: dict[str, Any], path: str, entry: dict[str, Any], peer: tuple[str, dict[str, str]]
) -> Iterator[_MeantRule]:
    namespace, labels = peer
    home = namespace_of(policy) == namespace
    if "namespaceSelector" in entry:
        home = _is_selected(graph, namespace, mapping(entry, "namespaceSelector"))
    wanted = pairs(mapping(entry, "podSelector"))
    miss = near_miss(wanted, labels) if home and wanted else None
    if miss is None:
        return
    words = f"its rule {path} should admit the peer, and asks for {miss.key}={miss.wanted}, "
    words += f"where the pods carry {miss.has_key}={miss.has}"
    literal = string_map(entry, "podSelector", "matchLabels")
    remedies: tuple[Change, ...] = ()
    if miss.spelling and literal.get(miss.key) == miss.wanted:
        arguments = {
            "path": f"{path}.podSelector.matchLabels",
            "old": {miss.key: miss.wanted},
            "new": {miss.has_key: miss.has},
        }
        reason = f"the pods carry {miss.has_key}={miss.has}"
        change = Change(tool="kubernetes_patch", target=graph.ref(policy), arguments=arguments, reason=reason)
        remedies = (change,)
    yield _MeantRule(policy=policy, words=words, remedies=remedies)


def _empty(policies: list[dict[str, Any]]) -> bool:
    return not any(items(policy, "spec", "ingress") for policy in policies)


def _target_ports(service: dict[str, Any], server: dict[str, Any], port: int) -> set[str]:
    """Policies speak of the pods' ports, so the Service's port is followed to its target, by name and by number."""
    declared = declared_ports(pod_spec(server))
    found: set[str] = set()
    for entry in items(service, "spec", "ports"):
        if port in (0, number(entry, "port")):
            target = scalar(entry, "targetPort") or scalar(entry, "port")
            found.add(target)
            found.update(str(n) for _, name, n in declared if name == target)
            found.update(name for _, name, n in declared if str(n) == target and name)
    return found


def _problem(
    graph: Graph,
    policies: list[dict[str, Any]],
    workload: dict[str, Any],
    need: Need,
    service: dict[str, Any],
    words: str,
    meant: _MeantRule | None = None,
) -> Problem:
    """Of several policies the one is named whose rule misses the peer narrowly, else the youngest: before it was made,
    the path was open or blocked by the others."""
    policy = meant.policy if meant else max(policies, key=lambda p: (_made(p) is not None, _made(p), name_of(p)))
    client, made = key_of(workload), _made(policy)
    complained = any(c.service == need.service for c in complaints_of(graph, client))
    pods = graph.pods_of(client)
    unwell = any(not is_ready(pod) for pod in pods)
    younger = made is not None and graph.now - made <= _LATELY and any(_before(pod, made) for pod in pods)
    names = ", ".join(name_of(p) for p in policies)
    said = f"{subject(key_of(policy))}: {words}: {subject(client)} needs {subject(key_of(service))}"
    said += f" ({need.where[1]}), and no policy on the path ({names}) allows it"
    if meant is not None:
        said += f"; {meant.words}"
    elif made is not None and graph.now - made <= _LATELY:
        said += f"; the policy was made {age(made, graph.now)} ago"
    affects = [client, key_of(service)]
    return Problem(
        resource=graph.ref(policy),
        condition="NetworkPolicyBlocks",
        summary=said,
        severity=Severity.CRITICAL if complained or unwell else Severity.WARNING,
        analyzer=NAME,
        facts=(
            quote(graph, policy, "spec.podSelector", str(mapping(policy, "spec", "podSelector"))),
            quote(graph, policy, "spec.policyTypes", ", ".join(_types(policy))),
            quote(graph, policy, "spec.ingress", str(items(policy, "spec", "ingress"))),
            quote(graph, need.where[0], need.where[1], need.host),
        ),
        affects=tuple(graph.ref_of(key) for key in affects),
        since=made if meant is None else None,
        remedies=meant.remedies if meant else (),
        advice="Add a rule that allows this client, or correct the selector of the rule that should.",
        root=complained or unwell or younger,
    )


def _made(policy: dict[str, Any]) -> datetime | None:
    return moment(policy, "metadata", "creationTimestamp")


def _before(pod: dict[str, Any], made: datetime) -> bool:
    started = moment(pod, "status", "startTime") or moment(pod, "metadata", "creationTimestamp")
    return started is not None and started < made


def _names(graph: Graph, workload: dict[str, Any]) -> Iterator[Problem]:
    """An Egress policy that forgets port 53 takes the names of everything away."""
    client = key_of(workload)
    complaints = [c for c in complaints_of(graph, client) if c.clue.kind == "unknown-host"]
    outward = policies_on(graph, namespace_of(workload), pod_labels(workload), "Egress")
    dns = ("kube-system", {"k8s-app": "kube-dns"})
    if not complaints or not outward or any(_allows(graph, p, "Egress", dns, {str(_DNS)}) for p in outward):
        return
    policy = outward[0]
    yield Problem(
        resource=graph.ref(policy),
        condition="NetworkPolicyBlocks",
        summary=f"{subject(key_of(policy))}: lets {subject(client)} out, but not to DNS (port 53), so no name is found",
        severity=Severity.CRITICAL,
        analyzer=NAME,
        facts=(
            quote(graph, policy, "spec.egress", str(items(policy, "spec", "egress"))),
            quote(graph, complaints[0].pod, f"log[{complaints[0].clue.container}]", complaints[0].clue.line),
        ),
        affects=(graph.ref_of(client),),
        since=_made(policy),
        advice="Allow UDP and TCP port 53 to the cluster's DNS pods.",
    )
