"""Signed checkpoints: when they are made, and that nothing is signed on top of a log that was tampered with."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from agentops.audit.chain import decode, link
from agentops.audit.log import ChainLog, open_log
from agentops.audit.merkle import root_of
from agentops.audit.proofs.checkpoints import read_public_keys
from agentops.audit.proofs.note import Checkpoint, open_note, parse_checkpoint
from agentops.audit.verify.full_check import verify
from agentops.audit.verify.verdict import ChainVerdict, Verification
from agentops.core.errors import AuditError

Clock = Callable[[], datetime]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audit"


def _open(folder: Path, clock: Clock, *, sign_every: int = 1000) -> ChainLog:
    return open_log(folder, run="r1", actor="human:ana", clock=clock, sign_every=sign_every)


def _lines(folder: Path) -> list[bytes]:
    return (folder / "audit.jsonl").read_bytes().splitlines()


def _latest(folder: Path) -> Checkpoint:
    note = (folder / "audit.checkpoint").read_text()
    return parse_checkpoint(open_note(note, read_public_keys(folder)) and note)


def _expected(folder: Path, size: int, origin: str) -> Checkpoint:
    """The checkpoint of the first ``size`` records, computed from their lines alone."""
    lines = _lines(folder)[:size]
    return Checkpoint(
        origin=origin,
        size=size,
        root=root_of([bytes.fromhex(link(line)) for line in lines]),
        head=link(lines[-1]),
        offset=sum(len(line) + 1 for line in lines),
    )


def test_a_run_ends_with_a_signed_checkpoint(folder: Path, ticking: Clock) -> None:
    """Closing signs the records so far in a record of their own, and the whole with that record beside the log."""
    with _open(folder, ticking) as log:
        log.append("note", {})
    first, _note, checkpoint = map(decode, _lines(folder))
    (key,) = read_public_keys(folder)
    assert first.payload["key"] == str(key)
    assert parse_checkpoint(open_note(checkpoint.payload["note"], (key,)) and checkpoint.payload["note"]) == _expected(
        folder, 2, key.name
    )
    assert _latest(folder) == _expected(folder, 3, key.name)
    found = verify(folder, keys=(key,), roots=True)
    assert (found.verdict, found.records, found.signed_records, found.keys) == (ChainVerdict.OK, 3, 3, (str(key),))


def test_checkpoints_follow_one_another(folder: Path, ticking: Clock) -> None:
    """Runs and processes sign on from where the last one stopped, and every so many records in between."""
    for _run in range(3):
        with _open(folder, ticking, sign_every=4) as log:
            for n in range(7):
                log.append("note", {"n": n})
    sizes = [record.seq for record in map(decode, _lines(folder)) if record.event == "checkpoint"]
    assert sizes == [4, 9, 14, 18, 23, 27]
    assert _latest(folder) == _expected(folder, 28, read_public_keys(folder)[0].name)
    assert verify(folder, roots=True).signed_records == 28


def test_a_run_that_wrote_nothing_signs_nothing(folder: Path, ticking: Clock) -> None:
    """Opening and closing without an append leaves the chain as it was; asking for a checkpoint makes one."""
    _open(folder, ticking).close()
    before = (folder / "audit.jsonl").read_bytes()
    _open(folder, ticking).close()
    assert (folder / "audit.jsonl").read_bytes() == before
    note = _open(folder, ticking).checkpoint()
    assert (note, _latest(folder).size) == ((folder / "audit.checkpoint").read_text(), 3)


def test_the_key_is_the_owners_alone(folder: Path, ticking: Clock) -> None:
    """The private key is made once, with mode 0600."""
    _open(folder, ticking).close()
    key = (folder / "audit.key").read_text()
    _open(folder, ticking).close()
    assert (stat.S_IMODE((folder / "audit.key").stat().st_mode), (folder / "audit.key").read_text()) == (0o600, key)


def test_records_after_the_last_checkpoint_count_as_unsigned(folder: Path, ticking: Clock) -> None:
    """After a crash the chain is ok, and verification says how far a signature vouches for it."""
    with _open(folder, ticking) as log:
        log.append("note", {})
    log = _open(folder, ticking)
    log.append("note", {})
    found = verify(folder)
    assert (found.verdict, found.records, found.signed_records) == (ChainVerdict.OK, 4, 3)


def _rechained(lines: list[bytes]) -> bytes:
    """Link the lines again from the first on, as someone who edited one of them would."""
    prev, written = "0" * 64, []
    for line in lines:
        written.append(line[:9] + prev.encode() + line[73:])
        prev = link(written[-1])
    return b"\n".join(written) + b"\n"


_STOPS = {
    False: "its end was cut off|the (latest )?checkpoint .*does not agree",
    True: "has become shorter|no such file|does not continue its signed checkpoint",
}


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("case", ["cut", "empty", "delete", "rechained", "frontier"])
def test_nothing_is_signed_on_top_of_a_log_that_was_tampered_with(
    folder: Path, ticking: Clock, case: str, running: bool
) -> None:
    """What is shorter than what was signed, or was rewritten, is never signed again, in a later run or in this one."""
    with _open(folder, ticking) as log:
        for n in range(5):
            log.append("note", {"n": n})
    note, path, lines = (folder / "audit.checkpoint").read_text(), folder / "audit.jsonl", _lines(folder)
    run = _open(folder, ticking)
    if case == "cut":
        path.write_bytes(b"\n".join(lines[:-2]) + b"\n")
    elif case == "empty":
        path.write_bytes(b"")
    elif case == "delete":
        path.unlink()
    elif case == "rechained":
        path.write_bytes(_rechained([lines[0], lines[1].replace(b'"n":0', b'"n":9'), *lines[2:]]))
    else:
        frontier = bytes(decode(lines[-1]).payload["frontier"][0], "ascii")
        path.write_bytes(_rechained([*lines[:-1], lines[-1].replace(frontier, b"00" * 32)]))
    with pytest.raises(AuditError, match=_STOPS[running]):
        (run if running else _open(folder, ticking)).checkpoint()
    assert ((folder / "audit.checkpoint").read_text(), verify(folder).verdict) == (note, ChainVerdict.TAMPERED)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("line", [-3, -1])
def test_what_is_rewritten_during_a_run_is_not_signed_at_its_end(
    folder: Path, ticking: Clock, line: int, signed: bool
) -> None:
    """A record changed between its append and the checkpoint, the last one too, keeps the run from signing."""
    log = _open(folder, ticking)
    if signed:
        log.checkpoint()
    log.append_all([("note", {"n": n}) for n in range(5)])
    path, lines = folder / "audit.jsonl", _lines(folder)
    lines[line] = lines[line].replace(b"human:", b"humam:")
    altered = b"\n".join(lines) + b"\n"
    path.write_bytes(altered)
    with pytest.raises(AuditError, match="was rewritten after its latest checkpoint"):
        log.close()
    assert (path.read_bytes(), (folder / "audit.checkpoint").exists()) == (altered, signed)


@pytest.mark.parametrize("torn", [b"", b'{"prev":"77'])
def test_a_cut_end_is_told_by_the_records_that_are_left(folder: Path, ticking: Clock, torn: bytes) -> None:
    """All that is left holds, signed or not; the first record that is gone is the bad one, where it would begin."""
    for _run in range(2):
        with _open(folder, ticking) as log:
            log.append_all([("note", {"n": n}) for n in range(5)])
    lines = _lines(folder)
    assert len(lines) == 13
    left = b"\n".join(lines[:-3]) + b"\n"
    (folder / "audit.jsonl").write_bytes(left + torn)
    assert verify(folder) == Verification(
        verdict=ChainVerdict.TAMPERED,
        records=10,
        size_bytes=len(left),
        head=link(lines[9]),
        bad_seq=10,
        offset=len(left),
        segment="audit.jsonl",
        segments=1,
        why="the latest checkpoint vouches for 13 records and the log holds 10: "
        "its end was cut off, or an old copy was put back",
        signed_records=6,
        keys=tuple(map(str, read_public_keys(folder))),
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("audit.key", "nonsense", "audit.key is not a signing key"),
        ("audit.key", None, "is gone"),
        ("audit.checkpoint", "nonsense", "the latest checkpoint cannot be trusted: not a signed note"),
        ("audit.pub", "nonsense", "audit.pub is damaged"),
        ("audit.pub", "", "the latest checkpoint cannot be trusted: it is of another log"),
    ],
)
def test_damaged_or_missing_files_of_the_signer_stop_it(
    folder: Path, ticking: Clock, name: str, content: str | None, message: str
) -> None:
    """A key or checkpoint that is damaged or gone is an error, never replaced by a new one in silence."""
    _open(folder, ticking).close()
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content)
    with pytest.raises(AuditError, match=message):
        _open(folder, ticking).checkpoint()


def test_another_chains_key_and_anchor_are_told_apart(folder: Path, tmp_path: Path, ticking: Clock) -> None:
    """A key that did not sign this chain, an anchor of another chain and a checkpoint by another key have verdicts."""
    _open(folder, ticking).close()
    _open(tmp_path / "other", ticking).close()
    (other,) = read_public_keys(tmp_path / "other")
    anchor = (tmp_path / "other" / "audit.checkpoint").read_text()
    assert verify(folder, keys=(other,)).verdict is ChainVerdict.KEY_MISMATCH
    assert verify(folder, anchors=(anchor,)).verdict is ChainVerdict.UNANCHORED
    assert verify(folder, anchors=("nonsense",)).verdict is ChainVerdict.UNANCHORED
    shutil.copy(tmp_path / "other" / "audit.checkpoint", folder / "audit.checkpoint")
    assert verify(folder).verdict is ChainVerdict.KEY_MISMATCH
    (folder / "audit.checkpoint").unlink()
    assert verify(folder, keys=(other,)).verdict is ChainVerdict.KEY_MISMATCH


def test_a_key_vouches_only_where_something_is_signed(chain: Path, folder: Path, ticking: Clock) -> None:
    """When the user names a key, a chain without any signature is not good enough."""
    other = chain.parent / "other"
    _open(other, ticking).close()
    found = verify(chain, keys=read_public_keys(other))
    assert (found.verdict, found.why) == (ChainVerdict.KEY_MISMATCH, "nothing in the log is signed by the given key")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_flipped_byte_of_a_signed_log_is_found(folder: Path, ticking: Clock) -> None:
    """In a closed chain of 100 records every single changed byte is found, the last record's included."""
    with _open(folder, ticking) as log:
        log.append_all([("note", {}) for _ in range(98)])
    data = (folder / "audit.jsonl").read_bytes()
    assert data.count(b"\n") == 100
    missed = []
    with (folder / "audit.jsonl").open("r+b", buffering=0) as file:
        for at, byte in enumerate(data):
            os.pwrite(file.fileno(), bytes([byte ^ 1]), at)
            if verify(folder).intact:
                missed.append(at)
            os.pwrite(file.fileno(), bytes([byte]), at)
    assert (missed, verify(folder).intact) == ([], True)
