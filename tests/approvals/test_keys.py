"""The approver's key: made once, private, with or without a passphrase."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agentops.approvals.keys import ApproverKey, key_path, load_key, new_key, save_key
from agentops.core.errors import ConfigError, UsageError


def make_key(folder: Path, name: str, *, random: Callable[[int], bytes], passphrase: str = "") -> ApproverKey:
    """Make a key and keep it."""
    key = new_key(name, random)
    save_key(folder, key, passphrase)
    return key


def _never() -> str:
    raise AssertionError("no passphrase is to be asked for")


def test_a_key_is_found_again(tmp_path: Path) -> None:
    """What was made is what is loaded; nobody else may read its file or list its folder."""
    folder = tmp_path / "keys"
    made = make_key(folder, "ana", random=os.urandom)
    modes = [path.stat().st_mode & 0o777 for path in (key_path(folder), folder)]
    assert (load_key(folder, _never), modes) == (made, [0o600, 0o700])


def test_the_key_shows_itself_nowhere(tmp_path: Path) -> None:
    """Printing the value does not print the secret."""
    made = make_key(tmp_path / "keys", "ana", random=lambda count: b"S" * count)
    assert (repr(made), "SSSS" in str(made)) == ("ApproverKey(name='ana')", False)


def test_without_a_key_there_is_none(tmp_path: Path) -> None:
    """Absent is a value, so that the command can make one."""
    assert load_key(tmp_path / "keys", _never) is None


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    """Making one twice would take the first away from its owner."""
    first = make_key(tmp_path / "keys", "ana", random=os.urandom)
    with pytest.raises(ConfigError, match="file exists"):
        make_key(tmp_path / "keys", "ana", random=os.urandom)
    assert load_key(tmp_path / "keys", _never) == first


def test_a_passphrase_guards_it(tmp_path: Path) -> None:
    """The right one opens it; another, or none, does not."""
    made = make_key(tmp_path / "keys", "ana", random=os.urandom, passphrase="correct horse")
    assert load_key(tmp_path / "keys", lambda: "correct horse") == made
    for wrong in ("battery", "", None):
        with pytest.raises(ConfigError, match=r"passphrase of .* is not right"):
            load_key(tmp_path / "keys", lambda wrong=wrong: wrong)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660])
def test_a_key_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    """Not repaired: whoever could read it has it."""
    make_key(tmp_path / "keys", "ana", random=os.urandom)
    key_path(tmp_path / "keys").chmod(mode)
    with pytest.raises(ConfigError, match="can be read or changed by other users"):
        load_key(tmp_path / "keys", _never)


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    """Cut short, of another kind, or with the public line of somebody else: refused, each with its reason."""
    folder = tmp_path / "keys"
    make_key(folder, "ana", random=os.urandom)
    path = key_path(folder)
    whole = path.read_bytes()
    other = make_key(tmp_path / "other", "ana", random=os.urandom)
    for damage in (b"", whole[:80], whole[: len(whole) // 2], f"{other.public}\n".encode() + whole.split(b"\n", 1)[1]):
        path.write_bytes(damage)
        with pytest.raises(ConfigError, match=r"damaged|no approver's key"):
            load_key(folder, _never)


@pytest.mark.parametrize("name", ["", "-ana", "a na", "a+b", "a\u202eb", "x" * 65])
def test_a_name_is_plain(tmp_path: Path, name: str) -> None:
    """A name that could be misread, or break the key's line, is no approver's name."""
    with pytest.raises(UsageError):
        make_key(tmp_path / "keys", name, random=os.urandom)
