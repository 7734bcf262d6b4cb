"""``Trust``: whose approvals count here. One file in the user's own config folder, never one in a working directory.

Comes in: the file's path, and approvals. Goes out: the name of who signed, or a refusal. The file is TOML::

    [approvers]
    "ana" = "ana+1a2b3c4d+AbCd..."

Whatever cannot be read, or could have been written by somebody else, trusts nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from agentops.approvals.approvals import METHOD, check_signature
from agentops.approvals.files import alone, read_small, replace
from agentops.approvals.keys import checked_name
from agentops.core.approval import SignedApproval
from agentops.core.clock import Clock
from agentops.core.commands import command_line
from agentops.core.errors import ConfigError, NotApproved, UsageError
from agentops.core.foreign_documents import read_toml
from agentops.core.publickey import PublicKey, parse_public_key
from agentops.core.text import one_line

_TABLE = "approvers"
_CLOCKS_APART = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The trusted approvers of one installation; reads the file anew each time.

    ``root_only``: the file is the organisation's, and only root may have written it.
    """

    path: Path
    clock: Clock
    root_only: bool = False

    def signer(self, approval: SignedApproval) -> str:
        """Return the trusted approver's name (``human:ana``) whose key made the signature.

        Raises:
            NotApproved: not signed by a key, by one that is not trusted, altered, expired, or nobody can be trusted
                because of the file.
        """
        if approval.method != METHOD:
            raise NotApproved(f"the approval by {one_line(approval.by, 60)} is not signed by a key", hint=_HINT)
        self._check_times(approval)
        try:
            known = self.approvers()
        except ConfigError as error:
            raise NotApproved(f"no approver can be trusted: {error.message}", hint=error.hint) from error
        for key in known.values():
            if key.id.hex() == approval.key_id:
                check_signature(approval, key)
                if approval.by != f"human:{key.name}":
                    raise NotApproved(f"{key.name}'s key signed an approval in the name of {one_line(approval.by, 60)}")
                return approval.by
        raise NotApproved(
            f"the key {one_line(approval.key_id, 20)} of {one_line(approval.by, 60)} is not trusted here", hint=_HINT
        )

    def _check_times(self, approval: SignedApproval) -> None:
        now = self.clock()
        if now >= approval.expires_at:
            raise NotApproved(
                f"the approval by {one_line(approval.by, 60)} expired at {approval.expires_at:%Y-%m-%d %H:%M:%S} UTC",
                hint="Have the plan approved again: agentops approve PLAN",
            )
        if approval.at > now + _CLOCKS_APART:
            raise NotApproved(
                f"the approval by {one_line(approval.by, 60)} is of {approval.at:%Y-%m-%d %H:%M:%S} UTC, in the future",
                hint="Check the clocks of both machines.",
            )

    def approvers(self) -> Mapping[str, PublicKey]:
        """Return the trusted keys by name; none when there is no file.

        Raises:
            ConfigError: the file cannot be believed.
        """
        data = read_small(self.path, private=False, root_only=self.root_only)
        if data is None:
            return {}
        try:
            found = read_toml(data.decode())
        except ValueError as error:
            raise ConfigError(f"{self.path} is not TOML: {one_line(str(error), 120)}", hint=_MEND) from error
        table = found.get(_TABLE, {})
        if set(found) - {_TABLE} or not isinstance(table, dict):
            raise ConfigError(f"{self.path} has more than one table [{_TABLE}]", hint=_MEND)
        keys = {name: self._key(name, line) for name, line in table.items()}
        if len({key.raw for key in keys.values()}) < len(keys):
            raise ConfigError(f"{self.path} has one key under two names", hint=_MEND)
        return keys

    def _key(self, name: str, line: object) -> PublicKey:
        try:
            key = parse_public_key(line if isinstance(line, str) else "")
        except ValueError as error:
            raise ConfigError(f"{self.path}, approver {one_line(name, 60)!r}: {error}", hint=_MEND) from error
        if key.name != name:
            raise ConfigError(
                f"{self.path}: {one_line(name, 60)!r} stands before the key of {one_line(key.name, 60)!r}", hint=_MEND
            )
        return key

    def add(self, key: PublicKey) -> None:
        """Trust ``key``.

        Raises:
            UsageError: its name or the key itself is there already.
            ConfigError: the file cannot be believed or written.
        """
        with alone(self.path.parent):
            self.check_new(key)
            self._write({**self.approvers(), key.name: key})

    def check_new(self, key: PublicKey) -> None:
        """Return when ``key`` could be added.

        Raises:
            UsageError: its name or the key itself is there already, or the name cannot be one.
            ConfigError: the file cannot be believed.
        """
        checked_name(key.name)
        keys = self.approvers()
        if key.name in keys:
            hint = f"To replace it: {command_line('approvers', 'remove', key.name)}"
            raise UsageError(f"{key.name} is a trusted approver already", hint=hint)
        other = next((name for name, known in keys.items() if known.raw == key.raw), "")
        if other:
            raise UsageError(
                f"this is the key of {other}; one person has one name", hint="See: agentops approvers list"
            )

    def approver(self, name: str) -> PublicKey:
        """Return the key of ``name``.

        Raises:
            UsageError: there is no such approver.
            ConfigError: the file cannot be believed.
        """
        keys = self.approvers()
        if name not in keys:
            raise UsageError(f"there is no approver {one_line(name, 60)!r}", hint="See: agentops approvers list")
        return keys[name]

    def remove(self, name: str) -> PublicKey:
        """Trust ``name`` no longer; returns the key that was theirs.

        Raises:
            UsageError: there is no such approver.
            ConfigError: the file cannot be believed or written.
        """
        with alone(self.path.parent):
            gone = self.approver(name)
            self._write({other: key for other, key in self.approvers().items() if other != name})
        return gone

    def _write(self, keys: Mapping[str, PublicKey]) -> None:
        lines = [f"{json.dumps(name)} = {json.dumps(str(key))}" for name, key in sorted(keys.items())]
        head = "# Whose approvals count on this machine. Written by: agentops approvers add|remove"
        replace(self.path, "\n".join([head, f"[{_TABLE}]", *lines, ""]).encode())


_HINT = "See who is trusted: agentops approvers list; trust somebody: agentops approvers add KEY"
_MEND = "Correct the file, or move it away and start again: agentops approvers add KEY"
