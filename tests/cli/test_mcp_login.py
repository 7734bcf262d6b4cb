"""``agentops mcp login`` and ``logout``: a person signs in once, at a terminal; what that gave is in one file."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.mcp_servers.authority import Authority, browser
from tests.support.mcp_servers.over_http import HttpServer

Cli = Callable[..., Any]
_LONGEST_S = 30.0


@pytest.fixture
def authority(cli: Cli, slow: None) -> Iterator[Authority]:
    """A server that wants OAuth, connected as ``pd``."""
    with HttpServer() as server:
        found = Authority(server.url)
        server.first = found.answers
        done = cli("mcp", "add", "pd", "--url", server.url, "--oauth")
        assert (done.code, "agentops mcp login pd" in done.out) == (0, True)
        yield found


def _sign_in(home: Path, then: Callable[[str], None]) -> tuple[int, str, str]:
    """Run ``mcp login pd`` at a terminal, do something with the address that it shows; return how it ended."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "agentops", "mcp", "login", "pd", "-o", "json"]
    environ = {"AGENTOPS_HOME": str(home), "PATH": "/usr/bin:/bin", "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen(command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env=environ) as process:
        os.close(theirs)
        screen, shown = "", None
        end = time.monotonic() + _LONGEST_S
        # Reading raises once the program has ended and nobody holds the other side.
        with suppress(OSError):
            while time.monotonic() < end:
                if select.select([ours], [], [], 0.1)[0]:
                    screen += os.read(ours, 65536).decode()
                if shown is None and (shown := re.search(r"(http\S+state=\S+)\s", screen)):
                    then(shown[1])
        os.close(ours)
        out, _ = process.communicate(timeout=_LONGEST_S)
    return process.returncode, out.decode(), screen


def test_a_person_signs_in_at_a_terminal(authority: Authority, home: Path, cli: Cli) -> None:
    """Later commands need nobody; the sign-in is on record, the tokens are in one file of this user's alone."""
    code, out, screen = _sign_in(home, browser)
    assert (code, json.loads(out)["client"], "Open this address in a browser" in screen) == (0, "pd", True)
    assert cli("mcp", "tools", "pd", "-o", "json").document["mcp_server"]["calls_itself"] == "over-http"
    kept = home / "mcp" / "servers" / "pd" / "sign-in.json"
    token = json.loads(kept.read_text())["tokens"]["access_token"]
    elsewhere = [
        path for path in home.rglob("*") if path.is_file() and path != kept and token in path.read_text("latin1")
    ]
    assert (kept.stat().st_mode & 0o777, elsewhere) == (0o600, [])
    assert [one for one in _events(cli) if "signed" in one] == ["mcp_signed_in"]


def test_a_sign_in_that_is_refused_keeps_nothing(authority: Authority, home: Path) -> None:
    """An answer that does not belong to the request is no sign-in."""
    code, out, _ = _sign_in(home, lambda url: browser(url, state="of-somebody-else"))
    assert (code, json.loads(out)["errors"][0]["code"]) == (1, "mcp-start")
    assert not (home / "mcp" / "servers" / "pd" / "sign-in.json").exists()


def test_without_a_terminal_nobody_is_signed_in(authority: Authority, cli: Cli) -> None:
    """The server is not asked for anything."""
    done = cli("mcp", "login", "pd")
    assert (done.code, "nobody can be asked" in done.err, authority.asked) == (5, True, [])


def test_whoever_is_not_signed_in_is_told_what_to_type(authority: Authority, cli: Cli) -> None:
    """A command that needs the server says so, and signs nobody in."""
    done = cli("mcp", "tools", "pd")
    assert (done.code, "agentops mcp login pd" in done.err, authority.asked) == (1, True, [])


@pytest.mark.parametrize("words", [("mcp", "logout", "pd"), ("mcp", "remove", "pd")])
def test_a_sign_in_is_forgotten(authority: Authority, home: Path, cli: Cli, words: tuple[str, ...]) -> None:
    """By name, and with the server itself."""
    kept = home / "mcp" / "servers" / "pd" / "sign-in.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("{}")
    assert (cli(*words).code, kept.exists()) == (0, False)


def test_a_server_without_oauth_is_not_signed_in_to(cli: Cli) -> None:
    """It is said how it would be connected."""
    cli("mcp", "add", "git", "--url", "https://h.example/mcp")
    done = cli("mcp", "logout", "git")
    assert (done.code, "agentops mcp add git --url https://h.example/mcp --oauth" in done.err) == (2, True)


def _events(cli: Cli) -> list[str]:
    return [one["event"] for one in cli("audit", "log", "-o", "json").document["records"]]
