"""``agentops tools list``: what the model may call, and what each tool needs."""

from __future__ import annotations

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Bullets, Heading, Item, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.tool import Effect, ToolSpec

EPILOG = """\b
Examples:
  agentops tools list
  agentops tools list --output json
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(name="tools", help="The tools that the model may call.", no_args_is_help=True)
    group.command(
        "list", help="List the tools: what each reads or changes, and the permissions it needs.", epilog=EPILOG
    )(with_common(list_tools))

    @group.callback()
    def tools() -> None:
        """Keep the group a group while it has one command."""

    app.add_typer(group)


def list_tools(options: Common) -> Result:
    """List the declared tools; no cluster is asked."""
    from agentops.app.guarding import change_specs
    from agentops.app.run import tool_specs
    from agentops.core.jsonable import to_json

    reading, changing = tool_specs(), change_specs()
    closing = (
        "A model's call of a change tool only appends to a plan, and only in `agentops fix`; the guard alone applies, "
        "after policy, dry run, approval and record (docs/safety.md)."
    )
    report: tuple[Block, ...] = (
        Heading("Tools that read"),
        Bullets(tuple(map(_item, reading))),
        Heading("Tools that change, through the guard"),
        Bullets(tuple(map(_item, changing))),
        Paragraph(closing, Tone.QUIET),
    )
    return Result(command="tools list", document={"tools": to_json((*reading, *changing))}, report=report)


def _item(spec: ToolSpec) -> Item:
    undo = f", undo {spec.reversal.value}" if spec.effect is Effect.CHANGE else ""
    needs = ", ".join(spec.permissions) or "nothing"
    return Item(
        spec.description, label=spec.name, note=f"{spec.effect.value}, risk {spec.risk.value}{undo}; needs {needs}"
    )
