"""The use cases of ``approvers``: whose approvals count here, and the user's own key. Each change is recorded first.

Comes in: settings, a public key or a name, and a way to ask for a passphrase. Goes out: keys. A private key never
leaves the user's own folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.actor import user_name
from agentops.app.audit_run import record
from agentops.core.clock import utc_now
from agentops.core.errors import UsageError
from agentops.core.publickey import PublicKey, parse_public_key

if TYPE_CHECKING:
    from agentops.approvals.keys import ApproverKey
    from agentops.approvals.trust import Trust
    from agentops.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvers:
    """The keys whose approvals count here, and the file that lists them."""

    keys: tuple[PublicKey, ...]
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDialogue:
    """How whoever owns the key is asked and told.

    Arguments:
        ask: returns the passphrase, or None when there is no answer; raises ``NotApproved`` when nobody can be asked.
        tell: told in one line that a key was made.
    """

    ask: Callable[[str], str | None]
    tell: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """The user's own key, and whether this installation trusts it."""

    public: PublicKey
    is_trusted: bool


def list_approvers(settings: Settings) -> Approvers:
    """Return the trusted keys.

    Raises:
        ConfigError: the file cannot be read.
    """
    trust = trust_of(settings)
    return Approvers(keys=tuple(trust.approvers().values()), file=trust.path)


def add_approver(settings: Settings, text: str) -> PublicKey:
    """Trust the public key that ``text`` is.

    Raises:
        UsageError: it is none, or is trusted already.
        AuditError: it could not be recorded; it is not trusted.
    """
    settings.folders.require_deciding("an approver who is added to approvers.toml")
    try:
        key = parse_public_key(text)
    except ValueError as error:
        hint = "Ask the approver for the output of: agentops approvers me"
        raise UsageError(f"KEY: {error}", hint=hint) from error
    trust = trust_of(settings)
    trust.check_new(key)
    record(settings, "approver_added", _recorded(key))
    trust.add(key)
    return key


def remove_approver(settings: Settings, name: str) -> PublicKey:
    """Trust the key of this name no longer.

    Raises:
        UsageError: no approver is called so.
        AuditError: it could not be recorded; it is still trusted.
    """
    settings.folders.require_deciding("an approver who is removed from approvers.toml")
    trust = trust_of(settings)
    key = trust.approver(name)
    record(settings, "approver_removed", _recorded(key))
    trust.remove(name)
    return key


def show_own_key(settings: Settings, dialogue: KeyDialogue, *, guarded: bool = False) -> OwnKey:
    """Return the public half of the user's own key.

    Raises:
        as ``own_key``.
    """
    key = own_key(settings, dialogue, guarded=guarded)
    return OwnKey(public=key.public, is_trusted=is_trusted(settings, key.public))


def own_key(settings: Settings, dialogue: KeyDialogue, *, guarded: bool = False) -> ApproverKey:
    """Return the user's own key; made and recorded when there is none.

    Arguments:
        guarded: ask for a passphrase for a new one.

    Raises:
        UsageError: a guarded one was asked for, and there is a key already or no passphrase.
        ConfigError: it cannot be read or made.
        NotApproved: it needs a passphrase and nobody can be asked.
    """
    from agentops.approvals.keys import key_path, load_key, new_key, save_key

    folder = settings.folders.keys
    key = load_key(folder, lambda: dialogue.ask("Passphrase of your approver key:"))
    if key is not None:
        if guarded:
            hint = "Move it to another place, then make a new key."
            raise UsageError(f"{key_path(folder)} exists already", hint=hint)
        return key
    passphrase = _new_passphrase(dialogue) if guarded else ""
    key = new_key(user_name(), os.urandom)
    record(settings, "approver_key_made", {"name": key.name, "key": str(key.public), "passphrase": guarded})
    save_key(folder, key, passphrase)
    dialogue.tell(f"Made your approver key: {key_path(folder)}")
    return key


def require_own_key(settings: Settings, dialogue: KeyDialogue) -> bool:
    """Return whether the user's own key needs its passphrase each time; made and recorded when there is none.

    Raises:
        as ``own_key``.
    """
    from agentops.approvals.keys import key_path, needs_passphrase

    folder = settings.folders.keys
    if not key_path(folder).exists():
        own_key(settings, dialogue)
    return needs_passphrase(folder)


def is_trusted(settings: Settings, key: PublicKey) -> bool:
    """Return whether approvals that ``key`` signs count here."""
    return key in trust_of(settings).approvers().values()


def _new_passphrase(dialogue: KeyDialogue) -> str:
    first = dialogue.ask("New passphrase for your approver key:")
    if not first or first != dialogue.ask("Repeat the passphrase:"):
        raise UsageError("no key was made: the passphrase was empty, or the two entries differ")
    return first


def trust_of(settings: Settings) -> Trust:
    """Return whose approvals count here: the organisation's file where there is one, else the user's own."""
    from agentops.approvals.trust import Trust

    system = settings.folders.system / settings.folders.approvers.name
    if system.exists():
        return Trust(path=system, clock=utc_now, root_only=True)
    return Trust(path=settings.folders.approvers, clock=utc_now)


def _recorded(key: PublicKey) -> dict[str, str]:
    return {"name": key.name, "id": key.id.hex(), "key": str(key)}
