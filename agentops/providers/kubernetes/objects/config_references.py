"""How a pod uses ConfigMaps, Secrets, a claim or a service account, down to the keys, and when it notices an edit.

Comes in: a pod spec. Goes out: references with the path at which each stands, or a ``Use``. Whether the thing exists is
not asked, and what is in a Secret is never seen: only names and keys are compared. Sources:
https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically (volumes
follow, ``subPath`` mounts and environment variables do not).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agentops.providers.kubernetes.objects.fields import containers_of, flag, items, mapping, text
from agentops.providers.kubernetes.objects.pod_template import claim_names

PULL_SECRETS = "imagePullSecrets"
"""The path of a reference to a Secret with which images are pulled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigReference:
    """A ConfigMap or Secret that a pod needs; ``key`` is empty when the whole object is used.

    ``volume`` is the name of the volume that it fills, empty when it stands in the environment or pulls images.
    """

    kind: str
    name: str
    key: str
    path: str
    container: str
    optional: bool
    volume: str = ""

    @property
    def name_path(self) -> str:
        """The path of the object's name; a volume of a Secret has another word for it than all others."""
        return f"{self.path}.{'secretName' if self.path.endswith('].secret') else 'name'}"

    @property
    def key_path(self) -> str:
        """The path of the key."""
        return f"{self.path}.items[{self.key}].key" if self.volume else f"{self.path}.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How a pod uses an object: ``live`` follows an edit by itself, ``at_start`` reads it when a container starts."""

    live: bool = False
    at_start: bool = False

    def __bool__(self) -> bool:
        return self.live or self.at_start


def use_of(spec: Any, kind: str, name: str, keys: frozenset[str] | None) -> Use:
    """Return how a pod spec uses an object.

    Arguments:
        kind: ConfigMap, Secret, PersistentVolumeClaim or ServiceAccount.
        keys: which keys are meant; None means all of it.
    """
    if kind == "PersistentVolumeClaim":
        return Use(at_start=name in claim_names(spec))
    if kind == "ServiceAccount":
        return Use(live=(text(spec, "serviceAccountName") or "default") == name)
    named = (one for one in config_references(spec) if (one.kind, one.name) == (kind, name))
    found = [one for one in named if keys is None or not one.key or one.key in keys]
    volumes = {one.volume for one in found} - {""}
    used = [mount for mount in _mounts(spec) if text(mount, "name") in volumes]
    # The kubelet keeps mounted files up to date, but a subPath is bound once, when the container starts.
    fixed = [mount for mount in used if text(mount, "subPath") or text(mount, "subPathExpr")]
    return Use(live=len(used) > len(fixed), at_start=bool(fixed) or any(not one.volume for one in found))


def _mounts(spec: Any) -> Iterator[dict[str, Any]]:
    # A debugging container is never started again, but what it mounts follows an edit as well.
    for container in [*(one for _, one in containers_of(spec)), *items(spec, "ephemeralContainers")]:
        yield from items(container, "volumeMounts")


def config_references(spec: Any) -> Iterator[ConfigReference]:
    """Yield every ConfigMap and Secret reference of a pod spec: env, envFrom, volumes, projected, pull secrets."""
    for listing, container in containers_of(spec):
        where = f"{listing}[{text(container, 'name')}]"
        yield from _env_references(container, where)
        for source in items(container, "envFrom"):
            for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                yield from _reference(source.get(field), kind, f"{where}.envFrom.{field}", text(container, "name"))
    for volume in items(spec, "volumes"):
        where, called = f"volumes[{text(volume, 'name')}]", text(volume, "name")
        yield from _volume_references(volume, where, called)
        for source in items(volume, "projected", "sources"):
            yield from _volume_references(source, f"{where}.projected.sources", called)
    for pull in items(spec, PULL_SECRETS):
        yield from _reference(pull, "Secret", PULL_SECRETS, "", optional=True)


def _env_references(container: dict[str, Any], where: str) -> Iterator[ConfigReference]:
    for variable in items(container, "env"):
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            source = mapping(variable, "valueFrom", field)
            path = f"{where}.env[{text(variable, 'name')}].valueFrom.{field}"
            yield from _reference(source, kind, path, text(container, "name"), key=text(source, "key"))


def _volume_references(volume: dict[str, Any], where: str, called: str) -> Iterator[ConfigReference]:
    for field, kind, label in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
        source = volume.get(field)
        if not isinstance(source, dict):
            continue
        # A Secret has another name for its name in a volume of its own than among projected sources.
        name = text(source, label) or text(source, "name")
        optional = flag(source, "optional")
        for key in [text(item, "key") for item in items(source, "items")] or [""]:
            yield from _reference(
                {"name": name}, kind, f"{where}.{field}", "", key=key, optional=optional, volume=called
            )


def _reference(
    source: Any, kind: str, path: str, container: str, *, key: str = "", optional: bool = False, volume: str = ""
) -> Iterator[ConfigReference]:
    name = text(source, "name")
    if name:
        yield ConfigReference(
            kind=kind,
            name=name,
            key=key,
            path=path,
            container=container,
            optional=optional or flag(source, "optional"),
            volume=volume,
        )


def changed_keys(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> frozenset[str] | None:
    """Return which keys of a ConfigMap or Secret differ; None (all of it) when it is made or deleted."""
    if before is None or after is None:
        return None
    found: set[str] = set()
    for field in ("data", "binaryData", "stringData"):
        old, new = before.get(field) or {}, after.get(field) or {}
        found |= {key for key in {*old, *new} if old.get(key) != new.get(key)}
    return frozenset(found)
