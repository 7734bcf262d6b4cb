"""``agentops approvers``: whose approvals count; every change of it is in the record before it is in the file."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.core.publickey import PublicKey

Cli = Callable[..., Any]
ANA = str(PublicKey(name="ana", raw=b"a" * 32))
ENTER = "\r"


def _names(cli: Cli) -> list[str]:
    return [entry["name"] for entry in cli("approvers", "list", "-o", "json").document["approvers"]]


def _events(cli: Cli) -> list[str]:
    found = [record["event"] for record in cli("audit", "log", "-o", "json").document["records"]]
    return [event for event in found if event.startswith("approver")]


def test_adding_and_removing_is_recorded(cli: Cli) -> None:
    """Who was added and removed, with the key, is in the audit chain."""
    assert cli("approvers", "add", ANA).code == 0
    before = _names(cli)
    assert cli("approvers", "remove", "ana").code == 0
    assert (before, _names(cli), _events(cli)) == (["ana"], [], ["approver_added", "approver_removed"])


def test_nobody_is_trusted_at_first(cli: Cli) -> None:
    """An empty list says what that means."""
    assert "no signed approval is valid here" in cli("approvers", "list").out


@pytest.mark.parametrize("key", ["", "ana", "ana+00000000+AAAA", ANA.replace("ana", "bob"), ANA[:-4], "x" * 10_000])
def test_what_is_no_key_is_not_added(cli: Cli, key: str) -> None:
    """A mistyped key is a usage error; nothing is recorded as added."""
    assert (cli("approvers", "add", key).code, _names(cli), _events(cli)) == (2, [], [])


def test_the_same_key_is_not_added_twice(cli: Cli) -> None:
    """Adding again, under this or another name, changes nothing and is not recorded."""
    cli("approvers", "add", ANA)
    again = str(PublicKey(name="ana2", raw=b"a" * 32))
    codes = [cli("approvers", "add", key).code for key in (ANA, again)]
    assert (codes, _names(cli), _events(cli)) == ([2, 2], ["ana"], ["approver_added"])


def test_who_is_not_there_cannot_be_removed(cli: Cli) -> None:
    """A usage error that is not recorded as a removal."""
    assert (cli("approvers", "remove", "eve").code, _events(cli)) == (2, [])


def test_ones_own_key_is_made_once(cli: Cli, home: Path) -> None:
    """'me' makes a key on first use and says so on stderr; later it is the same one."""
    first, second = cli("approvers", "me", "-o", "json"), cli("approvers", "me", "-o", "json")
    assert (first.err, second.err) == (f"Made your approver key: {home}/keys/approver\n", "")
    assert first.document["approver"] == second.document["approver"]
    assert (first.document["approver"]["name"], _events(cli)) == (
        pwd.getpwuid(os.getuid()).pw_name,
        ["approver_key_made"],
    )


def test_a_passphrase_is_asked_for_twice_and_then_wanted(terminal: ModuleType, home: Path, cli: Cli) -> None:
    """A guarded key is made at a terminal only, and does not open without its passphrase."""
    asked = [("New passphrase", "correct horse" + ENTER), ("Repeat the passphrase", "correct horse" + ENTER)]
    environ = {"AGENTOPS_HOME": str(home)}
    made = terminal.at_terminal(["approvers", "me", "--passphrase"], asked, environ)
    shown = terminal.at_terminal(["approvers", "me"], [("Passphrase of your", "correct horse" + ENTER)], environ)
    wrong = terminal.at_terminal(["approvers", "me"], [("Passphrase of your", "battery" + ENTER)], environ)
    assert (made.code, shown.code, shown.out == made.out, wrong.code) == (0, 0, True, 2)
    assert ("horse" in made.screen, b"ENCRYPTED" in (home / "keys" / "approver").read_bytes()) == (False, True)
    assert cli("approvers", "me").code == 5


def test_passphrases_that_differ_make_no_key(terminal: ModuleType, home: Path) -> None:
    """A slip of the finger must not lock its owner out."""
    asked = [("New passphrase", "one" + ENTER), ("Repeat the passphrase", "two" + ENTER)]
    made = terminal.at_terminal(["approvers", "me", "--passphrase"], asked, {"AGENTOPS_HOME": str(home)})
    assert (made.code, (home / "keys" / "approver").exists()) == (2, False)


def test_a_trust_file_that_others_can_write_is_told(cli: Cli, home: Path) -> None:
    """The list does not show names that anybody could have put there."""
    cli("approvers", "add", ANA)
    (home / "approvers.toml").chmod(0o666)
    done = cli("approvers", "list")
    assert (done.code, f"Run: chmod go-w {home}/approvers.toml" in done.err) == (2, True)
