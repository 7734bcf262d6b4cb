"""Ctrl-C, or the end of the terminal, while a command waits for an MCP server: both end at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
HOSTILE = Path(__file__).parents[1] / "support" / "mcp_servers" / "hostile.py"
pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc")


def _servers(home: Path) -> list[int]:
    mark = f"HOME={home}/mcp/servers/".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found += [int(entry.name)] if mark in (entry / "environ").read_bytes() else []
            except OSError:
                continue
    return found


def _until(home: Path, is_there: bool) -> bool:
    """Wait until there are servers, or none; return whether it came to that."""
    end = time.monotonic() + 20
    while bool(_servers(home)) is not is_there and time.monotonic() < end:
        time.sleep(0.05)
    return bool(_servers(home)) is is_there


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, None), (signal.SIGHUP, None), (signal.SIGKILL, -9)]
)
def test_a_signal_ends_the_command_and_the_server(
    cli: Cli, home: Path, slow: None, number: signal.Signals, code: int | None
) -> None:
    """No traceback, the documented exit code for Ctrl-C, and no process that is left."""
    assert cli("mcp", "add", "mute", "--", sys.executable, str(HOSTILE), "silent", "has_children").code == 0
    environ = {"AGENTOPS_HOME": str(home), "PATH": os.environ["PATH"], "NO_COLOR": "1"}
    command = [sys.executable, "-m", "agentops", "mcp", "tools", "mute"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ) as process:
        started = _until(home, True)
        time.sleep(0.5)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (started, _until(home, False), out, b"Traceback" in err) == (True, True, b"", False)
    assert code is None or process.returncode == code
