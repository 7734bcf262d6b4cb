"""A resource that is named outside the namespaces of the config file: the same words and exit code as ``-n``."""

from __future__ import annotations

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


@pytest.mark.parametrize("command", [("investigate", "--no-model"), ("triage",), ("fix", "--no-model")])
def test_the_setting_is_named_and_no_option_that_nobody_gave(
    command: tuple[str, ...], cli: Cli, cluster: Sandbox, home: Path
) -> None:
    """It is a mistake of what was typed (2), and the config file is where to look."""
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text('[kubernetes]\nnamespaces = ["shop"]\n')
    done = cli(*command, "k8s:payments/Deployment/ledger", "--kubeconfig", str(cluster.kubeconfig), "--no-input")
    said = (done.code, "kubernetes.namespaces" in done.err, "--namespace" in done.err)
    assert said == (2, True, False), done.err
