"""The server of ``examples/terraform_plans`` over plans that the real Terraform saved."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agentops.providers.mcp.client.session import open_session
from agentops.providers.mcp.objects.server import ServerConfig, ServerTransport
from agentops.providers.mcp.objects.session import McpSession
from tests.real_mcp.conftest import SECRET, text_of

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not installed"),
]
SERVER = Path(__file__).parents[2] / "examples" / "terraform_plans" / "server.py"


@pytest.fixture
def session(plans: Path, tmp_path: Path) -> McpSession:
    """The example server, as agentops runs it."""
    config = ServerConfig(
        name="terraform",
        transport=ServerTransport.STDIO,
        command=sys.executable,
        args=(str(SERVER), str(plans)),
        env={"TF_CLI_CONFIG_FILE": str(plans / "none.tfrc")},
    )
    return open_session(config, resolve=lambda _reference: "", home=tmp_path / "home")


def test_a_saved_plan_is_shown_without_what_is_sensitive(session: McpSession) -> None:
    """What differs is there with both sides; what is marked as sensitive stands nowhere, marked or not."""
    try:
        listed, shown = session.call("list_plans", {}), session.call("show_plan", {"plan": "release.tfplan"})
    finally:
        session.close()
    assert "release.tfplan" in text_of(listed)
    assert shown.structured is not None
    (change,) = shown.structured["changes"]
    assert (change["address"], change["actions"]) == ("terraform_data.checkout", ["update"])
    assert change["values"]["input.replicas"] == {"before": 3, "after": "1"}
    # Terraform marks the input alone; the output repeats it.
    assert change["values"]["output"]["before"]["token"] == "(sensitive)"
    assert SECRET not in text_of(shown) + str(shown.structured)


@pytest.mark.parametrize("plan", ["../main.tf", "main.tf", "/etc/passwd", "none.tfplan", "-help"])
def test_nothing_but_a_saved_plan_is_shown(session: McpSession, plan: str) -> None:
    """A path, another file and an option are refused by the server."""
    try:
        said = session.call("show_plan", {"plan": plan})
    finally:
        session.close()
    assert (said.is_error, "there is no plan of that name" in text_of(said)) == (True, True)


def test_the_raw_document_does_hold_the_secret(plans: Path) -> None:
    """Otherwise the test above would show nothing."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(plans), "TF_CLI_CONFIG_FILE": str(plans / "none.tfrc")}
    command = ["terraform", "show", "-json", "release.tfplan"]
    raw = subprocess.run(command, cwd=plans, env=environ, capture_output=True, text=True, check=True).stdout
    assert raw.count(SECRET) > 5
