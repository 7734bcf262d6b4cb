"""The npm ``kubernetes-mcp-server`` as an independent client: it was written for real clusters and knows no sandbox."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not shutil.which("kubernetes-mcp-server"),
        reason="kubernetes-mcp-server is not installed (npm install --global kubernetes-mcp-server)",
    ),
]


class Session:
    """Calls tools of an MCP server over its standard input and output."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._ids = count(1)
        info = {"name": "agentops-tests", "version": "1"}
        self._ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": info})
        self._send({"method": "notifications/initialized"})

    def call(self, tool: str, **arguments: Any) -> tuple[bool, str]:
        """Whether the tool succeeded, and what it said."""
        result = self._ask("tools/call", {"name": tool, "arguments": arguments})["result"]
        return not result.get("isError"), result["content"][0]["text"]

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        asked = next(self._ids)
        self._send({"id": asked, "method": method, "params": params})
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer: dict[str, Any] = json.loads(line)
            if answer.get("id") == asked:
                return answer
        raise AssertionError("the server ended")

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self._process.stdin.flush()


@contextmanager
def session(sandbox: Sandbox, context: str) -> Iterator[Session]:
    config = json.loads(sandbox.kubeconfig.read_text()) | {"current-context": context}
    place = sandbox.kubeconfig.with_name(f"{context}.kubeconfig")
    place.write_text(json.dumps(config))
    command = ["kubernetes-mcp-server", "--kubeconfig", str(place)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as process:
        try:
            yield Session(process)
        finally:
            process.terminate()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(load("bad-image-tag")) as running:
        yield running


def test_a_viewer_reads_and_is_refused_writes(sandbox: Sandbox) -> None:
    """Lists, objects, logs, events and usage are read; Secrets and every write are refused in the real words."""
    with session(sandbox, "viewer") as viewer:
        assert [
            "ImagePullBackOff" in viewer.call("pods_list_in_namespace", namespace="shop")[1],
            "name: redis-0" in viewer.call("pods_get", namespace="shop", name="redis-0")[1],
            len(viewer.call("pods_log", namespace="shop", name="redis-0", tail=3)[1].splitlines()),
            "ErrImagePull" in viewer.call("events_list", namespace="shop")[1],
            "redis-0" in viewer.call("pods_top", namespace="shop")[1],
        ] == [True, True, 3, True, True]
        refused = [
            viewer.call("pods_delete", namespace="shop", name="redis-0"),
            viewer.call("resources_list", apiVersion="v1", kind="Secret", namespace="shop"),
        ]
    assert refused == [
        (
            False,
            'failed to delete pod redis-0 in namespace shop: pods "redis-0" is forbidden: User "sandbox-viewer" '
            'cannot delete resource "pods" in API group "" in the namespace "shop"',
        ),
        (
            False,
            'failed to list resources: secrets is forbidden: User "sandbox-viewer" cannot list resource "secrets" in '
            'API group "" in the namespace "shop"',
        ),
    ]


def test_an_operator_changes_what_edit_allows(sandbox: Sandbox) -> None:
    """A scale, a server-side apply and a delete are carried out; exec is not simulated, and says so."""
    notes = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "notes", "namespace": "shop"}}
    cart = {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "cart"}
    with session(sandbox, "operator") as operator:
        done = [
            operator.call("resources_scale", **cart, scale=4)[0],
            operator.call("resources_create_or_update", resource=json.dumps({**notes, "data": {"a": "b"}}))[0],
            operator.call("pods_delete", namespace="shop", name="redis-0")[0],
        ]
        executed = operator.call("pods_exec", namespace="shop", name="redis-0", command=["ls"])
    stored = sandbox.simulation.get("ConfigMap", "shop", "notes")
    scaled = sandbox.simulation.get("Deployment", "shop", "cart")
    assert (done, stored["data"], scaled["spec"]["replicas"]) == ([True, True, True], {"a": "b"}, 4)
    assert executed[1].endswith("the sandbox does not simulate connection upgrades (exec, attach, port-forward)")
