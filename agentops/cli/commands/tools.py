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
    group = typer.Typer(name="tools", help="List the tools that the model may call.", no_args_is_help=True)
    group.command("list", help="List what each tool reads or changes, and what it needs.", epilog=EPILOG)(
        with_common(list_tools)
    )

    @group.callback()
    def tools() -> None:
        """Keep ``tools`` a group while it has one command."""

    app.add_typer(group)


def list_tools(options: Common) -> Result:
    """List the declared tools; no cluster is asked."""
    from agentops.app.mcp_providers import providers_of
    from agentops.app.providers import change_specs, read_specs, without_disabled
    from agentops.core.jsonable import to_json

    settings = options.settings()
    disabled, providers = settings.disabled_tools, providers_of(settings)
    reading = without_disabled(read_specs(providers), disabled, providers)
    changing = without_disabled(change_specs(providers), disabled, providers)
    closing = (
        "When a model calls a change tool, the call is only added to a plan (`agentops fix`). Only the guard applies "
        "it, after policy, dry run, approval and audit record (docs/safety.md)."
    )
    report: tuple[Block, ...] = (
        Heading("Read tools"),
        Bullets(tuple(map(_item, reading))),
        Heading("Change tools (applied by the guard only)"),
        Bullets(tuple(map(_item, changing))),
        *((Paragraph(f"Switched off by disabled_tools: {', '.join(disabled)}"),) if disabled else ()),
        Paragraph(closing, Tone.QUIET),
    )
    return Result(command="tools list", document={"tools": to_json((*reading, *changing))}, report=report)


def _item(spec: ToolSpec) -> Item:
    undo = f", undo {spec.reversal.value}" if spec.effect is Effect.CHANGE else ""
    needs = ", ".join(spec.permissions) or "nothing"
    return Item(
        spec.description, label=spec.name, note=f"{spec.effect.value}, risk {spec.risk.value}{undo}; needs {needs}"
    )
