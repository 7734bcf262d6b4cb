"""A server as a child process: what it is given, what it says, and that it is ended."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.core.errors import ToolError
from agentops.providers.mcp.client.session import ServerSession
from agentops.providers.mcp.objects.tool import ForeignResult, Part, ServerFacts
from tests.providers.mcp.client.conftest import SERVERS

Plain = Callable[..., ServerSession]

_AMBIENT = {
    "AWS_SECRET_ACCESS_KEY": "aws",
    "KUBECONFIG": "/root/.kube/config",
    "ANTHROPIC_API_KEY": "sk-ant",
    "SSH_AUTH_SOCK": "/tmp/agent",
    "HTTPS_PROXY": "http://proxy",
    "PYTHONPATH": "/elsewhere",
    "AGENTOPS_HOME": "/own",
}


def _said(result: ForeignResult) -> Any:
    return json.loads(result.parts[0].text)


def test_a_server_is_started_listed_called_and_ended(plain: Plain) -> None:
    """The whole way of a server that behaves, by the handshake of the older era."""
    session = plain()
    assert session.facts() == ServerFacts(name="plain", version="1.2.3", protocol="2025-11-25", instructions="Ask.")
    assert [tool.name for tool in session.tools()] == ["echo", "env", "pid", "where"]
    assert session.call("echo", {"text": "hi"}) == ForeignResult(parts=(Part(kind="text", text='{"text": "hi"}'),))
    pid = session.report().pid
    session.close()
    assert (session.report().running, _is_there(pid)) == (False, False)


def test_a_server_inherits_nothing_that_it_was_not_given(plain: Plain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of agentops' environment a server sees PATH; HOME and TMPDIR are its own, and the rest is in its settings."""
    for name, value in _AMBIENT.items():
        monkeypatch.setenv(name, value)
    env = _said(plain(env={"REGION": "eu-1"}).call("env", {}))
    # The system's own: what the C library sets for a locale, and macOS for every process.
    own = {name: value for name, value in env.items() if name not in {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"}}
    assert set(own) == {"PATH", "HOME", "LANG", "TMPDIR", "REGION"}
    assert (own["PATH"], own["REGION"]) == (os.environ["PATH"], "eu-1")


def test_folders_are_its_own_and_what_it_leaves_in_them_goes(plain: Plain, tmp_path: Path) -> None:
    """It runs in an empty folder below agentops' home, which is gone when it has ended; its home stays."""
    session = plain()
    places = _said(session.call("where", {}))
    cwd, home = Path(places["cwd"]), Path(places["home"])
    assert (cwd.is_relative_to(tmp_path), home, list(cwd.iterdir())) == (
        True,
        tmp_path / "mcp" / "servers" / "plain" / "home",
        [],
    )
    assert home.stat().st_mode & 0o077 == 0
    session.close()
    assert (cwd.exists(), home.exists()) == (False, True)


def test_a_configured_folder_is_where_it_runs(plain: Plain, tmp_path: Path) -> None:
    """``cwd`` of the settings."""
    folder = tmp_path / "work"
    folder.mkdir()
    assert _said(plain(cwd=str(folder)).call("where", {}))["cwd"] == str(folder)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"command": "no-such-program-anywhere"}, "there is no program no-such-program-anywhere"),
        ({"command": "./plain.py"}, "there is no program ./plain.py"),
        ({"cwd": "relative"}, "relative is no folder"),
        ({"cwd": "/no/such/folder"}, "/no/such/folder is no folder"),
        ({"args": (str(SERVERS / "absent.py"),)}, "can't open file"),
    ],
)
def test_what_cannot_be_started_says_why(plain: Plain, settings: dict[str, Any], why: str) -> None:
    """A mistake in the settings is said in words, with what the program itself said last."""
    with pytest.raises(ToolError) as caught:
        plain(**settings).tools()
    assert why in caught.value.message


def test_a_program_that_the_system_cannot_run_says_why(plain: Plain, tmp_path: Path) -> None:
    """What the supervisor hears from the system is said."""
    program = tmp_path / "no-program"
    program.write_bytes(b"\x00nothing")
    program.chmod(0o700)
    with pytest.raises(ToolError) as caught:
        plain(command=str(program)).tools()
    assert caught.value.message == f"MCP server plain cannot be started: {program} cannot be run: Exec format error"


def test_references_are_filled_in_and_never_said_again(plain: Plain) -> None:
    """A server gets what a reference stands for; what it says of it comes back hidden."""
    asked: list[str] = []

    def resolve(reference: str) -> str:
        asked.append(reference)
        return "s3cr3t/value"

    session = plain(
        env={"TOKEN": "${env:TOKEN}", "PLAIN": "${HOME}/x"},
        options={"resolve": resolve},
    )
    env = _said(session.call("env", {}))
    said = session.call("echo", {"text": "s3cr3t/value and s3cr3t%2Fvalue"}).parts[0].text
    assert (asked, env["TOKEN"], env["PLAIN"]) == (["${env:TOKEN}"], "[hidden]", "${HOME}/x")
    assert said == '{"text": "[hidden] and [hidden]"}'


def test_what_a_server_refuses_was_not_done(plain: Plain) -> None:
    """An error of the protocol is a refusal, in the server's words."""
    with pytest.raises(ToolError) as caught:
        plain().call("nope", {})
    assert (caught.value.message, caught.value.code) == (
        "MCP server plain refused the call of nope: no tool nope",
        "mcp-refused",
    )


def test_an_error_that_does_not_say_that_nothing_was_done_has_a_code_of_its_own(hostile: Plain) -> None:
    """A server answers so when a statement fails, and not only its first one: a change may have had its effect."""
    with pytest.raises(ToolError) as caught:
        hostile("fails_inside").call("echo", {})
    assert (caught.value.message, caught.value.code) == (
        "MCP server plain failed the call of echo: a statement failed",
        "mcp-failed",
    )


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
