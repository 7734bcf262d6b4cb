"""Claude Code and GitHub Copilot CLI, the programs themselves, with agentops as MCP server and a scripted model."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.agents.conftest import AGENTOPS
from tests.agents.conversation import BEFORE, after, check_after, check_before
from tests.agents.model_server import ModelServer, ToolCall

pytestmark = [pytest.mark.real, pytest.mark.slow]
_PROMPT = "The rollout of checkout is stuck. Find out why, and mend it."
_LONGEST_S = 240


def _run(words: Sequence[str], environ: Mapping[str, str], folder: Path) -> str:
    """Run a client without a terminal, with nothing of the developer's own in its environment."""
    done = subprocess.run(
        words,
        env={
            "PATH": f"{Path(words[0]).parent}{os.pathsep}{os.environ['PATH']}",
            "TERM": "xterm",
            "NO_COLOR": "1",
            **environ,
        },
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_S,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def _settle(file: Path) -> None:
    """Start agentops as the test's account."""
    found = json.loads(file.read_text())
    entry = found["mcpServers"]["agentops"]
    entry |= {"command": AGENTOPS[0], "args": [*AGENTOPS[1:], *entry["args"][entry["args"].index("mcp") :]]}
    file.write_text(json.dumps(found))


def _claude(program: str, incident: Any, script: Sequence[ToolCall]) -> ModelServer:
    """Have Claude Code play a script; it is allowed every tool of agentops, and none is dangerous to allow."""
    home = incident.folder / "client"
    home.mkdir(exist_ok=True)
    incident.run("mcp", "install", "claude-code", "--yes", *incident.place, HOME=str(home))
    _settle(home / ".claude.json")
    with ModelServer(script) as model:
        environ = {
            "HOME": str(home),
            "ANTHROPIC_BASE_URL": model.url,
            "ANTHROPIC_API_KEY": "dummy",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "ENABLE_TOOL_SEARCH": "false",
            "MCP_TIMEOUT": "60000",
        }
        words = [program, "-p", _PROMPT, "--allowedTools", "mcp__agentops", "--output-format", "json"]
        said = json.loads(_run([*words, "--model", "claude-sonnet-4-5"], environ, home))
        assert said["permission_denials"] == []
    return model


def _copilot(program: str, incident: Any, script: Sequence[ToolCall]) -> ModelServer:
    """Have Copilot CLI play a script, with a model of one's own in place of GitHub's."""
    home = incident.folder / "client"
    home.mkdir(exist_ok=True)
    incident.run("mcp", "install", "copilot", "--yes", *incident.place, HOME=str(home))
    _settle(home / ".copilot" / "mcp-config.json")
    with ModelServer(script) as model:
        environ = {
            "HOME": str(home),
            "COPILOT_OFFLINE": "true",
            "COPILOT_AUTO_UPDATE": "false",
            "COPILOT_PROVIDER_BASE_URL": f"{model.url}/v1",
            "COPILOT_PROVIDER_API_KEY": "dummy",
            "COPILOT_MODEL": "scripted",
        }
        words = [program, "-p", _PROMPT, "--allow-tool", "agentops", "--disable-builtin-mcps", "-C", str(home)]
        _run(words, environ, home)
    return model


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "client", "play"),
    [("claude", "claude-code", _claude), ("copilot", "copilot", _copilot)],
    ids=["Claude Code", "Copilot CLI"],
)
def test_an_incident_is_healed_through_agentops(
    name: str, client: str, play: Callable[..., ModelServer], program: Callable[[str], str], incident: Any
) -> None:
    """Tools, investigation, plan; refused without an approval, and where policy forbids; applied once approved."""
    found = program(name)
    assert "ImageNotFound" in incident.problems()
    code = check_before(incident, play(found, incident, BEFORE))
    incident.approve(code)
    check_after(incident, play(found, incident, after(code)), client)
