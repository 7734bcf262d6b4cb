"""What an alert is about, in terms of objects that exist."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from agentops.core.alert import Target
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.target import resolve_target
from agentops.providers.kubernetes.objects.snapshot import Snapshot


def _graph(**objects: list[dict[str, Any]]) -> Graph:
    return Graph(
        Snapshot(
            context="test",
            target=Target(),
            namespaces=(),
            observed_at=datetime(2026, 11, 22, 16, tzinfo=UTC),
            objects={kind: tuple(items) for kind, items in objects.items()},
        )
    )


def test_a_node_is_found_by_its_address() -> None:
    """An exporter of nodes is named by where it is reached, which is an address of the node that it stands on."""
    node = {
        "kind": "Node",
        "metadata": {"name": "worker-1", "uid": "n1"},
        "status": {"addresses": [{"type": "InternalIP", "address": "192.168.10.21"}]},
    }
    found = resolve_target(_graph(Node=[node]), Target(kind="Node", name="192.168.10.21"), None)
    assert (found.how, found.exact, [ref.name for ref in found.refs]) == (
        "Node worker-1 (at 192.168.10.21)",
        True,
        ["worker-1"],
    )
