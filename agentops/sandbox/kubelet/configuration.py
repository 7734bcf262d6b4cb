"""What a container is started with: environment and mounted files, from ConfigMaps, Secrets, claims and the pod
itself.

Comes in: a pod and the store. Goes out: the resolved environment and file paths, or the kubelet's own sentence
about what is missing. Must never put a Secret's value anywhere but into the environment of the simulated process.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from agentops.sandbox.objects import name_of, namespace_of
from agentops.sandbox.store import Obj
from agentops.sandbox.world import World

_KINDS = {"configMap": "ConfigMap", "secret": "Secret"}


class MissingConfiguration(Exception):
    """A referenced object or key is absent; the message is the kubelet's wording."""


def environment(world: World, pod: Obj, container: dict[str, Any], pod_ip: str) -> dict[str, str]:
    """Return the container's environment.

    Raises:
        MissingConfiguration: a ConfigMap, Secret or key that is not optional is absent.
    """
    found: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if field in source:
                prefix = source.get("prefix", "")
                pairs = _data(world, pod, kind, source[field]["name"], optional=source[field].get("optional", False))
                found |= {prefix + key: value for key, value in pairs.items()}
    for entry in container.get("env") or []:
        value = _value(world, pod, entry, pod_ip)
        if value is not None:
            found[entry["name"]] = re.sub(r"\$\((\w+)\)", lambda match: found.get(match[1], match[0]), value)
    return found


def _value(world: World, pod: Obj, entry: dict[str, Any], pod_ip: str) -> str | None:
    source = entry.get("valueFrom")
    if not source:
        return str(entry.get("value", ""))
    for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        if field in source:
            wanted = source[field]
            optional = wanted.get("optional", False)
            data = _data(world, pod, kind, wanted["name"], optional=optional)
            if wanted["key"] in data:
                return data[wanted["key"]]
            if optional:
                return None
            where = f"{kind} {namespace_of(pod)}/{wanted['name']}"
            raise MissingConfiguration(f"couldn't find key {wanted['key']} in {where}")
    path = (source.get("fieldRef") or {}).get("fieldPath", "")
    known = {
        "metadata.name": name_of(pod),
        "metadata.namespace": namespace_of(pod),
        "spec.nodeName": pod["spec"].get("nodeName", ""),
        "status.podIP": pod_ip,
    }
    return str(known.get(path, ""))


def _data(world: World, pod: Obj, kind: str, name: str, *, optional: bool) -> dict[str, str]:
    obj = world.peek(kind, namespace_of(pod), name)
    if obj is None:
        if optional:
            return {}
        raise MissingConfiguration(f'{kind.lower()} "{name}" not found')
    if kind == "ConfigMap":
        return {key: str(value) for key, value in (obj.get("data") or {}).items()}
    return {**{key: _decode(value) for key, value in (obj.get("data") or {}).items()}, **(obj.get("stringData") or {})}


def _decode(value: str) -> str:
    try:
        return base64.b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def mount_problem(world: World, pod: Obj) -> str:
    """Return the kubelet's sentence about the first volume that cannot be set up; empty when all can."""
    for volume in pod["spec"].get("volumes") or []:
        name = volume["name"]
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim:
            found = world.peek("PersistentVolumeClaim", namespace_of(pod), claim)
            if found is None or (found.get("status") or {}).get("phase") != "Bound":
                return f'MountVolume.SetUp failed for volume "{name}" : persistentvolumeclaim "{claim}" is not bound'
        for kind, source in _sources(volume):
            problem = _source_problem(world, pod, kind, source)
            if problem:
                return f'MountVolume.SetUp failed for volume "{name}" : {problem}'
    return ""


def _sources(volume: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for field, kind in _KINDS.items():
        if field in volume:
            source = dict(volume[field])
            source["name"] = source.get("name") or source.get("secretName")
            yield kind, source
        for projected in (volume.get("projected") or {}).get("sources") or []:
            if field in projected:
                yield kind, projected[field]


def _source_problem(world: World, pod: Obj, kind: str, source: dict[str, Any]) -> str:
    obj = world.peek(kind, namespace_of(pod), source["name"])
    if source.get("optional"):
        return ""
    if obj is None:
        return f'{kind.lower()} "{source["name"]}" not found'
    held = {**(obj.get("data") or {}), **(obj.get("stringData") or {}), **(obj.get("binaryData") or {})}
    missing = [item["key"] for item in source.get("items") or [] if item["key"] not in held]
    return f"references non-existent config key: {missing[0]}" if missing else ""


def files(world: World, pod: Obj, container: dict[str, Any]) -> frozenset[str]:
    """Return the absolute paths of the files that ConfigMap and Secret volumes put into the container."""
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or []}
    found: set[str] = set()
    for mount in container.get("volumeMounts") or []:
        for kind, source in _sources(volumes.get(mount["name"], {})):
            obj = world.peek(kind, namespace_of(pod), source["name"]) or {}
            held = [*(obj.get("data") or {}), *(obj.get("stringData") or {})]
            names = [item["path"] for item in source.get("items") or []] or held
            if mount.get("subPath"):
                found |= {mount["mountPath"]} if mount["subPath"] in names else set()
            else:
                found |= {f"{mount['mountPath'].rstrip('/')}/{name}" for name in names}
    return frozenset(found)
