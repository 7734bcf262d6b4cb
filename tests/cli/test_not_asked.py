"""No green verdict of ``triage`` where what was asked for was not read, beside a cluster in which all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.support.monitoring import free_port

Cli = Callable[..., Any]
pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Sandbox]:
    """A cluster in which all is well; nothing here changes it."""
    with Sandbox(load("stale-alert")) as sandbox:
        yield sandbox


@pytest.fixture
def place(cluster: Sandbox) -> tuple[str, ...]:
    """The options that lead to it."""
    return ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context, "--no-input")


def _ending(text: str) -> str:
    """Return what stands below the sweep's figures, in one line."""
    return " ".join(text.partition("No model was used.")[2].replace("│ ", "").split())


def _without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AGENTOPS_AWS_REGION", "eu-west-1")


def test_without_any_other_setting_all_is_well(cli: Cli, place: tuple[str, ...]) -> None:
    """The cluster of these tests has no problem, and the page ends with that."""
    assert _ending(cli("triage", *place).out).endswith("s. No problem found")


def test_an_account_that_a_setting_names_and_that_was_not_opened_leaves_it_undetermined(
    cli: Cli, place: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last lines say so and why, and --exit-code is no green."""
    _without_credentials(monkeypatch)
    done = cli("triage", *place, "--exit-code")
    said = _ending(done.out)
    assert (done.code, "Undetermined" in said, "AWS was not read: " in said) == (3, True, True), done.out


def test_the_account_that_was_not_opened_is_undetermined_in_json_too(
    cli: Cli, place: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that reads the status does not take it for well either."""
    _without_credentials(monkeypatch)
    found = cli("triage", *place, "-o", "json").document
    assert (found["status"], found["finding"]["verdict"]) == ("undetermined", "undetermined")


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "https://prometheus.example"])
def test_a_witness_that_was_not_read_is_told_of_beside_the_verdict(
    url: str, cli: Cli, place: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cluster is well all the same; whoever reads the verdict reads that metrics had no part in it."""
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_URL", url.format(port=free_port()))
    if "example" in url:
        monkeypatch.setenv("AGENTOPS_PROMETHEUS_AUTH", "bearer env:NO_SUCH_TOKEN")
    done = cli("triage", *place, "--exit-code")
    assert (done.code, "No problem found Prometheus was not read: " in _ending(done.out)) == (0, True), done.out


def test_a_witness_that_a_namespace_shuts_out_is_told_of_too(
    cli: Cli, place: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not asked inside one namespace, and that is said where the verdict is."""
    monkeypatch.setenv("AGENTOPS_PROMETHEUS_URL", f"http://127.0.0.1:{free_port()}")
    done = cli("triage", *place, "-n", "shop")
    said = "Prometheus was not read: its answers cannot be kept inside the namespaces you allowed (shop)."
    assert said in _ending(done.out)
