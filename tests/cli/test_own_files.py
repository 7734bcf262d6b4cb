"""Files that decide or sign, in the hands of others: each command that rests on one says which, and what to type."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
FIX = ("fix", "--sandbox=bad-image-tag", "--no-model", "--dry-run", "-o", "json")
OTHER = 12345


def _open_up(path: Path, how: str) -> str:
    """Put a file, or its folder, into the hands of others; return what to type."""
    if how == "its folder":
        path.parent.chmod(0o777)
        return f"chmod go-w {path.parent}"
    if how == "another user":
        os.chown(path, OTHER, OTHER)
        return f"chown {os.geteuid()} {path}"
    path.chmod(path.stat().st_mode | 0o020)
    return f"chmod {'go-rwx' if path.name in ('audit.key', 'audit.hmac', 'approver') else 'go-w'} {path}"


HOWS = ["a group", "its folder"] + (["another user"] if os.geteuid() == 0 else [])


@pytest.fixture
def used(cli: Cli, home: Path) -> Path:
    """A home in which everything that decides or signs was made."""
    assert cli("policy", "init").code == 0
    (home / "config.toml").write_text("[limits]\nmax_usd = 2\n")
    assert cli("approvers", "me").code == 0
    assert cli("approvers", "add", _line(home)).code == 0
    return home


def _line(home: Path) -> str:
    return (home / "keys/approver").read_text().splitlines()[0]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        ("config.toml", ("history",), 2),
        ("policy.cedar", ("policy", "show"), 2),
        ("policy.cedar", FIX, 4),
        ("approvers.toml", ("approvers", "list"), 2),
        ("keys/approver", ("approvers", "me"), 2),
        ("audit/audit.key", FIX, 8),
        ("audit/audit.hmac", FIX, 8),
        ("changes/.", FIX, 2),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_others_may_change_is_not_believed(
    name: str, words: tuple[str, ...], code: int, how: str, cli: Cli, used: Path
) -> None:
    """Refused with the path and the command that mends it; nothing is changed, and nothing is mended by itself."""
    if name.startswith("audit/"):
        assert cli(*FIX).code == 0
    (used / "changes").mkdir(exist_ok=True)
    typed = _open_up(used / name, how)
    if (name, how) == ("policy.cedar", "its folder"):
        # The settings stand in that folder, too, and are read first.
        code = 2
    if code == 4:
        # Reads go on while policy cannot be loaded; what is wrong with it is one command away.
        typed = "agentops policy validate"
    done = cli(*words)
    told = " ".join((done.out + done.err).split())
    assert (done.code, typed in told) == (code, True), done.out + done.err
