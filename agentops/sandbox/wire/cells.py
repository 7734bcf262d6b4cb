"""The cells of server-side Tables: one small function for each computed column.

Comes in: a stored object and the time. Goes out: a cell. Each follows the function of the same purpose in
kubernetes/pkg/printers/internalversion/printers.go (1.32). Must never: fail on an object that lacks a field.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from agentops.core.clock import from_iso
from agentops.sandbox.data import data
from agentops.sandbox.objects import DEFAULT_CLASS
from agentops.sandbox.store import Obj


def at(obj: Any, *path: str, default: Any = "") -> Any:
    """Return the value at ``path``; ``default`` when it, or anything on the way, is absent or null."""
    for name in path:
        if isinstance(obj, list) and name.isdigit() and int(name) < len(obj):
            obj = obj[int(name)]
            continue
        obj = obj.get(name) if isinstance(obj, dict) else None
    return default if obj is None else obj


def duration(length: timedelta) -> str:
    """Return a length of time as ``kubectl`` shows it: two units at most, fewer the longer it is."""
    seconds = int(length.total_seconds())
    if seconds < -1:
        return "<invalid>"
    seconds = max(seconds, 0)
    for below, unit, size, rest_unit, rest_size in data("values.yaml")["durations"]:
        if below == 0 or seconds < below:
            rest = seconds % size // rest_size if rest_unit else 0
            return f"{seconds // size}{unit}" + (f"{rest}{rest_unit}" if rest else "")
    raise AssertionError("the last step has no bound")


def since(moment: str, now: datetime) -> str:
    """Return how long ago an RFC 3339 time was."""
    return duration(now - from_iso(moment)) if moment else "<unknown>"


def age(obj: Obj, now: datetime) -> str:
    """Return the object's age."""
    return since(at(obj, "metadata", "creationTimestamp"), now)


def since_path(path: str) -> Callable[[Obj, datetime], str]:
    """Return a cell that says how long ago the time at ``path`` was."""
    return lambda obj, now: since(at(obj, *path.split(".")), now) if at(obj, *path.split(".")) else "<none>"


def _template_containers(obj: Obj) -> list[Obj]:
    job = at(obj, "spec", "jobTemplate", "spec", "template", "spec", "containers", default=None)
    return list(job or at(obj, "spec", "template", "spec", "containers", default=()))


def containers(obj: Obj, _now: datetime) -> str:
    """Return the template's container names."""
    return ",".join(container["name"] for container in _template_containers(obj))


def images(obj: Obj, _now: datetime) -> str:
    """Return the template's images."""
    return ",".join(container.get("image", "") for container in _template_containers(obj))


def _format_selector(found: Any) -> str:
    terms = [f"{key}={value}" for key, value in sorted((at(found, "matchLabels", default={}) or {}).items())]
    for term in at(found, "matchExpressions", default=()):
        values = "(" + ",".join(term.get("values", ())) + ")"
        text = {"Exists": "{key}", "DoesNotExist": "!{key}", "In": "{key} in {v}", "NotIn": "{key} notin {v}"}
        terms.append(text[term["operator"]].format(key=term["key"], v=values))
    return ",".join(terms) or "<none>"


def selector(path: str) -> Callable[[Obj, datetime], str]:
    """Return a cell with the label selector at ``path`` as text."""
    return lambda obj, _: _format_selector(at(obj, *path.split("."), default={}))


def labels(path: str) -> Callable[[Obj, datetime], str]:
    """Return a cell with the plain map of labels at ``path`` as text."""
    return lambda obj, _: _format_selector({"matchLabels": at(obj, *path.split("."), default={})})


def job_status(obj: Obj, _now: datetime) -> str:
    """Return Complete, Failed, Suspended, Terminating or Running."""
    held = {c["type"] for c in at(obj, "status", "conditions", default=()) if c.get("status") == "True"}
    for condition in ("Complete", "Failed"):
        if condition in held:
            return condition
    if at(obj, "metadata", "deletionTimestamp"):
        return "Terminating"
    return next((c for c in ("Suspended", "FailureTarget", "SuccessCriteriaMet") if c in held), "Running")


def job_completions(obj: Obj, _now: datetime) -> str:
    """Return ``succeeded/completions``."""
    done = at(obj, "status", "succeeded", default=0)
    wanted = at(obj, "spec", "completions", default=None)
    if wanted is not None:
        return f"{done}/{wanted}"
    parallelism = at(obj, "spec", "parallelism", default=1)
    return f"{done}/1 of {parallelism}" if parallelism > 1 else f"{done}/1"


def job_duration(obj: Obj, now: datetime) -> str:
    """Return how long the job has run or ran."""
    start, end = at(obj, "status", "startTime"), at(obj, "status", "completionTime")
    if not start:
        return ""
    return duration((from_iso(end) if end else now) - from_iso(start))


def external_ip(obj: Obj, now: datetime) -> str:
    """Return where a service is reached from outside."""
    kind = at(obj, "spec", "type")
    given = ",".join(at(obj, "spec", "externalIPs", default=()))
    if kind == "ExternalName":
        return str(at(obj, "spec", "externalName"))
    if kind == "LoadBalancer":
        return ingress_address(obj, now) or given or "<pending>"
    return given or "<none>"


def service_ports(obj: Obj, _now: datetime) -> str:
    """Return ``80:30080/TCP`` and so on."""
    ports = at(obj, "spec", "ports", default=())
    texts = [
        f"{p['port']}:{p['nodePort']}/{p.get('protocol', 'TCP')}"
        if p.get("nodePort")
        else f"{p['port']}/{p.get('protocol', 'TCP')}"
        for p in ports
    ]
    return ",".join(texts) or "<none>"


def _cut(texts: list[str], limit: int = 3) -> str:
    more = f" + {len(texts) - limit} more..." if len(texts) > limit else ""
    return ",".join(texts[:limit]) + more if texts else "<none>"


def endpoints(obj: Obj, _now: datetime) -> str:
    """Return the first ready addresses."""
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets") or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    return _cut(found)


def slice_ports(obj: Obj, _now: datetime) -> str:
    """Return the ports of an EndpointSlice."""
    found = [str(port.get("port", "*")) for port in obj.get("ports") or ()]
    return _cut(found) if found else "<unset>"


def slice_endpoints(obj: Obj, _now: datetime) -> str:
    """Return the first addresses of an EndpointSlice."""
    found = [address for one in obj.get("endpoints") or () for address in one.get("addresses", ())]
    return _cut(found) if found else "<unset>"


def node_status(obj: Obj, _now: datetime) -> str:
    """Return Ready or NotReady, and whether scheduling is disabled."""
    ready = [c["status"] for c in at(obj, "status", "conditions", default=()) if c.get("type") == "Ready"]
    word = "Unknown" if not ready else "Ready" if ready[0] == "True" else "NotReady"
    return word + ",SchedulingDisabled" if at(obj, "spec", "unschedulable") else word


def node_roles(obj: Obj, _now: datetime) -> str:
    """Return the roles that the node's labels give."""
    prefix = "node-role.kubernetes.io/"
    roles = sorted(key.removeprefix(prefix) for key in at(obj, "metadata", "labels", default={}) if prefix in key)
    return ",".join(roles) or "<none>"


def node_address(kind: str) -> Callable[[Obj, datetime], str]:
    """Return a cell with the node's first address of a kind."""

    def cell(obj: Obj, _now: datetime) -> str:
        found = at(obj, "status", "addresses", default=())
        return next((a["address"] for a in found if a["type"] == kind), "<none>")

    return cell


def event_seen(field: str) -> Callable[[Obj, datetime], str]:
    """Return a cell that says when the event was seen; ``eventTime`` stands in for an absent time."""
    return lambda obj, now: since(obj.get(field) or obj.get("eventTime") or "", now)


def event_object(obj: Obj, _now: datetime) -> str:
    """Return ``pod/web-1``."""
    about = obj.get("involvedObject") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


def event_message(obj: Obj, _now: datetime) -> str:
    """Return the event's message."""
    return str(obj.get("message", "")).strip()


def event_count(obj: Obj, _now: datetime) -> int:
    """Return how often the event was seen."""
    return int(obj.get("count") or 1)


def ingress_ports(obj: Obj, _now: datetime) -> str:
    """Return the ports on which an Ingress is served."""
    return "80, 443" if at(obj, "spec", "tls") else "80"


def event_source(obj: Obj, _now: datetime) -> str:
    """Return the component and host that reported the event."""
    source = obj.get("source") or {}
    component = source.get("component") or obj.get("reportingComponent") or ""
    return f"{component}, {source['host']}" if source.get("host") else component


def claim_status(obj: Obj, _now: datetime) -> str:
    """Return a claim's phase, or Terminating."""
    return "Terminating" if at(obj, "metadata", "deletionTimestamp") else str(at(obj, "status", "phase"))


def access_modes(part: str) -> Callable[[Obj, datetime], str]:
    """Return a cell with the access modes in their short form."""
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    return lambda obj, _: ",".join(short.get(mode, mode) for mode in at(obj, part, "accessModes", default=()))


def volume_claim(obj: Obj, _now: datetime) -> str:
    """Return the claim that a volume is bound to."""
    claim = at(obj, "spec", "claimRef", default=None)
    return f"{claim['namespace']}/{claim['name']}" if claim else ""


def class_name(obj: Obj, _now: datetime) -> str:
    """Return a storage class's name, marked when it is the default."""
    default = at(obj, "metadata", "annotations", DEFAULT_CLASS) == "true"
    return f"{obj['metadata']['name']} (default)" if default else str(obj["metadata"]["name"])


def ingress_hosts(obj: Obj, _now: datetime) -> str:
    """Return the hosts of an ingress."""
    hosts = [rule["host"] for rule in at(obj, "spec", "rules", default=()) if rule.get("host")]
    return _cut(hosts) if hosts else "*"


def ingress_address(obj: Obj, _now: datetime) -> str:
    """Return where the ingress is reached."""
    found = at(obj, "status", "loadBalancer", "ingress", default=())
    return ",".join(one.get("ip") or one.get("hostname", "") for one in found)


def hpa_targets(obj: Obj, _now: datetime) -> str:
    """Return ``cpu: 85%/80%`` for each metric."""
    current = at(obj, "status", "currentMetrics", default=()) or ()
    texts = []
    for index, metric in enumerate(at(obj, "spec", "metrics", default=())):
        about = metric.get("resource", {})
        target, now = about.get("target", {}), {}
        if index < len(current):
            now = at(current[index], "resource", "current", default={})
        if target.get("type") == "Utilization":
            value = f"{now['averageUtilization']}%" if "averageUtilization" in now else "<unknown>"
            texts.append(f"{about.get('name')}: {value}/{target.get('averageUtilization')}%")
        else:
            texts.append(f"{now.get('averageValue', '<unknown>')}/{target.get('averageValue', '<auto>')}")
    return _cut(texts, 2).replace(",", ", ")


def quota_use(part: str) -> Callable[[Obj, datetime], str]:
    """Return a cell with used/hard of the limits, or of everything else."""

    def cell(obj: Obj, _now: datetime) -> str:
        hard, used = at(obj, "status", "hard", default={}), at(obj, "status", "used", default={})
        names = [name for name in sorted(hard) if name.startswith("limits.") is (part == "limits")]
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in names)

    return cell


def subjects(kind: str) -> Callable[[Obj, datetime], str]:
    """Return a cell with the subjects of a kind."""

    def cell(obj: Obj, _now: datetime) -> str:
        found = [s for s in obj.get("subjects") or () if s.get("kind") == kind]
        return ", ".join(f"{s['namespace']}/{s['name']}" if s.get("namespace") else s["name"] for s in found)

    return cell


def controller(obj: Obj, _now: datetime) -> str:
    """Return ``statefulset.apps/db``, the object's controller."""
    for owner in at(obj, "metadata", "ownerReferences", default=()):
        if owner.get("controller"):
            group = owner["apiVersion"].rpartition("/")[0]
            return f"{owner['kind'].lower()}{'.' + group if group else ''}/{owner['name']}"
    return "<none>"
