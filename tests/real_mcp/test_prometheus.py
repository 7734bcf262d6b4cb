"""prometheus-mcp-server from PyPI against a real Prometheus."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agentops.core.tool import Effect
from agentops.providers.mcp.reviewed.classify import classifications
from tests.real_mcp.conftest import Opener, text_of
from tests.support.monitoring import open_metrics, prometheus

pytestmark = pytest.mark.real


def test_every_tool_answers(opener: Opener, tmp_path: Path) -> None:
    """All six are reads, and each tells of the metric that is there."""
    end = float(int(time.time()) - 2)
    folder = tmp_path / "prometheus"
    folder.mkdir()
    history = open_metrics({'shop_queue_depth{namespace="shop"}': [(end - 60, 5.0), (end, 100.0)]})
    with prometheus(folder, history) as url:
        session = opener("prometheus", env={"PROMETHEUS_URL": url})
        found = classifications(session.config, session.facts(), session.tools())
        window = {"start": str(end - 60), "end": str(end), "step": "30s"}
        said = {
            "health_check": session.call("health_check", {}),
            "execute_query": session.call("execute_query", {"query": "shop_queue_depth"}),
            "execute_range_query": session.call("execute_range_query", {"query": "shop_queue_depth", **window}),
            "list_metrics": session.call("list_metrics", {}),
            "get_metric_metadata": session.call("get_metric_metadata", {}),
            "get_targets": session.call("get_targets", {}),
        }
    assert {name for name, one in found.items() if one.effect is Effect.READ} == set(said)
    assert [name for name, one in said.items() if one.is_error] == []
    assert all("shop_queue_depth" in text_of(said[name]) for name in ("execute_query", "list_metrics"))
