"""A variable that the program says it lacks: where it should have come from, and what is there instead.

Comes in: a log clue that names a variable. Goes out: the condition, the words and the cure where there is exactly one
candidate. A log line that names a variable which *is* set proves nothing and is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from agentops.core.finding import Fact
from agentops.core.plan import Change
from agentops.triage.containers import ContainerView
from agentops.triage.fields import Key, items, mapping, namespace_of, template_path, text
from agentops.triage.graph import Graph
from agentops.triage.logclues import Clue
from agentops.triage.nearness import only_nearest
from agentops.triage.report import quote, subject
from agentops.triage.secrecy import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingVariable:
    """A variable that a container asks for and does not get."""

    condition: str
    words: str
    line: str
    facts: tuple[Fact, ...]
    advice: str
    remedies: tuple[Change, ...]


def _sources(container: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return ``(kind, name, prefix)`` of each envFrom entry."""
    found = []
    for source in items(container, "envFrom"):
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            name = text(source, field, "name")
            if name:
                found.append((kind, name, text(source, "prefix")))
    return found


def missing_variable(
    graph: Graph, pod: dict[str, Any], view: ContainerView, found: Iterable[Clue]
) -> MissingVariable | None:
    """Return the first variable that the log asks for and the container's environment does not set, or None."""
    for clue in found:
        if clue.kind != "missing-variable":
            continue
        entry = next((e for e in items(view.container, "env") if text(e, "name") == clue.subject), None)
        if entry is not None and (text(entry, "value") or mapping(entry, "valueFrom")):
            continue
        result = _from_sources(graph, pod, view, clue)
        if result is not None:
            return result
    return None


def _from_sources(graph: Graph, pod: dict[str, Any], view: ContainerView, clue: Clue) -> MissingVariable | None:
    namespace = namespace_of(pod)
    candidates: list[tuple[str, str, list[str]]] = []
    for kind, name, prefix in _sources(view.container):
        holder = graph.find(kind, namespace, name)
        keys = [*mapping(holder, "data")] if holder is not None else []
        if prefix + clue.subject.removeprefix(prefix) in (prefix + key for key in keys):
            return None  # it is set from there; the log means something else
        if holder is not None:
            candidates.append((kind, name, keys))
    near_sources = [(k, n, near) for k, n, keys in candidates if (near := only_nearest(clue.subject, keys))]
    if near_sources:
        kind, name, near = near_sources[0]
        return _of_source(graph, namespace, (kind, name, near), clue)
    configs = [candidate for candidate in candidates if candidate[0] == "ConfigMap"]
    if len(configs) == 1 or (not configs and len(candidates) == 1):
        kind, name, _ = (configs or candidates)[0]
        return _of_source(graph, namespace, (kind, name, ""), clue)
    return _plain(graph, pod, view, clue)


def _of_source(graph: Graph, namespace: str, source: tuple[str, str, str], clue: Clue) -> MissingVariable:
    kind, name, near = source
    key = (kind, namespace, name)
    keys = sorted(mapping(graph.get(key), "data"))
    words = f"variable {clue.subject} should come from {kind} {namespace}/{name}, which has no such key"
    remedies: tuple[Change, ...] = ()
    if near:
        words += f" (nearest: {near})"
        if kind == "ConfigMap":
            reason = f"the program asks for {clue.subject}, the ConfigMap spells it {near}"
            change = Change(
                tool="kubernetes_edit_configmap",
                target=graph.ref_of(key),
                arguments={"rename": {near: clue.subject}},
                reason=reason,
            )
            remedies = (change,)
    return MissingVariable(
        condition=f"Missing{kind}Key",
        words=words,
        line=clue.line,
        facts=(quote(graph, key, "data", ", ".join(keys) or "(no keys)"),),
        advice=f"Add key {clue.subject} to {kind} {name}" + (f", or rename {near}." if near else "."),
        remedies=remedies,
    )


def _plain(graph: Graph, pod: dict[str, Any], view: ContainerView, clue: Clue) -> MissingVariable:
    names = [text(entry, "name") for entry in items(view.container, "env")]
    near = only_nearest(clue.subject, names)
    words = f"variable {clue.subject} is not set" + (f" (nearest: {near})" if near else "")
    return MissingVariable(
        condition="MissingVariable",
        words=words,
        line=clue.line,
        facts=(quote(graph, pod, f"{view.spec_path}.env", ", ".join(names) or "(none)"),),
        advice=f"Set {clue.subject} in container {view.name}.",
        remedies=(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedValue:
    """A variable whose value the program refuses, and where that value is written."""

    words: str
    fact: Fact
    line: str
    advice: str


def refused_value(graph: Graph, pod: dict[str, Any], view: ContainerView, found: Iterable[Clue]) -> RefusedValue | None:
    """Return the first variable whose value the log refuses, when its source is known."""
    for clue in found:
        if clue.kind != "bad-value":
            continue
        for key, path, value in _written(graph, pod, view, clue.subject):
            fact = quote(graph, key, path, shown(clue.subject, value))
            return RefusedValue(
                words=f"{clue.subject} is {fact.value!r} ({subject(key)} {path})",
                fact=fact,
                line=clue.line,
                advice=_correct(graph, pod, key, path, clue.subject),
            )
    return None


def _correct(graph: Graph, pod: dict[str, Any], key: Key, path: str, name: str) -> str:
    """A changed template is rolled out by itself; a changed ConfigMap reaches a variable only with new containers."""
    if key[0] != "ConfigMap":
        return f"Correct the value of {name} in {subject(key)} ({path})."
    restarted = subject(graph.workload(pod))
    return f"Correct {path} of {subject(key)}, which sets {name}, and then restart {restarted}."


def _written(graph: Graph, pod: dict[str, Any], view: ContainerView, name: str) -> Iterator[tuple[Key, str, str]]:
    """Yield where the container's variable ``name`` gets its value: object, path, value; never from a Secret."""
    for entry in items(view.container, "env"):
        if text(entry, "name") != name:
            continue
        if text(entry, "value"):
            key = graph.workload(pod)
            yield key, f"{template_path(key)}.{view.spec_path.removeprefix('spec.')}.env[{name}].value", entry["value"]
        source = mapping(entry, "valueFrom", "configMapKeyRef")
        holder = ("ConfigMap", namespace_of(pod), text(source, "name"))
        value = text(graph.get(holder), "data", text(source, "key"))
        if value:
            yield holder, f"data[{text(source, 'key')}]", value
    for kind, source_name, prefix in _sources(view.container):
        holder = (kind, namespace_of(pod), source_name)
        value = text(graph.get(holder), "data", name.removeprefix(prefix)) if kind == "ConfigMap" else ""
        if value:
            yield holder, f"data[{name.removeprefix(prefix)}]", value
