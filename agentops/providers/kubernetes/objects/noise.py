"""Removes from an object the fields that no investigation needs, and says which were removed.

Comes in: a decoded object. Goes out: the same object without token volumes, values that the API server fills in by
itself, addresses that it draws, image lists and ids; and a phrase that says what is missing, for the footer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentops.providers.kubernetes.objects.fields import containers_of

_META_NOISE = ("selfLink", "managedFields", "uid", "resourceVersion", "generateName")
_STATUS_NOISE = (
    "images", "podIPs", "hostIPs", "volumesInUse", "volumesAttached", "addresses", "daemonEndpoints", "nodeInfo",
    "collisionCount", "qosClass", "loadBalancer",
)  # fmt: skip
_SPEC_NOISE = ("podCIDR", "podCIDRs", "providerID")
_CONTAINER_NOISE = ("containerID", "imageID", "volumeMounts", "user", "allocatedResourcesStatus")
_TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 - the prefix of a volume's name
# What the API server fills in; a value that differs is somebody's choice and stays.
_POD_DEFAULTS: Mapping[str, Any] = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
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
    "imagePullPolicy": "IfNotPresent",
    "resources": {},
}
_PORT_DEFAULTS: Mapping[str, Any] = {"protocol": "TCP"}
_PROBE_DEFAULTS: Mapping[str, Any] = {"successThreshold": 1}
_HANDLER_DEFAULTS: Mapping[str, Any] = {"scheme": "HTTP"}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_ROLLING = {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}, "type": "RollingUpdate"}
_SPEC_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "Deployment": {"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10, "strategy": _ROLLING},
    "StatefulSet": {
        "podManagementPolicy": "OrderedReady",
        "revisionHistoryLimit": 10,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "updateStrategy": {"rollingUpdate": {"partition": 0}, "type": "RollingUpdate"},
    },
    "DaemonSet": {
        "revisionHistoryLimit": 10,
        "updateStrategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}, "type": "RollingUpdate"},
    },
    "Service": {
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
    },
}
_OWN_ANNOTATIONS = ("kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision")
_DEFAULT_TOLERATIONS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def strip(item: dict[str, Any]) -> str:
    """Take noise out of an object, in place; returns what was taken out, empty when nothing was."""
    metadata = item.get("metadata")
    if isinstance(metadata, dict):
        for field in _META_NOISE:
            metadata.pop(field, None)
        _strip_annotations(metadata)
        _strip_generation(metadata, item.get("status"))
    taken: list[str] = list(_strip_spec(item))
    template = item.get("spec", {}).get("template") if isinstance(item.get("spec"), dict) else None
    if isinstance(template, dict) and isinstance(template.get("metadata"), dict):
        template["metadata"].pop("creationTimestamp", None)
    for spec in _pod_specs(item):
        taken += _strip_token_volume(spec)
        taken += _strip_defaults(spec)
    taken += [f"status {field}" for field in _strip_status(item.get("status"))]
    return ", ".join(dict.fromkeys(taken))


def _strip_annotations(metadata: dict[str, Any]) -> None:
    """Take out what kubectl and the Deployment controller note for themselves; the rest somebody wrote to be read."""
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict):
        for name in _OWN_ANNOTATIONS:
            annotations.pop(name, None)
        if not annotations:
            del metadata["annotations"]


def _strip_generation(metadata: dict[str, Any], status: Any) -> None:
    """Take out the generation unless its controller has not seen it: then that is the news."""
    seen = status.get("observedGeneration") if isinstance(status, dict) else None
    if seen in (None, metadata.get("generation")):
        metadata.pop("generation", None)
        if isinstance(status, dict):
            status.pop("observedGeneration", None)


def _strip_spec(item: Mapping[str, Any]) -> Iterator[str]:
    """Take out of a spec what the API server fills in and what only names the machine; yields what was taken out."""
    spec = item.get("spec")
    if not isinstance(spec, dict):
        return
    before = len(spec)
    _drop_equal(spec, _SPEC_DEFAULTS.get(str(item.get("kind")), {}))
    if spec.get("clusterIPs") == [spec.get("clusterIP")]:
        del spec["clusterIPs"]
    for field in _SPEC_NOISE:
        spec.pop(field, None)
    if len(spec) != before:
        yield "values that are the API's defaults"


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


def _strip_token_volume(spec: dict[str, Any]) -> list[str]:
    volumes = spec.get("volumes")
    if not isinstance(volumes, list) or not any(map(_is_token, volumes)):
        return []
    spec["volumes"] = [volume for volume in volumes if not _is_token(volume)]
    for _, container in containers_of(spec):
        if container.get("volumeMounts"):
            container["volumeMounts"] = [mount for mount in container["volumeMounts"] if not _is_token(mount)]
    return ["the service account token volume"]


def _is_token(value: Any) -> bool:
    return isinstance(value, Mapping) and str(value.get("name") or "").startswith(_TOKEN_VOLUME)


def _strip_defaults(spec: dict[str, Any]) -> list[str]:
    before = _size(spec)
    _drop_equal(spec, _POD_DEFAULTS)
    # The older name of the same field; the server writes both.
    _drop_equal(spec, {"serviceAccount": spec.get("serviceAccountName")})
    for _, container in containers_of(spec):
        _drop_equal(container, _CONTAINER_DEFAULTS)
        _strip_ports_and_probes(container)
    tolerations = spec.get("tolerations")
    if isinstance(tolerations, list):
        kept = [one for one in tolerations if not _is_default_toleration(one)]
        if kept:
            spec["tolerations"] = kept
        else:
            del spec["tolerations"]
    return ["values that are the API's defaults"] if _size(spec) != before else []


def _strip_ports_and_probes(container: Mapping[str, Any]) -> None:
    """Take out what nearly every port and probe says; a time-out stays even at its default: it is often the cause."""
    for port in container.get("ports") or ():
        if isinstance(port, dict):
            _drop_equal(port, _PORT_DEFAULTS)
    for probe in filter(None, (container.get(name) for name in _PROBES)):
        if isinstance(probe, dict):
            _drop_equal(probe, _PROBE_DEFAULTS)
            if isinstance(probe.get("httpGet"), dict):
                _drop_equal(probe["httpGet"], _HANDLER_DEFAULTS)


def _size(spec: Mapping[str, Any]) -> tuple[int, ...]:
    return (len(spec), len(spec.get("tolerations") or ()), *(len(container) for _, container in containers_of(spec)))


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
