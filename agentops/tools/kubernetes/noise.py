"""What every object carries and no investigation needs: taken out, and told.

Comes in: a decoded object. Goes out: the same object without token volumes, values that the API server fills in by
itself, image lists and ids; and a phrase that says what is missing, for the footer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_META_NOISE = ("selfLink", "managedFields")
_STATUS_NOISE = ("images", "podIPs", "hostIPs", "volumesInUse", "volumesAttached")
_CONTAINER_NOISE = ("containerID", "imageID", "volumeMounts", "user", "allocatedResourcesStatus")
_TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 - the prefix of a volume's name
# What the API server fills in; a value that differs is somebody's choice and stays.
_POD_DEFAULTS: Mapping[str, Any] = {
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "enableServiceLinks": True,
    "preemptionPolicy": "PreemptLowerPriority",
    "priority": 0,
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}
_CONTAINER_DEFAULTS: Mapping[str, Any] = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "resources": {},
}
_DEFAULT_TOLERATIONS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def strip(item: dict[str, Any]) -> str:
    """Take noise out of an object, in place; returns what was taken out, empty when nothing was."""
    metadata = item.get("metadata")
    if isinstance(metadata, dict):
        for field in _META_NOISE:
            metadata.pop(field, None)
    taken: list[str] = []
    for spec in _pod_specs(item):
        taken += _strip_token_volume(spec)
        taken += _strip_defaults(spec)
    taken += [f"status {field}" for field in _strip_status(item.get("status"))]
    return ", ".join(dict.fromkeys(taken))


def _pod_specs(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the pod spec of a pod, a workload or a cron job."""
    spec = item.get("spec")
    for _ in range(3):
        if not isinstance(spec, dict):
            return
        if isinstance(spec.get("containers"), list):
            yield spec
            return
        inner = spec.get("template") or spec.get("jobTemplate")
        spec = inner.get("spec") if isinstance(inner, dict) else None


def _containers(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for field in ("containers", "initContainers"):
        yield from (container for container in spec.get(field) or () if isinstance(container, dict))


def _strip_token_volume(spec: dict[str, Any]) -> list[str]:
    volumes = spec.get("volumes")
    if not isinstance(volumes, list) or not any(map(_is_token, volumes)):
        return []
    spec["volumes"] = [volume for volume in volumes if not _is_token(volume)]
    for container in _containers(spec):
        if container.get("volumeMounts"):
            container["volumeMounts"] = [mount for mount in container["volumeMounts"] if not _is_token(mount)]
    return ["the service account token volume"]


def _is_token(value: Any) -> bool:
    return isinstance(value, Mapping) and str(value.get("name") or "").startswith(_TOKEN_VOLUME)


def _strip_defaults(spec: dict[str, Any]) -> list[str]:
    before = _size(spec)
    _drop_equal(spec, _POD_DEFAULTS)
    for container in _containers(spec):
        _drop_equal(container, _CONTAINER_DEFAULTS)
    tolerations = spec.get("tolerations")
    if isinstance(tolerations, list):
        kept = [one for one in tolerations if not _is_default_toleration(one)]
        if kept:
            spec["tolerations"] = kept
        else:
            del spec["tolerations"]
    return ["values that are the API's defaults"] if _size(spec) != before else []


def _size(spec: Mapping[str, Any]) -> tuple[int, ...]:
    return (len(spec), len(spec.get("tolerations") or ()), *(len(container) for container in _containers(spec)))


def _drop_equal(fields: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    for key, default in defaults.items():
        if key in fields and fields[key] == default:
            del fields[key]


def _is_default_toleration(one: Any) -> bool:
    return isinstance(one, Mapping) and one.get("key") in _DEFAULT_TOLERATIONS and one.get("tolerationSeconds") == 300


def _strip_status(status: Any) -> list[str]:
    if not isinstance(status, dict):
        return []
    taken = [field for field in _STATUS_NOISE if status.pop(field, None)]
    for statuses in ("containerStatuses", "initContainerStatuses"):
        for container in status.get(statuses) or ():
            if isinstance(container, dict):
                taken += [field for field in _CONTAINER_NOISE if container.pop(field, None) is not None]
    conditions = status.get("conditions")
    for condition in conditions if isinstance(conditions, list) else ():
        if isinstance(condition, dict) and condition.get("lastProbeTime", "") is None:
            del condition["lastProbeTime"]
    return taken
