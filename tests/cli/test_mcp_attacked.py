"""Attacks through connected MCP servers that once got through."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from agentops.providers.mcp.objects.tool import ForeignTool
from agentops.providers.mcp.pins.pin import ServerPin, launch_of, pin_of
from agentops.providers.mcp.pins.store import PinFile
from agentops.providers.mcp.settings.entry import entry_of
from agentops.redaction.redactor import SecretRedactor
from tests.cli.test_mcp_call import Connected
from tests.cli.test_mcp_changes import GROW, LOOK, signed
from tests.support.mcp_shelf import connect, trust_now

Cli = Callable[..., Any]
REPORT = {"verdict": "planned", "text": "As asked.", "evidence": ["{{first}}"], "not_checked": []}


def test_a_plan_is_not_sent_to_the_same_program_with_another_variable(cli: Cli, home: Path, tmp_path: Path) -> None:
    """The variable names another database: trusted anew by a person, but the plan was approved for the first one."""
    shelf = connect(home)
    plan, script = tmp_path / "plan.json", tmp_path / "script.json"
    turns = (LOOK, GROW, {"tool": "report_request", "arguments": REPORT})
    script.write_text(json.dumps({"turns": [{"calls": [one]} for one in turns]}))
    asked = ("do", "make web larger", "--model", f"scripted:{script}", "--no-input", "--dry-run", "--out", str(plan))
    assert cli(*asked).code == 0
    approval = signed(home, plan)
    other = replace(shelf.config, env={"SHELF_HOST": "production.example"})
    (home / "mcp.json").write_text(json.dumps({"mcpServers": {"shelf": entry_of(other)}}))
    (home / "mcp-pins.json").unlink()
    trust_now(home, other)
    done = cli("fix", "--plan", str(plan), "--approval", str(approval), "--no-input", "-o", "json")
    assert (done.code, shelf.calls) == (5, []), done.err


def test_a_tool_whose_schema_holds_a_secret_is_refused_in_words(cli: Cli, home: Path, tmp_path: Path) -> None:
    """The pin does not keep the secret, so the schema cannot be checked: no classification makes the tool a read."""
    server = Connected(tmp_path / "listed.json", home)
    repo = {"type": "string", "default": "postgres://app:hunter2hunter2@db/x"}
    schema = {"type": "object", "properties": {"repo": repo}}
    server.say({"name": "log", "description": "Shows.", "inputSchema": schema})
    tool = ForeignTool(name="log", description="Shows.", input_schema=schema)
    pin = ServerPin(
        identity=server.config.identity,
        launch=launch_of(server.config),
        server_name="listed",
        tools={"log": pin_of(tool, SecretRedactor().value)},
    )
    PinFile(path=home / "mcp-pins.json").put("git", pin)
    listed = cli("mcp", "tools", "git", "-o", "json")
    (one,) = listed.document["mcp_tools"]
    assert (one["state"], one["why"][:15]) == ("not-allowed", "its input schem")
    done = cli("mcp", "call", "git", "log", "--arg", "repo=/srv/x")
    assert (done.code, server.calls) == (4, []), done.err
    assert "its input schema holds what looks like a secret" in " ".join(done.err.split())
    assert "mcp classify" not in done.err
    assert "hunter2" not in listed.out + done.out + done.err
