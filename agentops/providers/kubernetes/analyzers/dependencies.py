"""Workloads that cannot reach what they depend on: a host that does not exist, a Service that does not answer.

Two witnesses: what the environment names, and what the log says. A name alone is reported only when it is a near miss
of a Service that exists; a log line alone only with the host that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import OUTSIDE, Trait
from agentops.core.finding import Fact, Problem
from agentops.core.plan import Change
from agentops.providers.kubernetes.analysis.corrections import template_patch
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.reachability import (
    Complaint,
    Need,
    backing_workloads,
    complaints_of,
    needs_of,
    ports_of,
    service_names,
)
from agentops.providers.kubernetes.analysis.report import quote, severity_of, subject
from agentops.providers.kubernetes.analysis.rollouts import EXPLAINS_WITHIN, TemplateEdit, blame
from agentops.providers.kubernetes.analyzers.declaration import (
    EDIT_CONFIGMAP,
    OWNER,
    PATCH,
    UNDO,
    analyzer,
    exact,
    vague,
)
from agentops.providers.kubernetes.objects.fields import (
    Key,
    items,
    key_of,
    mapping,
    moment,
    name_of,
    namespace_of,
    pod_spec,
    strings,
    template_path,
    text,
)
from agentops.providers.kubernetes.objects.pod_health import is_ready, unready_since
from agentops.providers.kubernetes.objects.suggestions import only_nearest

NAME = "dependencies"

_ADDRESSES = (".env[", ".args", ".command")
_OWN_ADDRESS = re.compile(r"(?i)listen|bind|advertis|announce|_self|own_|my_|public_|external_|hostname")
"""Variables that say where a program is found, not what it asks."""


@analyzer(
    NAME,
    exact(
        "DependencyHostUnknown",
        OWNER,
        "the host that it depends on does not exist, or is an outdated one",
        Trait.NAMES_DEPENDENCY,
        fields=_ADDRESSES,
        remedies=(
            UNDO,
            PATCH,
            EDIT_CONFIGMAP,
            "kubernetes_rollout_restart",
        ),
    ),
    exact(
        "DependencyPortMismatch",
        OWNER,
        "it asks a Service for a port that the Service does not have",
        Trait.NAMES_DEPENDENCY,
        fields=_ADDRESSES,
        remedies=(
            UNDO,
            PATCH,
            EDIT_CONFIGMAP,
        ),
    ),
    vague(
        "DependencyUnreachable",
        OWNER,
        "the log says that a Service does not answer",
        Trait.FOLLOWS_DEPENDENCY,
        Trait.NAMES_DEPENDENCY,
        Trait.ONLY_SAID,
        fields=(*_ADDRESSES, ".image"),
    ),
    vague("WrongProgram", OWNER, "ready pods refuse connections and run the program of a neighbour"),
    vague(
        OUTSIDE,
        OWNER,
        "the log says that a host outside the cluster does not answer",
        Trait.NAMES_DEPENDENCY,
        Trait.TELLING,
        fields=(*_ADDRESSES, ".image"),
    ),
)
def dependencies(graph: Graph) -> Iterable[Problem]:
    """Return the workloads whose dependencies are misnamed or do not answer."""
    for workload in graph.workloads:
        key = key_of(workload)
        complaints = complaints_of(graph, key) if graph.snapshot.logs else []
        needs = needs_of(graph, key)
        named = {complaint.host for complaint in complaints}
        told = False
        told_of = (*_misnamed(graph, needs, complaints), *_outdated(graph, key, needs, complaints))
        # What a log alone says is told only where no configuration, new or old, says more of it.
        told_of = told_of or tuple(_absent(graph, key, needs, complaints))
        for problem in told_of:
            told = True
            yield problem
        if not told and named:
            yield from _unreachable(graph, key, needs, complaints)
        yield from _wrong_programs(graph, key, complaints)


def _wrong_programs(graph: Graph, key: Key, complaints: list[Complaint]) -> Iterator[Problem]:
    """A ready pod that refuses connections runs the program of a neighbour: the same image and the same command."""
    for complaint in complaints:
        if complaint.clue.kind != "refused" or complaint.service is None:
            continue
        for owner in backing_workloads(graph, complaint.service):
            twin = _twin(graph, owner) if _all_ready(graph, owner) else None
            if twin is None:
                continue
            words = f"{subject(owner)}: its pods are ready and refuse connections on {subject(complaint.service)} port "
            words += f"{complaint.port or '?'}; they run the same image and command as {subject(twin[0])} ({twin[1]})"
            yield Problem(
                resource=graph.ref_of(owner),
                condition="WrongProgram",
                summary=f"{words}; {subject(key)} says: {complaint.clue.line}",
                severity=Severity.HIGH,
                analyzer=NAME,
                facts=(
                    quote(graph, owner, f"{template_path(owner)}.containers[0].command", twin[1]),
                    quote(graph, complaint.pod, f"log[{complaint.clue.container}]", complaint.clue.line),
                ),
                affects=(graph.ref_of(key), graph.ref_of(complaint.service)),
                since=moment(graph.get(owner), "metadata", "creationTimestamp"),
                advice=f"Correct the command of {subject(owner)}.",
            )
            return


def _twin(graph: Graph, owner: Key) -> tuple[Key, str] | None:
    """Return another workload of the namespace with the same image and command that bears the command's name."""
    mine = items(pod_spec(graph.get(owner)), "containers")[:1]
    command = " ".join((*strings(mine[0], "command"), *strings(mine[0], "args"))) if mine else ""
    if not command:
        return None
    for workload in graph.workloads_by_namespace.get(owner[1], ()):
        other = items(pod_spec(workload), "containers")[:1]
        name = name_of(workload)
        if key_of(workload) == owner or not other or name not in command or owner[2] in command:
            continue
        same = " ".join((*strings(other[0], "command"), *strings(other[0], "args"))) == command
        if same and text(other[0], "image") == text(mine[0], "image"):
            return key_of(workload), command
    return None


def _misnamed(graph: Graph, needs: list[Need], complaints: list[Complaint]) -> Iterator[Problem]:
    seen: set[str] = set()
    for need in needs:
        if need.service is None or need.host in seen or not graph.was_read("Service", need.service[1]):
            continue
        said = next((c for c in complaints if _same_host(c, need)), None)
        problem = _misnamed_need(graph, need, need.service, said)
        if problem is not None:
            seen.add(need.host)
            yield problem


def _misnamed_need(graph: Graph, need: Need, service: Key, said: Complaint | None) -> Problem | None:
    if graph.get(service) is None:
        near = _candidate(graph, need, service)
        return _host_unknown(graph, need, service, near, said) if said or near else None
    ports = ports_of(graph, service)
    wrong = need.port and ports and need.port not in ports
    if _OWN_ADDRESS.search(need.where[1]) or need.workload in backing_workloads(graph, service):
        return None  # where it listens itself, or is found by others
    # Names of a headless Service lead to the pods themselves, which may listen on any port.
    if not wrong or text(graph.get(service), "spec", "clusterIP") == "None":
        return None
    return _wrong_port(graph, need, service, said)


def _outdated(graph: Graph, key: Key, needs: list[Need], complaints: list[Complaint]) -> Iterator[Problem]:
    """A name that the pods ask for and that their configuration no longer holds: it was changed, they were not."""
    obj = graph.get(key)
    for complaint in complaints:
        asked = complaint.host
        if complaint.clue.kind != "unknown-host" or complaint.service is None or graph.get(complaint.service):
            continue
        if obj is None or any(_same_host(complaint, need) for need in needs) or asked in str(pod_spec(obj)):
            continue
        fed = [need for need in needs if need.where[0][0] == "ConfigMap"]
        if not fed or any(asked in str(mapping(graph.get(need.where[0]), "data")) for need in fed):
            continue
        yield _outdated_problem(graph, key, complaint, fed)
        return


def _absent(graph: Graph, key: Key, needs: list[Need], complaints: list[Complaint]) -> Iterator[Problem]:
    """A name of the cluster that only a log asks for, and whose Service is known not to exist."""
    known = {need.host for need in needs}
    for complaint in complaints:
        service = complaint.service
        if complaint.clue.kind != "unknown-host" or service is None or not complaint.clue.certain:
            continue
        if complaint.host in known or graph.get(service) is not None or not graph.was_read("Service", service[1]):
            continue
        near = only_nearest(service[2], service_names(graph, service[1]))
        since = unready_since(graph.pods_of(key))
        origin = blame(graph, key, dependencies.condition("DependencyHostUnknown"), since=since)
        words = f"{subject(key)}: asks for host {complaint.host}, but Service {service[1]}/{service[2]} does not exist"
        words += (f" (nearest: {near})" if near else "") + f"; its log says: {complaint.clue.line}"
        yield Problem(
            resource=graph.ref_of(key),
            condition="DependencyHostUnknown",
            summary=words + (f"; {origin.clause}" if origin else ""),
            severity=severity_of(graph, key),
            analyzer=NAME,
            facts=(quote(graph, complaint.pod, f"log[{complaint.clue.container}]", complaint.clue.line),),
            since=since,
            remedies=origin.remedies if origin else (),
            advice="Correct the host name where it is written, or create the Service.",
        )
        return


def _outdated_problem(graph: Graph, key: Key, complaint: Complaint, fed: list[Need]) -> Problem:
    parts = set(complaint.host.split("."))
    instead = [need for need in fed if parts & set(need.host.split("."))]
    words = (
        f"{subject(key)}: asks for host {complaint.host}, which is not found and which its configuration does not name"
    )
    facts = [quote(graph, complaint.pod, f"log[{complaint.clue.container}]", complaint.clue.line)]
    remedies: tuple[Change, ...] = ()
    if instead:
        need = instead[0]
        words += f"; {subject(need.where[0])} {need.where[1]} says {need.host} now, so the pods run with an older value"
        facts.append(quote(graph, need.where[0], need.where[1], need.host))
        reason = f"pods read their environment when they start; {need.host} is configured, {complaint.host} is used"
        remedies = (Change(tool="kubernetes_rollout_restart", target=graph.ref_of(key), arguments={}, reason=reason),)
    return Problem(
        resource=graph.ref_of(key),
        condition="DependencyHostUnknown",
        summary=f"{words}; its log says: {complaint.clue.line}",
        severity=severity_of(graph, key),
        analyzer=NAME,
        facts=tuple(facts),
        since=unready_since(graph.pods_of(key)),
        remedies=remedies,
        advice="Restart the pods so that they take the present configuration."
        if instead
        else "Find where it is written.",
    )


def _same_host(complaint: Complaint, need: Need) -> bool:
    return complaint.host == need.host or (need.service is not None and complaint.service == need.service)


def _all_ready(graph: Graph, key: Key) -> bool:
    return all(is_ready(pod) for pod in graph.pods_of(key))


def _candidate(graph: Graph, need: Need, service: Key) -> str:
    """Return the host that was meant: a near name in the same namespace, else the same name in another one."""
    _, namespace, name = service
    there = [one for one in service_names(graph, namespace) if _serves(graph, ("Service", namespace, one), need.port)]
    near = only_nearest(name, there)
    if near:
        return near if "." not in need.host else need.host.replace(name, near, 1)
    elsewhere = [namespace_of(obj) for obj in graph.of("Service") if name_of(obj) == name]
    return f"{name}.{elsewhere[0]}" if len(elsewhere) == 1 else ""


def _serves(graph: Graph, service: Key, port: int) -> bool:
    """Return whether a Service may be what a host with this port means; one without the port is another one."""
    ports = ports_of(graph, service)
    return not port or not ports or port in ports


def _host_unknown(graph: Graph, need: Need, service: Key, near: str, said: Complaint | None) -> Problem:
    key, (holder, path) = need.workload, need.where
    since = unready_since(graph.pods_of(key))
    origin = blame(graph, key, dependencies.condition("DependencyHostUnknown"), since=since)
    where = path if holder == key else f"{subject(holder)} {path}"
    words = f"{subject(key)}: depends on host {need.host} ({where}), but Service {service[1]}/{service[2]} "
    words += "does not exist" + (f" (meant: {near})" if near else "")
    facts: list[Fact] = [quote(graph, holder, _full_path(holder, path), need.host)]
    if said:
        words += f"; its log says: {said.clue.line}"
        facts.append(quote(graph, said.pod, f"log[{said.clue.container}]", said.clue.line))
    if origin:
        words += f"; {origin.clause}"
    bitten = said is not None or not _all_ready(graph, key)
    return Problem(
        resource=graph.ref_of(key),
        condition="DependencyHostUnknown",
        summary=words,
        severity=severity_of(graph, key) if bitten else Severity.WARNING,
        analyzer=NAME,
        facts=tuple(facts),
        since=since,
        remedies=(origin.remedies if origin else ()) + tuple(_rename(graph, need, near)),
        advice=f"Write {near} instead." if near else "Correct the host name, or create the Service.",
        root=bitten,
    )


def _full_path(holder: Key, path: str) -> str:
    return path if holder[0] == "ConfigMap" else f"{template_path(holder)}.{path}"


def _rename(graph: Graph, need: Need, near: str) -> Iterator[Change]:
    if not near:
        return
    yield from _replacement(graph, need, need.host, near, f"Service {near} exists, {need.host} does not")


def _replacement(graph: Graph, need: Need, old: str, new: str, reason: str) -> Iterator[Change]:
    """Yield the change that writes ``new`` for ``old`` where the need is written."""
    holder, path = need.where
    if holder[0] == "ConfigMap":
        arguments: dict[str, Any] = {"key": path[5:-1], "replace": {old: new}}
        yield Change(tool="kubernetes_edit_configmap", target=graph.ref_of(holder), arguments=arguments, reason=reason)
    else:
        yield from template_patch(graph, holder, reason, {"path": path, "replace": {old: new}})


def _wrong_port(graph: Graph, need: Need, service: Key, said: Complaint | None) -> Problem:
    key, (holder, path) = need.workload, need.where
    ports = ", ".join(str(port) for port in ports_of(graph, service))
    since = unready_since(graph.pods_of(key))
    origin = blame(graph, key, dependencies.condition("DependencyPortMismatch"), since=since)
    words = f"{subject(key)}: asks for port {need.port} of {subject(service)} ({path}), which has {ports}"
    facts: list[Fact] = [
        quote(graph, holder, _full_path(holder, path), f"{need.host}:{need.port}"),
        quote(graph, service, "spec.ports[*].port", ports),
    ]
    if said:
        facts.append(quote(graph, said.pod, f"log[{said.clue.container}]", said.clue.line))
    bitten = said is not None or not _all_ready(graph, key)
    about = (key[0], key[2]) == (graph.snapshot.target.kind, graph.snapshot.target.name)
    return Problem(
        resource=graph.ref_of(key),
        condition="DependencyPortMismatch",
        summary=words + (f"; {origin.clause}" if origin else ""),
        severity=severity_of(graph, key) if bitten else Severity.WARNING,
        analyzer=NAME,
        facts=tuple(facts),
        since=since,
        remedies=(origin.remedies if origin else ()) + tuple(_other_port(graph, need, service)),
        advice=f"Use port {ports}.",
        root=bitten or about,
    )


def _other_port(graph: Graph, need: Need, service: Key) -> Iterator[Change]:
    """With one port there is one candidate; with more, nobody can know which was meant."""
    ports = ports_of(graph, service)
    if len(ports) != 1:
        return
    old, new = f"{need.host}:{need.port}", f"{need.host}:{ports[0]}"
    yield from _replacement(graph, need, old, new, f"{ports[0]} is the only port of {subject(service)}")


def _unreachable(graph: Graph, key: Key, needs: list[Need], complaints: list[Complaint]) -> Iterator[Problem]:
    """One problem for all that a workload cannot reach: the first named host leads, the rest are facts."""
    ordered = sorted(complaints, key=lambda c: (c.service is None, c.clue.kind != "refused"))
    inside = [c for c in ordered if _is_inside(graph, c)]
    outside = [c for c in ordered if _is_outside(c)]
    lead = (inside or outside or ordered)[0]
    external = not inside and bool(outside)
    since = unready_since(graph.pods_of(key))
    name = OUTSIDE if external else "DependencyUnreachable"
    origin = blame(
        graph,
        key,
        dependencies.condition(name),
        since=since,
        unless=lambda edit: _is_about_another(edit, lead),
        within=EXPLAINS_WITHIN,
    )
    words = _unreachable_words(graph, key, lead, external=external)
    yield Problem(
        resource=graph.ref_of(key),
        condition=name,
        summary=words + (f"; {origin.clause}" if origin else ""),
        severity=severity_of(graph, key) if _is_unwell(graph, key) else Severity.WARNING,
        analyzer=NAME,
        facts=_unreachable_facts(graph, lead, ordered, needs),
        since=since,
        advice=f"Ask who runs {lead.host}." if external else _advice(graph, lead),
    )


def _is_about_another(edit: TemplateEdit, complaint: Complaint) -> bool:
    """Return whether an edit is of a variable or an argument that does not name the host that is not reached."""
    if edit.path.endswith(".image"):
        return False
    names = {complaint.host, complaint.host.partition(".")[0], complaint.service[2] if complaint.service else ""} - {""}
    return not any(name in value for name in names for value in (edit.before, edit.after))


def _is_inside(graph: Graph, complaint: Complaint) -> bool:
    return complaint.service is not None and graph.get(complaint.service) is not None


def _is_outside(complaint: Complaint) -> bool:
    """Return whether the host has a full name and is none of the cluster's; an address may be anything."""
    is_address = complaint.host.replace(".", "").isdigit()
    return complaint.service is None and "." in complaint.host and not is_address


def _is_unwell(graph: Graph, key: Key) -> bool:
    return not _all_ready(graph, key) or any(pod in graph.unwell_pods for pod in graph.pods_of(key)[:50])


_HOW = {"refused": "the connection is refused", "timeout": "no answer in time", "unknown-host": "name not found"}


def _unreachable_words(graph: Graph, key: Key, lead: Complaint, *, external: bool) -> str:
    target = subject(lead.service) if lead.service and graph.get(lead.service) else lead.host
    port = f" port {lead.port}" if lead.port else ""
    words = f"{subject(key)}: cannot reach {target}{port}: {_HOW[lead.clue.kind]}"
    if external:
        words += "; this host is outside the cluster"
    return f"{words}; its log says: {lead.clue.line}"


def _unreachable_facts(
    graph: Graph, lead: Complaint, complaints: list[Complaint], needs: list[Need]
) -> tuple[Fact, ...]:
    """Return what the logs say, and where the host that leads is configured."""
    said = [quote(graph, c.pod, f"log[{c.clue.container}]", c.clue.line) for c in complaints[:4]]
    same = [need for need in needs if need.host == lead.host or need.service == lead.service]
    return (*said, *(quote(graph, need.where[0], need.where[1], need.host) for need in same[:2]))


def _advice(graph: Graph, lead: Complaint) -> str:
    if lead.service is None:
        return f"Find out what {lead.host} is and whether it runs."
    owners = backing_workloads(graph, lead.service)
    return f"Look at {subject(owners[0])}, which stands behind it." if owners else "Look at that Service."
