"""Keys are handed over on record: old signatures stay good where they were made, and nowhere else."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from agentops.audit.chain import decode
from agentops.audit.log import ChainLog, open_log
from agentops.audit.proofs.checkpoints import Checkpoints, handover_text, read_public_keys
from agentops.audit.proofs.key_evolution import hkdf, next_seed
from agentops.audit.proofs.note import SigningKey, parse_key, parse_signing_key
from agentops.audit.verify.full_check import verify
from agentops.audit.verify.verdict import ChainVerdict

Clock = Callable[[], datetime]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audit"


def _open(folder: Path, clock: Clock) -> ChainLog:
    return open_log(folder, run="r1", actor="human:ana", clock=clock)


def _events(folder: Path) -> list[str]:
    return [decode(line).event for line in _lines(folder)]


def _lines(folder: Path) -> list[bytes]:
    return (folder / "audit.jsonl").read_bytes().splitlines()


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
    assert (found.verdict, found.records, found.signed_records) == (ChainVerdict.OK, 8, 8)


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
        ChainVerdict.KEY_MISMATCH,
        "the latest checkpoint cannot be trusted: no known key has signed it",
    )
    (folder / "audit.checkpoint").unlink()
    assert verify(folder).verdict is ChainVerdict.KEY_MISMATCH


def test_a_hand_over_that_the_old_key_did_not_sign_counts_for_nothing(folder: Path, ticking: Clock) -> None:
    """A forged hand-over does not make another key good."""
    with _open(folder, ticking) as log:
        log.append("note", {})
    (old,) = read_public_keys(folder)
    thief = SigningKey(name=old.name, seed=bytes(32))
    with _open(folder, ticking) as log:
        forged = thief.sign(handover_text(old, thief.public, *log.head))
        log.append("key_rotated", {"old": str(old), "new": str(thief.public), "handover": forged})
    assert verify(folder, keys=(thief.public,)).verdict is ChainVerdict.KEY_MISMATCH
    assert verify(folder, keys=(old,)).verdict is ChainVerdict.OK


@pytest.mark.parametrize("recorded", [True, False])
def test_a_crash_during_a_rotation_is_settled_by_the_log(folder: Path, ticking: Clock, recorded: bool) -> None:
    """With the hand-over on record the new key is taken up; without it, it is forgotten."""
    with _open(folder, ticking) as log:
        log.append("note", {})
    payload = Checkpoints(folder).prepare_key(*_open(folder, ticking).head)
    if recorded:
        _open(folder, ticking).append("key_rotated", payload)
    with _open(folder, ticking) as log:
        log.append("note", {})
    listed = [parse_key(payload["old"]), *([parse_key(payload["new"])] if recorded else [])]
    assert (list(read_public_keys(folder)), (folder / "audit.key.next").exists()) == (listed, False)
    assert (verify(folder).verdict, verify(folder, keys=listed[:1]).verdict) == (ChainVerdict.OK, ChainVerdict.OK)


def test_a_stolen_later_key_cannot_rewrite_what_came_before_it(folder: Path, ticking: Clock) -> None:
    """Who has the present key, and every hand-over on record, still cannot make another past for the first key."""
    _rotated(folder, ticking)
    first, second = read_public_keys(folder)
    stolen = parse_signing_key((folder / "audit.key").read_text())
    genuine = next(record for record in map(decode, _lines(folder)) if record.event == "key_rotated").payload
    for path in folder.iterdir():
        path.unlink()
    with open_log(folder, run="r1", actor="human:ana", clock=ticking, sign_every=0) as log:
        log.append("note", {"n": "another past"})
        log.append("key_rotated", genuine)
    (folder / "audit.key").write_text(stolen.encoded())
    (folder / "audit.key").chmod(0o600)
    (folder / "audit.pub").write_text(f"{first}\n{second}\n")
    # ``open_log`` would look at the chain first, and refuse.
    with ChainLog(folder, run="r1", actor="human:ana", clock=ticking) as log:
        log.append("note", {})
    assert stolen.public == second
    assert verify(folder, keys=(first,)).verdict is ChainVerdict.KEY_MISMATCH


def test_the_old_key_is_destroyed(folder: Path, ticking: Clock) -> None:
    """After a rotation no file of the folder holds the old private key, and its old bytes were overwritten."""
    _open(folder, ticking).close()
    old = (folder / "audit.key").read_bytes().strip()
    with (folder / "audit.key").open("rb") as held, _open(folder, ticking) as log:
        log.rotate_key()
        left = held.read()
    assert (left.strip(b"\0"), [p.name for p in folder.iterdir() if old in p.read_bytes()]) == (b"", [])


def test_a_log_that_is_open_while_another_rotates_signs_with_the_new_key(folder: Path, ticking: Clock) -> None:
    """Two runs at once, of which one hands over: what the other signs after that is good."""
    with _open(folder, ticking) as one:
        one.append("note", {"n": 1})
        one.checkpoint()
        with _open(folder, ticking) as other:
            other.rotate_key()
        one.append("note", {"n": 2})
    found = verify(folder, keys=read_public_keys(folder)[:1])
    assert (found.verdict, found.records - found.signed_records) == (ChainVerdict.OK, 0)


def test_the_next_seed_is_hkdf_of_this_one() -> None:
    """The derivation agrees with another implementation of RFC 5869, and takes both of its inputs."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    wanted = HKDF(algorithm=SHA256(), length=32, salt=b"s" * 32, info=b"i").derive(b"k" * 32)
    assert hkdf(b"k" * 32, salt=b"s" * 32, info=b"i") == wanted
    assert len({next_seed(a * 32, b * 32) for a in (b"a", b"b") for b in (b"c", b"d")}) == 4
