"""Prometheus beside a cluster, as the command line uses it: only where a setting says so, and never depended on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from agentops.providers.kubernetes.checkup import looks_like
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.support.monitoring import free_port, open_metrics, prometheus

Cli = Callable[..., Any]
pytestmark = [pytest.mark.slow]
_TARGET = "k8s:shop/Deployment/checkout"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Sandbox]:
    """A cluster with a fault; nothing here changes it."""
    with Sandbox(load("missing-config-key")) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def prometheus_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Prometheus with one metric."""
    now = int(time.time()) - 2
    points = [(now - 15.0 * step, 42.0) for step in range(20, -1, -1)]
    disk = 'namespace="shop",persistentvolumeclaim="orders-data"'
    rows = {
        'shop_orders{namespace="shop"}': points,
        f"kubelet_volume_stats_available_bytes{{{disk}}}": [(at, 1e9 - 1e6 * (at - now)) for at, _ in points],
        f"kubelet_volume_stats_capacity_bytes{{{disk}}}": [(at, 1e11) for at, _ in points],
    }
    text = open_metrics(rows)
    with prometheus(tmp_path_factory.mktemp("prometheus"), text) as url:
        yield url


@pytest.fixture
def script(tmp_path: Path) -> str:
    """A model that asks Prometheus and reports what it read."""
    path = tmp_path / "script.json"
    report = {
        "verdict": "root-cause",
        "cause": {"resource": "shop/Deployment/checkout", "condition": "MissingConfigMapKey"},
        "conclusion": "42 orders wait.",
        "confidence": "medium",
        "evidence": ["{{first}}", "{{last}}"],
        "ruled_out": [],
        "not_checked": [],
        "next_steps": ["Ask who took the key out."],
    }
    turns = [
        {"calls": [{"tool": "prometheus_query", "arguments": {"query": "shop_orders"}}]},
        {"calls": [{"tool": "report_finding", "arguments": report}]},
    ]
    path.write_text(json.dumps({"name": "asks", "turns": turns}))
    return f"--model=scripted:{path}"


def _evidence(home: Path, tool: str) -> list[dict[str, Any]]:
    (stored,) = home.glob("incidents/*/evidence.jsonl")
    return [one for one in map(json.loads, stored.read_text().splitlines()) if one["tool"] == tool]


@pytest.mark.real
def test_a_model_asks_prometheus_and_what_it_read_is_evidence(
    cli: Cli, at: tuple[str, ...], prometheus_url: str, script: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tool is offered, the answer is numbered and recorded, and the server that was asked is on record."""
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_URL", prometheus_url)
    done = cli("investigate", _TARGET, *at, script)
    (read,) = _evidence(home, "prometheus_query")
    assert 'shop_orders{namespace="shop"}' in read["excerpt"]
    records = cli("audit", "log", "--event", "cluster_pinned", "-o", "json").document["records"]
    assert [one["payload"]["server"] for one in records if one["payload"]["provider"] == "prometheus"] == [
        prometheus_url
    ]
    (incident,) = home.glob("incidents/*/incident.json")
    assert [one["provider"] for one in json.loads(incident.read_text())["scopes"]] == ["kubernetes"]
    assert done.document["status"] == "found"


def test_without_the_setting_there_is_no_such_tool(cli: Cli, at: tuple[str, ...], script: str, home: Path) -> None:
    """A model is not told of what it cannot use, and calling it is refused in words."""
    assert cli("investigate", _TARGET, *at, script).document["status"] == "found"
    assert _evidence(home, "prometheus_query") == []


def test_a_run_goes_on_without_a_prometheus_that_does_not_answer(
    cli: Cli, at: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finding is that of the cluster; nothing is said to be well for want of metrics."""
    plain = cli("triage", _TARGET, *at).document
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_URL", f"http://127.0.0.1:{free_port()}")
    beside = cli("triage", _TARGET, *at).document
    assert [one["condition"] for one in beside["problems"]] == [one["condition"] for one in plain["problems"]]


def test_a_credential_that_cannot_be_had_is_a_gap(
    cli: Cli, at: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prometheus is left out, and the page says why."""
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_URL", "https://prometheus.example")
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_AUTH", "bearer env:NO_SUCH_TOKEN")
    done = cli("triage", _TARGET, *at)
    assert "the environment variable NO_SUCH_TOKEN is not set" in done.out
    assert done.code == 0


def test_without_a_cluster_a_witness_is_not_enough(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prometheus is never looked at alone: the cluster's own error stands."""
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_URL", "http://127.0.0.1:9")
    done = cli("triage", "-o", "json")
    assert (done.code, "kubeconfig" in json.dumps(done.document["errors"])) == (2, True)


@pytest.mark.real
def test_doctor_asks_what_is_configured(cli: Cli, prometheus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that answers is ok, one that does not is a warning, one that nobody named is not told of."""
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_URL", prometheus_url)
    rows = {one["name"]: one for one in cli("doctor", "-o", "json").document["checks"]}
    assert (rows["prometheus"]["state"], "alertmanager" in rows) == ("ok", False)
    monkeypatch.setenv("AGENTOPS_ALERTMANAGER_URL", f"http://127.0.0.1:{free_port()}")
    rows = {one["name"]: one for one in cli("doctor", "-o", "json").document["checks"]}
    assert (rows["alertmanager"]["state"], "refuses the connection" in rows["alertmanager"]["text"]) == ("warn", True)


def _payload(expression: str) -> bytes:
    alert = {
        "status": "firing",
        "labels": {"alertname": "OrdersWait", "severity": "critical", "namespace": "shop", "deployment": "checkout"},
        "annotations": {"summary": "orders wait"},
        "startsAt": datetime.fromtimestamp(time.time() - 120, UTC).isoformat(),
        "generatorURL": "http://prometheus/graph?g0.expr=" + quote(expression),
    }
    return json.dumps([alert]).encode()


@pytest.mark.real
def test_the_alerts_own_expression_is_shown_as_a_chart(
    cli: Cli, at: tuple[str, ...], prometheus_url: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report, the stored incident and the model's evidence have it; the finding stays that of the cluster."""
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_URL", prometheus_url)
    page = cli("investigate", "-", *at[:-2], "--no-model", stdin=_payload("shop_orders > 40"))
    said = "the expression of OrdersWait holds now for 1 series"
    assert (said in page.out, "^ the alert started" in page.out, "MissingConfigMapKey" in page.out) == (
        True,
        True,
        True,
    )
    assert said in cli("show", "last").out
    (measured,) = _evidence(home, "alert_expression")
    assert "charted: shop_orders (fires above 40)" in measured["excerpt"]


@pytest.mark.real
def test_where_the_cluster_explains_nothing_the_expression_is_part_of_the_answer(
    cli: Cli, home: Path, prometheus_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said of Kubernetes alone that nothing is visible there, and the expression is cited."""
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_URL", prometheus_url)
    with Sandbox(load("stale-alert")) as sandbox:
        place = ("--kubeconfig", str(sandbox.kubeconfig), "--context", sandbox.context, "-o", "json")
        found = cli("investigate", "-", *place, "--no-model", stdin=_payload("shop_orders > 40")).document["finding"]
    assert "Measured: the expression of OrdersWait holds now for 1 series" in found["conclusion"]
    assert [one["tool"] for one in found["evidence"]][-1:] == ["alert_expression"]
    assert "or Prometheus" not in found["conclusion"]


def test_an_expression_that_cannot_be_asked_is_said_not_to_be_checked(
    cli: Cli, at: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finding stands, and says what is missing."""
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_URL", f"http://127.0.0.1:{free_port()}")
    finding = cli("investigate", "-", *at, "--no-model", stdin=_payload("up == 0")).document["finding"]
    assert finding["cause"]["condition"] == "MissingConfigMapKey"
    assert any(
        one.startswith("what monitoring holds of the alert itself: Prometheus at") for one in finding["not_checked"]
    )


@pytest.mark.real
def test_what_metrics_show_is_ranked_with_what_the_cluster_shows(
    cli: Cli, at: tuple[str, ...], prometheus_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim that fills is a problem of that claim; the cluster's own cause stays first."""
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_URL", prometheus_url)
    document = cli("triage", _TARGET, *at).document
    found = {one["condition"]: one["resource"] for one in document["problems"]}
    assert found["VolumeFilling"] == f"k8s://{at[3]}/shop/PersistentVolumeClaim/orders-data"
    assert document["problems"][0]["condition"] == "MissingConfigMapKey"
    (alone,) = cli("triage", "--condition", "VolumeFilling", *at).document["problems"]
    assert alone["facts"][0]["path"].startswith("bottomk(100, (min by (namespace, persistentvolumeclaim)")


def test_doctor_names_a_service_that_looks_like_prometheus_and_does_not_use_it(
    cli: Cli, at: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting is named with a way to the Service; once it is set, that is what is tried."""
    place = (*at[:4], "-o", "json")
    (row,) = (one for one in cli("doctor", *place).document["checks"] if one["name"] == "prometheus")
    assert (row["state"], row["text"]) == ("warn", "not used; Service monitoring/prometheus looks like it")
    assert "Set prometheus_url to an address that this machine reaches" in row["hint"]
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_URL", f"http://127.0.0.1:{free_port()}")
    (row,) = (one for one in cli("doctor", *place).document["checks"] if one["name"] == "prometheus")
    assert "refuses the connection" in row["text"]


@pytest.mark.parametrize(
    ("name", "port", "alike"),
    [
        ("kube-prometheus-stack-prometheus", 9090, True),
        ("prometheus-operated", 9090, True),
        ("prometheus-node-exporter", 9090, False),
        ("prometheus-operator", 9090, False),
        ("prometheus", 80, False),
        ("prometheuser", 9090, False),
    ],
)
def test_what_looks_like_prometheus(name: str, port: int, alike: bool) -> None:
    """By a whole word of its name and its port; what merely stands beside one is none."""
    service = {"metadata": {"name": name, "namespace": "monitoring"}, "spec": {"ports": [{"port": port}]}}
    assert looks_like(service, "prometheus", 9090) is alike
