"""The writer and its lock where things go wrong: forks, a lock that is deleted or held, ends that do not fit."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from agentops.audit.log import ChainLog, open_log
from agentops.audit.proofs.checkpoints import LATEST
from agentops.audit.segments.files import ChainLock, refused, take_lock
from agentops.audit.verify.full_check import verify
from agentops.audit.verify.verdict import ChainVerdict
from agentops.core.clock import utc_now
from agentops.core.errors import AuditError

Clock = Callable[[], datetime]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audit"


def _open(folder: Path, clock: Clock, *, sign_every: int = 0) -> ChainLog:
    return open_log(folder, run="r1", actor="human:ana", clock=clock, sign_every=sign_every)


def test_a_lock_file_that_is_deleted_is_made_anew(folder: Path, ticking: Clock) -> None:
    """Two logs that hold the deleted file open both change over to the new one, and still take turns."""
    one, two = _open(folder, ticking), _open(folder, ticking)
    seqs = [log.append("note", {}).seq for log in (one, two)]
    (folder / "audit.lock").unlink()
    seqs += [log.append("note", {}).seq for log in (one, two, one)]
    assert (seqs, verify(folder).verdict) == ([1, 2, 3, 4, 5], ChainVerdict.OK)


def test_a_folder_that_was_moved_away_takes_its_lock_along(folder: Path, ticking: Clock) -> None:
    """A log under which another chain was begun takes that chain's lock before it looks at it, and stops."""
    log = _open(folder, ticking)
    log.append_all([("note", {})] * 5)
    folder.rename(folder.with_name("evidence"))
    other = _open(folder, ticking)
    with pytest.raises(AuditError, match="has become shorter"):
        log.append("note", {})
    assert (other.append("note", {}).seq, verify(folder).records) == (1, 2)


def _append_in_child(log: ChainLog) -> None:
    for _ in range(50):
        log.append("child", {})
    os._exit(0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_takes_a_lock_of_its_own(folder: Path) -> None:
    """A log that a child inherits does not share its parent's lock: both append at once, and nothing forks."""
    log = _open(folder, utc_now)
    log.append("note", {})
    child = multiprocessing.get_context("fork").Process(target=_append_in_child, args=(log,))
    child.start()
    for _ in range(50):
        log.append("parent", {})
    child.join()
    found = verify(folder)
    assert (child.exitcode, found.verdict, found.records) == (0, ChainVerdict.OK, 102)


def test_a_lock_that_is_held_too_long_is_explained(tmp_path: Path) -> None:
    """Waiting ends, says who to look for, and leaves nothing open."""
    path = str(tmp_path / "lock")
    held = take_lock(path)
    with pytest.raises(AuditError, match=r"another process has held .*lock for 0 s") as caught:
        take_lock(path, wait_s=0.02)
    assert caught.value.hint == "Look for a stopped agentops process and end it."
    os.close(held)
    os.close(take_lock(path))


def test_a_lock_is_let_go_of_once(tmp_path: Path) -> None:
    """Releasing or closing what is not held does nothing; a released lock is free."""
    lock = ChainLock(str(tmp_path / "lock"))
    lock.release()
    lock.close()
    lock.take()
    lock.release()
    other = os.open(tmp_path / "lock", os.O_RDWR)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)
    with pytest.raises(AuditError, match=r"cannot lock .*: no such file"):
        ChainLock(str(tmp_path / "none" / "lock")).take()


def test_several_records_fail_together(folder: Path, ticking: Clock) -> None:
    """When a batch cannot be written, none of it counts, and the next one works."""
    log = _open(folder, ticking)
    path = folder / "audit.jsonl"
    path.rename(folder / "away")
    with pytest.raises(AuditError, match="cannot write") as caught:
        log.append_all([("lost", {}), ("lost", {})])
    (folder / "away").rename(path)
    assert (caught.value.exit_code, [record.seq for record in log.append_all([("a", {}), ("b", {})])]) == (8, [1, 2])


def test_ctrl_c_in_a_batch_is_passed_on(folder: Path, ticking: Clock) -> None:
    """An interrupt while several records are written leaves the log usable."""
    interrupts = iter([True])

    def clock() -> datetime:
        if armed and next(interrupts, False):
            raise KeyboardInterrupt
        return ticking()

    armed = False
    log = _open(folder, clock)
    armed = True
    with pytest.raises(KeyboardInterrupt):
        log.append_all([("note", {})])
    assert ([record.seq for record in log.append_all([("note", {})])], verify(folder).verdict) == ([1], ChainVerdict.OK)


def test_a_write_that_stops_half_way_is_taken_back(folder: Path, ticking: Clock) -> None:
    """A disk that fills in the middle of a line leaves no half record."""
    log = _open(folder, ticking)
    size = (folder / "audit.jsonl").stat().st_size
    before, limits = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, limits[1]))
    try:
        with pytest.raises(AuditError, match=r"cannot write .*: file too large"):
            log.append("note", {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert ((folder / "audit.jsonl").stat().st_size, log.append("note", {}).seq) == (size, 1)


def test_a_signed_log_that_was_cut_stops_the_writer(folder: Path, ticking: Clock) -> None:
    """A writer that did not ask whether the chain holds still sees that fewer records are there than were signed."""
    with _open(folder, ticking, sign_every=1000) as log:
        log.append("note", {})
    path = folder / "audit.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(AuditError, match="holds 2 records, but 3 were signed: its end was cut off"):
        ChainLog(folder, run="r", actor="a", clock=ticking).append("note", {})


@pytest.mark.parametrize(
    ("note", "why"),
    [("of an older segment", "does not continue its signed checkpoint"), ("garbage", "is not a signed note")],
)
def test_a_checkpoint_that_does_not_fit_is_not_signed_over(folder: Path, ticking: Clock, note: str, why: str) -> None:
    """With another latest checkpoint in its place, nothing is signed."""
    with _open(folder, ticking, sign_every=1000) as log:
        log.append("note", {})
    old = (folder / LATEST).read_text()
    with _open(folder, ticking, sign_every=1000) as log:
        log.close_segment()
    (folder / LATEST).write_text(old if note != "garbage" else note)
    with pytest.raises(AuditError, match=why):
        ChainLog(folder, run="r", actor="a", clock=ticking).checkpoint()


def test_a_note_that_is_put_in_a_later_record_is_found(folder: Path, ticking: Clock) -> None:
    """A good signature over fewer records than stand before it is a replay."""
    with _open(folder, ticking, sign_every=1000) as log:
        log.append("note", {})
    old = (folder / LATEST).read_text()
    _open(folder, ticking).append_all([("note", {}), ("checkpoint", {"note": old})])
    found = verify(folder)
    assert (found.verdict, found.why) == (ChainVerdict.TAMPERED, "the checkpoint in record 4 is of 3 records")


def test_a_long_torn_first_line_is_recovered(folder: Path, ticking: Clock) -> None:
    """A crash in the very first line, longer than a first look at the file, leaves no whole line; a chain begins."""
    folder.mkdir(mode=0o700)
    (folder / "audit.jsonl").write_bytes(b"x" * 9000)
    _open(folder, ticking).append("note", {})
    found = verify(folder)
    assert (found.verdict, found.records) == (ChainVerdict.OK, 3)


def test_a_required_signature_is_asked_of_the_last_record(folder: Path, ticking: Clock) -> None:
    """All signed is ok; a tail without a signature has a verdict of its own, and names what it is of."""
    with _open(folder, ticking, sign_every=1000) as log:
        log.append("note", {})
    signed = verify(folder, require_signed=True).verdict
    log = _open(folder, ticking)
    log.append("note", {})
    log.append("note", {})
    found = verify(folder, require_signed=True)
    assert (signed, found.verdict, found.why) == (
        ChainVerdict.OK,
        ChainVerdict.UNSIGNED_TAIL,
        "no signed checkpoint covers records 3 to 4: a run was killed, or is still going on",
    )


def test_a_last_line_longer_than_a_look_is_found_whole(folder: Path, ticking: Clock) -> None:
    """A writer that comes to a log whose last line has many bytes reads back to its start."""
    _open(folder, ticking).append("note", {"pad": "x" * 300_000})
    assert (_open(folder, ticking).append("note", {}).seq, verify(folder).verdict) == (2, ChainVerdict.OK)


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.EROFS, "Check who owns the folder, or set AGENTOPS_HOME to one that you may write."),
        (errno.ENOSPC, "Free some space, or set AGENTOPS_HOME to a folder on another disk."),
        (errno.EIO, ""),
    ],
)
def test_what_to_do_next_depends_on_what_went_wrong(number: int, hint: str) -> None:
    """A disk that is full, one that may not be written, and any other error each have their hint."""
    error = refused("log", "write", OSError(number, os.strerror(number)))
    assert (error.message, error.hint) == (
        f"cannot write log: {os.strerror(number).lower()}",
        f"Nothing continues without its record. {hint}".strip(),
    )


def test_a_key_that_is_listed_already_is_adopted(folder: Path, ticking: Clock) -> None:
    """A crash after the new public key was listed and before the private one took its place is finished."""
    with _open(folder, ticking, sign_every=1000) as log:
        log.append("note", {})
        log.rotate_key()
    old, new = (folder / "audit.pub").read_text().splitlines()
    (folder / "audit.key.next").write_bytes((folder / "audit.key").read_bytes())
    (folder / "audit.key.next").chmod(0o600)
    with _open(folder, ticking, sign_every=1000) as log:
        log.append("note", {})
    listed = (folder / "audit.pub").read_text().splitlines()
    assert (listed, (folder / "audit.key.next").exists(), verify(folder).verdict) == (
        [old, new],
        False,
        ChainVerdict.OK,
    )
