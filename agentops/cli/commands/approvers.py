"""``agentops approvers``: whose approvals count here, and this user's own key. Each change is recorded first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Code, Heading, Pairs, Paragraph, Table, Tone
from agentops.cli.result import Result
from agentops.core.commands import command_line

if TYPE_CHECKING:
    from agentops.core.publickey import PublicKey

EPILOG = """\b
Examples:
  agentops approvers me                  your public key; made on first use
  agentops approvers add 'ana+1a2b3c4d+AbCd...'
  agentops approvers list
  agentops approvers list -v             with the keys in full
  agentops approvers remove ana
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        name="approvers", help="List, add and remove the people who may approve changes.", no_args_is_help=True
    )
    group.command("list", help="List the trusted approvers.", epilog=EPILOG)(with_common(list_approvers))
    group.command("add", help="Trust an approver's public key.", epilog=EPILOG)(with_common(add))
    group.command("remove", help="Stop trusting an approver.", epilog=EPILOG)(with_common(remove))
    group.command("me", help="Show your own public key; made on first use.", epilog=EPILOG)(with_common(me))
    app.add_typer(group)


def list_approvers(options: Common) -> Result:
    """List the trusted keys."""
    from agentops.app.approvers import list_approvers as trusted

    found = trusted(options.settings())
    cut = () if options.verbose else ("name", "key")
    table = Table(("name", "id", "key"), tuple((key.name, key.id.hex(), str(key)) for key in found.keys), cut)
    empty = Paragraph("No approvers: no signed approval is valid here. Add one: agentops approvers add KEY", Tone.WARN)
    return Result(
        command="approvers list",
        document={"approvers": [_entry(key) for key in found.keys], "file": str(found.file)},
        report=(table if found.keys else empty, Paragraph(str(found.file), Tone.QUIET)),
    )


def _entry(key: PublicKey) -> dict[str, str]:
    return {"name": key.name, "id": key.id.hex(), "key": str(key)}


def add(
    options: Common,
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY", help="Public key (NAME+ID+KEY), as 'agentops approvers me' prints it.", show_default=False
        ),
    ],
) -> Result:
    """Trust a key."""
    from agentops.app.approvers import add_approver

    found = add_approver(options.settings(), key)
    return Result(
        command="approvers add",
        document={"approver": _entry(found)},
        report=(Heading(f"{found.name} may approve changes here", Tone.GOOD), Pairs((("key", found.id.hex()),))),
    )


def remove(
    options: Common,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the approver.", show_default=False)],
) -> Result:
    """Trust a key no longer."""
    from agentops.app.approvers import remove_approver

    found = remove_approver(options.settings(), name)
    heading = Heading(f"{name} may no longer approve changes here", Tone.GOOD)
    return Result(command="approvers remove", document={"approver": _entry(found)}, report=(heading,))


def me(
    options: Common,
    passphrase: Annotated[bool, typer.Option("--passphrase", help="Protect a new key with a passphrase.")] = False,
) -> Result:
    """Show the user's own public key."""
    from agentops.app.approvers import show_own_key
    from agentops.cli.guarding import key_dialogue

    own = show_own_key(options.settings(), key_dialogue(options), guarded=passphrase)
    blocks: list[Block] = [Code(str(own.public))]
    if not own.is_trusted:
        blocks += untrusted_blocks(own.public)
    document = {"approver": _entry(own.public) | {"trusted": own.is_trusted}}
    return Result(command="approvers me", document=document, report=tuple(blocks))


def untrusted_blocks(key: PublicKey) -> list[Block]:
    """Say that approvals by this key count for nothing here, and what makes them count."""
    words = "This machine does not trust your key. Run this once on the machine that runs the plan:"
    return [Paragraph(words, Tone.QUIET), Code(command_line("approvers", "add", key))]
