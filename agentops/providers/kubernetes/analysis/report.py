"""``Report``: the same ailment of one pod or of thirty, collapsed into one ``Problem`` on their workload.

Comes in: what an analyzer noticed on single pods. Goes out: problems with exact counts ("3 of 3 pods"), facts from the
pod that shows it best, and a severity by how much of the workload suffers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.finding import Fact, Problem
from agentops.core.plan import Change
from agentops.core.resource import ResourceRef
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.objects.fields import Key, condition, key_of, moment, name_of, text
from agentops.providers.kubernetes.objects.pod_health import is_active, is_ready

FACT_CHARS = 400
MAX_FACTS = 8


def quote(graph: Graph, obj: dict[str, Any] | Key, path: str, value: object) -> Fact:
    """Return a fact: ``value`` as it stands at ``path`` of ``obj``, on one line, credentials hidden."""
    ref = graph.ref_of(obj) if isinstance(obj, tuple) else graph.ref(obj)
    if isinstance(value, bool):
        value = str(value).lower()
    return Fact(resource=ref, path=path, value=quoted(str(value), FACT_CHARS))


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSymptom:
    """One ailment of one pod.

    Arguments:
        pod: the pod that shows it.
        condition: the condition's catalogue name.
        what: what is wrong, without a subject's count: ``container web cannot pull image x:v9``.
        facts: the quotations; at least one.
        container: the container, or empty when it is about the whole pod.
        since: when it began on this pod.
        advice, remedies, affects, root: as in ``Problem``.
        severity: overrides the severity by how many pods suffer.
    """

    pod: dict[str, Any]
    condition: str
    what: str
    facts: tuple[Fact, ...]
    container: str = ""
    since: datetime | None = None
    advice: str = ""
    remedies: tuple[Change, ...] = ()
    affects: tuple[ResourceRef, ...] = ()
    root: bool = True
    severity: Severity | None = None


def subject(key: Key) -> str:
    """Return how people name a workload: ``Deployment shop/checkout``."""
    kind, namespace, name = key
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def severity_of(graph: Graph, key: Key) -> Severity:
    """Return critical when no pod of the workload is ready, high when some are not, warning otherwise."""
    found = graph.severities.get(key)
    if found is None:
        pods = [pod for pod in graph.pods_of(key) if is_active(pod)]
        ready = sum(1 for pod in pods if is_ready(pod))
        found = Severity.WARNING if ready == len(pods) and ready else Severity.HIGH if ready else Severity.CRITICAL
        graph.severities[key] = found
    return found


def collapse(graph: Graph, analyzer: str, signs: Iterable[PodSymptom]) -> Iterator[Problem]:
    """Yield one problem per workload, condition and container."""
    groups: dict[tuple[Key, str, str], list[PodSymptom]] = {}
    for sign in signs:
        groups.setdefault((graph.workload(sign.pod), sign.condition, sign.container), []).append(sign)
    for (key, _, _), members in groups.items():
        yield _problem(graph, analyzer, key, members)


def _problem(graph: Graph, analyzer: str, key: Key, members: list[PodSymptom]) -> Problem:
    members = sorted(members, key=lambda sign: (-len(sign.facts), name_of(sign.pod)))
    best = members[0]
    stuck = _stuck(graph, key, members) if best.root else ()
    return Problem(
        resource=graph.ref_of(key),
        condition=best.condition,
        summary=f"{_how_many(graph, key, members)}: {best.what}",
        severity=best.severity or severity_of(graph, key),
        analyzer=analyzer,
        facts=best.facts[:MAX_FACTS],
        affects=_affected(graph, key, members),
        since=min((sign.since for sign in members if sign.since is not None), default=None),
        remedies=tuple(_then_delete(change, stuck) for change in best.remedies),
        companions=tuple(_pod_deletion(graph, key, name) for name in stuck) if best.remedies else (),
        advice=" ".join(part for part in (best.advice, _deletion(stuck)) if part),
        root=any(sign.root for sign in members),
    )


def _how_many(graph: Graph, key: Key, members: list[PodSymptom]) -> str:
    """Return ``2 of 3 pods of Deployment shop/web``; of a pod that nothing made, its own name."""
    if key[0] == "Pod":
        return subject(key)
    first = members[0].pod
    total = sum(1 for pod in graph.pods_of(key) if is_active(pod) or pod is first)
    hit = len({name_of(sign.pod) for sign in members})
    return f"{hit} of {plural(max(total, hit), 'pod')} of {subject(key)}"


def _affected(graph: Graph, key: Key, members: list[PodSymptom]) -> tuple[ResourceRef, ...]:
    pods = [graph.ref_of(key_of(sign.pod)) for sign in members[:50]]
    others = [ref for sign in members for ref in sign.affects]
    return tuple(ref for ref in dict.fromkeys((*pods, *others)) if ref != graph.ref_of(key))


_AT_START = timedelta(seconds=30)


def _stuck(graph: Graph, key: Key, members: list[PodSymptom]) -> tuple[str, ...]:
    """Return the StatefulSet's pods that never became ready: its controller waits for them and replaces none.

    Source: StatefulSet rolling updates under OrderedReady; with podManagementPolicy Parallel it does not wait.
    """
    if key[0] != "StatefulSet" or text(graph.get(key), "spec", "podManagementPolicy") == "Parallel":
        return ()
    return tuple(sorted({name_of(sign.pod) for sign in members if _never_ready(sign.pod)}))


def _never_ready(pod: dict[str, Any]) -> bool:
    if is_ready(pod) or not is_active(pod):
        return False
    begun = moment(pod, "status", "startTime") or moment(pod, "metadata", "creationTimestamp")
    unready = moment(condition(pod, "Ready"), "lastTransitionTime")
    return unready is None or begun is None or unready - begun <= _AT_START


def _deletion(stuck: tuple[str, ...]) -> str:
    if not stuck:
        return ""
    which = f"pod{'s' if len(stuck) > 1 else ''} {', '.join(stuck[:3])}"
    return (
        f"After correcting the template, delete {which} as well: "
        "the controller does not replace a pod that never became ready."
    )


def _pod_deletion(graph: Graph, key: Key, name: str) -> Change:
    return Change(
        tool="kubernetes_delete_pod",
        target=graph.ref_of(("Pod", key[1], name)),
        reason="it never became ready, and its controller does not replace such a pod",
    )


def _then_delete(change: Change, stuck: tuple[str, ...]) -> Change:
    if change.tool != "kubernetes_rollout_undo" or not stuck:
        return change
    return replace(change, reason=f"{change.reason}. {_deletion(stuck)}")
