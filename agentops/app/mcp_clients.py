"""Which programs may ask through the MCP door, for what, how often, and by which token; one file of the user's own.

Comes in: the file ``mcp-clients.toml`` of the folder that decides, and what a program says or shows. Goes out: a
``Client`` with its scope, or a refusal. The file is TOML::

    [clients."claude-code"]
    tools = ["kubernetes_*", "triage", "investigate"]   # by default all that the server offers
    namespaces = ["shop"]                               # by default what the settings allow
    per_minute = 60
    token_sha256 = "..."                                # written by: agentops mcp token claude-code

Without the file every program on standard input is served with what the server offers, and none over HTTP. With it, a
program that is not in it (nor ``"*"``) gets nothing. Over standard input a program's name is its own word: a scope by
name holds against a program that is honest about its name, or where ``--client`` says it. A token proves it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentops.app.audit_run import record
from agentops.core.errors import ConfigError, PolicyRefused, UsageError
from agentops.core.foreign_documents import read_toml
from agentops.core.own_files import read_own
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.config import Settings

FILE = "mcp-clients.toml"
STDIO, HTTP = "mcp-stdio", "mcp-http"
PER_MINUTE = 240
"""How many requests a program may make in a minute, where the file says nothing else."""
_MOST_BYTES = 256 * 1024
_MOST_PER_MINUTE = 100_000
_KEYS = ("tools", "namespaces", "per_minute", "token_sha256")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,59}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ANYBODY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientScope:
    """What one program may do. ``namespaces`` empty: what the settings allow."""

    tools: tuple[str, ...] = ("*",)
    namespaces: tuple[str, ...] = ()
    per_minute: int = PER_MINUTE

    def has(self, tool: str) -> bool:
        """Return whether it may call this tool."""
        return any(fnmatchcase(tool, pattern) for pattern in self.tools)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A program that asks, on behalf of whoever runs this process.

    Arguments:
        name: what policy, plans and records call it.
        door: ``mcp-stdio`` or ``mcp-http``.
        established_by: ``claim`` (its own word), ``option`` (whoever wrote the command line) or ``token``.
        claims: what it says of itself: name and version.
    """

    name: str
    door: str
    established_by: str
    scope: ClientScope = ClientScope()
    claims: Mapping[str, str] = field(default_factory=dict)

    @property
    def agent(self) -> str:
        """Its name among the agents of policy, which no terminal's can be: ``mcp:claude-code``."""
        return f"mcp:{self.name}"

    @property
    def facts(self) -> dict[str, Any]:
        """Return what policy is told of the door."""
        return {"door": self.door, "clientProven": self.established_by == "token"}

    def on_record(self) -> dict[str, Any]:
        """Return what the audit log keeps of it."""
        said = {"name": self.name, "door": self.door, "established_by": self.established_by}
        return {**said, "claims": dict(self.claims)}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClients:
    """The programs that are known here; ``None`` where there is no file."""

    file: Path
    scopes: Mapping[str, ClientScope] | None
    tokens: Mapping[str, str] = field(default_factory=dict)

    def scope_of(self, name: str) -> ClientScope:
        """Return what a program of this name may do.

        Raises:
            PolicyRefused: it is not in the file.
        """
        if self.scopes is None:
            return ClientScope()
        found = self.scopes.get(name) or self.scopes.get(_ANYBODY)
        if found is None:
            raise PolicyRefused(
                f"the client {name!r} may do nothing here: it is not in {self.file}",
                hint=f'A person adds [clients."{name}"] there.',
                code="unknown-client",
            )
        return found

    def subject(self, token: str) -> str:
        """Return whose token it is; empty when nobody's. It takes as long for a wrong one as for a right one."""
        given = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        found = [name for name, digest in self.tokens.items() if hmac.compare_digest(given, digest)]
        return found[0] if len(found) == 1 else ""


def clients_of(settings: Settings) -> KnownClients:
    """Return the programs that the user's own file knows.

    Raises:
        ConfigError: it cannot be believed or read, or says something that there is not.
    """
    path = settings.folders.deciding / FILE
    data = read_own(path, _MOST_BYTES, private=False)
    if data is None:
        return KnownClients(file=path, scopes=None)
    try:
        found = read_toml(data.decode("utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path} is no valid TOML: {one_line(str(error), 160)}", hint="Correct it.") from error
    tables = found.get("clients", {})
    if set(found) - {"clients"} or not isinstance(tables, dict):
        raise ConfigError(f"{path} has something else than [clients.NAME] tables", hint="See docs/mcp-serve.md.")
    scopes, tokens = {}, {}
    for name, table in tables.items():
        scopes[name] = _scope(path, name, table)
        if digest := table.get("token_sha256", ""):
            if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
                raise _wrong(path, name, "token_sha256 is not 64 hex digits")
            tokens[name] = digest
    if len(set(tokens.values())) != len(tokens):
        raise ConfigError(f"{path} gives one token to two clients", hint="Make another: agentops mcp token NAME")
    return KnownClients(file=path, scopes=scopes, tokens=tokens)


def _scope(path: Path, name: str, table: Any) -> ClientScope:
    if not isinstance(table, dict) or (name != _ANYBODY and not _NAME.fullmatch(name)):
        raise _wrong(path, name, "is not the table of a client: a name has letters, digits and . _ @ -")
    if unknown := sorted(set(table) - set(_KEYS)):
        raise _wrong(path, name, f"unknown key {one_line(unknown[0], 40)}; the keys are {', '.join(_KEYS)}")
    per_minute = table.get("per_minute", PER_MINUTE)
    if not isinstance(per_minute, int) or isinstance(per_minute, bool) or not 1 <= per_minute <= _MOST_PER_MINUTE:
        raise _wrong(path, name, f"per_minute is not a number from 1 to {_MOST_PER_MINUTE}")
    return ClientScope(
        tools=_texts(path, name, table, "tools", ("*",)),
        namespaces=_texts(path, name, table, "namespaces", ()),
        per_minute=per_minute,
    )


def _texts(path: Path, name: str, table: Mapping[str, Any], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    found = table.get(key, list(default))
    if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
        raise _wrong(path, name, f"{key} is not a list of texts")
    if key == "namespaces" and key in table and not found:
        raise _wrong(path, name, "namespaces is empty, and would allow what the settings allow; leave it out")
    return tuple(found)


def _wrong(path: Path, name: str, why: str) -> ConfigError:
    return ConfigError(f"{path}: client {one_line(name, 60)!r}: {why}", hint="See docs/mcp-serve.md.")


def plain_name(text: str) -> str:
    """Return a program's name as it is used here: what is no letter, digit or ``._@-`` becomes a dash."""
    found = re.sub(r"[^A-Za-z0-9._@-]+", "-", text)[:60].strip("-._@")
    return found or "unnamed"


def new_token(settings: Settings, name: str) -> str:
    """Make a token for a client, keep its digest, and return the token: it is shown once and stands nowhere.

    Raises:
        UsageError: the name is none, or the client has a token already.
        ConfigError: the file cannot be believed, read or written.
        AuditError: it could not be recorded; no token was made.
    """
    from agentops.providers.mcp.settings.kept_files import alone, replace

    settings.folders.require_deciding(f"a client that is added to {FILE}")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{one_line(name, 60)!r} is no client's name", hint="Letters, digits and . _ @ -")
    with alone(settings.folders.deciding):
        known = clients_of(settings)
        if name in known.tokens:
            raise UsageError(f"the client {name!r} has a token already", hint=f"Take it out of {known.file} first.")
        token = f"agentops_{secrets.token_urlsafe(32)}"
        line = f'token_sha256 = "{hashlib.sha256(token.encode()).hexdigest()}"\n'
        header = f'[clients."{name}"]\n'
        record(settings, "mcp_token_made", {"client": name})
        before = (read_own(known.file, _MOST_BYTES, private=False) or b"").decode("utf-8")
        if known.scopes is None or name not in known.scopes:
            after = f"{before.rstrip()}\n\n{header}{line}" if before.strip() else header + line
        else:
            after = _beneath(before, name, line, known.file)
        replace(known.file, after.encode())
    return token


def _beneath(text: str, name: str, line: str, path: Path) -> str:
    """Return the file with a line under the header of a client's table, however its name is quoted."""
    header = re.compile(rf"^\[clients\.(?:\"{re.escape(name)}\"|'{re.escape(name)}'|{re.escape(name)})\][^\n]*\n", re.M)
    text = text if text.endswith("\n") else text + "\n"
    found = header.search(text)
    if found is None:
        raise ConfigError(
            f"{path} has the client {name!r} in a form that is not written to", hint=f"Add this line yourself: {line}"
        )
    return text[: found.end()] + line + text[found.end() :]
