"""``agentops approvers``: whose approvals count here, and this user's own key. Every change of it is recorded first."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Bullets, Code, Heading, Item, Pairs, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.errors import NotApproved, UsageError

if TYPE_CHECKING:
    from agentops.approvals.keys import ApproverKey
    from agentops.approvals.trust import Trust
    from agentops.config import Folders
    from agentops.core.publickey import PublicKey

EPILOG = """\b
Examples:
  agentops approvers me                  your public key; made on first use
  agentops approvers add 'ana+1a2b3c4d+AbCd...'
  agentops approvers list
  agentops approvers remove ana
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        name="approvers", help="List, add and remove the people whose approvals are valid here.", no_args_is_help=True
    )
    group.command("list", help="List the trusted approvers.", epilog=EPILOG)(with_common(list_approvers))
    group.command("add", help="Trust an approver's public key.", epilog=EPILOG)(with_common(add))
    group.command("remove", help="Stop trusting an approver.", epilog=EPILOG)(with_common(remove))
    group.command("me", help="Show your own public key; made on first use.", epilog=EPILOG)(with_common(me))
    app.add_typer(group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Who acts in this process, with which folders; records what they do before it has an effect."""

    actor: str
    folders: Folders
    no_input: bool = False

    def now(self) -> datetime:
        """Return the current time."""
        from agentops.core.clock import utc_now

        return utc_now()

    def record(self, event: str, payload: Mapping[str, Any]) -> None:
        """Append one record to the audit chain.

        Raises:
            AuditError: it could not be written; do not go on.
        """
        from agentops.app.actor import new_run
        from agentops.audit.log import open_log
        from agentops.core.clock import utc_now

        with open_log(self.folders.audit, run=new_run(utc_now), actor=self.actor, clock=utc_now) as log:
            log.append(event, payload)

    def trust(self) -> Trust:
        """Return this installation's trust file."""
        from agentops.approvals.trust import Trust

        return Trust(path=self.folders.approvers, clock=self.now)

    def trusts(self, key: ApproverKey) -> bool:
        """Return whether ``key`` is trusted here."""
        return key.public in self.trust().approvers().values()

    def key(self, *, guarded: bool = False) -> ApproverKey:
        """Return the user's own key; made, recorded and told on stderr when there is none.

        Arguments:
            guarded: ask for a passphrase for a new one.

        Raises:
            ConfigError: it cannot be read or made.
            NotApproved: it needs a passphrase and nobody can be asked.
        """
        from agentops.approvals.keys import key_path, load_key, new_key, save_key

        key = load_key(self.folders.keys, lambda: self._passphrase("Passphrase of your approver key:"))
        if key is not None:
            if guarded:
                path = key_path(self.folders.keys)
                raise UsageError(f"{path} exists already", hint="Move it to another place, then make a new key.")
            return key
        passphrase = self._new_passphrase() if guarded else ""
        key = new_key(self.actor.removeprefix("human:"), os.urandom)
        self.record("approver_key_made", {"name": key.name, "key": str(key.public), "passphrase": guarded})
        save_key(self.folders.keys, key, passphrase)
        sys.stderr.write(f"Made your approver key: {key_path(self.folders.keys)}\n")
        return key

    def _new_passphrase(self) -> str:
        first = self._passphrase("New passphrase for your approver key:")
        if not first or first != self._passphrase("Repeat the passphrase:"):
            raise UsageError("no key was made: the passphrase was empty, or not the same twice")
        return first

    def _passphrase(self, message: str) -> str | None:
        from agentops.cli.prompting import Prompts, cannot_ask

        why = cannot_ask(no_input=self.no_input)
        if why:
            raise NotApproved(f"your approver key needs its passphrase, and {why}", hint="Run it at a terminal.")
        return Prompts().secret(message)


def acting(options: Common) -> Acting:
    """Return who runs this command."""
    from agentops.app.actor import current_actor
    from agentops.config import load, process_environ

    folders = load(options.flags(), process_environ()).folders
    return Acting(actor=current_actor(), folders=folders, no_input=options.no_input)


def list_approvers(options: Common) -> Result:
    """List the trusted keys."""
    trust = acting(options).trust()
    keys = trust.approvers()
    items = tuple(Item(str(key), label=name) for name, key in keys.items())
    empty = Paragraph("No approvers: no signed approval is valid here. Add one: agentops approvers add KEY", Tone.WARN)
    return Result(
        command="approvers list",
        document={"approvers": [_entry(key) for key in keys.values()], "file": str(trust.path)},
        report=(Bullets(items) if items else empty, Paragraph(str(trust.path), Tone.QUIET)),
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
    from agentops.core.publickey import parse_public_key

    try:
        found = parse_public_key(key)
    except ValueError as error:
        hint = "Ask the approver for the output of: agentops approvers me"
        raise UsageError(f"KEY: {error}", hint=hint) from error
    me = acting(options)
    trust = me.trust()
    trust.check_new(found)
    me.record("approver_added", _entry(found))
    trust.add(found)
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
    me = acting(options)
    found = me.trust().approver(name)
    me.record("approver_removed", _entry(found))
    me.trust().remove(name)
    heading = Heading(f"{name} may no longer approve changes here", Tone.GOOD)
    return Result(command="approvers remove", document={"approver": _entry(found)}, report=(heading,))


def me(
    options: Common,
    passphrase: Annotated[bool, typer.Option("--passphrase", help="Protect a new key with a passphrase.")] = False,
) -> Result:
    """Show the user's own public key."""
    user = acting(options)
    key = user.key(guarded=passphrase)
    trusted = user.trusts(key)
    blocks: list[Block] = [Code(str(key.public))]
    if not trusted:
        blocks.append(
            Paragraph(
                "This machine does not trust your key. Run this once on the machine that runs the plan:", Tone.QUIET
            )
        )
        blocks.append(Code(f"agentops approvers add '{key.public}'"))
    return Result(
        command="approvers me", document={"approver": _entry(key.public) | {"trusted": trusted}}, report=tuple(blocks)
    )
