"""``agentops schema``: the JSON Schemas of everything that agentops writes for programs to read."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Code, Table
from agentops.cli.result import Result
from agentops.core.errors import UsageError
from agentops.core.text import one_line

EPILOG = """\b
Examples:
  agentops schema
  agentops schema plan > plan.schema.json
  agentops investigate --sandbox -o json | check-jsonschema --schemafile <(agentops schema envelope) -

The name of a schema holds its version. Within a version, fields are only added.
"""
NAMES = ("envelope", "finding", "request", "plan", "approval", "audit-record", "policy-test", "mcp-servers")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("schema", help="Print the JSON Schema of an output or file.", epilog=EPILOG)(with_common(schema))


def schema(
    options: Common,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help=f"One of: {', '.join(NAMES)}.", show_default=False)
    ] = None,
) -> Result:
    """List the schemas, or print one."""
    if name is None:
        rows = tuple((known, load_schema(known)["$id"], load_schema(known)["title"]) for known in NAMES)
        entries = [dict(zip(("name", "id", "title"), row, strict=True)) for row in rows]
        return Result(
            command="schema", document={"schemas": entries}, report=(Table(("name", "id", "what it describes"), rows),)
        )
    if name not in NAMES:
        raise UsageError(f"there is no schema {one_line(name, 40)!r}", hint=f"There are: {', '.join(NAMES)}")
    found = load_schema(name)
    text = json.dumps(found, indent=2)
    return Result(command="schema", document={"name": name, "json_schema": found}, report=(Code(text, "json"),))


@cache
def load_schema(name: str) -> dict[str, Any]:
    """Return the schema called ``name``, one of ``NAMES``."""
    found: dict[str, Any] = json.loads((files("agentops.cli") / "schemas" / f"{name}.json").read_text("utf-8"))
    return found
