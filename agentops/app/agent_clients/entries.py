"""The text of an agent client's file with one server's entry put in: everything else in it stays as it was.

Comes in: the file's text and an entry. Goes out: the new text, or an error where the file is written in a way that
agentops does not edit. The result is read back and compared before it is returned: a mistake here must not cost a
person the settings of another program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from agentops.app.agent_clients.clients import AgentClient, FileForm
from agentops.core.errors import UsageError
from agentops.core.foreign_documents import read_json, read_toml
from agentops.core.text import one_line

_INDENT = re.compile(r"\{\r?\n([ \t]+)\"")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def servers_of(client: AgentClient, text: str, where: str) -> dict[str, Any]:
    """Return the servers that a client's file has, by name.

    Arguments:
        text: the file's; empty for a file that is not there.
        where: the file's name, for the message.

    Raises:
        UsageError: the file is no such document.
    """
    servers = _document(client, text, where).get(client.key, {})
    if not isinstance(servers, dict):
        raise _unusable(where, f"{client.key} in it is no table of servers")
    return servers


def with_entry(client: AgentClient, text: str, server: str, entry: Mapping[str, Any], where: str) -> str:
    """Return the text of the file with ``entry`` as the server of that name.

    Raises:
        UsageError: the file is no such document, or is written in a way that agentops does not edit.
    """
    wanted = _document(client, text, where)
    wanted[client.key] = servers_of(client, text, where) | {server: dict(entry)}
    written = _json_text(text, wanted) if client.form is FileForm.JSON else _toml_text(text, client.key, server, entry)
    try:
        read_back = _document(client, written, where)
    except UsageError:
        read_back = {}
    if read_back != wanted:
        raise _unusable(where, "it is written in a way that agentops does not edit")
    return written


def table_text(key: str, servers: Mapping[str, Mapping[str, Any]]) -> str:
    """Return servers as TOML tables, to be copied into a file."""
    return "\n".join(_toml_table(f"{key}.{_key(name)}", entry) for name, entry in servers.items())


def is_laid_out_anew(client: AgentClient, text: str) -> bool:
    """Return whether an edit changes the layout of the rest: JSON is written anew, in the indent that it had."""
    return client.form is FileForm.JSON and bool(text.strip()) and _json_text(text, read_json(text)) != text


def _document(client: AgentClient, text: str, where: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        found = read_json(text) if client.form is FileForm.JSON else read_toml(text)
    except ValueError as error:
        kind = "JSON without comments" if client.form is FileForm.JSON else "TOML"
        raise _unusable(where, f"it is not {kind}: {one_line(str(error), 120)}") from error
    if not isinstance(found, dict):
        raise _unusable(where, "it is no JSON object")
    return found


def _unusable(where: str, why: str) -> UsageError:
    hint = "Print the entry with --print, and put it in by hand."
    return UsageError(f"{where} is left as it is: {why}", hint=hint, code="client-file")


def _json_text(text: str, wanted: Mapping[str, Any]) -> str:
    """Return a document in the indent of the text that it replaces; two blanks where that has none."""
    found = _INDENT.search(text)
    written = json.dumps(wanted, ensure_ascii=False, indent=found[1] if found else 2, allow_nan=False)
    return written + ("\n" if not text.strip() or text.endswith("\n") else "")


def _toml_text(text: str, key: str, server: str, entry: Mapping[str, Any]) -> str:
    """Return a text whose tables of this server are replaced, or stand at its end where it had none."""
    written = f"{re.escape(server)}|{re.escape(json.dumps(server))}"
    header = re.compile(rf"\s*\[\s*{re.escape(key)}\s*\.\s*(?:{written})\s*[.\]]")
    kept: list[str] = []
    ours = False
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            ours = header.match(line) is not None
        if not ours:
            kept.append(line)
    before = "".join(kept)
    gap = "" if not before.strip() else "\n" if before.endswith("\n") else "\n\n"
    return before + gap + _toml_table(f"{key}.{_key(server)}", entry)


def _toml_table(name: str, entry: Mapping[str, Any]) -> str:
    """Return a table; what is a table in it follows as one of its own. Texts and lists are written as in JSON."""
    plain = {key: value for key, value in entry.items() if not isinstance(value, Mapping)}
    lines = [f"[{name}]", *(f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}" for key, value in plain.items())]
    tables = [_toml_table(f"{name}.{_key(key)}", value) for key, value in entry.items() if key not in plain]
    return "\n".join(["\n".join(lines) + "\n", *tables])


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name)
