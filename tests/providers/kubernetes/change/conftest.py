"""A sandbox cluster with the change tools on it: admin's, and a viewer's who may change nothing.

Time stands still, so that what is compared is what the tools did and not what a controller did meanwhile.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agentops.core.plan import Change, ObjectChange, Preview
from agentops.core.resource import ResourceRef, parse_ref
from agentops.core.tool import Applier, ChangeTool
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.api.writer import Clients, connect_clients
from agentops.providers.kubernetes.change.registry import appliers, change_tools
from agentops.providers.kubernetes.objects.normal_form import normalised
from agentops.providers.kubernetes.objects.server_values import comparable
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class World:
    """One sandbox as one user sees it, with shorthands for the tests."""

    sandbox: Sandbox
    cluster: Cluster
    clients: Clients
    tools: dict[str, ChangeTool]
    appliers: dict[str, Applier]

    def ref(self, short: str) -> ResourceRef:
        """Return the reference of ``shop/Deployment/web`` or ``-/Node/node-1``."""
        return parse_ref(f"k8s://{self.cluster.context}/{short}")

    def preview(self, tool: str, short: str, arguments: dict[str, Any]) -> Preview:
        """Preview one change."""
        return self.tools[tool].preview(Change(tool=tool, target=self.ref(short), arguments=arguments))

    def live(self, short: str) -> dict[str, Any] | None:
        """Return the object as it is stored, normalised."""
        ref = self.ref(short)
        found = [
            one
            for one in self.sandbox.simulation.store.dump()
            if one["kind"] == ref.kind
            and one["metadata"]["name"] == ref.name
            and one["metadata"].get("namespace", "") == ref.namespace
        ]
        return normalised(found[0]) if found else None

    def shown(self, short: str, change: ObjectChange) -> dict[str, Any] | None:
        """Return the object as it is stored, in the form in which a change speaks of it."""
        live = self.live(short)
        return comparable(live, change.before, change.after) if live is not None else None

    def create(self, manifest: dict[str, Any]) -> None:
        """Store an object as somebody else would have."""
        from agentops.sandbox.store import copy_json

        self.sandbox.simulation.store.create(copy_json(manifest))


def steady_now() -> datetime:
    """Return five past the last full hour: far from the minutes in which the scenarios' CronJobs run.

    Recent, because certificates and tokens are made for the cluster's own time.
    """
    return (datetime.now(UTC) - timedelta(minutes=5)).replace(minute=5, second=0, microsecond=0)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Start a scenario and return its world, seen as ``context``."""
    with ExitStack() as stack:

        def start(scenario: str = "bad-image-tag", context: str = "sandbox") -> World:
            sandbox = stack.enter_context(Sandbox(load(scenario), ticking=False, now=steady_now))
            return as_user(sandbox, context, tmp_path)

        yield start


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., World]]:
    """Return a scenario's world that the tests of a module share: for those that change nothing in it."""
    folder = tmp_path_factory.mktemp("standing")
    sandboxes: dict[str, Sandbox] = {}
    worlds: dict[tuple[str, str], World] = {}
    with ExitStack() as stack:

        def find(scenario: str = "bad-image-tag", context: str = "sandbox") -> World:
            if scenario not in sandboxes:
                sandboxes[scenario] = stack.enter_context(Sandbox(load(scenario), ticking=False, now=steady_now))
            if (scenario, context) not in worlds:
                worlds[scenario, context] = as_user(sandboxes[scenario], context, folder)
            return worlds[scenario, context]

        yield find


def as_user(sandbox: Sandbox, context: str, folder: Path) -> World:
    """Return the world of a running sandbox as another user sees it."""
    clients = connect_clients(
        kubeconfig=sandbox.kubeconfig, context=context, namespace=None, cache_dir=folder / "cache"
    )
    return World(
        sandbox=sandbox,
        cluster=clients.cluster,
        clients=clients,
        tools=change_tools(clients.cluster, clients.dry_runner, lambda: NOW),
        appliers=appliers(clients.writer, lambda: NOW),
    )


@pytest.fixture
def stub_tools(stub: Any, write_kubeconfig: Callable[..., Path], tmp_path: Path) -> dict[str, ChangeTool]:
    """The change tools on a stub server, for answers that only a real one gives."""
    clients = connect_clients(
        kubeconfig=write_kubeconfig(stub.port), context=None, namespace=None, cache_dir=tmp_path / "cache"
    )
    return change_tools(clients.cluster, clients.dry_runner, lambda: NOW)


@pytest.fixture
def free_port() -> int:
    """Return a loopback port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
