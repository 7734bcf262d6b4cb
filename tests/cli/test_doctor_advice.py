"""What ``doctor`` advises about an environment works as it is printed, wherever a variable leads."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

Cli = Callable[..., Any]
pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Sandbox]:
    """A cluster; nothing here changes it."""
    with Sandbox(load("stale-alert")) as sandbox:
        yield sandbox


@pytest.mark.parametrize("variables", [(), ("AGENTOPS_HOME",), ("AGENTOPS_HOME", "XDG_CONFIG_HOME")])
def test_the_advice_about_an_environment_can_be_followed(
    variables: tuple[str, ...],
    cli: Cli,
    cluster: Sandbox,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The command is done without the variables that it takes away, and afterwards the cluster is no production."""
    home.mkdir(mode=0o700)
    place = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
    monkeypatch.setenv("HOME", str(tmp_path / f".account-of-{home.name}"))
    for name in variables:
        monkeypatch.setenv(name, str(tmp_path / f"elsewhere-{name}"))
    advice = _environment(cli("doctor", *place, "-o", "json").document)["hint"]
    words = shlex.split(advice.partition(": ")[2])
    while words[0] in ("env", "-u"):
        if words.pop(0) == "-u":
            monkeypatch.delenv(words.pop(0))
    done = cli(*words[1:], "--no-input")
    assert (words[0], done.code) == ("agentops", 0), (advice, done.err)
    assert "counts as development" in _environment(cli("doctor", *place, "-o", "json").document)["text"]


def _environment(document: dict[str, Any]) -> dict[str, str]:
    (found,) = (one for one in document["checks"] if one["name"] == "environment")
    return dict(found)
