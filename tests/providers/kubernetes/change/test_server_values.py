"""Values that the server, the scheduler or a controller chooses: no part of a change, no deviation, no precondition."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from agentops.core.plan import Change
from agentops.core.resource import parse_ref
from agentops.core.tool import ChangeTool
from agentops.providers.kubernetes.change.object_change import object_change
from agentops.providers.kubernetes.change.undo import undo_of
from agentops.providers.kubernetes.objects.field_paths import parse, show
from agentops.providers.kubernetes.objects.normal_form import normalised
from agentops.providers.kubernetes.objects.server_values import agrees, comparable, drawn, forms, promised, shown

_RECORDED = Path(__file__).parents[3] / "sandbox" / "recorded"
_DRAWN = re.compile(r'"<(?:port|ip)>"|<(?:x|uid|time|rv|hash)>')


def _recordings() -> Iterator[dict[str, Any]]:
    """Yield what a real API server answered; what it chose stands as ``<x>``, ``<port>``, ``<ip>`` ..."""
    for file in sorted(_RECORDED.glob("*.jsonl")):
        yield from map(json.loads, file.read_text().splitlines())


def _draw(answer: Any, start: int) -> Any:
    """Return an answer with chosen values in it, others for each ``start``, as two dry runs differ."""
    numbers = count(start)
    return json.loads(_DRAWN.sub(lambda _: str(next(numbers)), json.dumps(answer)))


def _is_creation(one: dict[str, Any]) -> bool:
    asked, answer = one.get("body"), one.get("answer", {})
    if not one.get("request", "").startswith("POST ") or answer.get("code") != 201 or not isinstance(asked, dict):
        return False
    made = answer.get("body")
    return isinstance(made, dict) and made.get("kind") == asked.get("kind") != "TokenRequest" and not _placed(asked)


def _placed(asked: dict[str, Any]) -> bool:
    """Whether a port of the request stands as ``<port>`` in the answer, so that it cannot be told from a drawn one."""
    return any("nodePort" in port for port in asked.get("spec", {}).get("ports", ()))


_CREATED = {one["name"]: one for one in _recordings() if _is_creation(one)}


@pytest.mark.parametrize("name", sorted(_CREATED))
def test_two_dry_runs_of_a_real_server_promise_the_same(name: str) -> None:
    """Whatever the server draws anew each time is no part of what is shown, so that a plan can be approved at all."""
    one = _CREATED[name]
    first, second = (
        promised(None, normalised(one["body"]), normalised(_draw(one["answer"]["body"], start)))
        for start in (30000, 40000)
    )
    assert first == second


def test_a_bare_pod_is_what_was_asked_for_with_the_defaults_of_its_kind() -> None:
    """No token volume, no mount of it, no tolerations, no priority: nobody asked for them."""
    one = _CREATED["default.pod"]
    found = promised(None, normalised(one["body"]), normalised(_draw(one["answer"]["body"], 30000)))
    assert found["spec"] == {
        "containers": [
            {
                "name": "main",
                "image": "docker.io/library/redis:7.4",
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "imagePullPolicy": "IfNotPresent",
            }
        ],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "serviceAccount": "default",
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "enableServiceLinks": True,
    }


def _pod(labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": "x", **({"labels": labels} if labels else {})}, "spec": spec}


_MAIN = [{"name": "main", "image": "a"}]
_TOKEN = {"name": "kube-api-access-6pklp", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
_MOUNT = {"name": "kube-api-access-6pklp", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
_PLACED = _pod(
    {"topology.kubernetes.io/zone": "b"},
    nodeName="worker-2",
    volumes=[_TOKEN],
    containers=[{**_MAIN[0], "volumeMounts": [_MOUNT]}],
    tolerations=[{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}],
)


def test_a_pod_that_runs_is_as_it_was_previewed() -> None:
    """The node that the scheduler chose, its zone and the token's volume are no deviation."""
    asked = _pod(containers=_MAIN)
    assert comparable(_PLACED, None, asked) == asked


def test_a_node_that_somebody_asks_for_is_compared() -> None:
    """A manifest that names its node says so in the plan, and another node is a deviation."""
    asked = _pod(containers=_MAIN, nodeName="worker-1")
    answer = promised(None, asked, {**asked, "spec": {**asked["spec"], "priority": 0}})
    assert (answer, comparable(_PLACED, None, answer)["spec"]["nodeName"]) == (asked, "worker-2")


_SERVICE = {"kind": "Service", "metadata": {"name": "web"}}
_ADDRESS = {"clusterIP": "10.0.0.149", "clusterIPs": ["10.0.0.149"], "ipFamilies": ["IPv4"]}


def _service(kind: str, port: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {**_SERVICE, "spec": {"type": kind, "ports": [{"name": "http", "port": 80, **port}], **spec}}


_CLUSTER_IP = _service("ClusterIP", {}, **_ADDRESS)
_NODE_PORT = _service("NodePort", {"nodePort": 32769}, externalTrafficPolicy="Cluster", **_ADDRESS)
_WANTED_NODE_PORT = _service("NodePort", {}, **_ADDRESS)
_REF = parse_ref("k8s://sandbox/shop/Service/web")


def test_the_undo_of_a_switch_to_node_port_holds_no_port() -> None:
    """The dry run's port is not the one that will be there; the undo rests on what does not change between them."""
    undo = undo_of(_REF, *forms(_CLUSTER_IP, _NODE_PORT, _WANTED_NODE_PORT))
    assert undo is not None
    assert undo.arguments == {
        "changes": [
            {"path": "spec.type", "old": "NodePort", "new": "ClusterIP"},
            {"path": "spec.externalTrafficPolicy", "old": "Cluster", "new": None},
        ]
    }


def test_a_switch_to_node_port_shows_no_port_and_any_port_is_as_previewed() -> None:
    """The plan says the type; whichever port the server then chooses is no deviation, and none is left on the way
    back."""
    change = object_change(_REF, _CLUSTER_IP, _NODE_PORT, _WANTED_NODE_PORT)
    live = _service("NodePort", {"nodePort": 31111}, externalTrafficPolicy="Cluster", **_ADDRESS)
    shown_edits = [(one.path, one.old, one.new) for one in change.edits]
    assert shown_edits == [("spec.type", "ClusterIP", "NodePort"), ("spec.externalTrafficPolicy", None, "Cluster")]
    assert (
        comparable(live, change.before, change.after),
        comparable(_CLUSTER_IP, change.before, change.after),
    ) == (change.after, change.before)


def test_a_port_that_is_lost_is_shown_and_comes_back_with_the_undo() -> None:
    """From NodePort to ClusterIP the port goes: clients dial it, so it is shown and asked for again."""
    wanted = {**_NODE_PORT, "spec": {**_NODE_PORT["spec"], "type": "ClusterIP"}}
    change = object_change(_REF, _NODE_PORT, _CLUSTER_IP, wanted)
    undo = undo_of(_REF, *forms(_NODE_PORT, _CLUSTER_IP, wanted))
    lost = "spec.ports[http].nodePort"
    assert (lost, 32769, None) in [(one.path, one.old, one.new) for one in change.edits]
    assert undo is not None
    assert {"path": lost, "old": None, "new": 32769} in undo.arguments["changes"]


def test_a_port_that_somebody_asks_for_is_shown_and_compared() -> None:
    """Asked for, it is a person's: another one is a deviation."""
    wanted = _service("NodePort", {"nodePort": 30080}, **_ADDRESS)
    change = object_change(_REF, _CLUSTER_IP, wanted, wanted)
    seen = comparable(_NODE_PORT, change.before, change.after)
    assert change.after is not None
    assert (change.after["spec"]["ports"][0]["nodePort"], seen["spec"]["ports"][0]["nodePort"]) == (30080, 32769)


def test_an_old_value_need_not_say_what_the_server_chose() -> None:
    """The undo of a list that was replaced as a whole fits the list with the ports that the server chose since."""
    old = [{"name": "http", "port": 80}]
    answers = [agrees(_NODE_PORT, parse("spec.ports"), one) for one in (old, [{"name": "http", "port": 81}], None)]
    assert answers == [True, False, False]


def test_what_is_chosen_later_may_come_between_preview_and_recheck() -> None:
    """A claim that is bound meanwhile, a pod that is placed meanwhile: the object before the change is the same."""
    pending = {"kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {"accessModes": ["RWO"]}}
    bound = {**pending, "spec": {**pending["spec"], "volumeName": "pvc-1", "storageClassName": "gp3"}}
    labelled = [{**one, "metadata": {"name": "data", "labels": {"a": "b"}}} for one in (pending, bound)]
    forms_of = [shown(*forms(live, wanted, wanted)) for live, wanted in zip((pending, bound), labelled, strict=True)]
    assert forms_of[0] == forms_of[1]


@pytest.mark.parametrize(
    ("kind", "asked", "live"),
    [
        ("PersistentVolume", {"spec": {"capacity": {}}}, {"spec": {"capacity": {}, "claimRef": {"name": "data"}}}),
        ("ServiceAccount", {}, {"secrets": [{"name": "robot-token-x"}]}),
        (
            "ValidatingWebhookConfiguration",
            {"webhooks": [{"name": "a", "clientConfig": {"service": {"name": "s"}}}]},
            {"webhooks": [{"name": "a", "clientConfig": {"service": {"name": "s"}, "caBundle": "Q0E="}}]},
        ),
        ("Namespace", {"spec": {}}, {"spec": {"finalizers": ["kubernetes"]}}),
        ("Deployment", {"spec": {}}, {"spec": {}, "metadata": {"name": "x", "finalizers": ["example.com/x"]}}),
    ],
)
def test_what_controllers_fill_in_is_no_deviation(kind: str, asked: dict[str, Any], live: dict[str, Any]) -> None:
    """Each kind has its own places; the table says them."""
    base = {"kind": kind, "metadata": {"name": "x"}}
    assert comparable({**base, **live}, None, {**base, **asked}) == {**base, **asked}


def test_what_a_webhook_draws_is_found_by_asking_twice() -> None:
    """Two answers to one request differ in an annotation that nobody asked for; what was asked for is never let go."""
    first, second = ({"kind": "X", "metadata": {"annotations": {"run": run, "mine": run}}} for run in ("a", "b"))
    wanted = {"kind": "X", "metadata": {"annotations": {"mine": "c"}}}
    assert [show(path) for path in drawn(first, second, wanted)] == ["metadata.annotations[run]"]


def _answers() -> Callable[[Any], None]:
    """Answer reads with nothing and each creation with another name in an annotation, as an injecting webhook does."""
    numbers = count(1)

    def answer(handler: Any) -> None:
        made = {**_ASKED, "metadata": {**_ASKED["metadata"], "uid": "u", "annotations": {"mine": "x"}}}
        made["metadata"]["annotations"]["injected.example/run"] = f"run-{next(numbers)}"
        status, body = (201, made) if handler.command == "POST" else (404, {"kind": "Status", "code": 404})
        data = json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


_ASKED: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "shop", "annotations": {"mine": "x"}},
    "data": {"K": "1"},
}


def test_what_a_webhook_injects_anew_each_time_is_no_part_of_a_creation(
    stub: Any, stub_tools: dict[str, ChangeTool]
) -> None:
    """The creation is tried twice; two previews of it are one plan, and the plan says what is not compared."""
    for path in ("/api/v1/namespaces/shop/configmaps", "/api/v1/namespaces/shop/configmaps/a"):
        stub.script(path, _answers())
    change = Change(
        tool="kubernetes_apply_manifest",
        target=parse_ref("k8s://test/shop/ConfigMap/a"),
        arguments={"manifest": _ASKED},
    )
    first, second = (stub_tools[change.tool].preview(change) for _ in range(2))
    (one,) = first.objects
    assert (first.objects, one.after, one.chosen) == (
        second.objects,
        _ASKED,
        ("metadata.annotations[injected.example/run]",),
    )
