"""The cluster's DNS against what exists: a Corefile that answers otherwise for a Service that is there.

Source: CoreDNS's plugins ``template``, ``rewrite`` and ``hosts``; kubeadm keeps the Corefile in
``kube-system/coredns``, AKS and others read ``coredns-custom`` as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agentops.core.alert import Severity
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.reachability import Complaint, complaints_of
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import analyzer, exact, vague
from agentops.providers.kubernetes.objects.fields import Key, key_of, mapping, number, string_map
from agentops.providers.kubernetes.objects.unwritten import has_status

NAME = "cluster_dns"
_DNS_NAMESPACE = "kube-system"
_MOST_ASKING = 50
_HOLDERS = (("kube-system", "coredns"), ("kube-system", "coredns-custom"))
_PLUGIN = re.compile(r"^\s*(template|rewrite|hosts|forward|acl|erratic)\b")


@analyzer(
    NAME,
    exact("DnsAnswerOverridden", "ConfigMap", "CoreDNS is told to answer otherwise for a Service that exists"),
    vague(
        "ClusterDnsDown",
        "Deployment",
        "no pod of the cluster's DNS is ready, and a log misses a name",
        Trait.TELLING,
        Trait.BRINGS_ABOUT,
    ),
)
def cluster_dns(graph: Graph) -> Iterable[Problem]:
    """Return the rules of the Corefile that stand between a workload and a Service that it asks for."""
    if not graph.snapshot.logs:
        return
    yield from _down(graph)
    for workload in graph.workloads:
        for complaint in complaints_of(graph, key_of(workload)):
            if complaint.clue.kind == "unknown-host" and complaint.service and graph.get(complaint.service):
                yield from _rules(graph, key_of(workload), complaint, complaint.service)


def _down(graph: Graph) -> Iterator[Problem]:
    """Yield that nothing answers for the cluster's names; why its pods are not ready is for other analyzers to say."""
    for server in graph.in_namespace("Deployment", _DNS_NAMESPACE):
        labelled = string_map(server, "spec", "selector", "matchLabels").get("k8s-app") == "kube-dns"
        if not labelled or not has_status(server) or number(server, "status", "readyReplicas"):
            continue
        asking = {
            key_of(workload): complaint
            for workload in graph.workloads
            for complaint in complaints_of(graph, key_of(workload))
            if complaint.clue.kind == "unknown-host"
        }
        if not asking:
            return
        client, complaint = next(iter(asking.items()))
        wanted = number(server, "spec", "replicas", default=1)
        state = f"0 of {plural(wanted, 'pod')} ready" if wanted else "scaled to 0 replicas"
        yield Problem(
            resource=graph.ref(server),
            condition="ClusterDnsDown",
            summary=f"{subject(key_of(server))}: the cluster's DNS is down ({state}), and "
            f"{plural(len(asking), 'workload')} cannot find names, {subject(client)} among them: {complaint.clue.line}",
            severity=Severity.CRITICAL,
            analyzer=NAME,
            facts=(
                quote(graph, server, "spec.replicas", wanted),
                quote(graph, server, "status.readyReplicas", 0),
                quote(graph, complaint.pod, f"log[{complaint.clue.container}]", complaint.clue.line),
            ),
            affects=tuple(graph.ref_of(key) for key in list(asking)[:_MOST_ASKING]),
            advice="Bring its pods up first: until then every name in the cluster is missed.",
        )


def _rules(graph: Graph, client: Key, complaint: Complaint, service: Key) -> Iterator[Problem]:
    full = f"{service[2]}.{service[1]}.svc"
    for namespace, name in _HOLDERS:
        holder = ("ConfigMap", namespace, name)
        for key, value in mapping(graph.get(holder), "data").items():
            rule = _rule(str(value), full)
            if not rule:
                continue
            yield Problem(
                resource=graph.ref_of(holder),
                condition="DnsAnswerOverridden",
                summary=f"{subject(holder)} data[{key}]: {rule!r} answers for {full}, and {subject(service)} exists; "
                f"{subject(client)} does not find it: {complaint.clue.line}",
                severity=Severity.CRITICAL,
                analyzer=NAME,
                facts=(
                    quote(graph, holder, f"data[{key}]", rule),
                    quote(graph, complaint.pod, f"log[{complaint.clue.container}]", complaint.clue.line),
                ),
                affects=(graph.ref_of(client),),
                advice=f"Take the rule for {full} out of {subject(holder)}; CoreDNS reads it again within a minute.",
            )
            return


def _rule(corefile: str, full: str) -> str:
    """Return the line of a plugin that names the Service, or that opens the block which does."""
    opened = ""
    for line in corefile.splitlines():
        if _PLUGIN.match(line):
            opened = line.strip()
        if full in line.replace("\\", "") and not line.lstrip().startswith("#"):
            return opened or line.strip()
        if line.strip() == "}":
            opened = ""
    return ""
