"""What pods need and do not find: ConfigMaps, Secrets, their keys, service accounts; and other refusals to create.

Two ways lead here: what the kubelet says on a waiting container or in a FailedMount event, and a look at what the
template refers to. A reference that is missing while the pods still run is reported as a warning: it bites at the next
restart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from agentops.core.alert import Severity
from agentops.core.finding import Fact, Problem
from agentops.core.plan import Change
from agentops.providers.kubernetes.analysis.containers import ContainerView, container_views
from agentops.providers.kubernetes.analysis.corrections import template_patch
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import PodSymptom, collapse, quote, subject
from agentops.providers.kubernetes.analysis.rollouts import blame
from agentops.providers.kubernetes.analyzers.declaration import (
    EDIT_CONFIGMAP,
    OWNER,
    PATCH,
    UNDO,
    analyzer,
    exact,
    vague,
)
from agentops.providers.kubernetes.objects.config_references import ConfigReference, config_references
from agentops.providers.kubernetes.objects.fields import (
    Key,
    items,
    key_of,
    mapping,
    moment,
    name_of,
    namespace_of,
    pod_spec,
    template_path,
    text,
)
from agentops.providers.kubernetes.objects.suggestions import Likeness, likeness

NAME = "configuration"
_ABSENT = re.compile(r'(?i)(configmap|secret)s? "([^"]+)" not found')
_NO_MOUNT_KEY = re.compile(r'(?i)for volume "([^"]+)"[^"]*references non-existent (config|secret) key: (\S+)')
_NO_KEY = re.compile(r"(?i)couldn't find key (\S+) in (ConfigMap|Secret) (?:([\w.-]+)/)?([\w.-]+)")
_KINDS = {"configmap": "ConfigMap", "secret": "Secret"}
_REFUSALS = {
    "CreateContainerConfigError": "ContainerConfigError",
    "CreateContainerError": "ContainerCreateError",
    "RunContainerError": "RunContainerError",
    "PreStartHookError": "RunContainerError",
    "PostStartHookError": "RunContainerError",
    "PreCreateHookError": "ContainerCreateError",
}

_CONFIG = (".env[", ".envFrom[", "volumes[", "volumeMounts[", "projected")
MISSING_CONFIG_MAP_KEY = exact(
    "MissingConfigMapKey",
    OWNER,
    "a key that the pods (or the program's log) ask for is not in the ConfigMap",
    fields=_CONFIG,
    remedies=(UNDO, PATCH, EDIT_CONFIGMAP),
)
MISSING_SECRET_KEY = exact(
    "MissingSecretKey",
    OWNER,
    "a key that the pods ask for is not in the Secret",
    fields=_CONFIG,
    remedies=(UNDO, PATCH),
)
RUN_CONTAINER_ERROR = exact("RunContainerError", OWNER, "a container's command cannot be started", remedies=(UNDO,))


@analyzer(
    NAME,
    exact(
        "MissingConfigMap",
        OWNER,
        "a ConfigMap that the pods refer to does not exist",
        fields=_CONFIG,
        remedies=(UNDO, PATCH),
    ),
    exact(
        "MissingSecret", OWNER, "a Secret that the pods refer to does not exist", fields=_CONFIG, remedies=(UNDO, PATCH)
    ),
    MISSING_CONFIG_MAP_KEY,
    MISSING_SECRET_KEY,
    RUN_CONTAINER_ERROR,
    vague("ContainerConfigError", OWNER, "CreateContainerConfigError for another reason", remedies=(UNDO,)),
    vague("ContainerCreateError", OWNER, "a container cannot be created", remedies=(UNDO,)),
)
def configuration(graph: Graph) -> Iterable[Problem]:
    """Return workloads whose pods lack configuration, and containers that cannot be created or started."""
    signs: list[PodSymptom] = []
    for pod in graph.unwell_pods:
        signs.extend(_waiting(graph, pod))
        signs.extend(_mounts(graph, pod))
    told = {(graph.workload(sign.pod), sign.condition) for sign in signs}
    yield from collapse(graph, NAME, signs)
    for workload in graph.workloads:
        yield from _latent(graph, workload, told)


def _waiting(graph: Graph, pod: dict[str, Any]) -> Iterator[PodSymptom]:
    for view in container_views(pod):
        reason = view.reason
        if reason not in _REFUSALS:
            continue
        message = text(view.waiting, "message")
        missing = missing_reference(message, namespace_of(pod))
        quoted_reason = quote(graph, pod, f"{view.path}.state.waiting.reason", reason)
        said = quote(graph, pod, f"{view.path}.state.waiting.message", message or reason)
        if missing is not None:
            kind, name, key = missing
            reference = _reference_to(pod, kind, name, key, view.name)
            yield _missing(graph, pod, reference, (quoted_reason, said), view.label)
        elif reason == "CreateContainerConfigError" or not _started_with(view):
            yield _refused(graph, pod, view, message, (quoted_reason, said))


def _started_with(view: ContainerView) -> bool:
    # RunContainerError of a container that ran before is a crash; the pods analyzer reports it with its exit code.
    return view.restarts > 0 and text(view.last_end, "reason") not in ("StartError", "ContainerCannotRun", "")


def _refused(
    graph: Graph, pod: dict[str, Any], view: ContainerView, message: str, facts: tuple[Fact, ...]
) -> PodSymptom:
    condition = _REFUSALS[view.reason]
    since = moment(pod, "metadata", "creationTimestamp")
    origin = blame(graph, graph.workload(pod), configuration.condition(condition), view.name, since)
    what = f"{view.label} cannot be started ({view.reason}): {quoted(message, 200) or 'no message'}"
    return PodSymptom(
        pod=pod,
        container=view.name,
        condition=condition,
        what=f"{what}; {origin.clause}" if origin else what,
        facts=facts,
        since=since,
        advice="Correct what the message names in the container's spec.",
        remedies=origin.remedies if origin else (),
    )


def missing_reference(message: str, namespace: str) -> tuple[str, str, str] | None:
    """Return ``(kind, name, key)`` that a kubelet message says is missing; ``key`` is empty for the whole object."""
    match = _NO_KEY.search(message)
    if match and match.group(3) in (None, namespace):
        return _KINDS[match.group(2).lower()], match.group(4), match.group(1)
    match = _ABSENT.search(message)
    if match and match.group(1):
        return _KINDS[match.group(1).lower()], match.group(2), ""
    return None


def _missing_mount_key(pod: dict[str, Any], message: str) -> tuple[str, str, str] | None:
    match = _NO_MOUNT_KEY.search(message)
    if match is None:
        return None
    field, kind = ("configMap", "ConfigMap") if match.group(2).lower() == "config" else ("secret", "Secret")
    for volume in items(pod, "spec", "volumes"):
        name = text(volume, field, "name") or text(volume, field, "secretName")
        if text(volume, "name") == match.group(1) and name:
            return kind, name, match.group(3)
    return None


def _mounts(graph: Graph, pod: dict[str, Any]) -> Iterator[PodSymptom]:
    """Yield volumes that cannot be mounted because the ConfigMap, Secret or key is not there."""
    if text(pod, "status", "phase") != "Pending":
        return
    seen: set[tuple[str, str, str]] = set()
    for event in reversed(graph.events(key_of(pod), "FailedMount")):
        missing = missing_reference(event.message, namespace_of(pod)) or _missing_mount_key(pod, event.message)
        if missing is None or missing in seen:
            continue
        seen.add(missing)
        reference = _reference_to(pod, *missing, "")
        yield _missing(graph, pod, reference, (quote(graph, event.event, "message", event.message),), "a volume")


def _reference_to(pod: dict[str, Any], kind: str, name: str, key: str, container: str) -> ConfigReference:
    same = [r for r in config_references(pod_spec(pod)) if r.kind == kind and r.name == name]
    near = [r for r in same if not key or r.key in (key, "")]
    exact = [r for r in near if r.key == key and r.container in (container, "")] or near
    if exact:
        return ConfigReference(
            kind=kind, name=name, key=key, path=exact[0].path, container=exact[0].container, optional=False
        )
    return ConfigReference(kind=kind, name=name, key=key, path="", container=container, optional=False)


def _missing(
    graph: Graph, pod: dict[str, Any], reference: ConfigReference, facts: tuple[Fact, ...], who: str
) -> PodSymptom:
    key = graph.workload(pod)
    condition = f"Missing{reference.kind}{'Key' if reference.key else ''}"
    since = moment(pod, "metadata", "creationTimestamp")
    origin = blame(graph, key, configuration.condition(condition), reference.container, since)
    text_, near_fact, like = _wording(graph, pod, reference)
    what = f"{who} needs {text_}"
    remedies = list(near_remedies(graph, key, reference, like))
    if origin:
        what += f"; {origin.clause}"
        remedies[:0] = origin.remedies
    if reference.path:
        facts = (*facts, quote(graph, pod, f"spec.{reference.path}", f"{reference.name} {reference.key}".strip()))
    return PodSymptom(
        pod=pod,
        container=reference.container,
        condition=condition,
        what=what,
        facts=(*facts, *near_fact),
        since=since,
        affects=(),
        advice=_advice(reference, like.near),
        remedies=tuple(remedies),
    )


def _wording(
    graph: Graph, holder_of_spec: dict[str, Any], reference: ConfigReference
) -> tuple[str, tuple[Fact, ...], Likeness]:
    """Return the words for what is missing, a fact about what is there instead, and what may have been meant."""
    kind, namespace, name = reference.kind, namespace_of(holder_of_spec), reference.name
    holder = graph.find(kind, namespace, name)
    if reference.key:
        keys = keys_of(holder)
        like = _like_key(holder_of_spec, holder, reference)
        there = f"; it has {', '.join(sorted(keys)[:8])}" if keys else ""
        facts: tuple[Fact, ...] = (
            (quote(graph, holder, "data", ", ".join(sorted(keys)) or "(no keys)"),) if holder else ()
        )
        near = f" (nearest: {like.near})" if like.near else ""
        words = f"key {reference.key} of {kind} {namespace}/{name}, which does not have it{near}{there}"
        return words, facts, like
    like = likeness(name, [name_of(obj) for obj in graph.in_namespace(kind, namespace)])
    elsewhere = [namespace_of(obj) for obj in graph.of(kind) if name_of(obj) == name and namespace_of(obj) != namespace]
    words = f"{kind} {namespace}/{name}, which does not exist{like.hint}"
    if elsewhere:
        words += f"; one of that name is in namespace {elsewhere[0]}"
    facts = tuple(quote(graph, (kind, namespace, near), "metadata.name", near) for near in (like.near,) if near)
    return words, facts, like


def _like_key(user: dict[str, Any], holder: dict[str, Any] | None, reference: ConfigReference) -> Likeness:
    """Return which key may have been meant: none that the same pod asks for beside it, none of another type."""
    taken = {
        one.key
        for one in config_references(pod_spec(user))
        if (one.kind, one.name) == (reference.kind, reference.name) and one.path != reference.path
    }
    values = {key: text(holder, "data", key) for key in keys_of(holder)}
    variable = reference.path.rpartition(".env[")[2].partition("]")[0] if ".env[" in reference.path else ""
    return likeness(reference.key, values, taken=taken, values=values, variable=variable, plurals=False)


def keys_of(holder: dict[str, Any] | None) -> list[str]:
    """Return the keys of a ConfigMap or Secret; values are not looked at."""
    if holder is None:
        return []
    return [*mapping(holder, "data"), *mapping(holder, "binaryData"), *mapping(holder, "stringData")]


def near_remedies(graph: Graph, key: Key, reference: ConfigReference, like: Likeness) -> Iterator[Change]:
    """Yield the patch that makes the template name the one existing candidate."""
    if not like.near:
        return
    same = [
        one
        for one in config_references(pod_spec(graph.get(key)))
        if (one.kind, one.name) == (reference.kind, reference.name) and reference.key in (one.key, "")
    ]
    # Of a whole object every reference is corrected, of a key those to the key.
    fields = dict.fromkeys(one.key_path if reference.key else one.name_path for one in same)
    edits = [{"path": path, "old": reference.key or reference.name, "new": like.near} for path in fields]
    yield from template_patch(graph, key, like.why, *edits)


def _advice(reference: ConfigReference, near: str) -> str:
    if near:
        return f"Refer to {near}, or create {reference.key or reference.name}."
    if reference.key:
        return f"Add key {reference.key} to {reference.kind} {reference.name}, or stop referring to it."
    return f"Create {reference.kind} {reference.name}, or correct the reference."


def _latent(graph: Graph, workload: dict[str, Any], told: set[tuple[Key, str]]) -> Iterator[Problem]:
    key, namespace = key_of(workload), namespace_of(workload)
    for reference in config_references(pod_spec(workload)):
        if reference.optional or not graph.was_read(reference.kind, namespace):
            continue
        holder = graph.find(reference.kind, namespace, reference.name)
        if holder is not None and (not reference.key or reference.key in keys_of(holder)):
            continue
        condition = f"Missing{reference.kind}{'Key' if reference.key and holder is not None else ''}"
        if (key, condition) in told:
            continue
        told.add((key, condition))
        words, facts, like = _wording(graph, workload, reference)
        path = f"{template_path(key)}.{reference.path}"
        origin = blame(graph, key, configuration.condition(condition), reference.container)
        bitten = any(not items(pod, "status", "containerStatuses") for pod in graph.pods_of(key))
        remedies = (*(origin.remedies if origin and bitten else ()), *near_remedies(graph, key, reference, like))
        yield Problem(
            resource=graph.ref_of(key),
            condition=condition,
            summary=f"{subject(key)}: refers to {words}" + ("" if bitten else "; its pods will fail when they restart"),
            severity=Severity.HIGH if bitten else Severity.WARNING,
            analyzer=NAME,
            facts=(quote(graph, workload, path, f"{reference.name} {reference.key}".strip()), *facts),
            remedies=remedies,
            advice=_advice(reference, like.near),
            root=bitten,
        )
