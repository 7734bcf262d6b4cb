"""One case for every change tool: what is there, what a model drafts, how the world tells that it was done.

``make`` gets a stage and returns the draft; ``done`` looks with the suite's own client. What no change takes back says
so in ``stays``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.e2e import manifests as m
from tests.e2e.client import Obj

if TYPE_CHECKING:
    from tests.e2e.stages import Stage

Draft = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A change, from an empty namespace to what it leaves.

    Arguments:
        make: makes what the change needs and returns its draft.
        done: whether the world is as the draft says.
        containers: pods must become ready for it.
        cluster_scope: it needs an object of its own that belongs to no namespace.
        stays: there is no way back.
    """

    make: Callable[[Stage], Draft]
    done: Callable[[Stage], bool]
    containers: bool = True
    cluster_scope: bool = False
    stays: bool = False


def draft(tool: str, target: str, **arguments: Any) -> Draft:
    """Return what a model drafts; ``/KIND/NAME`` is of the stage's namespace."""
    return {"tool": tool, "target": target, "arguments": arguments}


def _web(tool: str, **arguments: Any) -> Callable[[Stage], Draft]:
    """Return a ``make`` for a change of a Deployment of one ready pod."""

    def make(stage: Stage) -> Draft:
        _ready(stage, m.deployment(stage.where.image))
        told = {name: one(stage) if callable(one) else one for name, one in arguments.items()}
        return draft(tool, "/Deployment/web", **told)

    return make


def _ready(stage: Stage, deployment: Obj) -> None:
    stage.make(deployment)
    stage.until_ready("Deployment", deployment["metadata"]["name"])


def _of(draft_: Draft, *objects: Obj) -> Callable[[Stage], Draft]:
    """Return a ``make`` for a change of objects that nothing has to become of."""

    def make(stage: Stage) -> Draft:
        stage.make(*objects)
        return draft_

    return make


def _is(kind: str, name: str, path: str, value: Any) -> Callable[[Stage], bool]:
    """Return a ``done``: an object has this value at a dotted path; a number is a list's index."""

    def done(stage: Stage) -> bool:
        found: Any = stage.get(kind, name)
        for part in path.split("."):
            if isinstance(found, list):
                found = found[int(part)] if int(part) < len(found) else None
            else:
                found = (found or {}).get(part.replace("|", "."))
        return bool(found == value)

    return done


def _main(path: str, value: Any) -> Callable[[Stage], bool]:
    return _is("Deployment", "web", f"spec.template.spec.containers.0.{path}", value)


def _restarted(stage: Stage) -> bool:
    web = stage.get("Deployment", "web")
    return bool(web and web["spec"]["template"]["metadata"].get("annotations"))


def _after_an_update(stage: Stage) -> Draft:
    _ready(stage, m.deployment(stage.where.image))
    spec = m.pod_spec(stage.where.other_image)
    stage.client.patch("Deployment", "web", stage.namespace, {"spec": {"template": {"spec": spec}}})
    stage.until_ready("Deployment", "web")
    return draft("rollout_undo", "/Deployment/web")


def _undone(stage: Stage) -> bool:
    return _main("image", stage.where.image)(stage)


def _one_of_two(tool: str) -> Callable[[Stage], Draft]:
    def make(stage: Stage) -> Draft:
        _ready(stage, m.deployment(stage.where.image, replicas=2))
        name = min(_pods(stage))
        stage.make(m.config({"pod": name}, "chosen"))
        return draft(tool, f"/Pod/{name}")

    return make


def _pods(stage: Stage) -> list[str]:
    return [one["metadata"]["name"] for one in stage.client.list("Pod", stage.namespace)]


def _chosen_is_gone(stage: Stage) -> bool:
    chosen = stage.get("ConfigMap", "chosen")
    return bool(chosen) and chosen["data"]["pod"] not in _pods(stage)


def _own_node(tool: str, *, cordoned: bool = False, **arguments: Any) -> Callable[[Stage], Draft]:
    def make(stage: Stage) -> Draft:
        node = m.node()
        name = stage.make_global({**node, "spec": {**node["spec"], **({"unschedulable": True} if cordoned else {})}})
        stage.make(m.config({"node": name}, "chosen"))
        return draft(tool, f"Node/{name}", **arguments)

    return make


def _node_is(*, cordoned: bool) -> Callable[[Stage], bool]:
    def done(stage: Stage) -> bool:
        chosen = stage.get("ConfigMap", "chosen")
        node = stage.get("Node", chosen["data"]["node"]) if chosen else None
        return bool(node) and bool(node["spec"].get("unschedulable")) is cordoned

    return done


def _bound_claim(stage: Stage) -> Draft:
    storage_class = stage.make_global(m.storage_class())
    stage.make_global(m.volume(storage_class))
    stage.make(m.claim(storage_class))
    stage.until("the claim is bound", lambda: _is("PersistentVolumeClaim", "data", "status.phase", "Bound")(stage))
    return draft("resize_pvc", "/PersistentVolumeClaim/data", storage="2Gi")


def _ended_job(stage: Stage) -> Draft:
    # Of no completions: it has succeeded before any pod was made, with or without a kubelet.
    stage.make(m.job(stage.where.image, completions=0))
    stage.until("the job has ended", lambda: (stage.get("Job", "work") or {}).get("status", {}).get("completionTime"))
    return draft("rerun_job", "/Job/work")


def _autoscaled(stage: Stage) -> Draft:
    _ready(stage, m.deployment(stage.where.image))
    stage.make(m.autoscaler())
    return draft("set_hpa", "/HorizontalPodAutoscaler/web", max=4)


def _bound_role(stage: Stage) -> Draft:
    stage.make(m.account("reader"), m.account("other"), m.role("get"), m.binding(stage.namespace, "reader"))
    subject = {"kind": "ServiceAccount", "name": "other", "namespace": stage.namespace}
    return draft("set_role_binding", "/RoleBinding/reader", add=[subject])


def _served(draft_: Draft) -> Callable[[Stage], Draft]:
    def make(stage: Stage) -> Draft:
        _ready(stage, m.deployment(stage.where.image))
        stage.make(m.service())
        return draft_

    return make


def _probed(stage: Stage) -> Draft:
    probe = {"exec": {"command": ["/pause", "-v"]}, "periodSeconds": 10}
    _ready(stage, m.deployment(stage.where.image, livenessProbe=probe))
    return draft("set_probe", "/Deployment/web", probe="liveness", fields={"periodSeconds": 20})


def _new(make: Callable[[str], Obj]) -> Callable[[Stage], Draft]:
    """Return a ``make`` for an object that is created from a manifest."""

    def made(stage: Stage) -> Draft:
        manifest = make(stage.where.image)
        manifest = {**manifest, "metadata": {**manifest["metadata"], "namespace": stage.namespace}}
        target = f"/{manifest['kind']}/{manifest['metadata']['name']}"
        return draft("apply_manifest", target, manifest=manifest)

    return made


def _new_service(stage: Stage) -> Draft:
    _ready(stage, m.deployment(stage.where.image))
    return _new(lambda image: m.service("new"))(stage)


def _there(kind: str, name: str) -> Callable[[Stage], bool]:
    return lambda stage: stage.get(kind, name) is not None


def _gone(kind: str, name: str) -> Callable[[Stage], bool]:
    return lambda stage: stage.get(kind, name) is None


_SETTINGS = m.config({"color": "red", "size": "1"})
_HISTORY = {"path": "spec.revisionHistoryLimit", "old": 10, "new": 5}
_FROM_CLIENTS = {"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}
CASES: Mapping[str, Case] = {
    "patch": Case(make=_web("patch", **_HISTORY), done=_is("Deployment", "web", "spec.revisionHistoryLimit", 5)),
    "scale": Case(make=_web("scale", replicas=2), done=_is("Deployment", "web", "spec.replicas", 2)),
    "rollout_restart": Case(make=_web("rollout_restart"), done=_restarted),
    "rollout_undo": Case(make=_after_an_update, done=_undone),
    "cordon": Case(make=_own_node("cordon"), done=_node_is(cordoned=True), containers=False, cluster_scope=True),
    "uncordon": Case(
        make=_own_node("uncordon", cordoned=True), done=_node_is(cordoned=False), containers=False, cluster_scope=True
    ),
    "drain": Case(make=_own_node("drain"), done=_node_is(cordoned=True), containers=False, cluster_scope=True),
    "resume_cronjob": Case(
        make=lambda stage: _of(draft("resume_cronjob", "/CronJob/yearly"), m.cron_job(stage.where.image, suspend=True))(
            stage
        ),
        done=_is("CronJob", "yearly", "spec.suspend", False),
        containers=False,
    ),
    "edit_configmap": Case(
        make=_of(draft("edit_configmap", "/ConfigMap/settings", set={"color": "blue"}, unset=["size"]), _SETTINGS),
        done=_is("ConfigMap", "settings", "data", {"color": "blue"}),
        containers=False,
    ),
    "set_image": Case(
        make=_web("set_image", image=lambda stage: stage.where.other_image),
        done=lambda stage: _main("image", stage.where.other_image)(stage),
    ),
    "set_resources": Case(
        make=_web("set_resources", requests={"memory": "16Mi"}), done=_main("resources.requests.memory", "16Mi")
    ),
    "set_env": Case(make=_web("set_env", set={"COLOR": "red"}), done=_main("env.0.value", "red")),
    "set_probe": Case(make=_probed, done=_main("livenessProbe.periodSeconds", 20)),
    "set_service": Case(
        make=_served(draft("set_service", "/Service/web", ports={"http": {"targetPort": 9090}})),
        done=_is("Service", "web", "spec.ports.0.targetPort", 9090),
    ),
    "set_hpa": Case(make=_autoscaled, done=_is("HorizontalPodAutoscaler", "web", "spec.maxReplicas", 4)),
    "set_quota": Case(
        make=_of(draft("set_quota", "/ResourceQuota/limits", hard={"pods": "20"}), m.quota({"pods": "10"})),
        done=_is("ResourceQuota", "limits", "spec.hard.pods", "20"),
        containers=False,
    ),
    "set_network_policy": Case(
        make=_of(draft("set_network_policy", "/NetworkPolicy/web", ingress=[_FROM_CLIENTS]), m.network_policy()),
        done=_is("NetworkPolicy", "web", "spec.ingress", [_FROM_CLIENTS]),
        containers=False,
    ),
    "set_role_binding": Case(
        make=_bound_role, done=_is("RoleBinding", "reader", "subjects.1.name", "other"), containers=False
    ),
    "resize_pvc": Case(
        make=_bound_claim,
        done=_is("PersistentVolumeClaim", "data", "spec.resources.requests.storage", "2Gi"),
        containers=False,
        cluster_scope=True,
        stays=True,
    ),
    "label": Case(
        make=_of(draft("label", "/ConfigMap/settings", set={"team": "a"}), _SETTINGS),
        done=_is("ConfigMap", "settings", "metadata.labels.team", "a"),
        containers=False,
    ),
    "annotate": Case(
        make=_of(draft("annotate", "/ConfigMap/settings", set={"example.org/note": "a"}), _SETTINGS),
        done=_is("ConfigMap", "settings", "metadata.annotations.example|org/note", "a"),
        containers=False,
    ),
    "apply_manifest-configmap": Case(
        make=_new(lambda image: m.config({"a": "b"}, "new")), done=_there("ConfigMap", "new"), containers=False
    ),
    "apply_manifest-deployment": Case(
        make=_new(lambda image: m.deployment(image, name="new")), done=_there("Deployment", "new")
    ),
    "apply_manifest-service": Case(make=_new_service, done=_there("Service", "new")),
    "apply_manifest-pod": Case(make=_new(lambda image: m.pod(image, "new")), done=_there("Pod", "new")),
    "delete": Case(
        make=_of(draft("delete", "/Role/reader"), m.role("get")), done=_gone("Role", "reader"), containers=False
    ),
    "evict_pod": Case(make=_one_of_two("evict_pod"), done=_chosen_is_gone, stays=True),
    "delete_pod": Case(make=_one_of_two("delete_pod"), done=_chosen_is_gone, stays=True),
    "rerun_job": Case(
        make=_ended_job, done=lambda stage: len(stage.client.list("Job", stage.namespace)) == 2, containers=False
    ),
}
