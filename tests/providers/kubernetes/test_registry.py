"""The registry of read tools: each tool is declared beside its code, once, and answers with a reading of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.core.errors import AgentopsError
from agentops.core.tool import Effect, ReadTool
from agentops.providers.kubernetes.api.client import connect
from agentops.providers.kubernetes.read.registry import READ_TOOLS, SPECS, read_tools
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

# One case a tool: what is asked in the scenario oom-lowered-limit, and the summary that only this tool would give.
CASES: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "kubernetes_list": ({"kind": "deploy", "name_contains": "catalog"}, "1 Deployment in shop (name contains catalog)"),
    "kubernetes_get": ({"kind": "deploy", "name": "catalog"}, "Deployment shop/catalog"),
    "kubernetes_describe": (
        {"kind": "deploy", "name": "catalog"},
        "Deployment shop/catalog with owners, children and events",
    ),
    "kubernetes_events": ({"type": "Warning"}, "4 events in shop"),
    "kubernetes_logs": (
        {"workload": "deploy/catalog", "tail": 3},
        "6 lines of pods of Deployment shop/catalog catalog (current run)",
    ),
    "kubernetes_rollout_history": ({"kind": "Deployment", "name": "catalog"}, "2 revisions of Deployment shop/catalog"),
    "kubernetes_endpoints": ({"service": "catalog"}, "Service shop/catalog: 2 ready endpoints, 2 matching pods"),
    "kubernetes_capacity": ({}, "4 nodes, quotas in shop"),
    "kubernetes_metrics": ({"kind": "Node"}, "usage of 4 nodes in the cluster"),
    "kubernetes_can_i": ({"verb": "list", "kind": "pods"}, "yes: list pods in shop"),
}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ReadTool]]:
    """Return the tools by name, bound to a sandbox that stands still at NOW."""
    with Sandbox(load("oom-lowered-limit"), now=lambda: NOW, ticking=False) as sandbox:
        cluster = connect(
            kubeconfig=sandbox.kubeconfig, context=None, namespace=None, cache_dir=tmp_path_factory.mktemp("cache")
        )
        yield {tool.spec.name: tool for tool in read_tools(cluster, lambda: NOW)}


def test_every_tool_is_named_once_and_has_a_case() -> None:
    """Names are unique, and the cases below are of exactly the tools that are registered."""
    assert [tool.spec.name for tool in READ_TOOLS] == list(CASES)


def test_every_tool_stands_in_the_file_of_its_name() -> None:
    """``kubernetes_can_i`` is the function of ``can_i.py``: name and code are joined where they are written."""
    files = [tool.function.__module__.rpartition(".")[2] for tool in READ_TOOLS]
    assert [f"kubernetes_{file}" for file in files] == [tool.spec.name for tool in READ_TOOLS]


@pytest.mark.parametrize("seed", range(3))
def test_every_tool_bears_answers_of_wrong_types(tmp_path: Path, hostile: ModuleType, seed: int) -> None:
    """What cannot be right is left out and said, or refused in words; no other error is raised."""
    said = []
    with (
        Sandbox(load("oom-lowered-limit"), now=lambda: NOW, ticking=False) as sandbox,
        hostile.HostileServer(sandbox.server.api, tmp_path, "wrong-types", seed=seed) as server,
    ):
        cluster = connect(kubeconfig=server.kubeconfig, context=None, namespace=None, cache_dir=tmp_path)
        for tool in read_tools(cluster, lambda: NOW):
            try:
                said.append(tool.read(CASES[tool.spec.name][0]).footer)
            except AgentopsError as error:
                said.append(error.message)
    assert any("of the answer cannot be right" in one for one in said)


@pytest.mark.parametrize("name", CASES)
def test_every_tool_answers_with_its_own_reading(tools: dict[str, ReadTool], name: str) -> None:
    """Called by its name, a tool gives the summary that only its own code gives."""
    arguments, summary = CASES[name]
    assert tools[name].read(arguments).summary == summary


def test_the_declarations_are_reads_and_small() -> None:
    """All tools only read, have closed schemas, and together cost a model less than 6,500 bytes."""
    wire = [{"name": s.name, "description": s.description, "input_schema": s.schema} for s in SPECS]
    assert len(json.dumps(wire, separators=(",", ":"))) <= 6_500
    assert {(s.effect, s.schema["additionalProperties"]) for s in SPECS} == {(Effect.READ, False)}


def test_declarations_are_read_without_an_sdk() -> None:
    """Whoever lists the tools does not import the Kubernetes SDK, nor YAML, nor a decoder."""
    program = f"import sys, {read_tools.__module__}; print(*sorted(name.partition('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"kubernetes", "yaml", "msgspec", "urllib3"} & set(done.stdout.split()) == set()
