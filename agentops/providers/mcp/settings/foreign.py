"""Reads the servers that another MCP client has configured, and says each in our own form.

Comes in: the text of a file of Claude Code, Claude Desktop, VS Code or Cursor, and which kind of file it is. Goes out:
entries that ``entry.server_of`` reads, with what was changed on the way; or why one is left out. Secrets that stand in
the file are not taken over: a reference takes their place, and a note says what to set. Nothing is started.

Sources: https://code.claude.com/docs/en/mcp, https://modelcontextprotocol.io/docs/develop/connect-local-servers,
https://code.visualstudio.com/docs/copilot/reference/mcp-configuration, https://cursor.com/docs/context/mcp.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from agentops.core.errors import ConfigError
from agentops.core.foreign_documents import read_json
from agentops.core.text import one_line
from agentops.providers.mcp.objects.server import NAME
from agentops.providers.mcp.settings.references import references_in

IsSecret = Callable[[str, str], bool]
"""Whether a value, under this name, is or holds a secret."""
_MOST_SERVERS = 200
_KNOWN = ("type", "command", "args", "env", "cwd", "url", "headers", "disabled", "timeout", "agentops")
_UNSAFE = re.compile(r"[^a-z0-9]+")
_NOT_IN_NAMES = re.compile(r"[^A-Z0-9]+")
# ${VAR}, ${VAR:-default}, ${env:VAR}, ${input:id}, ${workspaceFolder}
_VARIABLE = re.compile(r"\$\{([A-Za-z]+:)?([A-Za-z_][A-Za-z0-9_.-]{0,127})(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignServer:
    """One server of a foreign file.

    Arguments:
        given: what it is called there; ``name``: what it is called here.
        entry: in our form; empty where it is left out.
        notes: what was not taken over as it stands.
        left_out: why it cannot be used here; empty where it can.
    """

    given: str
    name: str
    entry: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    left_out: str = ""


def foreign_servers(text: str, folder: Path, home: Path, is_secret: IsSecret) -> tuple[ForeignServer, ...]:
    """Return the servers of a file, in the order of their names.

    Arguments:
        text: of the file; comments and commas at the end of a list are read as VS Code does.
        folder: the project's; what ``${workspaceFolder}`` and relative paths mean.
        home: the user's own folder.

    Raises:
        ConfigError: it is no such file.
    """
    document = _read(text)
    entries = list(_entries(document, folder))
    if len(entries) > _MOST_SERVERS:
        raise ConfigError(f"the file names more than {_MOST_SERVERS} servers")
    found = [_Translation(given, entry, folder, home, is_secret).server() for given, entry in entries]
    return tuple(sorted(_once(found), key=lambda one: one.given))


def local_name(given: str) -> str:
    """Return what a server is called here: letters, digits and dashes; empty where nothing is left of its name."""
    return _UNSAFE.sub("-", given.lower())[:32].strip("-")


def _read(text: str) -> Mapping[str, Any]:
    try:
        document = read_json(without_comments(text), unique_names=True, odd_numbers_as_text=True)
    except json.JSONDecodeError as error:
        raise ConfigError(f"line {error.lineno} is no JSON: {one_line(error.msg)}") from error
    except ValueError as error:
        raise ConfigError(one_line(str(error))) from error
    if not isinstance(document, dict):
        raise ConfigError("it is no JSON object")
    return document


def _entries(document: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield the servers by name: of the user's own, and of Claude Code those of this project."""
    nested = document.get("mcp")
    projects = document.get("projects")
    own = projects.get(str(folder)) if isinstance(projects, dict) else None
    places = [document, nested if isinstance(nested, dict) else {}, own if isinstance(own, dict) else {}]
    tables = [place[key] for place in places for key in ("mcpServers", "servers") if key in place]
    if not tables:
        raise ConfigError('it has neither "mcpServers" nor "servers"')
    for table in tables:
        if not isinstance(table, dict):
            raise ConfigError("its servers are no object by name")
        yield from table.items()


def _once(found: list[ForeignServer]) -> Iterator[ForeignServer]:
    taken: dict[str, str] = {}
    for one in found:
        if one.name in taken:
            said = f"{one_line(taken[one.name], 40)} is called {one.name} here, too"
            yield ForeignServer(given=one.given, name=one.name, left_out=said)
            continue
        taken[one.name] = one.given
        yield one


class _LeftOut(Exception):
    """Why a server cannot be used here."""


class _Translation:
    """One entry on its way into our form."""

    def __init__(self, given: str, entry: Any, folder: Path, home: Path, is_secret: IsSecret) -> None:
        self._given, self._entry, self._folder, self._home = given, entry, folder, home
        self._is_secret = is_secret
        self._name = local_name(given)
        self._notes: list[str] = []

    def server(self) -> ForeignServer:
        try:
            entry = self._translated()
        except _LeftOut as error:
            return ForeignServer(given=self._given, name=self._name, left_out=str(error))
        return ForeignServer(given=self._given, name=self._name, entry=entry, notes=tuple(self._notes))

    def _translated(self) -> dict[str, Any]:
        if not NAME.fullmatch(self._name):
            raise _LeftOut("its name has no letter or digit that a name here may have")
        if not isinstance(self._entry, dict):
            raise _LeftOut("it is no object")
        entry = {key: value for key, value in self._entry.items() if value is not None}
        kind = entry.get("type", "http" if "url" in entry and "command" not in entry else "stdio")
        if kind == "sse":
            raise _LeftOut("it is spoken to over server-sent events, the old transport")
        found = self._remote(entry) if "url" in entry else self._local(entry)
        unknown = sorted(one_line(str(key), 40) for key in set(entry) - set(_KNOWN))
        self._notes += [f"not taken over: {', '.join(unknown)}"] if unknown else []
        ours: dict[str, Any] = {"enabled": False} if entry.get("disabled") is True else {}
        timeout = entry.get("timeout")
        if isinstance(timeout, int) and not isinstance(timeout, bool):
            # In milliseconds, as Claude Code has it.
            ours["limits"] = {"call_s": min(max(timeout / 1000, 0.1), 3600)}
        return found | ({"agentops": ours} if ours else {})

    def _local(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        words = [entry.get("command"), *self._list(entry, "args")]
        if not all(isinstance(word, str) for word in words) or not words[0]:
            raise _LeftOut("it has no command, or an argument that is no text")
        if PurePosixPath(str(words[0])).name == "agentops":
            raise _LeftOut("it is agentops itself")
        command = self._filled(str(words[0]), "command")
        if references_in(command):
            raise _LeftOut("which program it starts depends on a variable")
        if command.startswith(("./", "../", "~/")):
            base = self._home if command.startswith("~/") else self._folder
            command = str((base / command.removeprefix("~/")).resolve())
        found: dict[str, Any] = {"command": command, "args": self._args([str(word) for word in words[1:]])}
        env = {str(name): self._value(str(name), value) for name, value in self._object(entry, "env").items()}
        found |= {"env": env} if env else {}
        if isinstance(entry.get("cwd"), str):
            found["cwd"] = str(self._folder / self._filled(entry["cwd"], "cwd"))
        return found

    def _args(self, words: list[str]) -> list[str]:
        found = []
        for index, word in enumerate(words):
            filled = self._filled(word, f"argument {index + 1}")
            flag = words[index - 1].lstrip("-") if index and words[index - 1].startswith("-") else ""
            name, _, said = word.partition("=")
            flag, value = (name.lstrip("-"), said) if word.startswith("-") and said else (flag, filled)
            if self._is_secret(flag, value):
                variable = self._variable(flag or f"ARG_{index + 1}")
                moved = self._moved(f"argument {index + 1}", variable)
                filled = f"{name}={moved}" if word.startswith("-") and said else moved
            found.append(filled)
        return found

    def _remote(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(entry["url"], str):
            raise _LeftOut("its address is no text")
        url = self._filled(entry["url"], "url")
        if self._is_secret("", url):
            raise _LeftOut("its address holds a secret; add it by hand, with the secret in a header")
        found: dict[str, Any] = {"type": "http", "url": url}
        headers = {}
        for name, value in self._object(entry, "headers").items():
            headers[str(name)] = self._value(str(name), value, f"{self._name}_{name}")
        return found | ({"headers": headers} if headers else {})

    def _value(self, name: str, value: Any, variable: str = "") -> str:
        if isinstance(value, bool | int | float):
            value = json.dumps(value)
        if not isinstance(value, str):
            raise _LeftOut(f"{one_line(name, 40)} is no text")
        filled = self._filled(value, name)
        if not self._is_secret(name, filled):
            return filled
        return self._moved(one_line(name, 60), _upper(variable) if variable else _upper(name))

    def _moved(self, what: str, variable: str) -> str:
        self._notes.append(f"{what} holds a secret, which is not copied: set {variable}")
        return f"${{env:{variable}}}"

    def _variable(self, flag: str) -> str:
        return _upper(f"{self._name}_{flag}")

    def _filled(self, text: str, where: str) -> str:
        """Return a text with the other client's references as ours."""

        def one(found: re.Match[str]) -> str:
            kind, name, default = (found[1] or "").rstrip(":"), found[2], found[3]
            if kind == "env" or not kind:
                return self._known(kind, name) or self._environment(name, default, where)
            if kind == "keyring":
                return found.group()
            if kind == "input":
                variable = _upper(name)
                self._notes.append(f"{where} was asked for at each start: set {variable}")
                return f"${{env:{variable}}}"
            raise _LeftOut(f"{where} refers to {one_line(found.group(), 60)}, which means nothing here")

        filled = _VARIABLE.sub(one, text)
        left = re.sub(r"\$\{(?:env|keyring):[^}]*\}", "", filled)
        if "${" in left:
            raise _LeftOut(f"{where} refers to something that means nothing here")
        return filled

    def _known(self, kind: str, name: str) -> str:
        folders = {"workspaceFolder": self._folder, "userHome": self._home}
        if kind or name not in (*folders, "workspaceFolderBasename", "pathSeparator"):
            return ""
        return str(folders[name]) if name in folders else "/" if name == "pathSeparator" else self._folder.name

    def _environment(self, name: str, default: str | None, where: str) -> str:
        if default is None or self._is_secret(name, default):
            return f"${{env:{name}}}"
        self._notes.append(f"{where} has the default of {one_line(name, 60)}: the variable is not looked at")
        return default

    def _object(self, entry: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        found = entry.get(key, {})
        if not isinstance(found, dict):
            raise _LeftOut(f"{key} is no object")
        return found

    def _list(self, entry: Mapping[str, Any], key: str) -> list[Any]:
        found = entry.get(key, [])
        if not isinstance(found, list):
            raise _LeftOut(f"{key} is no list")
        return found


def _upper(name: str) -> str:
    found = _NOT_IN_NAMES.sub("_", name.upper()).strip("_")
    return found if found[:1].isalpha() else f"MCP_{found}"


# Possessive, and what is not closed reaches to the end: no text takes longer than its length.
_STRING = r'"(?:[^"\\]++|\\.)*+"?+'
_COMMENTS = re.compile(rf"{_STRING}|//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?+", re.DOTALL)
_LAST_COMMA = re.compile(rf"{_STRING}|,(?=\s*+[}}\]])", re.DOTALL)


def without_comments(text: str) -> str:
    """Return JSON with comments and last commas as JSON without; strings are as they were, and so are the lines."""

    def plain(found: re.Match[str]) -> str:
        said = found.group()
        return said if said[0] == '"' else "\n" * said.count("\n")

    return _LAST_COMMA.sub(plain, _COMMENTS.sub(plain, text))
