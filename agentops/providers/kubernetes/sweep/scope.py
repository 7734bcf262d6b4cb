"""Where a sweep looks: the target's namespace, and the namespaces that its objects talk to.

Comes in: the alert's target, what the user asked for, and pruned objects. Goes out: namespace names. ``find_scope``
asks the cluster where an object is when the alert does not say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agentops.core.alert import Target
from agentops.core.analysis import Gap
from agentops.core.errors import ClusterError, Forbidden, ToolInputError, Unreachable
from agentops.providers.kubernetes.api.client import Cluster, Selection

# A host such as payments.billing, payments.billing.svc or payments.billing.svc.cluster.local, port or not.
_HOST = re.compile(r"\b[a-z0-9](?:[-a-z0-9]{0,62})\.([a-z0-9](?:[-a-z0-9]{0,62}))(\.svc\b)?(?=[.:/\s\"',]|$)")
_FOUND_LIMIT = 3
_VALUE_LIMIT = 2_000


def find_scope(
    cluster: Cluster, target: Target, namespaces: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[Gap, ...]]:
    """Return the namespaces to read (empty: all of them), and what could not be found out.

    The user's own choice comes first, then the target's namespace; a target without one is searched by name.

    Raises:
        Unreachable: there is no answer from the API server.
    """
    if namespaces:
        return namespaces, ()
    if target.namespace:
        return (target.namespace,), ()
    if target.kind == "Namespace" and target.name:
        return (target.name,), ()
    if not target.known:
        return (), ()
    try:
        kind = cluster.kind(target.kind)
        if not kind.namespaced:
            return (), ()
        found, _ = cluster.list_objects(kind, Selection(fields=f"metadata.name={target.name}"), limit=50)
    except Forbidden as error:
        return (cluster.namespace,), (Gap(what=f"{target.kind} {target.name} in all namespaces", reason=error.message),)
    except Unreachable:
        raise
    except (ClusterError, ToolInputError) as error:
        return (), (Gap(what=f"namespace of {target.kind} {target.name}", reason=error.message),)
    names = sorted({item["metadata"].get("namespace") or "" for item in found} - {""})
    return (tuple(names) if len(names) <= _FOUND_LIMIT else ()), ()


def named_namespaces(objects: Mapping[str, Iterable[Mapping[str, Any]]], scope: Iterable[str]) -> tuple[str, ...]:
    """Return the other namespaces that hosts in env values and ConfigMaps name, the most often named first.

    A bare ``NAME.NAMESPACE`` counts only when a namespace of that name is known to exist.
    """
    inside = set(scope)
    known = {item["metadata"].get("name") for item in objects.get("Namespace", ())}
    counts: dict[str, int] = {}
    for text in _texts(objects):
        for match in _HOST.finditer(text[:_VALUE_LIMIT]):
            name = match.group(1)
            if name not in inside and (name in known or (match.group(2) and not known)):
                counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def _texts(objects: Mapping[str, Iterable[Mapping[str, Any]]]) -> Iterator[str]:
    seen: set[int] = set()
    for pod in objects.get("Pod", ()):
        containers = (pod.get("spec") or {}).get("containers") or ()
        # Replicas share one list of containers; once is enough.
        if id(containers) in seen:
            continue
        seen.add(id(containers))
        for container in containers:
            for variable in container.get("env") or ():
                if isinstance(variable.get("value"), str):
                    yield variable["value"]
    for config in objects.get("ConfigMap", ()):
        yield from (value for value in (config.get("data") or {}).values() if isinstance(value, str))
    for service in objects.get("Service", ()):
        name = (service.get("spec") or {}).get("externalName")
        if isinstance(name, str):
            yield name
