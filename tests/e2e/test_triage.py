"""States that a cluster really gets into, made on purpose: triage names the object and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e import manifests as m
from tests.e2e.client import Obj
from tests.e2e.stages import Stage

_NO_PORT = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Something broken.

    Arguments:
        make: the objects, given the image.
        broken: whether the cluster shows it by now.
        at: the object that triage must name first, as KIND/NAME.
        conditions: what it may call it: where the cluster decides which of two it is, both.
        kubelet: a kubelet must say it; on a cluster whose kubelet does not, the test has nothing to look at.
        simulated: the simulator can come into this state too.
    """

    make: Callable[[str], Sequence[Obj]]
    broken: Callable[[Stage], Any]
    at: str
    conditions: frozenset[str]
    kubelet: bool = False
    simulated: bool = True


def _web(image: str, *, spec: Mapping[str, Any] | None = None, **container: Any) -> Obj:
    """Return the Deployment ``web`` with more in its pods' spec."""
    one = m.deployment(image, **container)
    one["spec"]["template"]["spec"].update(spec or {})
    return one


def _waits(reason: str) -> Callable[[Stage], bool]:
    """Return whether a container waits for a reason whose name contains this."""

    def seen(stage: Stage) -> bool:
        statuses = [one for pod in _pods(stage) for one in pod.get("status", {}).get("containerStatuses") or ()]
        return any(reason in (one["state"].get("waiting") or {}).get("reason", "") for one in statuses)

    return seen


def _pods(stage: Stage) -> list[Obj]:
    return stage.client.list("Pod", stage.namespace)


def _unscheduled(stage: Stage) -> bool:
    conditions = [one for pod in _pods(stage) for one in pod.get("status", {}).get("conditions") or ()]
    return any(one.get("reason") == "Unschedulable" for one in conditions)


def _refused(stage: Stage) -> bool:
    sets = stage.client.list("ReplicaSet", stage.namespace)
    conditions = [one for found in sets for one in found.get("status", {}).get("conditions") or ()]
    return any(one["type"] == "ReplicaFailure" for one in conditions)


def _runs_unready(stage: Stage) -> bool:
    statuses = [one for pod in _pods(stage) for one in pod.get("status", {}).get("containerStatuses") or ()]
    return _has_event("Unhealthy")(stage) and any("running" in one["state"] and not one["ready"] for one in statuses)


def _has_event(reason: str) -> Callable[[Stage], bool]:
    return lambda stage: any(one["reason"] == reason for one in stage.client.list("Event", stage.namespace))


def _restarted(stage: Stage) -> bool:
    statuses = [one for pod in _pods(stage) for one in pod.get("status", {}).get("containerStatuses") or ()]
    return any(one["restartCount"] > 1 for one in statuses)


def _job_failed(stage: Stage) -> bool:
    conditions = (stage.get("Job", "work") or {}).get("status", {}).get("conditions") or ()
    return any((one["type"], one["status"]) == ("Failed", "True") for one in conditions)


def _there(kind: str, name: str) -> Callable[[Stage], bool]:
    return lambda stage: stage.get(kind, name) is not None


_FROM_MAP = [{"name": "COLOR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}}}]
_MOUNT = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
STATES: Mapping[str, State] = {
    "bad image": State(
        make=lambda image: [m.deployment(f"{image.rpartition(':')[0]}:no-such-tag")],
        broken=_waits("ImagePull"),
        at="Deployment/web",
        # Without a way to the registry nobody can know that the tag is not there.
        conditions=frozenset({"ImageNotFound", "ImagePullFailed", "ImagePullDenied"}),
        kubelet=True,
    ),
    "missing ConfigMap key": State(
        make=lambda image: [m.config({"color": "red"}), m.deployment(image, env=_FROM_MAP)],
        broken=_waits("CreateContainerConfigError"),
        at="Deployment/web",
        conditions=frozenset({"MissingConfigMapKey"}),
        kubelet=True,
    ),
    "unschedulable by size": State(
        make=lambda image: [m.deployment(image, resources={"requests": {"cpu": "4000"}})],
        broken=_unscheduled,
        at="Deployment/web",
        conditions=frozenset({"InsufficientCpu"}),
    ),
    "unschedulable by label": State(
        make=lambda image: [_web(image, spec={"nodeSelector": {"e2e.example.org/none": "such"}})],
        broken=_unscheduled,
        at="Deployment/web",
        conditions=frozenset({"NodeSelectorMismatch"}),
    ),
    "crash loop": State(
        make=lambda image: [m.deployment(image, livenessProbe=_NO_PORT)],
        broken=_restarted,
        at="Deployment/web",
        conditions=frozenset({"LivenessProbeKilling", "ProbePortMismatch", "CrashLoop"}),
        kubelet=True,
    ),
    "command that does not exist": State(
        make=lambda image: [m.deployment(image, command=["/no-such-program"])],
        broken=lambda stage: _waits("RunContainerError")(stage) or _waits("CrashLoopBackOff")(stage),
        at="Deployment/web",
        conditions=frozenset({"RunContainerError", "CrashLoop"}),
        kubelet=True,
        simulated=False,
    ),
    "never ready": State(
        make=lambda image: [m.deployment(image, readinessProbe=_NO_PORT)],
        broken=_runs_unready,
        at="Deployment/web",
        conditions=frozenset({"ReadinessProbeFailing", "ProbePortMismatch"}),
        kubelet=True,
    ),
    "missing service account": State(
        make=lambda image: [_web(image, spec={"serviceAccountName": "nobody"})],
        broken=_refused,
        at="Deployment/web",
        conditions=frozenset({"MissingServiceAccount"}),
    ),
    "quota exceeded": State(
        make=lambda image: [m.quota({"pods": "0"}), m.deployment(image)],
        broken=_refused,
        at="ResourceQuota/limits",
        conditions=frozenset({"QuotaExceeded"}),
    ),
    "missing storage class": State(
        make=lambda image: [m.claim("e2e-no-such-class"), _web(image, spec=_MOUNT)],
        broken=_unscheduled,
        at="PersistentVolumeClaim/data",
        conditions=frozenset({"StorageClassMissing", "PvcUnbound"}),
    ),
    "missing claim": State(
        make=lambda image: [_web(image, spec=_MOUNT)],
        broken=_unscheduled,
        at="Deployment/web",
        conditions=frozenset({"MissingPvc"}),
    ),
    "selector that matches nothing": State(
        make=lambda image: [m.deployment(image), m.service(app="wbe")],
        broken=_there("Service", "web"),
        at="Service/web",
        conditions=frozenset({"ServiceSelectorMismatch"}),
    ),
    "failing job": State(
        make=lambda image: [m.job(f"{image.rpartition(':')[0]}:no-such-tag", activeDeadlineSeconds=1, backoffLimit=0)],
        broken=_job_failed,
        at="Job/work",
        conditions=frozenset({"JobDeadlineExceeded", "JobFailed"}),
    ),
    "missing backend of an ingress": State(
        make=lambda image: [m.ingress("nothing")],
        broken=_there("Ingress", "web"),
        at="Ingress/web",
        conditions=frozenset({"IngressBackendMissing"}),
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_triage_names_what_is_broken(stage: Stage, name: str) -> None:
    """The first problem of the namespace is the object that somebody must change, under the name of what is wrong."""
    state = STATES[name]
    if stage.where.simulated and not state.simulated:
        pytest.skip("the simulator's programs are data: none of them is missing from an image")
    stage.make(*state.make(stage.where.image))
    try:
        stage.until(f"the cluster shows {name}", lambda: state.broken(stage))
    except TimeoutError as error:
        if state.kubelet and not stage.where.simulated:
            pytest.skip(f"{error}: this cluster's kubelet does not report it")
        raise
    before = stage.settled()

    # Triage looks once; what a controller reports a moment later is seen at the next look.
    def seen() -> Any:
        found = [(_short(one["resource"]), one["condition"]) for one in _problems(stage)]
        return found if any(at == state.at and what in state.conditions for at, what in found) else None

    try:
        found = stage.until(f"triage names {state.at}", seen)
    except TimeoutError:
        found = [(_short(one["resource"]), one["condition"]) for one in _problems(stage)] or [("", "")]
    assert (found[0][0], found[0][1] in state.conditions, stage.tap.writes) == (state.at, True, []), found
    # It only looks: nothing that is not a controller's own is another than before.
    assert [one for one in stage.changed(before) if "was written" in one and "metadata" in one] == []


def test_budget_that_allows_no_eviction_holds_up_a_drain(stage: Stage, containers_run: str) -> None:
    """A drain of a node whose pod a budget keeps is refused or rolled back; the pod stays."""
    if containers_run:
        pytest.skip(containers_run)
    stage.make(m.deployment(stage.where.image), m.budget(minAvailable=1))
    stage.until_ready("Deployment", "web")
    stage.until(
        "the budget counts", lambda: (stage.get("PodDisruptionBudget", "web") or {})["status"]["currentHealthy"]
    )
    before = stage.settled()
    (pod,) = [one["metadata"]["name"] for one in _pods(stage)]
    draft = {"tool": "evict_pod", "target": f"/Pod/{pod}", "arguments": {}}
    done, _plan = stage.product.plan(f"k8s:{stage.namespace}/Deployment/web", [draft])
    assert (done.code != 0, stage.changed(before), stage.tap.writes) == (True, [], []), done.why


def test_nothing_wrong_is_said_of_a_healthy_namespace(stage: Stage, containers_run: str) -> None:
    """Where all is well triage finds no problem."""
    if containers_run:
        pytest.skip(containers_run)
    stage.make(m.deployment(stage.where.image), m.service(), m.config({"a": "b"}))
    stage.until_ready("Deployment", "web")
    assert _problems(stage) == []


def _problems(stage: Stage) -> list[Obj]:
    """Return what triage says is wrong in the namespace: no recent changes (``info``), nothing of elsewhere."""
    problems = stage.product("triage", "--namespace", stage.namespace).document["problems"]
    return [one for one in problems if f"/{stage.namespace}/" in one["resource"] and one["severity"] != "info"]


def _short(reference: str) -> str:
    return "/".join(reference.rsplit("/", 2)[-2:])
