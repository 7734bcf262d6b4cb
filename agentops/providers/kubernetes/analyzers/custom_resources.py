"""Custom resources: what their operator could not do with them, and what they say of themselves.

Kinds that no analyzer knows. An operator that is refused by the API says so in a Warning event about the resource, with
the path that is wrong; the resource's own conditions tell that it is not ready.
Source: the API server's ``Invalid`` status ("KIND NAME is invalid: PATH: ...", apimachinery ``NewInvalid``); status
conditions as the API conventions have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.finding import Problem
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import analyzer, exact, symptom
from agentops.providers.kubernetes.objects.event import ObjectEvent, event_of, involved
from agentops.providers.kubernetes.objects.fields import items, key_of, moment, text
from agentops.providers.kubernetes.objects.kinds import BUILTIN

NAME = "custom_resources"
_KNOWN = frozenset(kind.kind for kind in BUILTIN)
_INVALID = re.compile(
    r"(?P<kind>[A-Z][A-Za-z]{2,40})(?:\.[\w.-]{1,60})? [\"'](?P<name>[\w.-]{1,253})[\"'] is invalid: (?P<why>.{3,400})"
)
_LATELY = timedelta(hours=1)
_HEALTH = frozenset({"Ready", "Available", "Healthy", "Synced", "Reconciled"})


@analyzer(
    NAME,
    exact("SpecRejected", "custom resource", "what its operator makes of it is refused as invalid; the path is named"),
    symptom("ResourceNotReady", "custom resource", "a custom resource says of itself that it is not ready"),
)
def custom_resources(graph: Graph) -> Iterable[Problem]:
    """Return what is wrong with resources of kinds that no other analyzer knows."""
    yield from _rejected(graph)
    for kind in graph.snapshot.objects:
        if kind not in _KNOWN:
            for obj in graph.of(kind):
                yield from _not_ready(graph, obj)


def _rejected(graph: Graph) -> Iterator[Problem]:
    last: dict[tuple[str, str, str], ObjectEvent] = {}
    for raw in graph.of("Event"):
        key = involved(raw)
        if key[0] in _KNOWN or not key[0] or " is invalid: " not in text(raw, "message"):
            continue
        event = event_of(raw)
        recent = event.last is not None and graph.now - event.last <= _LATELY
        if event.warning and recent and _INVALID.search(event.message):
            last[key] = event
    for key, event in last.items():
        match = _INVALID.search(event.message)
        if match is None:
            continue
        child = f"{match['kind']} {match['name']}"
        yield Problem(
            resource=graph.ref_of(key),
            condition="SpecRejected",
            summary=f"{subject(key)}: its operator cannot make {child} of it, which the API refuses "
            f"({plural(event.count, 'time')}): {quoted(match['why'], 240)}",
            severity=Severity.HIGH,
            analyzer=NAME,
            facts=(quote(graph, event.event, "message", event.message),),
            affects=(graph.ref_of((match["kind"], key[1], match["name"])),),
            since=event.first,
            advice=f"Correct that field in {subject(key)}; its operator passes it on.",
        )


def _not_ready(graph: Graph, obj: dict[str, Any]) -> Iterator[Problem]:
    for entry in items(obj, "status", "conditions"):
        if text(entry, "type") not in _HEALTH or text(entry, "status") != "False":
            continue
        words = quoted(text(entry, "message") or text(entry, "reason"), 200) or "it does not say why"
        yield Problem(
            resource=graph.ref(obj),
            condition="ResourceNotReady",
            summary=f"{subject(key_of(obj))}: its condition {text(entry, 'type')} is False: {words}",
            severity=Severity.HIGH,
            analyzer=NAME,
            facts=(quote(graph, obj, f"status.conditions[{text(entry, 'type')}].status", "False"),),
            since=moment(entry, "lastTransitionTime"),
            advice="Ask its operator's log what it waits for.",
            root=False,
        )
        return
