"""From labels to what they are about: the target resource and the severity.

Comes in: an alert's labels. Goes out: a ``Target`` with what the labels say for certain. It never guesses an owner from
the shape of a pod's name, and never takes the labels of the exporter that was scraped for those of the target. Which
label names what stands in ``label_table``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from agentops.alerts import label_table as table
from agentops.alerts.kinds import kind_named
from agentops.core.alert import Severity, Target

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_METRIC = re.compile(r"(?<![\w:.])(?!(?:sum|avg|min|max|count|rate|irate|increase|by|on|without|absent|delta|topk)\b)"
                     r"([a-z][a-z0-9]*(?:[_:][a-z0-9_:]+)+|up)(?=\s*[{\[)><=!*/+-]|\s|$)")  # fmt: skip
_PAIRED = {kind.lower(): kind for kind in table.PAIRED_KINDS.split()}
# Without the prefix ``exported_``, these describe whoever was scraped.
_OF_THE_SCRAPE = ("pod", "container", "service", "instance", "endpoint", "job")
_ABOUT_THE_SCRAPE = re.compile(r"target|^instancedown$|scrape|jobmissing|^up$", re.IGNORECASE)
_MEASURED_APART = ("instance", "endpoint", "job", "prometheus")
CLUSTER_KINDS = frozenset(
    {"Node", "PersistentVolume", "Namespace", "ClusterRole", "ClusterRoleBinding", "StorageClass"}
)
_SEVERITIES = {
    Severity.CRITICAL: "critical crit page p1 p0 sev0 sev1 s1 emergency fatal disaster urgent alert highest blocker 1",
    Severity.HIGH: "high major error err p2 sev2 s2 2",
    Severity.WARNING: "warning warn minor medium average moderate p3 sev3 s3 3",
    Severity.INFO: "info informational information low lowest notice none ok debug p4 p5 sev4 sev5 s4 s5 4 5",
}
_GRADE_CHARS = 24
_SEVERITY_OF = {word: severity for severity, words in _SEVERITIES.items() for word in words.split()}


def target_of(labels: Mapping[str, str], expression: str = "") -> Target:
    """Return what the labels are about; parts that they do not say for certain are empty.

    Arguments:
        expression: the rule's query, where the alert carries it: its metric says what kind of object it measures.
    """
    own = _of_the_object({normal(key): value for key, value in reversed(tuple(labels.items()))})
    rule = own.get("alertname", "")
    about = _subject(rule) or _subject(_metric(expression))
    if about == "Node" or _is_of_a_node(own):
        name = _first(own, table.NODES.keys) or _node_by_address(own)
        if name:
            return Target(kind="Node", name=name)
    is_scrape = bool(_ABOUT_THE_SCRAPE.search(rule)) or _metric(expression) == "up"
    found = _telling(own, about) or _service_in_full(own)
    if found is None:
        found = _generic(own, rule, about, is_scrape=is_scrape)
    if found.kind in CLUSTER_KINDS:
        return Target(kind=found.kind, name=found.name)
    return Target(namespace=found.namespace, kind=found.kind, name=found.name, container=_container(own, found, rule))


def normal(key: str) -> str:
    """Return a label's key in the one form that the table has: ``k8s.podName`` is ``k8s_pod_name``."""
    return re.sub(r"[^a-z0-9]+", "_", _CAPITAL.sub("_", key).lower()).strip("_")


def severity_of(*words: str) -> Severity:
    """Return the severity that the first known of the senders' ``words`` means."""
    for word in words:
        squeezed = word.strip().lower().replace("-", "").replace(" ", "")
        # "P1 - Critical", "High (2)": the first part that is a word of its own.
        parts = re.findall(r"[A-Za-z]+-?\d?|\d", word) if len(word) < _GRADE_CHARS else []
        found = (_SEVERITY_OF.get(one.lower().replace("-", "")) for one in parts)
        known = _SEVERITY_OF.get(squeezed) or next((one for one in found if one is not None), None)
        if known is not None:
            return known
    return Severity.UNKNOWN


def is_name(text: str) -> bool:
    """Return whether Kubernetes could have an object of that name."""
    return _NAME.fullmatch(text) is not None


def _of_the_object(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels without those of whoever was scraped, where ``exported_*`` labels tell the two apart."""
    exported = {key.removeprefix("exported_"): value for key, value in labels.items() if key.startswith("exported_")}
    if not exported:
        return dict(labels)
    away = any(_has(labels.get(key, ""), table.AWAY_FROM_THEIR_OBJECT) for key in ("pod", "job", "container"))
    dropped = {*_OF_THE_SCRAPE, *exported, *(("namespace",) if away else ())}
    kept = {key: value for key, value in labels.items() if key not in dropped}
    # What Pushgateway and a federation hand on is named by their sender's job: a scrape job still.
    return {**kept, **exported}


def _subject(words: str) -> str:
    """Return the kind that a rule's name or a metric speaks of first; empty when it speaks of none."""
    squeezed = re.sub(r"[^a-z]", "", words.lower())
    if not squeezed or re.search(r"\s", words.strip()):
        return ""
    found = [(squeezed.find(word), -len(word), kind) for word, kind in table.SUBJECTS if word in squeezed]
    return min(found)[2] if found else ""


@cache
def _metric(expression: str) -> str:
    found = _METRIC.search(expression[:2000])
    return found.group(1) if found else ""


def _telling(own: Mapping[str, str], about: str) -> Target | None:
    """Return what a label names that only the measured object has: a workload, a claim, an autoscaler."""
    rows = (*(row for row in table.TELLING if row.kind == about), *table.TELLING) if about else table.TELLING
    for row in rows:
        name = _first(own, row.keys)
        if not name or (row.beside and not _is_beside(own, row.beside)):
            continue
        return Target(namespace=_namespace(own, row), kind=row.kind, name=name if row.kind else "")
    return _pair(own)


def _is_beside(own: Mapping[str, str], keys: str) -> bool:
    """Return whether one of the keys is there, or part of the rule's or the scrape job's name."""
    named = (own.get("alertname", "") + own.get("job", "")).lower()
    return any(key in own or key in named for key in keys.split())


def _pair(own: Mapping[str, str]) -> Target | None:
    for kind_key, name_key in table.KINDS_BESIDE_NAMES:
        kind, name = _PAIRED.get(kind_named(own.get(kind_key, "")).lower(), ""), own.get(name_key, "")
        is_generated = kind in ("ReplicaSet", "Pod", "Node") and bool(_first(own, table.PODS.keys))
        if kind and is_name(name) and not is_generated:
            place = own.get(kind_key.removesuffix("kind") + "namespace", "")
            namespace = place if is_name(place) else _first(own, table.NAMESPACES)
            return Target(namespace=namespace, kind=kind, name=name)
    return None


def _service_in_full(own: Mapping[str, str]) -> Target | None:
    """Return the Service of a host name: ``cart.shop.svc.cluster.local``."""
    for key in table.HOSTS.split():
        parts = own.get(key, "").rpartition("//")[2].partition("/")[0].partition(":")[0].split(".")
        if len(parts) >= 3 and parts[2] == "svc" and is_name(parts[0]) and is_name(parts[1]):
            return Target(namespace=parts[1], kind="Service", name=parts[0])
    return None


def _generic(own: Mapping[str, str], rule: str, about: str, *, is_scrape: bool) -> Target:
    """Return the pod, service or node that the labels name, unless it only measures others."""
    reporter = not is_scrape and _reports(own, rule)
    pod, replica_set = _first(own, table.PODS.keys), _first(own, table.REPLICA_SETS.keys)
    is_own_pod = bool(pod) and (about == "Pod" or is_scrape or not _measures_others(own, pod, rule))
    if is_own_pod and not (replica_set and not pod.startswith(replica_set)):
        return Target(namespace=_namespace(own, table.PODS), kind="Pod", name=pod)
    rows = (table.REPLICA_SETS, table.REVISIONS, table.SERVICES, table.VOLUMES, table.NODES)
    for row in rows:
        name = _first(own, row.keys)
        if name and not (row.kind == "Service" and (reporter or _is_reporter(name)) and not is_scrape):
            # The node beside a reporter's pod is where the reporter runs.
            if row.kind == "Node" and pod and not is_own_pod:
                continue
            name += "-deployment" if row is table.REVISIONS else ""
            return Target(namespace=_namespace(own, row), kind=row.kind, name=name)
    away = not is_scrape and any(
        _has(own.get(key, ""), table.AWAY_FROM_THEIR_OBJECT) for key in ("pod", "job", "container")
    )
    return Target(namespace="" if away else _first(own, table.NAMESPACES))


def _measures_others(own: Mapping[str, str], pod: str, rule: str) -> bool:
    if _names_itself(rule):
        return False
    return _is_reporter(pod) or _is_reporter(own.get("app_kubernetes_io_name", ""))


def _reports(own: Mapping[str, str], rule: str) -> bool:
    """Return whether it is a scrape of something that measures others, and the rule is not about that itself."""
    said = (own.get(key, "") for key in ("job", "container", "app_kubernetes_io_name"))
    return any(map(_is_reporter, said)) and not _names_itself(rule)


def _names_itself(rule: str) -> bool:
    squeezed = re.sub(r"[^a-z]", "", rule.lower())
    return any(name.replace("-", "") in squeezed for name in table.REPORTERS if name not in ("kubelet", "ksm"))


def _is_reporter(name: str) -> bool:
    return _has(name, table.REPORTERS)


def _has(name: str, parts: Iterable[str]) -> bool:
    return any(f"-{part}-" in f"-{name.lower()}-" for part in parts)


def _container(own: Mapping[str, str], found: Target, rule: str) -> str:
    name = _first(own, table.CONTAINERS)
    if not name or (_is_reporter(name) and not _names_itself(rule)):
        return ""
    # Prometheus' own pair of pod and container is one thing: beside a workload both are the exporter's.
    is_scraped = "container" in own and ("pod" in own or any(key in own for key in _MEASURED_APART))
    return "" if found.kind not in ("Pod", "") and is_scraped else name


def _namespace(own: Mapping[str, str], row: table.Row) -> str:
    return _first(own, f"{row.namespaces} {table.NAMESPACES}")


def _is_of_a_node(own: Mapping[str, str]) -> bool:
    """Return whether node-exporter measured it, whatever the rule is called: what it measures is its node."""
    said = [own.get(key, "") for key in ("job", "container", "pod", "app_kubernetes_io_name")]
    return any(_has(one, ("node-exporter",)) for one in said) and not _names_itself(own.get("alertname", ""))


def _node_by_address(own: Mapping[str, str]) -> str:
    """Return the host or address at which a node was measured; the provider knows the addresses of its nodes."""
    host, _, port = own.get("instance", "").rpartition(":")
    said = [own.get(key, "") for key in ("job", "pod", "service", "container")]
    is_measured_there = port in table.NODE_PORTS or any(_has(one, table.ON_EVERY_NODE) for one in said)
    return host if is_measured_there and is_name(host) else ""


def _first(own: Mapping[str, str], keys: str) -> str:
    return next((own[key] for key in keys.split() if is_name(own.get(key, ""))), "")
