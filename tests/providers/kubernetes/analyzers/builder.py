"""Builds realistic objects, and snapshots from them: what every triage test starts from."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

from agentops.core.alert import Target
from agentops.core.analysis import Gap
from agentops.providers.kubernetes.objects.snapshot import LogTail, Snapshot

NOW = datetime(2026, 11, 22, 16, 0, 0, tzinfo=UTC)
ALL_KINDS = (
    "Pod",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Service",
    "EndpointSlice",
    "ConfigMap",
    "Secret",
    "Node",
    "Event",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "ResourceQuota",
    "LimitRange",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "NetworkPolicy",
    "Ingress",
    "IngressClass",
    "ControllerRevision",
    "ServiceAccount",
    "Namespace",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
)


class Builder:
    """Makes objects in namespace ``shop``; every method returns a plain dict that a test may change."""

    now = NOW

    def ago(self, minutes: float) -> str:
        """Return the time so many minutes before the sweep."""
        return (NOW - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")

    def meta(self, name, namespace="shop", minutes=120.0, owner=None, **more):
        meta = {"name": name, "uid": f"uid-{name}", "creationTimestamp": self.ago(minutes), **more}
        if namespace:
            meta["namespace"] = namespace
        if owner:
            kind, owner_name = owner
            meta["ownerReferences"] = [
                {"kind": kind, "name": owner_name, "controller": True, "uid": f"uid-{owner_name}"}
            ]
        return meta

    def container(self, name="web", image="registry.shop.example/web:1.4.0", **more):
        return {"name": name, "image": image, "ports": [{"name": "http", "containerPort": 8080}], **more}

    def template(self, app, containers, **spec):
        return {"metadata": {"labels": {"app": app}}, "spec": {"containers": containers, **spec}}

    def deployment(self, name="web", replicas=2, ready=None, containers=None, **spec):
        ready = replicas if ready is None else ready
        pod_spec = spec.pop("pod_spec", {})
        available = "True" if ready == replicas else "False"
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": self.meta(name, minutes=5000),
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": name}},
                "template": self.template(name, containers or [self.container(name)], **pod_spec),
                **spec,
            },
            "status": {
                "replicas": replicas,
                "readyReplicas": ready,
                "updatedReplicas": replicas,
                "conditions": [
                    {"type": "Available", "status": available, "lastTransitionTime": self.ago(10)},
                    {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable",
                     "lastUpdateTime": self.ago(12)},
                ],
            },
        }  # fmt: skip

    def stateful_set(self, name="db", replicas=1, ready=None, containers=None, **pod_spec):
        made = self.deployment(name, replicas, ready, containers, pod_spec=pod_spec)
        made["kind"] = "StatefulSet"
        made["status"].pop("conditions")
        return made

    def replica_set(self, name="web", revision=1, minutes=5000.0, containers=None, replicas=2, **pod_spec):
        return {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": self.meta(
                f"{name}-6c9f5d7b4{revision}",
                minutes=minutes,
                owner=("Deployment", name),
                annotations={"deployment.kubernetes.io/revision": str(revision)},
            ),
            "spec": {
                "replicas": replicas,
                "template": self.template(name, containers or [self.container(name)], **pod_spec),
            },
            "status": {"replicas": replicas},
        }

    def pod(self, app="web", number=1, revision=1, minutes=60.0, containers=None, statuses=None, **more):
        """A running, ready pod of ReplicaSet ``app`` unless told otherwise."""
        containers = containers or [self.container(app)]
        statuses = statuses or [self.ready(c["name"], minutes) for c in containers]
        ready = all(s.get("ready") for s in statuses)
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": self.meta(
                more.pop("name", f"{app}-6c9f5d7b4{revision}-x{number}abc"),
                minutes=minutes,
                owner=more.pop("owner", ("ReplicaSet", f"{app}-6c9f5d7b4{revision}")),
                labels={"app": app, "pod-template-hash": f"6c9f5d7b4{revision}"},
            ),
            "spec": {"nodeName": more.pop("node", "node-a"), "containers": containers, **more.pop("pod_spec", {})},
            "status": {
                "phase": more.pop("phase", "Running"),
                "startTime": self.ago(minutes),
                "conditions": [
                    {"type": "PodScheduled", "status": "True", "lastTransitionTime": self.ago(minutes)},
                    {"type": "Ready", "status": str(ready), "lastTransitionTime": self.ago(min(minutes, 9))},
                ],
                "containerStatuses": statuses,
                **more,
            },
        }

    def ready(self, name="web", minutes=60.0):
        running = {"running": {"startedAt": self.ago(minutes)}}
        return {"name": name, "ready": True, "restartCount": 0, "state": running}

    def waiting(self, reason, message="", name="web", **more):
        state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}
        return {"name": name, "ready": False, "restartCount": 0, "state": state, **more}

    def crashed(self, code=1, reason="Error", restarts=6, name="web", minutes=1.0, **more):
        ended = {"exitCode": code, "reason": reason, "finishedAt": self.ago(minutes), **more}
        return {
            "name": name,
            "ready": False,
            "restartCount": restarts,
            "state": {
                "waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}
            },
            "lastState": {"terminated": ended},
        }

    def event(self, obj, reason, message, kind="Warning", minutes=1.0, first=9.0, count=5, part=""):
        key = (obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": self.meta(f"{key[2]}.{abs(hash((reason, message))) % 10**8}", namespace=key[1] or "default"),
            "involvedObject": {"kind": key[0], "namespace": key[1], "name": key[2], "fieldPath": part},
            "type": kind,
            "reason": reason,
            "message": message,
            "count": count,
            "firstTimestamp": self.ago(first),
            "lastTimestamp": self.ago(minutes),
        }

    def service(self, name="web", port=80, target=8080, **selector):
        spec = {"selector": selector or {"app": name}, "ports": [{"name": "http", "port": port, "targetPort": target}]}
        return {"apiVersion": "v1", "kind": "Service", "metadata": self.meta(name), "spec": spec}

    def node(self, name="node-a", cpu="4", memory="8Gi", ready="True", taints=(), labels=None, **spec):
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": self.meta(name, namespace="", labels=labels or {"kubernetes.io/hostname": name}),
            "spec": {**({"taints": list(taints)} if taints else {}), **spec},
            "status": {
                "allocatable": {"cpu": cpu, "memory": memory, "pods": "110"},
                "conditions": [
                    {"type": "MemoryPressure", "status": "False"},
                    {"type": "Ready", "status": ready, "reason": "KubeletReady", "lastTransitionTime": self.ago(30)},
                ],
            },
        }

    def config_map(self, name="web-config", **data):
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": self.meta(name), "data": data}

    def secret(self, name="web-secret", *keys):
        return {"apiVersion": "v1", "kind": "Secret", "metadata": self.meta(name), "data": dict.fromkeys(keys, "")}

    def env(self, name, value):
        return {"name": name, "value": value}

    def log(self, pod, *lines, container="web", previous=True):
        return LogTail(
            namespace="shop", pod=pod["metadata"]["name"], container=container, previous=previous, lines=tuple(lines)
        )

    def snapshot(self, *objects, logs=(), target=None, gaps=(), unread=(), namespaces=()):
        """A snapshot in which every kind was read, except ``unread``; objects are copied."""
        kinds = {kind: [] for kind in ALL_KINDS if kind not in unread}
        for obj in copy.deepcopy(objects):
            kinds.setdefault(obj["kind"], []).append(obj)
        return Snapshot(
            context="test",
            observed_at=NOW,
            namespaces=tuple(namespaces),
            target=Target(**(target or {})),
            objects={kind: tuple(found) for kind, found in kinds.items()},
            logs=tuple(logs),
            gaps=tuple(Gap(what=what, reason=reason) for what, reason in gaps),
        )
