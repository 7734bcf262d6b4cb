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
from agentops.providers.kubernetes.analysis.containers import ContainerView
from agentops.providers.kubernetes.analysis.corrections import template_patch
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.log_clues import Clue
from agentops.providers.kubernetes.analysis.quoting import shown
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analysis.rollouts import last_change
from agentops.providers.kubernetes.objects.config_references import config_references
from agentops.providers.kubernetes.objects.fields import (
    Key,
    items,
    key_of,
    mapping,
    namespace_of,
    pod_spec,
    template_path,
    text,
)
from agentops.providers.kubernetes.objects.suggestions import Likeness, likeness


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
        # Any word in capitals can be missing: a table, a topic, a currency. It is a variable where something says so.
        if not clue.certain and entry is None and not _is_variable(graph, pod, view, clue.subject):
            continue
        result = _from_sources(graph, pod, view, clue)
        if result is not None:
            return result
    return None


def _is_variable(graph: Graph, pod: dict[str, Any], view: ContainerView, name: str) -> bool:
    """Return whether the container's spec, now or a revision ago, or a neighbour's names it, or a slip of it."""
    taken_in = {
        f"{prefix}{key}"
        for kind, source, prefix in _sources(view.container)
        for key in mapping(graph.find(kind, namespace_of(pod), source), "data")
    }
    own = {text(entry, "name") for entry in items(view.container, "env")}
    if any(likeness(name, names, plurals=False).near for names in (own, taken_in)) or name in taken_in:
        return True
    changed = last_change(graph, graph.workload(pod))
    if changed is not None and any(f".env[{name}]" in edit.path for edit in changed.edits):
        return True
    return name in graph.variable_names(namespace_of(pod))


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
    alike = [((kind, namespace, name), _alike(graph, (kind, namespace, name), clue)) for kind, name, _ in candidates]
    near_sources = [(key, like) for key, like in alike if like.near]
    configs = [(key, like) for key, like in alike if key[0] == "ConfigMap"]
    if near_sources:
        return _of_source(graph, pod, *near_sources[0], clue)
    if len(configs) == 1 or (not configs and len(candidates) == 1):
        return _of_source(graph, pod, *(configs or alike)[0], clue)
    return _plain(graph, pod, view, clue)


def _alike(graph: Graph, key: Key, clue: Clue) -> Likeness:
    """Return what the variable may be called in a ConfigMap or Secret; a key that a template names means itself."""
    data = mapping(graph.get(key), "data")
    named = {
        reference.key
        for workload in graph.workloads_by_namespace.get(key[1], ())
        for reference in config_references(pod_spec(workload))
        if (reference.kind, reference.name) == (key[0], key[2])
    }
    values = {name: text(data, name) for name in data}
    return likeness(clue.subject, data, taken=named, values=values, plurals=False)


def _other_readers(graph: Graph, pod: dict[str, Any], key: Key) -> list[Key]:
    """Return the other workloads that take in the whole object: what is renamed in it, is renamed for them too."""
    return [
        key_of(workload)
        for workload in graph.workloads_by_namespace.get(key[1], ())
        if key_of(workload) != graph.workload(pod)
        and any((one.kind, one.name) == (key[0], key[2]) for one in config_references(pod_spec(workload)))
    ]


def _of_source(graph: Graph, pod: dict[str, Any], key: Key, like: Likeness, clue: Clue) -> MissingVariable:
    kind, _, name = key
    near = like.near
    keys = sorted(mapping(graph.get(key), "data"))
    words = f"variable {clue.subject} should come from {subject(key)}, which has no such key{like.hint}"
    remedies: tuple[Change, ...] = ()
    if near:
        others = _other_readers(graph, pod, key)
        words += f"; {', '.join(map(subject, others[:3]))} reads it as well" if others else ""
        if kind == "ConfigMap" and not others:
            reason = f"the program asks for {clue.subject}; {like.why}"
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
    like = likeness(clue.subject, names, plurals=False)
    words = f"variable {clue.subject} is not set{like.hint}"
    path = f"{view.spec_path.removeprefix('spec.')}.env[{like.near}].name"
    edit = {"path": path, "old": like.near, "new": clue.subject}
    reason = f"the program asks for {clue.subject}; {like.why}"
    return MissingVariable(
        condition="MissingVariable",
        words=words,
        line=clue.line,
        facts=(quote(graph, pod, f"{view.spec_path}.env", ", ".join(names) or "(none)"),),
        advice=f"Set {clue.subject} in container {view.name}.",
        remedies=template_patch(graph, graph.workload(pod), reason, edit) if like.near else (),
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
