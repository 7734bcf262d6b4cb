"""An entry is put into a client's file, and everything else in it stays as it was."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.app.agent_clients.clients import CLIENTS, FileForm, client_named
from agentops.app.agent_clients.entries import is_laid_out_anew, servers_of, with_entry
from agentops.core.errors import UsageError

JSON_CLIENT, CODEX = client_named("cursor"), client_named("codex")
ENTRY = {"command": "/opt/agentops", "args": ["mcp", "serve"], "env": {"KUBECONFIG": "/home/ana/.kube/config"}}

_names = st.text(min_size=1, max_size=12)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=8,
)


@given(
    document=st.dictionaries(_names, _values, max_size=4),
    servers=st.dictionaries(_names, st.dictionaries(_names, _values, max_size=3), max_size=3),
    indent=st.sampled_from([None, 2, 4, "\t"]),
)
def test_whatever_else_a_json_file_says_stays(
    document: dict[str, Any], servers: dict[str, Any], indent: int | str | None
) -> None:
    """Any document, any other servers, any layout."""
    document = document | {"mcpServers": servers}
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    written = json.loads(with_entry(JSON_CLIENT, text, "agentops", ENTRY, "FILE"))
    assert written == document | {"mcpServers": servers | {"agentops": ENTRY}}


@pytest.mark.parametrize("indent", [2, 4, "\t"])
def test_the_lines_of_an_indented_file_stay(indent: int | str) -> None:
    """A diff of the file shows the entry, and the comma before it."""
    text = json.dumps({"ü": 1, "mcpServers": {"git": {"command": "git-mcp"}}}, indent=indent, ensure_ascii=False)
    written = with_entry(JSON_CLIENT, text, "agentops", ENTRY, "FILE")
    without = written.replace(_lines_of(ENTRY, indent), "")
    assert (without, is_laid_out_anew(JSON_CLIENT, text)) == (text, False)


def _lines_of(entry: dict[str, Any], indent: int | str) -> str:
    """Return the lines that an entry takes, with the comma before them."""
    blanks = indent if isinstance(indent, str) else " " * indent
    lines = json.dumps({"agentops": entry}, indent=indent).splitlines()[1:-1]
    return ",\n" + "\n".join(blanks + line for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        "",
        'model = "o5"\n',
        '# mine\nmodel = "o5"  # fast\n\n[mcp_servers.git]\ncommand = "git-mcp"\n',
        '[mcp_servers.agentops]\ncommand = "old"\n\n[mcp_servers.agentops.env]\nA = "b"\n\n[tui]\ntheme = "x"\n',
        '[ mcp_servers . "agentops" ]\ncommand = "old"\n[[profiles]]\nname = "a"\n',
        'mcp_servers.git.command = "git-mcp"\n[tui]\nx = 1',
    ],
)
def test_whatever_else_a_toml_file_says_stays(text: str) -> None:
    """Comments and order, too; an earlier entry is replaced wherever it stands."""
    written = with_entry(CODEX, text, "agentops", ENTRY, "FILE")
    wanted = tomllib.loads(text)
    wanted["mcp_servers"] = wanted.get("mcp_servers", {}) | {"agentops": ENTRY}
    assert tomllib.loads(written) == wanted
    ours = ("command", "A =", "[mcp_servers.agentops", "[ mcp_servers")
    assert [line for line in text.splitlines() if not line.startswith(ours) and line not in written] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cursor", "// mine\n{}"),
        ("cursor", '{"mcpServers": {},}'),
        ("cursor", "[]"),
        ("cursor", '{"mcpServers": []}'),
        ("cursor", '{"mcpServers": {}, "mcpServers": {}}'),
        ("cursor", "[" * 5000),
        ("codex", "= 1"),
        ("codex", 'mcp_servers = "x"'),
        # Inline, or in a text: what cannot be edited by the line is left alone.
        ("codex", 'mcp_servers = {agentops = {command = "old"}}'),
        ("codex", 'mcp_servers.agentops.command = "old"'),
        ("codex", 'note = """\n[mcp_servers.agentops]\nnot a table\n"""\n'),
    ],
)
def test_a_file_that_cannot_be_edited_is_left_alone(name: str, text: str) -> None:
    """It is refused with what to do instead; nothing is guessed."""
    with pytest.raises(UsageError, match="FILE is left as it is") as caught:
        with_entry(client_named(name), text, "agentops", ENTRY, "FILE")
    assert "--print" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "platform", "environ", "path"),
    [
        ("claude-code", "linux", {}, "/home/ana/.claude.json"),
        ("claude-code", "linux", {"CLAUDE_CONFIG_DIR": "/etc/c"}, "/etc/c/.claude.json"),
        ("claude-desktop", "linux", {"XDG_CONFIG_HOME": "/x"}, "/x/Claude/claude_desktop_config.json"),
        (
            "claude-desktop",
            "darwin",
            {"XDG_CONFIG_HOME": "/x"},
            "/home/ana/Library/Application Support/Claude/claude_desktop_config.json",
        ),
        ("copilot", "linux", {"COPILOT_HOME": "/c"}, "/c/mcp-config.json"),
        ("copilot", "darwin", {}, "/home/ana/.copilot/mcp-config.json"),
        ("vscode", "linux", {}, "/home/ana/.config/Code/User/mcp.json"),
        ("vscode", "linux", {"XDG_CONFIG_HOME": "/x"}, "/x/Code/User/mcp.json"),
        ("vscode", "darwin", {}, "/home/ana/Library/Application Support/Code/User/mcp.json"),
        ("cursor", "linux", {}, "/home/ana/.cursor/mcp.json"),
        ("codex", "linux", {"CODEX_HOME": "/c"}, "/c/config.toml"),
    ],
)
def test_each_client_has_its_file(name: str, platform: str, environ: dict[str, str], path: str) -> None:
    """On each system, and where a variable of the client's own leads."""
    assert client_named(name).path({"HOME": "/home/ana"} | environ, platform) == Path(path)


def test_a_new_file_of_each_client_holds_the_entry_alone() -> None:
    """In the form that the client reads."""
    found = {}
    for client in CLIENTS:
        text = with_entry(client, "", "agentops", client.entry("/opt/agentops", ("mcp", "serve"), {}), "FILE")
        found[client.name] = tomllib.loads(text) if client.form is FileForm.TOML else json.loads(text)
        assert servers_of(client, text, "FILE") == found[client.name][client.key]
    plain = {"command": "/opt/agentops", "args": ["mcp", "serve"]}
    assert found == {
        "claude-code": {"mcpServers": {"agentops": {"type": "stdio"} | plain}},
        "claude-desktop": {"mcpServers": {"agentops": plain}},
        "copilot": {"mcpServers": {"agentops": {"type": "local", "tools": ["*"]} | plain}},
        "vscode": {"servers": {"agentops": {"type": "stdio"} | plain}},
        "cursor": {"mcpServers": {"agentops": plain}},
        "codex": {"mcp_servers": {"agentops": plain}},
    }


def test_a_client_that_nobody_knows_is_refused() -> None:
    """With the nearest name."""
    with pytest.raises(UsageError, match="no agent client is called 'copliot'") as caught:
        client_named("copliot")
    assert caught.value.hint.startswith("Did you mean copilot? There are: claude-code, claude-desktop, ")
