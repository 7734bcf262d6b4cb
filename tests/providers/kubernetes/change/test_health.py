"""Health: when a rollout is complete, and when waiting cannot help any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agentops.core.clock import to_iso
from agentops.core.outcome import Health
from agentops.core.resource import kubernetes_ref
from agentops.providers.kubernetes.impact.health import health

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ago(seconds: float) -> str:
    """Return a timestamp as the API writes it."""
    return to_iso(NOW - timedelta(seconds=seconds))


def item(kind: str, spec: dict[str, Any], status: dict[str, Any], *, generation: int = 2) -> dict[str, Any]:
    """Return an object whose controller has seen generation 2."""
    seen = {"observedGeneration": 2} if kind in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"} else {}
    return {"kind": kind, "metadata": {"name": "x", "generation": generation}, "spec": spec, "status": seen | status}


def counts(updated: int, total: int, ready: int) -> dict[str, int]:
    """Return a Deployment's status numbers."""
    return {"updatedReplicas": updated, "replicas": total, "readyReplicas": ready, "availableReplicas": ready}


def condition(kind: str, status: str, reason: str, message: str = "", since: float = 600) -> dict[str, Any]:
    """Return a condition that became so some seconds ago."""
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": ago(since)}


def judged(one: dict[str, Any], *pods: dict[str, Any]) -> tuple[int, int, bool, str]:
    """Return ready, wanted, settled and the failure."""
    found = health(kubernetes_ref("c", "shop", one["kind"], "x"), one, pods, now=NOW)
    return found.ready, found.wanted, found.settled, found.failed


DEADLINE = {"conditions": [condition("Progressing", "False", "ProgressDeadlineExceeded", "timed out", since=5)]}
OLD_DEADLINE = {"conditions": [condition("Progressing", "False", "ProgressDeadlineExceeded", "timed out", since=90)]}
QUOTA = {"conditions": [condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota")]}
QUOTA_JUST_NOW = {"conditions": [condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota", since=5)]}
THREE = {"replicas": 3}
DAEMONS = {"desiredNumberScheduled": 4, "numberReady": 4, "numberAvailable": 4, "updatedNumberScheduled": 4}
STATEFUL = {"replicas": 2, "readyReplicas": 2, "updatedReplicas": 2, "currentRevision": "b", "updateRevision": "b"}
CASES: dict[str, tuple[dict[str, Any], tuple[int, int, bool, str]]] = {
    "a complete rollout": (item("Deployment", THREE, counts(3, 3, 3)), (3, 3, True, "")),
    "not all are of the new revision": (item("Deployment", THREE, counts(1, 4, 3)), (3, 3, False, "")),
    "old replicas are still there": (item("Deployment", THREE, counts(3, 4, 4)), (4, 3, False, "")),
    "not all are ready": (item("Deployment", THREE, counts(3, 3, 2)), (2, 3, False, "")),
    "the controller has not seen the spec yet": (
        item("Deployment", THREE, counts(3, 3, 3), generation=3),
        (3, 3, False, ""),
    ),
    "an earlier rollout's deadline is no failure of the new spec": (
        item("Deployment", THREE, counts(3, 3, 3) | DEADLINE, generation=3),
        (3, 3, False, ""),
    ),
    "the progress deadline has passed": (
        item("Deployment", THREE, counts(1, 4, 3) | DEADLINE),
        (3, 3, False, "ProgressDeadlineExceeded: timed out"),
    ),
    "a deadline that passed long ago may be of the rollout before": (
        item("Deployment", THREE, counts(1, 4, 3) | OLD_DEADLINE),
        (3, 3, False, ""),
    ),
    "a paused Deployment has nothing to do": (
        item("Deployment", {**THREE, "paused": True}, counts(0, 3, 3)),
        (3, 3, True, ""),
    ),
    "scaled to zero and empty": (item("Deployment", {"replicas": 0}, {}), (0, 0, True, "")),
    "pods cannot be made, for a while now": (
        item("Deployment", THREE, counts(1, 1, 1) | QUOTA),
        (1, 3, False, "FailedCreate: exceeded quota"),
    ),
    "pods could not be made just now": (
        item("Deployment", THREE, counts(1, 1, 1) | QUOTA_JUST_NOW),
        (1, 3, False, ""),
    ),
    "a StatefulSet on its new revision": (item("StatefulSet", {"replicas": 2}, STATEFUL), (2, 2, True, "")),
    "a StatefulSet between revisions": (
        item("StatefulSet", {"replicas": 2}, {**STATEFUL, "updatedReplicas": 1, "currentRevision": "a"}),
        (2, 2, False, ""),
    ),
    "a StatefulSet above its partition": (
        item(
            "StatefulSet",
            {"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
            {**STATEFUL, "updatedReplicas": 1, "currentRevision": "a"},
        ),
        (2, 2, True, ""),
    ),
    "a StatefulSet that updates on deletion": (
        item(
            "StatefulSet",
            {"replicas": 2, "updateStrategy": {"type": "OnDelete"}},
            {**STATEFUL, "updatedReplicas": 0, "currentRevision": "a"},
        ),
        (2, 2, True, ""),
    ),
    "a StatefulSet with a pod too many": (
        item("StatefulSet", {"replicas": 1}, {**STATEFUL, "replicas": 2}),
        (2, 1, False, ""),
    ),
    "a DaemonSet on all nodes": (item("DaemonSet", {}, DAEMONS), (4, 4, True, "")),
    "a DaemonSet half updated": (
        item("DaemonSet", {}, {**DAEMONS, "updatedNumberScheduled": 2}),
        (4, 4, False, ""),
    ),
    "a DaemonSet with a pod that is not ready": (
        item("DaemonSet", {}, {**DAEMONS, "numberReady": 3, "numberAvailable": 3}),
        (3, 4, False, ""),
    ),
    "a ReplicaSet": (item("ReplicaSet", THREE, {"replicas": 3, "readyReplicas": 3}), (3, 3, True, "")),
    "a ReplicaSet with a pod too many": (
        item("ReplicaSet", THREE, {"replicas": 4, "readyReplicas": 3}),
        (3, 3, False, ""),
    ),
    "a ReplicaSet that lacks one": (
        item("ReplicaSet", THREE, {"replicas": 3, "readyReplicas": 2}),
        (2, 3, False, ""),
    ),
    "a ReplicaSet whose controller has not seen the spec yet": (
        item("ReplicaSet", THREE, {"replicas": 3, "readyReplicas": 3}, generation=3),
        (3, 3, False, ""),
    ),
    "a Job that runs": (item("Job", {"completions": 2}, {"succeeded": 1, "active": 1}), (1, 2, False, "")),
    "a Job that is complete": (
        item("Job", {}, {"succeeded": 1, "conditions": [condition("Complete", "True", "CompletionsReached")]}),
        (1, 1, True, ""),
    ),
    "a Job that failed": (
        item("Job", {}, {"failed": 3, "conditions": [condition("Failed", "True", "BackoffLimitExceeded", "limit")]}),
        (0, 1, False, "BackoffLimitExceeded: limit"),
    ),
    "a CronJob has nothing to be ready": (item("CronJob", {"suspend": True}, {}), (0, 0, True, "")),
    "a node that is ready": (
        item("Node", {}, {"conditions": [condition("Ready", "True", "KubeletReady")]}),
        (1, 1, True, ""),
    ),
    "a node that is not": (
        item("Node", {}, {"conditions": [condition("Ready", "Unknown", "NodeStatusUnknown")]}),
        (0, 1, False, ""),
    ),
    "a claim that is bound": (item("PersistentVolumeClaim", {}, {"phase": "Bound"}), (1, 1, True, "")),
    "a claim that waits": (item("PersistentVolumeClaim", {}, {"phase": "Pending"}), (0, 1, False, "")),
    "a claim whose volume is lost": (
        item("PersistentVolumeClaim", {}, {"phase": "Lost"}),
        (0, 1, False, "the volume of the claim is lost"),
    ),
    "a claim that grows": (
        item(
            "PersistentVolumeClaim",
            {"resources": {"requests": {"storage": "2Gi"}}},
            {"phase": "Bound", "capacity": {"storage": "1Gi"}, "conditions": [condition("Resizing", "True", "x")]},
        ),
        (0, 1, False, ""),
    ),
    "a StatefulSet whose controller has not seen the spec yet": (
        item("StatefulSet", {"replicas": 2}, STATEFUL, generation=3),
        (2, 2, False, ""),
    ),
    "a DaemonSet whose controller has not seen the spec yet": (
        item("DaemonSet", {}, DAEMONS, generation=3),
        (4, 4, False, ""),
    ),
    "a pod that failed": (item("Pod", {}, {"phase": "Failed", "message": "evicted"}), (0, 1, False, "evicted")),
    "a pod that ended well": (item("Pod", {}, {"phase": "Succeeded"}), (0, 0, True, "")),
    "an autoscaler that is where it wants to be": (
        item("HorizontalPodAutoscaler", {}, {"currentReplicas": 3, "desiredReplicas": 3}),
        (3, 3, True, ""),
    ),
    "an autoscaler on its way": (
        item("HorizontalPodAutoscaler", {}, {"currentReplicas": 3, "desiredReplicas": 5}),
        (3, 5, False, ""),
    ),
    "a kind without health": (item("ConfigMap", {}, {}), (0, 0, True, "")),
}


@pytest.mark.parametrize(("one", "expected"), CASES.values(), ids=CASES)
def test_states(one: dict[str, Any], expected: tuple[int, int, bool, str]) -> None:
    """Each state is settled, waiting or failed as kubectl's rollout status has it."""
    assert judged(one) == expected


def pod(
    waiting: dict[str, Any] | None = None, *, age_s: float = 10, restarts: int = 0, **status: Any
) -> dict[str, Any]:
    """Return a pod whose container waits."""
    container = {
        "name": "app",
        "ready": False,
        "restartCount": restarts,
        "state": {"waiting": waiting} if waiting else {},
    }
    return {
        "kind": "Pod",
        "metadata": {"name": "x-1", "creationTimestamp": ago(age_s)},
        "status": {"phase": "Pending", "containerStatuses": [container], **status},
    }


def unschedulable(since: float) -> dict[str, Any]:
    """Return a pod that no node takes."""
    reason = condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available", since=since)
    return pod(conditions=[reason])


BACK_OFF = {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}
MISSING = {"reason": "ErrImagePull", "message": "failed to resolve: a:2: not found"}
CONFIG = {"reason": "CreateContainerConfigError", "message": "couldn't find key A"}
CRASH = {"reason": "CrashLoopBackOff", "message": "back-off 20s"}
PODS: dict[str, tuple[dict[str, Any], str]] = {
    "an image that is not there": (pod(MISSING), "ErrImagePull: failed to resolve: a:2: not found"),
    "a first pull that failed for another reason": (pod({"reason": "ErrImagePull", "message": "i/o timeout"}), ""),
    "a pull that is tried again": (pod(BACK_OFF, age_s=60), ""),
    "a pull that is tried for two minutes": (pod(BACK_OFF, age_s=120), "ImagePullBackOff: Back-off pulling image"),
    "a name that is no image": (pod({"reason": "InvalidImageName"}), "InvalidImageName"),
    "a missing key, just now": (pod(CONFIG, age_s=5), ""),
    "a missing key that stays missing": (pod(CONFIG, age_s=30), "CreateContainerConfigError: couldn't find key A"),
    "a first crash": (pod(CRASH, restarts=1), ""),
    "a second crash": (pod(CRASH, restarts=2), "CrashLoopBackOff: back-off 20s"),
    "a container that starts": (pod({"reason": "ContainerCreating"}, age_s=600), ""),
    "a pod that is on its way out": (
        {**pod(MISSING), "metadata": {"name": "x-1", "deletionTimestamp": ago(1)}},
        "",
    ),
}


@pytest.mark.parametrize(("one", "why"), PODS.values(), ids=PODS)
def test_pods_of_the_current_revision(one: dict[str, Any], why: str) -> None:
    """A pod makes its workload fail only for what lasts."""
    expected = f"pod x-1, container app: {why}" if why else ""
    assert judged(item("Deployment", THREE, counts(1, 4, 3)), one) == (3, 3, False, expected)


@pytest.mark.parametrize(("since", "failed"), [(60, ""), (120, "pod x-1: Unschedulable: 0/3 nodes are available")])
def test_a_pod_that_no_node_takes(since: float, failed: str) -> None:
    """A pod may wait two minutes for a node, long enough for one to be added."""
    assert judged(item("Deployment", THREE, counts(1, 4, 3)), unschedulable(since)) == (3, 3, False, failed)


def test_a_pod_that_waits_for_a_gate_may_go_on_waiting() -> None:
    """A pod that is held by a scheduling gate is not one that no node takes."""
    gated = pod(conditions=[condition("PodScheduled", "False", "SchedulingGated", since=9000)])
    assert judged(item("Deployment", THREE, counts(1, 4, 3)), gated) == (3, 3, False, "")


def test_a_settled_workload_has_not_failed() -> None:
    """What is complete is not judged by a pod that happens to be in trouble."""
    assert judged(item("Deployment", THREE, counts(3, 3, 3)), pod(MISSING)) == (3, 3, True, "")


def ready_pod(name: str, port: str = "http") -> dict[str, Any]:
    """Return a ready pod with a named port."""
    return {
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [{"ports": [{"name": port, "containerPort": 80}]}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


SERVICE = {"selector": {"app": "x"}, "ports": [{"port": 80, "targetPort": "http"}]}


@pytest.mark.parametrize(
    ("spec", "pods", "reached", "expected"),
    [
        (SERVICE, [ready_pod("a"), ready_pod("b")], {"a", "b"}, (2, 2, True)),
        (SERVICE, [ready_pod("a"), ready_pod("b")], {"a"}, (1, 2, False)),
        (SERVICE, [ready_pod("a", port="web")], {"a"}, (0, 1, False)),
        (SERVICE, [ready_pod("a"), pod(MISSING)], {"a"}, (1, 1, True)),
        ({**SERVICE, "ports": [{"targetPort": "80"}, {"targetPort": 81}]}, [ready_pod("a")], {"a"}, (1, 1, True)),
        (SERVICE, [], set(), (0, 1, False)),
        ({"ports": []}, [], set(), (0, 0, True)),
        ({**SERVICE, "type": "ExternalName"}, [], set(), (0, 0, True)),
    ],
)
def test_a_service(spec: Any, pods: list[Any], reached: set[str], expected: tuple[int, int, bool]) -> None:
    """A Service is well when every ready pod that it selects is behind it, on a port that the pod has."""
    ref = kubernetes_ref("c", "shop", "Service", "x")
    found = health(ref, item("Service", spec, {}), pods, now=NOW, reached=frozenset(reached))
    assert (found.ready, found.wanted, found.settled, found.failed) == (*expected, "")


def test_the_details_name_what_is_left_to_do() -> None:
    """The whole value, with what a person waits for."""
    ref = kubernetes_ref("c", "shop", "Deployment", "x")
    found = health(ref, item("Deployment", THREE, counts(1, 4, 3)), (), now=NOW)
    detail = "1 of 3 of the current revision, 3 ready, 3 of an earlier revision still there"
    assert found == Health(ref=ref, ready=3, wanted=3, settled=False, detail=detail)
