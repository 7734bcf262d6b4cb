"""Keys are handed over on record: old signatures stay good where they were made, and nowhere else."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from agentops.audit.chain import decode
from agentops.audit.checkpoints import Checkpoints, read_public_keys
from agentops.audit.log import ChainLog, open_log
from agentops.audit.note import SigningKey, parse_key
from agentops.audit.verify import Verdict, verify

Clock = Callable[[], datetime]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audit"


def _open(folder: Path, clock: Clock) -> ChainLog:
    return open_log(folder, run="r1", actor="human:ana", clock=clock)


def _events(folder: Path) -> list[str]:
    return [decode(line).event for line in (folder / "audit.jsonl").read_bytes().splitlines()]


def _rotated(folder: Path, clock: Clock) -> str:
    """Make a chain with a run before a rotation and one after it; return the anchor from before."""
    with _open(folder, clock) as log:
        log.append("note", {"n": 1})
    anchor = (folder / "audit.checkpoint").read_text()
    with _open(folder, clock) as log:
        log.rotate_key()
        log.append("note", {"n": 2})
    return anchor


def test_a_rotation_is_on_record_between_two_checkpoints(folder: Path, ticking: Clock) -> None:
    """The old key signs once more, hands over, and the new one signs from there on."""
    _rotated(folder, ticking)
    old, new = read_public_keys(folder)
    assert _events(folder) == [
        *("chain_begun", "note", "checkpoint"),
        *("checkpoint", "key_rotated", "checkpoint", "note", "checkpoint"),
    ]
    assert (old.name == new.name, old.raw == new.raw) == (True, False)
    modes = {stat.S_IMODE((folder / name).stat().st_mode) for name in ("audit.key", "audit.pub")}
    assert (modes, (folder / "audit.key.next").exists()) == ({0o600}, False)


@pytest.mark.parametrize("trusted", [[], [0], [1], [0, 1]])
def test_either_key_vouches_for_the_whole(folder: Path, ticking: Clock, trusted: list[int]) -> None:
    """Who knows the old key follows the hand-over; who knows the new one needs no other; an old anchor stays good."""
    anchor = _rotated(folder, ticking)
    listed = read_public_keys(folder)
    keys = tuple(listed[n] for n in trusted)
    anchors = (anchor,) if 0 in trusted or not trusted else ()
    found = verify(folder, keys=keys, anchors=anchors, roots=True)
    assert (found.verdict, found.records, found.signed_records) == (Verdict.OK, 8, 8)


def test_the_old_key_is_no_longer_good_after_the_hand_over(folder: Path, ticking: Clock) -> None:
    """Someone who stole the old key and signs with it after the rotation is found."""
    _open(folder, ticking).close()
    stolen = (folder / "audit.key").read_text()
    _rotated(folder, ticking)
    (folder / "audit.key").write_text(stolen)
    with _open(folder, ticking) as log:
        log.append("note", {"n": 3})
    found = verify(folder)
    assert (found.verdict, found.why) == (
        Verdict.KEY_MISMATCH,
        "the latest checkpoint cannot be trusted: no known key has signed it",
    )
    (folder / "audit.checkpoint").unlink()
    assert verify(folder).verdict is Verdict.KEY_MISMATCH


def test_a_hand_over_that_the_old_key_did_not_sign_counts_for_nothing(folder: Path, ticking: Clock) -> None:
    """A forged hand-over does not make another key good."""
    with _open(folder, ticking) as log:
        log.append("note", {})
    (old,) = read_public_keys(folder)
    thief = SigningKey(name=old.name, seed=bytes(32))
    forged = thief.sign(f"agentops key handover\n{old}\n{thief.public}\n")
    with _open(folder, ticking) as log:
        log.append("key_rotated", {"old": str(old), "new": str(thief.public), "handover": forged})
    assert verify(folder, keys=(thief.public,)).verdict is Verdict.KEY_MISMATCH
    assert verify(folder, keys=(old,)).verdict is Verdict.OK


@pytest.mark.parametrize("recorded", [True, False])
def test_a_crash_during_a_rotation_is_settled_by_the_log(folder: Path, ticking: Clock, recorded: bool) -> None:
    """With the hand-over on record the new key is taken up; without it, it is forgotten."""
    with _open(folder, ticking) as log:
        log.append("note", {})
    payload = Checkpoints(folder).prepare_key()
    if recorded:
        _open(folder, ticking).append("key_rotated", payload)
    with _open(folder, ticking) as log:
        log.append("note", {})
    listed = [parse_key(payload["old"]), *([parse_key(payload["new"])] if recorded else [])]
    assert (list(read_public_keys(folder)), (folder / "audit.key.next").exists()) == (listed, False)
    assert (verify(folder).verdict, verify(folder, keys=listed[:1]).verdict) == (Verdict.OK, Verdict.OK)
