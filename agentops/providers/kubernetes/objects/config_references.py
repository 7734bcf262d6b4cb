"""How a pod spec uses a ConfigMap, a Secret, a claim or a service account, down to the keys.

Comes in: pod specs. Goes out: ``Use`` values. Must never see what is in a Secret: only names and keys are compared.
Sources: https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically
(volumes follow, ``subPath`` mounts and environment variables do not).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agentops.providers.kubernetes.objects.fields import Object
from agentops.providers.kubernetes.objects.pod_template import claim_names

_REFERENCES: Mapping[str, tuple[str, str, str, str]] = {
    # kind: volume source, its name field, env source, envFrom source
    "ConfigMap": ("configMap", "name", "configMapKeyRef", "configMapRef"),
    "Secret": ("secret", "secretName", "secretKeyRef", "secretRef"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How a pod uses an object: ``live`` follows an edit by itself, ``at_start`` reads it when a container starts."""

    live: bool = False
    at_start: bool = False

    def __bool__(self) -> bool:
        return self.live or self.at_start


def use_of(pod_spec: Object, kind: str, name: str, keys: frozenset[str] | None) -> Use:
    """Return how a pod spec uses an object.

    Arguments:
        kind: ConfigMap, Secret, PersistentVolumeClaim or ServiceAccount.
        keys: which keys are meant; None means all of it.
    """
    if kind == "PersistentVolumeClaim":
        return Use(at_start=name in claim_names(pod_spec))
    if kind == "ServiceAccount":
        return Use(live=(pod_spec.get("serviceAccountName") or "default") == name)
    volumes = frozenset(_volumes(pod_spec, kind, name, keys))
    mounts = [mount for container in _containers(pod_spec) for mount in container.get("volumeMounts") or ()]
    used = [mount for mount in mounts if mount.get("name") in volumes]
    fixed = [mount for mount in used if mount.get("subPath") or mount.get("subPathExpr")]
    pulls = kind == "Secret" and any(one.get("name") == name for one in pod_spec.get("imagePullSecrets") or ())
    in_env = any(_in_env(container, kind, name, keys) for container in _containers(pod_spec))
    return Use(live=len(used) > len(fixed), at_start=bool(fixed) or in_env or pulls)


def _containers(pod_spec: Object) -> Iterator[Object]:
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from pod_spec.get(field) or ()


def _volumes(pod_spec: Object, kind: str, name: str, keys: frozenset[str] | None) -> Iterator[str]:
    source_field, name_field, _, _ = _REFERENCES[kind]
    for volume in pod_spec.get("volumes") or ():
        projected = [
            (one.get(source_field) or {}, "name") for one in (volume.get("projected") or {}).get("sources") or ()
        ]
        for source, field in [(volume.get(source_field) or {}, name_field), *projected]:
            items = {item.get("key") for item in source.get("items") or ()}
            if source.get(field) == name and (keys is None or not items or items & keys):
                yield str(volume.get("name"))


def _in_env(container: Object, kind: str, name: str, keys: frozenset[str] | None) -> bool:
    _, _, one_field, all_field = _REFERENCES[kind]
    if any((source.get(all_field) or {}).get("name") == name for source in container.get("envFrom") or ()):
        return True
    named = [(variable.get("valueFrom") or {}).get(one_field) or {} for variable in container.get("env") or ()]
    return any(one.get("name") == name and (keys is None or one.get("key") in keys) for one in named)


def changed_keys(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> frozenset[str] | None:
    """Return which keys of a ConfigMap or Secret differ; None (all of it) when it is made or deleted."""
    if before is None or after is None:
        return None
    found: set[str] = set()
    for field in ("data", "binaryData", "stringData"):
        old, new = before.get(field) or {}, after.get(field) or {}
        found |= {key for key in {*old, *new} if old.get(key) != new.get(key)}
    return frozenset(found)
