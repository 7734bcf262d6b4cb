"""Connects real MCP servers as a person does: ``agentops mcp add``, then ``agentops mcp trust`` at a terminal."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.real_mcp.conftest import Installed
from tests.support.terminal import at_terminal

OUTSIDE = str(Path(__file__).with_name("outside.cjs"))
Cli = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Connecting:
    """The command line of a test, in a home of its own."""

    cli: Cli
    home: Path
    installed: Installed
    monkeypatch: pytest.MonkeyPatch

    def server(
        self,
        key: str,
        *args: str,
        name: str = "",
        env: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        allow: Sequence[str] = (),
        before: Sequence[str] = (),
    ) -> None:
        """Connect and trust an installed server.

        Arguments:
            args: of its program.
            secrets: variables of the person's own environment, handed on by name.
            allow: tools that may be used; none means the reads.
            before: words of the command line that stand before its program.
        """
        command = (*before, self.installed(key).path(), *args)
        self.command(name or key, *command, env=env, secrets=secrets, allow=allow)

    def command(
        self,
        name: str,
        *command: str,
        env: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        allow: Sequence[str] = (),
    ) -> None:
        """Connect and trust any server."""
        for variable, value in (secrets or {}).items():
            self.monkeypatch.setenv(variable, value)
        given = [word for variable, value in (env or {}).items() for word in ("--env", f"{variable}={value}")]
        given += [word for variable in secrets or {} for word in ("--env", variable)]
        given += [word for tool in allow for word in ("--allow", tool)]
        done = self.cli("mcp", "add", name, *given, "--", *command)
        assert done.code == 0, done.err
        self.trust(name, secrets or {})

    def trust(self, name: str, secrets: Mapping[str, str]) -> None:
        """Look at all of its tools and trust them, at a terminal."""
        environ = {"AGENTOPS_HOME": str(self.home), "PATH": os.environ["PATH"], **secrets}
        done = at_terminal(["mcp", "trust", name], [("Trust ", ""), ("yes: ", "y\r")], environ)
        assert done.code == 0, done.screen

    def call(self, server: str, tool: str, /, **arguments: Any) -> Any:
        """Call a tool by hand."""
        return self.cli("mcp", "call", server, tool, "--json", json.dumps(arguments), "-o", "json")


def repository(place: Path) -> Path:
    """Make a repository whose last commit rolls checkout out."""
    place.mkdir()
    git = ["git", "-C", str(place), "-c", "user.name=Eve", "-c", "user.email=eve@example.com"]
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    subprocess.run([*git, "init", "-q"], check=True, env=environ)
    for text, message in (("2.4.0", "Start"), ("2.4.1", "Roll checkout to 2.4.1: new retry budget")):
        (place / "deploy.yaml").write_text(f"image: checkout:{text}\n")
        subprocess.run([*git, "add", "."], check=True, env=environ)
        subprocess.run([*git, "commit", "-q", "-m", message], check=True, env=environ)
    return place


def one_context(kubeconfig: Path, context: str, folder: Path) -> str:
    """Write a kubeconfig of one context of a simulated cluster; return its path."""
    config = json.loads(kubeconfig.read_text())
    (kept,) = (one for one in config["contexts"] if one["name"] == context)
    config |= {"contexts": [kept], "current-context": context}
    config["users"] = [one for one in config["users"] if one["name"] == kept["context"]["user"]]
    place = folder / f"{context}.kubeconfig"
    place.write_text(json.dumps(config))
    place.chmod(0o600)
    return str(place)
