"""Pods that are not what their template says: an admission webhook changed them on their way in.

Only what a webhook has no business to change is compared: the image, command and arguments of the template's own
containers, limits that the template sets, and where the pods may run. Containers that are added are sidecars, and what
a template leaves open is filled in by LimitRanges and the API server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.creation import pod_webhooks
from agentops.providers.kubernetes.analyzers.declaration import analyzer, exact
from agentops.providers.kubernetes.objects.fields import (
    Key,
    at,
    items,
    key_of,
    mapping,
    moment,
    pod_spec,
    string_map,
    text,
)

NAME = "admission_changes"
_OF_CONTAINER = ("image", "command", "args")


@analyzer(
    NAME,
    exact(
        "WebhookChangedPod",
        "webhook configuration",
        "the one mutating webhook on pods changed failing pods against their template",
        Trait.BRINGS_ABOUT,
    ),
)
def admission_changes(graph: Graph) -> Iterable[Problem]:
    """Return the mutating webhooks that made failing pods other than their template."""
    done: set[Key] = set()
    for pod in graph.unwell_pods:
        key = graph.workload(pod)
        owner = graph.owner(pod)
        maker = graph.get(owner) if owner is not None else None
        if key in done or maker is None or text(maker, "kind") not in ("ReplicaSet", "StatefulSet", "DaemonSet", "Job"):
            continue
        done.add(key)
        changed = next(_differences(pod_spec(maker), pod_spec(pod)), None)
        # A StatefulSet's or DaemonSet's template may be newer than its pods; a ReplicaSet's never is.
        if changed is None or text(maker, "kind") in ("StatefulSet", "DaemonSet"):
            continue
        hooks = pod_webhooks(graph, key[1], "MutatingWebhookConfiguration")
        names = sorted({key_of(configuration) for configuration, _ in hooks})
        if len(names) == 1:
            yield _problem(graph, names[0], key, pod, maker, changed)


def _differences(template: dict[str, Any], pod: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield ``(path, in the template, in the pod)``."""
    there = {text(one, "name"): one for one in items(pod, "containers")}
    for container in items(template, "containers"):
        name = text(container, "name")
        mine = there.get(name)
        if mine is None:
            continue
        for field in _OF_CONTAINER:
            if container.get(field) is not None and container.get(field) != mine.get(field):
                yield f"containers[{name}].{field}", str(container.get(field)), str(mine.get(field))
        for resource, limit in mapping(container, "resources", "limits").items():
            has = at(mine, "resources", "limits", resource)
            if has is not None and has != limit:
                yield f"containers[{name}].resources.limits.{resource}", str(limit), str(has)
    asked, has_all = string_map(template, "nodeSelector"), string_map(pod, "nodeSelector")
    for label, value in has_all.items():
        if asked.get(label) != value:
            yield f"nodeSelector[{label}]", asked.get(label, "(unset)"), value


def _problem(
    graph: Graph, hook: Key, key: Key, pod: dict[str, Any], maker: dict[str, Any], changed: tuple[str, str, str]
) -> Problem:
    path, before, after = changed
    return Problem(
        resource=graph.ref_of(hook),
        condition="WebhookChangedPod",
        summary=f"{subject(hook)}: pods of {subject(key)} are not as {subject(key_of(maker))} makes them: {path} is "
        f"{quoted(after, 120)} and not {quoted(before, 120)}; this is the one webhook that may change pods there",
        severity=Severity.HIGH,
        analyzer=NAME,
        facts=(quote(graph, pod, f"spec.{path}", after), quote(graph, maker, f"spec.template.spec.{path}", before)),
        affects=(graph.ref_of(key),),
        since=moment(pod, "metadata", "creationTimestamp"),
        advice=f"Ask who owns {subject(hook)}, and correct what it writes.",
    )
