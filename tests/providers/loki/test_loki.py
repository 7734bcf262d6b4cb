"""Loki: lines and labels in the form of its documentation, and what goes wrong in plain words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agentops.core.alert import Alert, Target
from agentops.core.errors import ToolError, ToolInputError, UsageError
from agentops.core.provider import ProviderContext
from agentops.providers.loki.client import LokiClient
from agentops.providers.loki.provider import LokiReader, open_loki
from agentops.providers.loki.tools import read_tools

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = int(NOW.timestamp())


def _client(loki: Any, **options: str) -> LokiClient:
    return open_loki({"loki_url": loki.url, **options}, lambda _: None)


def _tool(loki: Any, name: str) -> Any:
    return next(one for one in read_tools(_client(loki), lambda: NOW) if one.spec.name == name)


def test_lines_of_several_streams_are_in_the_order_of_time(loki: Any) -> None:
    """Labels that all have are said once; hidden characters are written out; a cut is said."""
    loki.lines(
        ({"namespace": "shop", "pod": "web-1"}, [(AT - 10, "second"), (AT - 30, "first \u202e line")]),
        ({"namespace": "shop", "pod": "web-2"}, [(AT - 20, "between")]),
    )
    found = _tool(loki, "loki_query").read({"query": '{namespace="shop"}', "limit": 3})
    assert found.body.splitlines() == [
        "labels of all: namespace=shop",
        "2026-11-22T11:59:30.000Z [pod=web-1] first \\u{202e} line",
        "2026-11-22T11:59:40.000Z [pod=web-2] between",
        "2026-11-22T11:59:50.000Z [pod=web-1] second",
    ]
    assert "Only the newest 3 lines" in found.footer
    _, query, _ = loki.asked[-1]
    assert query == {
        "query": '{namespace="shop"}',
        "start": f"{AT - 3600}000000000",
        "end": f"{AT}000000000",
        "limit": "3",
        "direction": "backward",
    }


def test_no_line_is_no_proof(loki: Any) -> None:
    """It may be that nothing was written, that it is not kept, or that the labels differ."""
    loki.lines()
    assert "its labels differ" in _tool(loki, "loki_query").read({"query": '{a="b"}'}).body


def test_structured_metadata_beside_a_line_is_passed_over(loki: Any) -> None:
    """Newer versions send a third member with each line."""
    streams = [{"stream": {"pod": "a"}, "values": [[f"{AT}000000000", "told", {"trace_id": "1"}], ["x", "odd"]]}]
    loki.say("/query_range", {"resultType": "streams", "result": streams})
    assert "told" in _tool(loki, "loki_query").read({"query": '{a="b"}'}).body


def test_labels_and_their_values(loki: Any) -> None:
    """Names first, then what one of them holds; another kind of word is no label."""
    loki.say("/label/pod/values", ["web-1", "web-2"])
    tool = _tool(loki, "loki_labels")
    assert (tool.read({}).body, tool.read({"label": "pod"}).body) == ("namespace\npod", "web-1\nweb-2")
    with pytest.raises(ToolInputError, match="no label's name"):
        tool.read({"label": "../push"})


def test_a_query_that_is_no_logql_is_refused_in_lokis_words(loki: Any) -> None:
    """Loki answers 400 in plain text."""
    loki.answers["/loki/api/v1/query_range"] = (
        400,
        b"parse error at line 1, col 1: syntax error: unexpected IDENTIFIER",
    )
    with pytest.raises(ToolInputError, match="parse error at line 1, col 1"):
        _tool(loki, "loki_query").read({"query": "nonsense"})


def test_a_query_that_counts_is_refused(loki: Any) -> None:
    """Its answer is a matrix, which holds no lines."""
    loki.say("/query_range", {"resultType": "matrix", "result": []})
    with pytest.raises(ToolInputError, match="counts"):
        _tool(loki, "loki_query").read({"query": 'rate({a="b"}[1m])'})


def test_who_asks_and_for_whom(loki: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credential and the tenant travel as headers."""
    monkeypatch.setenv("LOKI_TOKEN", "t0ken")
    _client(loki, loki_auth="bearer env:LOKI_TOKEN", loki_tenant="shop").labels(NOW - timedelta(hours=1), NOW)
    _, _, headers = loki.asked[-1]
    assert (headers["Authorization"], headers["X-Scope-OrgID"]) == ("Bearer t0ken", "shop")


def test_within_a_boundary_it_is_not_asked(loki: Any) -> None:
    """No expression can be held to a namespace."""
    with pytest.raises(UsageError, match="cannot be kept inside"):
        open_loki({"loki_url": loki.url, "namespaces": ("shop",)}, lambda _: None)


def test_what_is_no_loki_is_said(loki: Any) -> None:
    """404 names the setting; another document is refused."""
    loki.answers.clear()
    with pytest.raises(ToolError, match="HTTP 404"):
        _tool(loki, "loki_query").read({"query": '{a="b"}'})
    loki.answers["/loki/api/v1/query_range"] = (200, b'{"status":"success","data":{}}')
    with pytest.raises(ToolError, match="no streams"):
        _tool(loki, "loki_query").read({"query": '{a="b"}'})


@pytest.mark.parametrize(
    ("labels", "kind", "wanted"),
    [
        (["namespace", "pod"], "Deployment", '{namespace="shop",pod=~"web-.+"}'),
        (["namespace", "pod"], "Pod", '{namespace="shop",pod="web"}'),
        (["k8s_namespace_name", "k8s_pod_name"], "Job", '{k8s_namespace_name="shop",k8s_pod_name=~"web-.+"}'),
        (["app"], "Deployment", ""),
        (["namespace", "pod"], "Node", ""),
    ],
)
def test_the_lines_round_an_alert_are_those_of_its_target(loki: Any, labels: Any, kind: str, wanted: str) -> None:
    """Selected by the labels that the collector writes; nothing where none of them is known."""
    loki.say("/labels", labels)
    loki.lines(({"pod": "web-gone"}, [(AT - 60, "out of paper")]))
    context = ProviderContext.__new__(ProviderContext)
    object.__setattr__(context, "clock", lambda: NOW)
    reader = LokiReader(_client(loki), context)
    target = Target(namespace="shop", kind=kind, name="web")
    alert = Alert(
        name="X", source="alertmanager", status="firing", started_at=NOW - timedelta(minutes=2), target=target
    )
    found = reader.alert_readings(alert)
    assert [(call.arguments["query"], "out of paper" in reading.body) for call, reading in found] == (
        [(wanted, True)] if wanted else []
    )
