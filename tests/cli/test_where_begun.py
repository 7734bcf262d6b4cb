"""An incident of a sandbox is gone on with in that sandbox, as whoever ``--context`` names there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Cli = Callable[..., Any]
pytestmark = [pytest.mark.slow]


ABOUT = ("investigate", "k8s:shop/Deployment/checkout", "--sandbox=bad-image-tag", "--no-model")
FIX = ("fix", "last", "--no-model", "--dry-run", "--context")


def test_a_context_is_looked_for_in_the_incidents_sandbox(cli: Cli) -> None:
    """The plan is that of the sandbox, drawn up as the identity that was named."""
    cli(*ABOUT, "--context", "agentops")
    done = cli(*FIX, "agentops")
    pinned = cli("audit", "log", "--event", "cluster_pinned", "-o", "json").document["records"][-1]["payload"]
    assert (done.code, pinned["context"]) == (0, "agentops"), done.err


def test_another_context_of_the_sandbox_is_refused_with_the_command_that_works(cli: Cli) -> None:
    """An incident of one identity is not gone on with as another; no kubeconfig is asked for."""
    cli(*ABOUT)
    done = cli(*FIX, "agentops")
    said = " ".join(done.err.replace("│ ", "").split())
    assert (done.code, "kubeconfig" in said, "--sandbox=bad-image-tag" in said) == (2, False, True), done.err


def test_a_context_that_the_sandbox_has_not_is_refused_there(cli: Cli) -> None:
    """No real cluster of that name is looked for."""
    cli(*ABOUT)
    done = cli(*FIX, "prod")
    assert (done.code, "kubeconfig to find" in done.err, "sandbox" in done.err) == (2, False, True), done.err
