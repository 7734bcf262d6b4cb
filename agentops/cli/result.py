"""``Result``: what every command returns. Commands print nothing; one renderer does, in the form that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentops.cli.report import Block
from agentops.core.errors import AgentopsError, ExitCode

SCHEMA = "agentops/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of one command.

    Arguments:
        command: the command's words: ``audit verify``.
        status: one word for scripts: ``done``, ``found``, ``error``, ``interrupted``, ``broken`` ...
        exit_code: the process's exit code.
        document: what the JSON envelope holds besides schema, command, status and exit code; plain JSON.
        report: the same for people, as blocks.
        printed: the whole of it in another program's form, where that was asked for; it is printed as it is.
    """

    command: str
    status: str = "done"
    exit_code: ExitCode = ExitCode.DONE
    document: Mapping[str, Any] = field(default_factory=dict)
    report: tuple[Block, ...] = ()
    printed: str = ""

    def envelope(self) -> dict[str, Any]:
        """Return the whole JSON document."""
        head = {"schema": SCHEMA, "command": self.command, "status": self.status, "exit_code": int(self.exit_code)}
        return head | {key: value for key, value in self.document.items() if value is not None}


def error_document(error: AgentopsError) -> dict[str, Any]:
    """Return one entry of the envelope's ``errors``; ``place`` where the mistake is in a file that a person wrote."""
    found: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    if error.place:
        found["place"] = {"file": error.place.file, "line": error.place.line, "column": error.place.column}
    return found
