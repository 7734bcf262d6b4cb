"""``agentops alerts`` and ``alertmanager:…`` against a real Alertmanager."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.cli.commands.schema import load_schema
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.support.monitoring import alertmanager, free_port

Cli = Callable[..., Any]
pytestmark = [pytest.mark.slow, pytest.mark.real]


def _alert(name: str, minutes: int, severity: str, **labels: str) -> dict[str, Any]:
    started = datetime.now(UTC) - timedelta(minutes=minutes)
    return {
        "labels": {"alertname": name, "severity": severity, **labels},
        "annotations": {"summary": f"{name} fires \u202e"},
        "startsAt": started.isoformat(),
        "generatorURL": "http://prometheus/graph?g0.expr=up",
    }


_ALERTS = (
    _alert("DeploymentReplicasMismatch", 5, "critical", namespace="shop", deployment="checkout"),
    _alert("PodSlow", 30, "warning", namespace="shop", pod="cart-1"),
    _alert("PodSlow", 40, "warning", namespace="bank", pod="teller-1"),
    _alert("Watchdog", 600, "none"),
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Sandbox]:
    """A cluster whose checkout is broken; nothing here changes it."""
    with Sandbox(load("missing-config-key")) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Alertmanager with four alerts."""
    with alertmanager(tmp_path_factory.mktemp("alertmanager"), _ALERTS) as url:
        yield url


@pytest.fixture
def there(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The setting that leads to it."""
    monkeypatch.setenv("AGENTOPS_ALERTMANAGER_URL", server)
    return server


def test_what_fires_is_listed_worst_first(cli: Cli, there: str) -> None:
    """One document; names, objects and states as the labels say, and a key that is enough to name each."""
    from jsonschema import Draft202012Validator

    document = cli("alerts", "-o", "json").document
    assert list(Draft202012Validator(load_schema("envelope")).iter_errors(document)) == []
    rows = [(one["name"], one["severity"], one["object"], one["state"]) for one in document["alerts"]]
    assert rows == [
        ("DeploymentReplicasMismatch", "critical", "shop/Deployment/checkout", "active"),
        ("PodSlow", "warning", "shop/Pod/cart-1", "active"),
        ("PodSlow", "warning", "bank/Pod/teller-1", "active"),
        ("Watchdog", "info", "", "active"),
    ]
    assert {len(one["key"]) for one in document["alerts"]} == {8}
    assert (document["total"], document["server"]) == (4, there)


def test_the_page_says_what_is_left_out_and_how_to_go_on(cli: Cli, there: str) -> None:
    """A limit is told, a namespace filters, and hidden characters stay written out."""
    page = cli("alerts", "-l", "1", "--no-input").out
    assert ("critical" in page, "3 more: --limit 4" in page, "agentops investigate alertmanager:" in page) == (
        True,
        True,
        True,
    )
    names = [one["name"] for one in cli("alerts", "-n", "bank", "-o", "json").document["alerts"]]
    assert (names, "\u202e" in page) == (["PodSlow"], False)
    assert cli("alerts", "-n", "nowhere").out.split() == f"No alert about namespace nowhere fires at {there}.".split()


@pytest.mark.parametrize("how", ["name", "fingerprint"])
def test_an_alert_is_investigated_by_its_name_or_fingerprint(
    cli: Cli, at: tuple[str, ...], there: str, how: str
) -> None:
    """It is fetched and read as its payload would be."""
    keys = {one["name"]: one["key"] for one in cli("alerts", "-o", "json").document["alerts"]}
    word = "deploymentreplicasmismatch" if how == "name" else keys["DeploymentReplicasMismatch"]
    found = cli("investigate", f"alertmanager:{word}", *at, "--no-model").document
    assert (found["incident"]["target"]["name"], found["finding"]["cause"]["condition"]) == (
        "checkout",
        "MissingConfigMapKey",
    )


def test_triage_takes_one_too(cli: Cli, at: tuple[str, ...], there: str) -> None:
    """What explains the alert comes first, without an incident."""
    found = cli("triage", "alertmanager:DeploymentReplicasMismatch", *at).document
    assert found["problems"][0]["condition"] == "MissingConfigMapKey"


@pytest.mark.parametrize(
    ("word", "said", "hint"),
    [
        ("PodSlow", "2 alerts named PodSlow fire in different places", "(bank/Pod/teller-1)"),
        ("PodSlwo", "has no alert 'PodSlwo'", "Did you mean PodSlow?"),
        ("zz", "has no alert 'zz'", "agentops alerts"),
    ],
)
def test_an_alert_that_is_not_one_is_refused(
    cli: Cli, at: tuple[str, ...], there: str, word: str, said: str, hint: str
) -> None:
    """Several places, a misspelt name, nothing like it: one line, and what to type instead."""
    done = cli("investigate", f"alertmanager:{word}", *at, "--no-model")
    (error,) = done.document["errors"]
    assert (done.code, said in error["message"], hint in error["hint"]) == (2, True, True)


def test_the_sandbox_has_no_alertmanager(cli: Cli, there: str) -> None:
    """A real alert says nothing of a simulated cluster."""
    done = cli("investigate", "alertmanager:PodSlow", "--sandbox", "--no-model")
    assert (done.code, "the sandbox has no Alertmanager" in done.err) == (2, True)


def test_without_the_setting_it_says_which_one(cli: Cli, home: Path) -> None:
    """Nothing is guessed: the setting is named."""
    done = cli("alerts")
    assert (done.code, "no setting says where Alertmanager is" in done.err, "alertmanager_url" in done.err) == (
        2,
        True,
        True,
    )


def test_an_alertmanager_that_is_away_is_an_error(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, and not "no alert fires"."""
    monkeypatch.setenv("AGENTOPS_ALERTMANAGER_URL", f"http://127.0.0.1:{free_port()}")
    done = cli("alerts", "-o", "json")
    assert (done.code, "refuses the connection" in json.dumps(done.document["errors"])) == (1, True)


def test_on_a_terminal_one_is_picked_and_investigated(
    cluster: Sandbox, server: str, terminal: ModuleType, home: Path
) -> None:
    """Enter takes the first; the report is that of the investigation."""
    words = ["alerts", "--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context]
    environ = {"AGENTOPS_HOME": str(home), "AGENTOPS_ALERTMANAGER_URL": server}
    done = terminal.at_terminal(words, [("Which one to investigate?", "\r")], environ, output_too=True)
    assert (done.code, "TAX_TABLE" in done.screen) == (0, True)


def test_on_a_terminal_escape_only_lists(server: str, terminal: ModuleType, home: Path) -> None:
    """No answer is no investigation."""
    environ = {"AGENTOPS_HOME": str(home), "AGENTOPS_ALERTMANAGER_URL": server}
    done = terminal.at_terminal(["alerts"], [("Which one to investigate?", "\x1b")], environ, output_too=True)
    assert (done.code, "Look into one" in done.screen, (home / "incidents").exists()) == (0, True, False)
