"""However agentops ends, and however a server behaves: nothing that was started is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agentops.core.errors import InDoubt, ToolError
from agentops.providers.mcp.client.confine import confinement_offered
from agentops.providers.mcp.client.session import ServerSession, close_all
from agentops.providers.mcp.client.stdio import SUPERVISOR
from tests.providers.mcp.client.conftest import SERVERS

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc")

Hostile = Callable[..., ServerSession]

_PROGRAM = """
import os, signal, sys, threading, time
from pathlib import Path
from agentops.providers.mcp.client.session import open_session
from agentops.providers.mcp.objects.server import Confinement, ServerConfig, ServerTransport
server, home, how, *modes = sys.argv[1:]
confinement = Confinement.BOTH if how == "confined" else Confinement.NONE
words = {"command": sys.executable, "args": (server, *modes), "confinement": confinement}
config = ServerConfig(name="s", transport=ServerTransport.STDIO, **words)
session = open_session(config, resolve=str, home=Path(home))
session.tools()
print("running", flush=True)
if how == "calls":
    session.call("echo", {})
if how in ("waits", "confined"):
    time.sleep(3600)
if how == "raises":
    raise ValueError("as a defect would")
if how == "_exit":
    os._exit(0)
"""


def _with_home(home: Path) -> list[int]:
    """Return every live process whose HOME is the server's own below ``home``."""
    found = []
    mark = f"HOME={home}/mcp/servers/".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def _gone(home: Path, within_s: float = 15.0) -> list[int]:
    """Return the processes that are left after a while."""
    end = time.monotonic() + within_s
    while (left := _with_home(home)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def _until(home: Path, count: int, within_s: float = 10.0) -> int:
    """Return how many processes there are, once there are so many: between fork and exec one has no environment."""
    end = time.monotonic() + within_s
    while (found := len(_with_home(home))) != count and time.monotonic() < end:
        time.sleep(0.02)
    return found


def _run(home: Path, how: str, *modes: str) -> subprocess.Popen[str]:
    program = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(SERVERS / "hostile.py"), str(home), how, *modes],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "running\n"
    return program


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("how", ["waits", "calls"])
def test_a_signal_to_agentops_leaves_nothing(number: signal.Signals, how: str, tmp_path: Path) -> None:
    """Not a child that hears no SIGTERM, nor a grandchild in a session of its own whose parent is gone."""
    with _run(tmp_path, how, "has_children", "hangs", "ignores_its_end") as program:
        # The supervisor, the server, its child and its grandchild.
        before = _until(tmp_path, 4)
        program.send_signal(number)
        program.wait(30)
        left = _gone(tmp_path)
        for stream in (program.stdout, program.stderr):
            stream.close()
    assert (before, left) == (4, [])


@pytest.mark.real
def test_a_confined_server_ends_with_agentops(tmp_path: Path) -> None:
    """The sandbox and all that is in it."""
    fact = confinement_offered()
    if not fact.offered:
        pytest.skip(fact.why)
    with _run(tmp_path, "confined", "has_children", "ignores_its_end") as program:
        before = len(_with_home(tmp_path))
        program.kill()
        program.wait(30)
        left = _gone(tmp_path)
        for stream in (program.stdout, program.stderr):
            stream.close()
    assert (before > 2, left) == (True, [])


@pytest.mark.parametrize("how", ["ends", "raises", "_exit"])
def test_any_end_of_agentops_leaves_nothing(how: str, tmp_path: Path) -> None:
    """Also an end without ``close``, by an exception, and one that runs no handler at all."""
    with _run(tmp_path, how, "has_children") as program:
        program.communicate(timeout=30)
    assert _gone(tmp_path) == []


def test_closing_ends_a_server_that_does_not_want_to_end(hostile: Hostile, tmp_path: Path) -> None:
    """Its input is closed, then it is asked, then it is killed, with all that it started; within some seconds."""
    session = hostile("has_children", "ignores_its_end")
    session.tools()
    before = _until(tmp_path, 4)
    session.close()
    assert (before, _with_home(tmp_path)) == (4, [])


def test_what_a_server_leaves_behind_when_it_ends_is_ended(hostile: Hostile, tmp_path: Path) -> None:
    """A server that dies cannot leave a daemon behind."""
    session = hostile("has_children", "dies")
    with pytest.raises(InDoubt):
        session.call("echo", {})
    assert _gone(tmp_path) == []


def test_many_servers_are_ended_at_once(hostile: Hostile, tmp_path: Path) -> None:
    """The end of a program with many servers takes as long as that of the slowest."""
    sessions = [hostile("ignores_its_end") for _ in range(4)]
    for session in sessions:
        session.tools()
    started = _until(tmp_path, 8)
    close_all()
    assert (started, _with_home(tmp_path)) == (8, [])


def test_a_server_whose_supervisor_is_killed_ends(hostile: Hostile, tmp_path: Path) -> None:
    """The server dies with it, and the next call starts another."""
    session = hostile()
    session.tools()
    (supervisor,) = (pid for pid in _with_home(tmp_path) if pid != session.report().pid)
    os.kill(supervisor, signal.SIGKILL)
    assert _gone(tmp_path) == []
    end = time.monotonic() + 10
    while session.report().running and time.monotonic() < end:
        time.sleep(0.02)
    assert session.call("echo", {}).is_error is False


def test_ctrl_c_ends_the_wait_for_a_call(hostile: Hostile, tmp_path: Path) -> None:
    """A person does not wait until the time of a call is over; the server can be ended as ever."""
    session = hostile("hangs")
    session.tools()
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        session.call("echo", {})
    session.close()
    assert _with_home(tmp_path) == []


def test_a_server_that_is_still_being_started_is_ended_at_once(hostile: Hostile, tmp_path: Path) -> None:
    """Nobody who has pressed Ctrl-C waits for a handshake that does not come."""
    session = hostile("silent")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(session.tools)
        before = _until(tmp_path, 2)
        started = time.monotonic()
        session.close()
        took_s = time.monotonic() - started
        error = waiting.exception(20)
    assert (before, _gone(tmp_path), type(error)) == (2, [], ToolError)
    assert took_s < 7


def test_a_closed_session_starts_nothing(hostile: Hostile, tmp_path: Path) -> None:
    """Closed is closed, whether it ran or not; closing twice is no mistake."""
    used, unused = hostile(), hostile()
    used.tools()
    for session in (used, unused):
        session.close()
        session.close()
        with pytest.raises(ToolError) as caught:
            session.call("echo", {})
        assert caught.value.code == "mcp-closed"
    assert _with_home(tmp_path) == []


_ELSEWHERE = """
import runpy, sys
sys.platform = "darwin"
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_elsewhere_than_on_linux_the_process_group_is_ended(tmp_path: Path) -> None:
    """There is no subreaper: what stays in the server's group is ended, with SIGKILL if need be."""
    life, held = os.pipe()
    said, report = os.pipe()
    home = tmp_path / "mcp" / "servers" / "s"
    home.mkdir(parents=True)
    server = [sys.executable, str(SERVERS / "hostile.py"), "ignores_its_end"]
    command = [sys.executable, "-c", _ELSEWHERE, str(SUPERVISOR), str(life), str(report), "0.5", *server]
    environ = {"HOME": str(home), "PATH": os.environ["PATH"]}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environ, pass_fds=(life, report)) as supervisor:
        os.close(report)
        os.close(life)
        started = os.read(said, 100)
        before = _until(tmp_path, 2)
        os.close(held)
        supervisor.wait(20)
    os.close(said)
    assert (started[:8], before, _gone(tmp_path)) == (b"started ", 2, [])
