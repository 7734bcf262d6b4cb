"""Fields of which there may be only one: setting another takes the old one away in the same patch."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.errors import ToolError
from agentops.core.plan import Change, Preview
from agentops.core.resource import parse_ref
from agentops.core.tool import ChangeTool
from agentops.providers.kubernetes.objects.unions import with_one_member

_ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}


_PORT = {"port": 80, "nodePort": 30080}


def _spec(**spec: Any) -> dict[str, Any]:
    return {"kind": "Deployment", "spec": spec}


def _containers(**container: Any) -> dict[str, Any]:
    return _spec(template={"spec": {"containers": [{"name": "a", **container}]}})


_CASES = {
    "a strategy": (
        _spec(strategy=_ROLLING),
        _spec(strategy={**_ROLLING, "type": "Recreate"}),
        _spec(strategy={"type": "Recreate"}),
    ),
    "a probe's handler": (
        _containers(livenessProbe={"httpGet": {"port": 80}, "periodSeconds": 5}),
        _containers(livenessProbe={"httpGet": {"port": 80}, "tcpSocket": {"port": 80}, "periodSeconds": 5}),
        _containers(livenessProbe={"tcpSocket": {"port": 80}, "periodSeconds": 5}),
    ),
    "a variable's source": (
        _containers(env=[{"name": "A", "value": "1"}]),
        _containers(env=[{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]),
        _containers(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]),
    ),
    "a volume's source": (
        _spec(volumes=[{"name": "v", "emptyDir": {}}]),
        _spec(volumes=[{"name": "v", "emptyDir": {}, "configMap": {"name": "c"}}]),
        _spec(volumes=[{"name": "v", "configMap": {"name": "c"}}]),
    ),
    "a budget's bound": (
        {"kind": "PodDisruptionBudget", "spec": {"minAvailable": 1}},
        {"kind": "PodDisruptionBudget", "spec": {"minAvailable": 1, "maxUnavailable": 1}},
        {"kind": "PodDisruptionBudget", "spec": {"maxUnavailable": 1}},
    ),
    "a Service's ports on the nodes": (
        {"kind": "Service", "spec": {"type": "NodePort", "externalTrafficPolicy": "Cluster", "ports": [_PORT]}},
        {"kind": "Service", "spec": {"type": "ClusterIP", "externalTrafficPolicy": "Cluster", "ports": [_PORT]}},
        {"kind": "Service", "spec": {"type": "ClusterIP", "ports": [{"port": 80}]}},
    ),
    "a Service that stays on the nodes keeps its ports": (
        {"kind": "Service", "spec": {"type": "NodePort", "ports": [_PORT]}},
        {"kind": "Service", "spec": {"type": "LoadBalancer", "ports": [_PORT]}},
        {"kind": "Service", "spec": {"type": "LoadBalancer", "ports": [_PORT]}},
    ),
    "two are asked for, which is the server's to refuse": (
        _containers(livenessProbe={"exec": {"command": ["a"]}}),
        _containers(livenessProbe={"httpGet": {"port": 80}, "tcpSocket": {"port": 80}}),
        _containers(livenessProbe={"httpGet": {"port": 80}, "tcpSocket": {"port": 80}}),
    ),
    "one is changed and no other is there": (
        _containers(livenessProbe={"httpGet": {"port": 80}}),
        _containers(livenessProbe={"httpGet": {"port": 81}}),
        _containers(livenessProbe={"httpGet": {"port": 81}}),
    ),
    "a peer keeps both of its selectors": (
        _spec(ingress=[{"from": [{"podSelector": {}}]}]),
        _spec(ingress=[{"from": [{"podSelector": {}, "namespaceSelector": {}}]}]),
        _spec(ingress=[{"from": [{"podSelector": {}, "namespaceSelector": {}}]}]),
    ),
}


@pytest.mark.parametrize("case", _CASES)
def test_the_member_before_goes_with_the_new_one(case: str) -> None:
    """Only what the edit left as it was is taken away, and only when one other member is newly set."""
    live, wanted, expected = _CASES[case]
    assert with_one_member(live, wanted) == expected


_CHECKOUT = "shop/Deployment/checkout"
_REFUSED = "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"
"""What a Kubernetes 1.36.2 server answers to a patch of the type alone (``d.merge-strategy-recreate``)."""


def test_a_strategy_becomes_recreate_in_one_patch_and_goes_back(world: Callable[..., Any]) -> None:
    """The server refuses the type beside rollingUpdate; the patch removes that as well, and the undo restores both."""
    here = world()
    live = here.live(_CHECKOUT)["spec"]["strategy"]
    patch = {"path": "spec.strategy.type", "old": "RollingUpdate", "new": "Recreate"}
    preview = here.preview("kubernetes_patch", _CHECKOUT, patch)
    here.appliers["kubernetes_patch"].apply(preview)
    applied = here.live(_CHECKOUT)["spec"]["strategy"]
    (undo,) = preview.undo
    here.appliers["kubernetes_patch"].apply(here.tools["kubernetes_patch"].preview(undo))
    assert (live, applied, here.live(_CHECKOUT)["spec"]["strategy"]) == (_ROLLING, {"type": "Recreate"}, _ROLLING)


class _Server:
    """A server that holds one Deployment and refuses Recreate beside rollingUpdate, as a real one does."""

    def __init__(self, stub: Any, path: str) -> None:
        live = {
            **_spec(strategy=_ROLLING),
            "apiVersion": "apps/v1",
            "metadata": {"name": "web", "namespace": "shop", "uid": "u", "generation": 1},
        }
        self._stub = stub
        self._live = live
        stub.script(path, self.answer)

    def answer(self, handler: Any) -> None:
        """Answer a read with the object, and a patch by what it would leave behind."""
        status, body = 200, self._live
        if handler.command == "PATCH":
            writes = [one for one in self._stub.bodies[-1] if one["op"] != "test"]
            kept = not any(one["op"] == "remove" and one["path"].endswith("rollingUpdate") for one in writes)
            kind = next(one["value"] for one in writes if one["path"].endswith("/type"))
            body = {**self._live, "spec": {"strategy": {**({"rollingUpdate": {}} if kept else {}), "type": kind}}}
            if kept and kind == "Recreate":
                details = {"kind": "Deployment", "name": "web", "causes": [{"field": "spec.strategy.rollingUpdate"}]}
                words = f'Deployment.apps "web" is invalid: {_REFUSED}'
                status = 422
                body = {"kind": "Status", "code": 422, "reason": "Invalid", "message": words, "details": details}
        data = json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)


_PATCH = {"path": "spec.strategy.type", "old": "RollingUpdate", "new": "Recreate"}


def _preview(stub: Any, tools: dict[str, ChangeTool], changes: list[dict[str, Any]]) -> Preview:
    _Server(stub, "/apis/apps/v1/namespaces/shop/deployments/web")
    target = parse_ref("k8s://test/shop/Deployment/web")
    return tools["kubernetes_patch"].preview(
        Change(tool="kubernetes_patch", target=target, arguments={"changes": changes})
    )


def test_what_a_real_server_refuses_is_not_sent(stub: Any, stub_tools: dict[str, ChangeTool]) -> None:
    """A server that refuses the type beside rollingUpdate gets a patch that removes it."""
    preview = _preview(stub, stub_tools, [_PATCH])
    assert [(one.path, one.new) for one in preview.objects[0].edits] == [
        ("spec.strategy.type", "Recreate"),
        ("spec.strategy.rollingUpdate", None),
    ]


def test_both_together_are_the_servers_to_refuse(stub: Any, stub_tools: dict[str, ChangeTool]) -> None:
    """Who asks for Recreate and for other bounds of a rolling update hears what is wrong with that."""
    surge = {"path": "spec.strategy.rollingUpdate.maxSurge", "old": "25%", "new": "50%"}
    with pytest.raises(ToolError) as refused:
        _preview(stub, stub_tools, [_PATCH, surge])
    assert _REFUSED in refused.value.message
