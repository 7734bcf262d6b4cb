"""Sandboxes that are served to other processes: the one that runs in the background, and which addresses were one.

Comes in: folders, a scenario's name. Goes out: where the sandbox is, and the error for what was begun on one that is
gone. Layout of ``DATA/sandbox/``::

    lock           held by the process that serves, as long as it lives; its pid, its scenario, and since when
    serving.json   what it serves, as ``sandbox up --output json`` prints it
    log            what it had to say besides
    served.jsonl   the address and the scenario of each sandbox that was served from here
    agentops-sandbox-*/kubeconfig

The lock is inherited by the process and let go by the system when it ends: as long as it is held, the pid in it is that
of the process that was started here, and no other's. Nothing else is ever ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agentops.core.clock import to_iso, utc_now
from agentops.core.commands import command_line
from agentops.core.durable_files import make_folder
from agentops.core.errors import AgentopsError, StoreError, UsageError
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.config import Folders
    from agentops.core.scope import Scope

_START_S = 90.0
_STOP_S = 30.0
_LOOK_S = 0.1
_CONNECT_S = 1.0
_MOST_BYTES = 4096
_REMEMBERED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedSandbox:
    """The sandbox that runs in the background; ``document`` is what it said of itself when it was ready."""

    pid: int
    scenario: str
    since: str
    log: Path
    document: Mapping[str, Any]

    @property
    def kubeconfig(self) -> str:
        """The file that leads to it."""
        return str(self.document.get("kubeconfig", ""))

    @property
    def context(self) -> str:
        """The context of its administrator."""
        return str(self.document.get("context", ""))

    @property
    def url(self) -> str:
        """Where it listens, on loopback."""
        return str(self.document.get("url", ""))


def start(folders: Folders, scenario: str) -> ServedSandbox:
    """Serve a scenario's cluster in a process of its own, and return once it is ready.

    Raises:
        UsageError: one is running.
        AgentopsError: it did not start; the message has its last words.
        StoreError: the folder cannot be written.
    """
    place = _place(folders)
    try:
        make_folder(place)
        lock = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"cannot write {place}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                "a sandbox is already running",
                hint=_how_to_use(place),
                code="sandbox-running",
            ) from error
        _clear(place)
        pid = _spawn(place, scenario, lock)
        said = {"pid": pid, "scenario": scenario, "since": to_iso(utc_now())}
        os.ftruncate(lock, 0)
        os.pwrite(lock, json.dumps(said).encode(), 0)
        _wait_until_ready(place, pid)
    finally:
        os.close(lock)
    return _read(place)


def _how_to_use(place: Path) -> str:
    """Return what to type to use the sandbox that runs, to see where it is, and to end it."""
    lines = ["See where: agentops sandbox status", "End it: agentops sandbox down"]
    with suppress(StoreError):
        found = _read(place)
        if found.kubeconfig:
            use = command_line("triage", "--kubeconfig", found.kubeconfig)
            lines.insert(0, f"Use the one that runs, {found.scenario}: {use}")
    return "\n".join(lines)


def running(folders: Folders) -> ServedSandbox | None:
    """Return the sandbox that runs in the background, or None.

    Raises:
        StoreError: what it wrote of itself cannot be read.
    """
    place = _place(folders)
    return _read(place) if _is_held(place) else None


def stop(folders: Folders) -> ServedSandbox | None:
    """End the sandbox that runs in the background, and return what it was; None where none is.

    Raises:
        AgentopsError: it does not end.
        StoreError: what it wrote of itself cannot be read; nothing is ended.
    """
    found = running(folders)
    if found is None:
        return None
    with suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
    until = time.monotonic() + _STOP_S
    while _is_held(_place(folders)):
        if time.monotonic() > until:
            raise AgentopsError(f"the sandbox (pid {found.pid}) does not stop", hint=f"See {found.log}")
        time.sleep(_LOOK_S)
    with suppress(ChildProcessError):
        os.waitpid(found.pid, os.WNOHANG)
    _clear(_place(folders))
    return found


def remember(folders: Folders, url: str, scenario: str) -> None:
    """Keep that this address is a sandbox, for whoever comes back to what was begun on it; it may fail quietly."""
    path = _place(folders) / "served.jsonl"
    with suppress(OSError):
        make_folder(path.parent)
        kept = path.read_text("utf-8").splitlines()[-_REMEMBERED:] if path.exists() else []
        lines = [*kept, json.dumps({"url": url, "scenario": scenario, "at": to_iso(utc_now())})]
        path.write_text("\n".join(lines) + "\n", "utf-8")


def require_not_gone(folders: Folders, scopes: Iterable[Scope], what: str) -> None:
    """Raise when something was begun on a sandbox that was served from here and is not any more.

    Arguments:
        what: what was begun there: ``incident 7f54``.

    Raises:
        UsageError: it is gone; the hint says how to have its scenario again.
    """
    known = _remembered(_place(folders))
    for scope in scopes:
        scenario = known.get(scope.server)
        if scenario is not None and not _answers(scope.server):
            raise UsageError(
                f"that sandbox is gone: {what} was started on {scenario} at {scope.server}, which is not running",
                hint="A new one has other objects, so start again there: "
                f"{command_line('sandbox', 'up', '-d', scenario)}, "
                f"or: {command_line('investigate', f'--sandbox={scenario}')}",
                code="sandbox-gone",
            )


def _place(folders: Folders) -> Path:
    return folders.data / "sandbox"


def _spawn(place: Path, scenario: str, lock: int) -> int:
    """Start the process that serves; it inherits the lock and outlives whoever started it."""
    os.set_inheritable(lock, True)
    try:
        # -P: a folder named agentops where the command was typed is not what is run.
        words = [sys.executable, "-P", "-m", "agentops", "sandbox", "up", scenario, "--output", "json"]
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        streams = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(place / "serving.json"), flags, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, str(place / "log"), flags, 0o600),
        ]
        environment = {**os.environ, "TMPDIR": str(place)}
        return os.posix_spawn(sys.executable, words, environment, file_actions=streams, setsid=True)
    finally:
        os.set_inheritable(lock, False)


def _wait_until_ready(place: Path, pid: int) -> None:
    until = time.monotonic() + _START_S
    while not _document(place):
        if os.waitpid(pid, os.WNOHANG)[0]:
            raise AgentopsError(f"the sandbox did not start: {_last_words(place)}", hint=f"See {place / 'log'}")
        if time.monotonic() > until:
            os.kill(pid, signal.SIGTERM)
            raise AgentopsError(f"the sandbox was not ready within {_START_S:.0f} s", hint=f"See {place / 'log'}")
        time.sleep(_LOOK_S)


def _read(place: Path) -> ServedSandbox:
    try:
        said = json.loads((place / "lock").read_bytes()[:_MOST_BYTES])
        return ServedSandbox(
            pid=int(said["pid"]),
            scenario=str(said["scenario"]),
            since=str(said["since"]),
            log=place / "log",
            document=_document(place),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{place / 'lock'} does not say which process serves the sandbox") from error


def _is_held(place: Path) -> bool:
    try:
        lock = os.open(place / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _document(place: Path) -> Mapping[str, Any]:
    """Return what the process said of itself; empty before it is ready."""
    try:
        found = json.loads((place / "serving.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _last_words(place: Path) -> str:
    with suppress(OSError):
        lines = (place / "log").read_text("utf-8", "replace").split("\n")
        return one_line(" ".join(lines), 300) or "it said nothing"
    return "it said nothing"


def _clear(place: Path) -> None:
    """Remove what an earlier one left: a killed process could not."""
    (place / "serving.json").unlink(missing_ok=True)
    for left in place.glob("agentops-sandbox-*"):
        shutil.rmtree(left, ignore_errors=True)


def _remembered(place: Path) -> Mapping[str, str]:
    found: dict[str, str] = {}
    with suppress(OSError, ValueError, KeyError, TypeError):
        for line in (place / "served.jsonl").read_text("utf-8").splitlines():
            one = json.loads(line)
            found[str(one["url"])] = str(one["scenario"])
    return found


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    with suppress(OSError, ValueError):
        socket.create_connection((parts.hostname or "", parts.port or 443), _CONNECT_S).close()
        return True
    return False
