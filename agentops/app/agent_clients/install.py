"""The use case ``mcp install``: agentops as an MCP server in the list of an agent client.

Comes in: a client, where its file is, how agentops is to be started. Goes out: what would be written, and, once a
person has seen it, the file: in one step, with its mode, the earlier one kept beside it. Other servers in it stay as
they are, and none of their values is shown: they may hold credentials.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agentops.app.agent_clients.clients import AgentClient
from agentops.app.agent_clients.entries import is_laid_out_anew, servers_of, with_entry
from agentops.core.durable_files import PRIVATE, create_file, make_folder, replace_file
from agentops.core.errors import UsageError
from agentops.core.foreign_files import read_foreign
from agentops.store.files import explained

SERVER = "agentops"
_MOST_BYTES = 32 * 1024 * 1024
_CARRIED = (
    "AGENTOPS_HOME",
    "AGENTOPS_READ_ONLY",
    "KUBECONFIG",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CONFIG_FILE",
)
"""What leads agentops somewhere, and a client that is started from a desktop does not hand on. None is a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What would be written into a client's file.

    Arguments:
        file: the file itself, where the client's name for it is a link.
        server: the name of the entry.
        before: the entry of this name that is there; None for none.
        entry: the entry as it is to be.
        others: the names of the other servers in the file.
        old_text: the file's text; None where there is no file.
        text: the text as it is to be.
        anew: the lines of the file are laid out anew; what it says stays.
    """

    client: AgentClient
    file: Path
    server: str
    before: Mapping[str, Any] | None
    entry: Mapping[str, Any]
    others: tuple[str, ...]
    old_text: str | None
    text: str
    anew: bool

    @property
    def is_done(self) -> bool:
        """Whether the file says all of it already."""
        return self.before == self.entry


def agentops_command(executable: str = sys.executable) -> tuple[str, tuple[str, ...]]:
    """Return the absolute path that starts this agentops, and the words that go before its own.

    A client has a PATH of its own, so a bare name might start another agentops, or none.
    """
    beside = Path(executable).with_name("agentops")
    return (str(beside), ()) if beside.is_file() else (executable, ("-m", "agentops"))


def new_entry(
    client: AgentClient, words: tuple[str, ...], environ: Mapping[str, str], executable: str = sys.executable
) -> dict[str, Any]:
    """Return the entry of agentops for a client.

    Arguments:
        words: what follows ``agentops``: ``mcp serve``, with the place that it is to serve.
        environ: what is carried over from it leads somewhere, and is no secret.
    """
    command, before = agentops_command(executable)
    carried = {name: environ[name] for name in _CARRIED if environ.get(name)}
    return client.entry(command, (*before, *words), carried)


def installation(client: AgentClient, file: Path, entry: Mapping[str, Any], *, in_project: bool) -> Installation:
    """Return what would be written; nothing is.

    Arguments:
        file: the client's file.
        in_project: the file lies in a project, which somebody else may have made: a link there is not followed.

    Raises:
        UsageError: the file cannot be read, or is written in a way that agentops does not edit.
    """
    if not in_project:
        file = file.resolve()
    old_text = _text_of(file, follow=not in_project)
    servers = servers_of(client, old_text or "", str(file))
    before = servers.get(SERVER)
    before = before if isinstance(before, dict) else None
    merged = _merged(before or {}, entry)
    return Installation(
        client=client,
        file=file,
        server=SERVER,
        before=before,
        entry=merged,
        others=tuple(name for name in servers if name != SERVER),
        old_text=old_text,
        text=with_entry(client, old_text or "", SERVER, merged, str(file)),
        anew=is_laid_out_anew(client, old_text or ""),
    )


def write(wanted: Installation, now: datetime) -> Path | None:
    """Write the file, and return where the earlier one is kept; None where there was none.

    Raises:
        UsageError: the file is not what it was when it was shown, or another user's.
        StoreError: it cannot be written; what was there is unchanged.
    """
    file = wanted.file
    if _text_of(file, follow=False) != wanted.old_text:
        hint = f"Close {wanted.client.title}, then run it again."
        raise UsageError(f"{file} was changed while it was shown: nothing was written", hint=hint, code="client-file")
    with explained(file, "write"):
        if wanted.old_text is not None and file.stat().st_uid != os.geteuid():
            # A file that is replaced would be this user's, and its owner's client could not read it any more.
            hint = "Run it as the user whose client it is."
            raise UsageError(f"{file} belongs to another user: it is left as it is", hint=hint, code="client-file")
        if wanted.old_text is None:
            make_folder(file.parent)
            create_file(file, wanted.text.encode())
            return None
        mode = file.stat().st_mode & 0o777
        kept = file.with_name(f"{file.name}.before-agentops-{now:%Y%m%dT%H%M%S%f}")
        create_file(kept, wanted.old_text.encode(), mode=mode & PRIVATE)
        replace_file(file, wanted.text.encode(), mode=mode)
        return kept


def _merged(before: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry with what a person added to the earlier one: a time-out, a variable, tools always allowed."""
    merged = {**before, **entry}
    variables = before.get("env")
    if isinstance(variables, Mapping) and variables:
        merged["env"] = {**variables, **entry.get("env", {})}
    return merged


def _text_of(file: Path, *, follow: bool) -> str | None:
    try:
        file.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{file} cannot be looked at: {(error.strerror or '').lower()}") from error
    data = read_foreign(file, "a list of MCP servers", _MOST_BYTES, follow=follow)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text", hint="Print the entry with --print instead.") from error
