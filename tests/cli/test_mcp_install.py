"""``agentops mcp install``: what is written into other programs' files, and what is not."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Cli = Callable[..., Any]
ENTER = "\r"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own leads elsewhere."""
    for name in ("CLAUDE_CONFIG_DIR", "COPILOT_HOME", "CODEX_HOME", "XDG_CONFIG_HOME", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")


def _started(command: str) -> bool:
    """Return whether a command is the absolute path of an agentops that can be started."""
    return Path(command).is_absolute() and os.access(command, os.X_OK)


def test_a_script_installs_it(cli: Cli, home: Path, tmp_path: Path) -> None:
    """With --yes: absolute path, carried variables, nobody else may read the new file; once more changes nothing."""
    done = cli("mcp", "install", "cursor", "--context", "staging", "--yes", "-o", "json")
    file = tmp_path / ".cursor/mcp.json"
    entry = json.loads(file.read_text())["mcpServers"]["agentops"]
    assert (done.code, done.document["status"], done.document["file"]) == (0, "written", str(file))
    assert done.document["entry"] == {"agentops": entry}
    words = ["mcp", "serve", "--client", "cursor", "--context", "staging"]
    assert (_started(entry["command"]), entry["args"][-6:]) == (True, words)
    assert entry["env"] == {"AGENTOPS_HOME": str(home), "KUBECONFIG": str(tmp_path / "no-kubeconfig")}
    assert file.stat().st_mode & 0o777 == 0o600
    aws = cli("mcp", "install", "cursor", "--aws-profile", "p", "--aws-region", "r", "--print", "-o", "json")
    assert "--aws-profile p --aws-region r" in " ".join(aws.document["entry"]["agentops"]["args"])
    before = file.stat()
    again = cli("mcp", "install", "cursor", "--context", "staging", "--yes", "-o", "json")
    assert (again.code, again.document["status"], file.stat().st_mtime_ns) == (0, "unchanged", before.st_mtime_ns)


def test_other_servers_and_their_secrets_stay_where_they_are(cli: Cli, home: Path, tmp_path: Path) -> None:
    """The rest of the file, its mode and the earlier file are kept; no value of another entry is shown anywhere."""
    secret = "ghp_" + "a1B2" * 9
    file = tmp_path / ".claude.json"
    other = {"type": "http", "url": "https://example.com", "headers": {"Authorization": f"Bearer {secret}"}}
    mine = {"command": "old", "env": {"GH_TOKEN": secret}, "timeout": 5}
    text = json.dumps({"numStartups": 3, "mcpServers": {"github": other, "agentops": mine}}, indent=2)
    file.write_text(text)
    file.chmod(0o640)
    done = cli("mcp", "install", "claude-code", "--yes")
    found = json.loads(file.read_text())
    assert (done.code, found["numStartups"], found["mcpServers"]["github"]) == (0, 3, other)
    entry = found["mcpServers"]["agentops"]
    assert (entry["timeout"], entry["env"]["GH_TOKEN"], entry["type"]) == (5, secret, "stdio")
    assert file.stat().st_mode & 0o777 == 0o640
    (kept,) = tmp_path.glob(".claude.json.before-agentops-*")
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == (text, 0o600)
    assert "1 other server in it: as before (github)." in done.out
    assert secret not in done.out + done.err
    as_json = cli("mcp", "install", "claude-code", "--context", "x", "--yes", "-o", "json")
    assert (as_json.code, secret in as_json.out) == (0, False)


def test_it_asks_and_no_is_the_default(terminal: ModuleType, home: Path, tmp_path: Path) -> None:
    """The change is on the screen before the question; Enter writes nothing, y writes."""
    where = {"AGENTOPS_HOME": str(home), "HOME": str(tmp_path)}
    said = terminal.at_terminal(["mcp", "install", "copilot"], [("Write it to", ENTER)], where)
    file = tmp_path / ".copilot/mcp-config.json"
    assert (said.code, file.exists(), "Nothing was changed." in said.screen) == (5, False, True)
    assert '+     "mcp",' in said.screen
    said = terminal.at_terminal(["mcp", "install", "copilot"], [("Write it to", "y" + ENTER)], where)
    assert said.code == 0, said.screen
    assert json.loads(file.read_text())["mcpServers"]["agentops"]["tools"] == ["*"]


def test_without_a_terminal_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    """It says how to print it, and how to write it."""
    done = cli("mcp", "install", "vscode", "-o", "json")
    assert (done.code, (tmp_path / ".config").exists()) == (2, False)
    assert "agentops mcp install vscode --yes" in done.document["errors"][0]["hint"]


@pytest.mark.parametrize(("client", "read"), [("vscode", json.loads), ("codex", tomllib.loads)])
def test_it_can_be_printed(cli: Cli, tmp_path: Path, client: str, read: Callable[[str], Any]) -> None:
    """The entry alone, ready to be pasted; nothing is written."""
    done = cli("mcp", "install", client, "--print", "--sandbox=bad-image-tag")
    (servers,) = read(done.out).values()
    words = ["mcp", "serve", "--client", client, "--sandbox=bad-image-tag"]
    assert (done.code, servers["agentops"]["args"][-5:]) == (0, words)
    assert not list(tmp_path.rglob("mcp.json")) + list(tmp_path.rglob("config.toml"))
    as_json = cli("mcp", "install", client, "--print", "--sandbox=bad-image-tag", "-o", "json")
    assert (as_json.document["entry"], as_json.document["text"]) == (servers, done.out)
    # Where it belongs is said beside what is copied.
    assert done.err == f"Of {as_json.document['file']}:\n"


def test_a_project_has_a_file_of_its_own(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this folder; a link there is not followed, for somebody else may have laid it."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert cli("mcp", "install", "vscode", "--project", "--yes").code == 0
    assert list(json.loads((folder / ".vscode/mcp.json").read_text())) == ["servers"]
    aim = tmp_path / "other.json"
    aim.write_text("{}")
    (folder / ".mcp.json").symlink_to(aim)
    done = cli("mcp", "install", "claude-code", "--project", "--yes")
    assert (done.code, aim.read_text()) == (2, "{}")
    assert cli("mcp", "install", "codex", "--project", "--yes").code == 2


def test_a_link_of_ones_own_leads_to_the_file(cli: Cli, tmp_path: Path) -> None:
    """Dotfiles are often links into a repository: the file behind is written, the link stays."""
    aim = tmp_path / "dotfiles.json"
    aim.write_text("{}\n")
    (tmp_path / ".claude.json").symlink_to(aim)
    done = cli("mcp", "install", "claude-code", "--yes", "-o", "json")
    assert (done.code, done.document["file"], (tmp_path / ".claude.json").is_symlink()) == (0, str(aim), True)
    assert "agentops" in json.loads(aim.read_text())["mcpServers"]


def test_a_file_that_cannot_be_edited_stays(cli: Cli, tmp_path: Path) -> None:
    """Comments in JSON would be lost: it is left alone, and the way out is told."""
    file = tmp_path / ".cursor/mcp.json"
    file.parent.mkdir()
    file.write_text('{\n  // mine\n  "mcpServers": {}\n}\n')
    done = cli("mcp", "install", "cursor", "--yes")
    assert (done.code, "// mine" in file.read_text(), "--print" in done.err) == (2, True, True)
    assert "it is not JSON without comments" in done.err


def test_a_file_that_changed_meanwhile_is_not_overwritten(terminal: ModuleType, home: Path, tmp_path: Path) -> None:
    """A client that is running writes to its file, too."""
    file = tmp_path / ".claude.json"
    file.write_text("{}")

    def change() -> str:
        file.write_text('{"mcpServers": {"new": {}}}')
        return "y" + ENTER

    said = terminal.at_terminal(
        ["mcp", "install", "claude-code"],
        [("Write it to", change)],
        {"AGENTOPS_HOME": str(home), "HOME": str(tmp_path)},
    )
    assert (said.code, json.loads(file.read_text())) == (2, {"mcpServers": {"new": {}}})
    assert "was changed while it was shown: nothing was written" in said.screen


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_file_of_another_user_stays_theirs(cli: Cli, tmp_path: Path) -> None:
    """Written by root, their client could not read it any more."""
    file = tmp_path / ".claude.json"
    file.write_text("{}")
    os.chown(file, 12345, 12345)
    done = cli("mcp", "install", "claude-code", "--yes")
    assert (done.code, file.read_text(), file.stat().st_uid) == (2, "{}", 12345)
    assert "another user: it is left as it is" in done.err


def test_contradictions_and_unknown_clients_are_told(cli: Cli) -> None:
    """Usage errors, before anything is looked at."""
    assert cli("mcp", "install", "cursor", "--yes", "--print").code == 2
    assert "no agent client is called 'curser'" in cli("mcp", "install", "curser", "--print").err


def test_the_program_is_named_by_its_path(tmp_path: Path) -> None:
    """The one beside this Python; where there is none, this Python with the package."""
    from agentops.app.agent_clients.install import agentops_command

    python = tmp_path / "python"
    assert agentops_command(str(python)) == (str(python), ("-m", "agentops"))
    (tmp_path / "agentops").touch()
    assert agentops_command(str(python)) == (str(tmp_path / "agentops"), ())
    assert _started(agentops_command()[0]) or sys.executable
