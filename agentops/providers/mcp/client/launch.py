"""``Launch``: what a stdio server's process is given, and nothing else: command, environment and folders.

Comes in: a configured server and what its references stand for. Goes out: a command line, an environment of which every
name is said here or in the settings, and folders of its own below ``AGENTOPS_HOME``.

Must never: hand on a variable of agentops' own environment beside PATH; that is where the credentials of the cloud,
the cluster and the model are.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from agentops.core.errors import ToolError
from agentops.core.text import one_line
from agentops.providers.mcp.objects.server import ServerConfig

Resolve: TypeAlias = Callable[[str], str]
"""Returns what a reference such as ``${env:NAME}`` stands for; raises ``AgentopsError`` where it stands for nothing."""

_REFERENCE = re.compile(r"\$\{(?:env|keyring):[^{}]*\}")
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
_SHORTEST_SECRET = 4
# Fewer characters of a secret than these say nothing.
_TELLING_CHARS = 6
_OF_RUN = re.compile(r"run-(\d+)-.*")
HIDDEN = "[hidden]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a server is given once references are resolved; ``secrets`` are what they stood for."""

    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def hide(self, text: str) -> str:
        """Return ``text`` without what the references stood for: a server may say again what it was told."""
        return without(text, self.secrets)


def without(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` without secrets, and without the beginning of one at its end, where it may have been cut."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
        sizes = range(len(secret) - 1, _TELLING_CHARS - 1, -1)
        half = next((size for size in sizes if text.endswith(secret[:size])), 0)
        text = text[:-half] + HIDDEN if half else text
    return text


def resolved(config: ServerConfig, resolve: Resolve) -> Given:
    """Return what a server is given.

    Raises:
        AgentopsError: a reference stands for nothing; as ``resolve`` says it.
    """
    secrets: set[str] = set()

    def filled(text: str) -> str:
        def one(found: re.Match[str]) -> str:
            value = resolve(found[0])
            if len(value) >= _SHORTEST_SECRET:
                secrets.update((value, quote(value, safe="")))
            return value

        return _REFERENCE.sub(one, text)

    given = Given(
        args=tuple(map(filled, config.args)),
        env={name: filled(value) for name, value in config.env.items()},
        url=filled(config.url),
        headers={name: filled(value) for name, value in config.headers.items()},
    )
    # The longest first: a secret may be a part of another one.
    return replace(given, secrets=tuple(sorted(secrets, key=len, reverse=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How one process is started. ``scratch`` is removed when it has ended; ``home`` stays."""

    command: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path
    home: Path
    scratch: Path


def prepared(config: ServerConfig, given: Given, home: Path) -> Launch:
    """Make a server's folders and return how it is started.

    Arguments:
        home: of agentops; a server's own is ``mcp/servers/NAME/home`` below it.

    Raises:
        ToolError: there is no such command or working directory, or a folder cannot be made.
    """
    place = home / "mcp" / "servers" / config.name
    own_home = place / "home"
    try:
        for folder in (home / "mcp", place.parent, place, own_home):
            folder.mkdir(parents=folder.parent == home, exist_ok=True, mode=0o700)
        _sweep(place)
        scratch = Path(tempfile.mkdtemp(prefix=f"run-{os.getpid()}-", dir=place))
        (scratch / "tmp").mkdir(mode=0o700)
        (scratch / "cwd").mkdir(mode=0o700)
    except OSError as error:
        raise ToolError(f"the folders of MCP server {config.name} cannot be made: {error}") from error
    env = {
        "PATH": os.environ.get("PATH", _DEFAULT_PATH),
        "HOME": str(own_home),
        "LANG": "C.UTF-8",
        "TMPDIR": str(scratch / "tmp"),
        **given.env,
    }
    try:
        cwd = _working_directory(config) or scratch / "cwd"
        return Launch(
            command=(_program(config, env["PATH"]), *given.args), env=env, cwd=cwd, home=own_home, scratch=scratch
        )
    except ToolError:
        discard(scratch)
        raise


def discard(scratch: Path) -> None:
    """Remove what one process was given for the time that it ran."""
    shutil.rmtree(scratch, ignore_errors=True)


def _program(config: ServerConfig, path: str) -> str:
    if "\0" in config.command or any("\0" in one for one in config.args):
        raise ToolError(f"the command of MCP server {config.name} holds a NUL character")
    found = shutil.which(config.command, path=path)
    # A relative path would be looked for below whatever folder agentops was started in.
    if found and Path(found).is_absolute():
        return found
    raise ToolError(
        f"MCP server {config.name} cannot be started: there is no program {one_line(config.command, 100)}",
        hint="Give the command by a name that is in PATH, or by an absolute path.",
        code="mcp-start",
    )


def _working_directory(config: ServerConfig) -> Path | None:
    if not config.cwd:
        return None
    cwd = Path(config.cwd)
    if not cwd.is_absolute() or not cwd.is_dir():
        raise ToolError(
            f"MCP server {config.name} cannot be started: {one_line(config.cwd, 200)} is no folder",
            hint="Give cwd as the absolute path of a folder, or leave it out for an empty one.",
            code="mcp-start",
        )
    return cwd


def _sweep(place: Path) -> None:
    """Remove what runs that were killed have left."""
    for left in place.iterdir():
        if (found := _OF_RUN.fullmatch(left.name)) and not _is_alive(int(found[1])):
            discard(left)


def _is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        try:
            os.kill(pid, 0)
        except PermissionError:
            return True
        return True
    return False
