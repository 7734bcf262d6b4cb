"""What a server is given: references filled in, and hidden again wherever they turn up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentops.core.errors import ConfigError, ToolError
from agentops.providers.mcp.client.launch import discard, prepared, resolved
from agentops.providers.mcp.objects.server import ServerConfig, ServerTransport

SECRET = "hunter2/x9Q"


def _config(**more: object) -> ServerConfig:
    words: dict[str, object] = {"name": "s", "transport": ServerTransport.STDIO, "command": "true"}
    return ServerConfig(**{**words, **more})  # type: ignore[arg-type]


def _given(text: str = "${env:A}") -> str:
    return resolved(_config(args=(text,)), lambda _reference: SECRET).args[0]


def test_references_are_filled_in_and_nothing_else_is() -> None:
    """A shell's own variables are the shell's to fill in."""
    text = "a ${env:A} ${keyring:b.c} ${HOME} $A ${env} ${env:${x}}"
    assert _given(text) == f"a {SECRET} {SECRET} ${{HOME}} $A ${{env}} ${{env:${{x}}}}"


def test_what_stands_for_nothing_is_said_by_whoever_looks_it_up() -> None:
    """And nothing is started."""

    def resolve(_reference: str) -> str:
        raise ConfigError("the variable A is not set")

    with pytest.raises(ConfigError, match="the variable A is not set"):
        resolved(_config(env={"X": "${env:A}"}), resolve)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"password={SECRET};", "password=[hidden];"),
        ("?password=hunter2%2Fx9Q", "?password=[hidden]"),
        ("cut short: hunter2/x9", "cut short: [hidden]"),
        ("cut short: hunter", "cut short: [hidden]"),
        ("cut short: hunt", "cut short: hunt"),
        ("hunter2 is a film", "hunter2 is a film"),
    ],
)
def test_secrets_are_hidden_whole_in_an_address_and_cut_short(text: str, shown: str) -> None:
    """The end of a text may be where a long result was cut."""
    assert resolved(_config(args=("${env:A}",)), lambda _reference: SECRET).hide(text) == shown


def test_secrets_do_not_show_when_what_is_given_is_printed() -> None:
    """A value in a log or a traceback holds none."""
    config = _config(env={"A": "${env:A}"}, headers={"B": "${env:A}"}, url="https://h/${env:A}")
    given = resolved(config, lambda _reference: SECRET)
    assert SECRET not in repr(given)


def test_what_a_killed_run_left_is_swept_and_what_runs_is_not(tmp_path: Path) -> None:
    """Folders are named after the process that made them."""
    place = tmp_path / "mcp" / "servers" / "s"
    discard(prepared(_config(), resolved(_config(), str), tmp_path).scratch)
    (place / "run-999999999-old" / "tmp").mkdir(parents=True)
    (place / f"run-{os.getppid()}-other").mkdir()
    launch = prepared(_config(), resolved(_config(), str), tmp_path)
    assert sorted(path.name for path in place.iterdir()) == sorted(
        ["home", f"run-{os.getppid()}-other", launch.scratch.name]
    )
    assert {path.stat().st_mode & 0o077 for path in (place, place.parent, launch.home, launch.scratch)} == {0}


@pytest.mark.parametrize("path", ["", ".", "bin"])
def test_a_command_is_not_taken_from_the_folder_in_which_agentops_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A checkout could bring a program of that name with it, and a PATH may lead there."""
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, tmp_path / "bin"):
        folder.mkdir(exist_ok=True)
        (folder / "planted").write_text("#!/bin/sh\n")
        (folder / "planted").chmod(0o755)
    monkeypatch.setenv("PATH", path)
    config = _config(command="planted")
    with pytest.raises(ToolError, match="there is no program planted"):
        prepared(config, resolved(config, str), tmp_path / "home")
