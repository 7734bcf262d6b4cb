"""``agentops tools list``: what the model may call, and what each tool needs."""

from __future__ import annotations

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Bullets, Item, Paragraph, Tone
from agentops.cli.result import Result

EPILOG = """\b
Examples:
  agentops tools list
  agentops tools list --output json
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(name="tools", help="The tools that the model may call.", no_args_is_help=True)
    group.command("list", help="List the tools: what each reads and the permissions it needs.", epilog=EPILOG)(
        with_common(list_tools)
    )

    @group.callback()
    def tools() -> None:
        """Keep the group a group while it has one command."""

    app.add_typer(group)


def list_tools(options: Common) -> Result:
    """List the declared tools; no cluster is asked."""
    from agentops.core.jsonable import to_json
    from agentops.wiring import tool_specs

    specs = tool_specs()
    items = tuple(
        Item(
            spec.description,
            label=spec.name,
            note=f"{spec.effect.value}, risk {spec.risk.value}; needs {', '.join(spec.permissions) or 'nothing'}",
        )
        for spec in specs
    )
    closing = "All of these only read. Change tools do not exist in this version."
    report: tuple[Block, ...] = (Bullets(items), Paragraph(closing, Tone.QUIET))
    return Result(command="tools list", document={"tools": to_json(specs)}, report=report)
