"""Whether objects show the state that an alert is about, and what at the target is not settled yet.

Comes in: the alert's own words, and the graph. Goes out: whether "all is well" can be said of it at all, and sentences
about what happened at the target in the last minutes. An alert about answers, time or space may be right while every
object is well: then nobody may say that there is no problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from agentops.core.alert import Alert
from agentops.core.clock import age
from agentops.core.resource import ResourceRef
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import subject
from agentops.providers.kubernetes.objects.event import ObjectEvent
from agentops.providers.kubernetes.objects.fields import Key, condition, key_of, moment, string_map, text

LATELY = timedelta(minutes=10)
"""So long a warning about the target leaves open whether all is well."""
_MOST = 3

_UNSEEN = re.compile(
    r"(?i)[45]xx|\berrors?\b|errorrate|errors?(?=[A-Z]|$)|latency|\bslow|p9\d|throughput|traffic|request|saturat|throttl"
    r"|\blag\b|queue|backlog|burn|\bslo\b|filling|disk ?(?:usage|full|space)|certificate|expir"
    r"|availab(?:le|ility) (?:of|below)|answers?\b|probe_|blackbox|timeouts?\b|target ?down|response"
    r"|connections?\b|usage|wrong|file ?system|\bspace\b|outofspace|inode|clock|utili[sz]|high ?(?:cpu|memory|load)"
    r"|conntrack|dropped|errs\b"
)
"""What objects do not show: answers, time, space, load."""
_SEEN = re.compile(
    r"(?i)crash|not ?ready|ready (?:pods|replicas)|unavailable|replicas?|restart|oom|evict|pending|schedul|image"
    r"|rollout|rolled ?out|generation|stuck|\bjobs?\b|job(?:failed|not)|cron|node|waiting|quota|claim|volume|unbound"
    r"|container|pods?\b|pod(?=[A-Z])|hpa|autoscal|scal(?:e|ing)|drain|terminat|suspend|deadline|degraded|unhealthy|endpoints"
)
"""What objects do show."""


def is_judged(alert: Alert | None) -> bool:
    """Return whether the objects tell if the alert's own condition holds.

    A resource that a person named has no condition but its own, and of a resolved alert its sender has told.
    """
    if alert is None or alert.is_named or alert.status == "resolved":
        return True
    words = f"{alert.name} {alert.summary}"
    return _UNSEEN.search(words) is None and _SEEN.search(words) is not None


def unsettled(graph: Graph, refs: Sequence[ResourceRef]) -> tuple[str, ...]:
    """Return sentences about warnings at the target, or at what is part of it, within the last minutes."""
    keys = list(dict.fromkeys(key for ref in refs for key in _parts(graph, (ref.kind, ref.namespace, ref.name))))
    found = [event for event in graph.events_of_all(keys) if event.warning and _is_late(graph, event)]
    sentences = (*_still_running(graph, refs), *(_sentence(graph, event) for event in reversed(found)))
    return tuple(dict.fromkeys(sentences))[:_MOST]


def _still_running(graph: Graph, refs: Sequence[ResourceRef]) -> Iterator[str]:
    """Yield the Jobs among the target that are neither complete nor failed: what is awaited has not come."""
    for ref in refs:
        job = graph.find("Job", ref.namespace, ref.name) if ref.kind == "Job" else None
        if job is None or any(text(condition(job, name), "status") == "True" for name in ("Complete", "Failed")):
            continue
        began = moment(job, "status", "startTime")
        yield f"{subject(key_of(job))} is not complete" + (f", {age(began, graph.now)} after it began" if began else "")


def _parts(graph: Graph, key: Key) -> Iterator[Key]:
    yield key
    obj = graph.get(key)
    if obj is None:
        return
    if key[0] == "Service":
        selector = string_map(obj, "spec", "selector")
        yield from (key_of(pod) for pod in graph.pods_labelled(key[1], selector))
        return
    top = graph.top_of(obj)
    yield top
    yield from (key_of(child) for child in graph.children.get(top, ()))
    yield from (key_of(pod) for pod in (graph.pods_of(top) if key[0] != "Pod" else ()))


def _is_late(graph: Graph, event: ObjectEvent) -> bool:
    return event.last is not None and graph.now - event.last <= LATELY


def _sentence(graph: Graph, event: ObjectEvent) -> str:
    when = age(event.last, graph.now) if event.last else "?"
    return f"{subject(event.about)}: {event.reason}, {when} ago: {quoted(event.message, 160)}"
