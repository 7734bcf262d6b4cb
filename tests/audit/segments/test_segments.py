"""Segments: linked when one is closed, read as one chain, compressed without a reader noticing."""

from __future__ import annotations

import errno
import gzip
import io
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentops.audit.chain import decode, link
from agentops.audit.log import ChainLog, open_log
from agentops.audit.merkle import root_of
from agentops.audit.proofs.checkpoints import read_public_keys
from agentops.audit.proofs.proof import check_growth, check_record, prove_growth, prove_record
from agentops.audit.read import Query, read_records
from agentops.audit.segments.files import BROKEN_HINT
from agentops.audit.segments.retention import Retention, compress_closed
from agentops.audit.segments.segment import opened
from agentops.audit.verify.full_check import retry_until_stable, verify, verify_to
from agentops.audit.verify.startup_check import require_intact
from agentops.audit.verify.trusted_checkpoints import TrustedCheckpoints, gather
from agentops.audit.verify.verdict import ChainVerdict, Verification
from agentops.core.errors import AuditError
from tests.audit.segmented import closed, grow, lines, names

Clock = Callable[[], datetime]
FIRST, SECOND = "audit-000000000000000.jsonl", "audit-000000000000007.jsonl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audit"


def _open(folder: Path, clock: Clock, *, sign_every: int = 1000, retention: Retention | None = None) -> ChainLog:
    return open_log(
        folder, run="r9", actor="human:bo", clock=clock, sign_every=sign_every, retention=retention or Retention()
    )


def test_the_next_segment_says_what_the_closed_one_holds(folder: Path, ticking: Clock) -> None:
    """Its first record links on, and carries the closed one's name, records, bytes, head, root and checkpoint."""
    grow(folder, ticking, runs=2)
    assert names(folder) == [FIRST, "audit.jsonl"]
    before = (folder / FIRST).read_bytes()
    leaves = [bytes.fromhex(link(line)) for line in before.splitlines()]
    first = decode((folder / "audit.jsonl").read_bytes().splitlines()[0])
    payload = dict(first.payload)
    frontier, note = payload.pop("frontier"), payload.pop("checkpoint")
    (key,) = read_public_keys(folder)
    assert (first.prev, first.seq, first.event) == (leaves[-1].hex(), 7, "segment_begun")
    assert payload == {
        "form": 1,
        "agentops": payload["agentops"],
        "host": payload["host"],
        "key": str(key),
        "closed": {
            "name": FIRST,
            "first": 0,
            "records": 7,
            "size_bytes": len(before),
            "head": leaves[-1].hex(),
        },
        "size": 7,
        "offset": len(before),
        "root": root_of(leaves).hex(),
    }
    assert (frontier, note.splitlines()[1]) == (
        [root_of(leaves[start:end]).hex() for start, end in ((0, 4), (4, 6), (6, 7))],
        "7",
    )
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o600}


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("sign_every", [0, 1000])
def test_segments_verify_as_one_chain(folder: Path, ticking: Clock, sign_every: int, compress: bool) -> None:
    """Numbers, links, tree and bytes run on across segments, signed or not, compressed or not."""
    grow(folder, ticking, sign_every=sign_every, compress=compress, runs=4)
    found = verify(folder, roots=True)
    every = lines(folder)
    assert (found.verdict, found.records, found.segments, found.head, found.size_bytes) == (
        ChainVerdict.OK,
        len(every),
        4,
        link(every[-1]),
        sum(len(line) + 1 for line in every),
    )
    assert [decode(line).seq for line in every] == list(range(len(every)))
    assert found.signed_records == (len(every) if sign_every else 0)


def test_a_segment_is_closed_before_it_grows_too_large(folder: Path, ticking: Clock) -> None:
    """The append that finds the limit reached goes into the next segment."""
    retention = Retention(segment_bytes=3000, compress=False)
    with _open(folder, ticking, retention=retention) as log:
        records = [log.append("note", {"n": n, "pad": "x" * 300}) for n in range(60)]
    assert [record.seq for record in records] == sorted(record.seq for record in records)
    sizes = [path.stat().st_size for path in closed(folder)]
    assert (len(sizes) > 3, all(3000 <= size < 6500 for size in sizes)) == (True, True)
    assert verify(folder, roots=True, require_signed=True).verdict is ChainVerdict.OK


def test_other_logs_go_on_in_the_new_segment(folder: Path, ticking: Clock) -> None:
    """A log that was open when another closed the segment continues the chain, and so does the first after that."""
    one, two = _open(folder, ticking), _open(folder, ticking)
    one.append("note", {})
    two.append("note", {})
    one.close_segment()
    seqs = [log.append("note", {}).seq for log in (two, one, two)]
    two.close_segment()
    seqs.append(one.append("note", {}).seq)
    assert (seqs, verify(folder, roots=True).verdict) == ([5, 6, 7, 10], ChainVerdict.OK)


def test_reading_and_following_go_from_segment_to_segment(folder: Path, ticking: Clock) -> None:
    """Filters find records in closed segments, and following goes on through a rotation, a compression and a drop."""
    grow(folder, ticking, runs=3, compress=True)
    assert [record.seq for record in read_records(folder, Query(event="note", run="r1"))] == [9, 10, 11, 12, 13]
    log = _open(folder, ticking, retention=Retention(compress=False, retention_days=1))
    steps = iter(["append", "close", "append", "close", "pack", "append", "drop", "append", "stop"])

    def wait() -> bool:
        step = next(steps)
        if step == "append":
            log.append("late", {})
        elif step == "close":
            log.close_segment()
        elif step == "pack":
            compress_closed(folder)
        elif step == "drop":
            _drop_all(folder)
        return step != "stop"

    found = [record.seq for record in read_records(folder, Query(event="late"), wait=wait)]
    assert (len(found), found) == (4, sorted(found))
    assert [record.seq for record in read_records(folder, Query(event="late"))] == found[-2:]


def _drop_all(folder: Path) -> None:
    later = datetime.fromisoformat("2027-01-01T00:00:00Z")
    with _open(folder, lambda: later, retention=Retention(retention_days=1)) as log:
        assert log.drop_expired()


def test_reading_says_which_segment_holds_no_record(folder: Path, ticking: Clock) -> None:
    """A line that is no record, a first line that says nothing, and a file that cannot be unpacked stop the reading."""
    grow(folder, ticking, runs=3)
    path = folder / SECOND
    whole = path.read_bytes()
    second = whole.index(b"\n") + 1
    path.write_bytes(whole[:second] + b"nonsense\n" + whole[second:])
    with pytest.raises(AuditError, match=f"{SECOND} holds no record at byte {second}"):
        list(read_records(folder, Query()))
    path.write_bytes(b"nonsense\n" + whole)
    with pytest.raises(AuditError, match=f"{SECOND} holds no record at byte 0"):
        list(read_records(folder, Query()))
    path.unlink()
    (folder / (SECOND + ".gz")).write_bytes(b"no gzip")
    with pytest.raises(AuditError, match=rf"{SECOND}.gz cannot be unpacked: Not a gzipped file"):
        list(read_records(folder, Query()))


@pytest.mark.parametrize("compress", [False, True])
def test_proofs_reach_into_closed_segments(folder: Path, ticking: Clock, compress: bool) -> None:
    """Every signed record of every segment is proved, and every earlier checkpoint shown to be continued."""
    old = []
    for _ in range(3):
        grow(folder, ticking, runs=1)
        old.append((folder / "audit.checkpoint").read_text())
        with _open(folder, ticking, retention=Retention(compress=compress)) as log:
            log.close_segment()
    grow(folder, ticking, runs=1)
    (key,) = read_public_keys(folder)
    every = lines(folder)
    found = [check_record(prove_record(folder, seq), key).seq for seq in range(len(every))]
    grown = [check_growth(prove_growth(folder, note), key)[1].size for note in old]
    assert (found, grown) == (list(range(len(every))), [len(every)] * 3)


def test_compression_leaves_the_same_bytes_in_less_space(folder: Path, ticking: Clock) -> None:
    """A run's end compresses what is closed; the file unpacks to the very bytes, and only its owner reads it."""
    grow(folder, ticking, runs=2)
    before = (folder / FIRST).read_bytes()
    (folder / f".{FIRST}.gz.99").write_bytes(b"left by a run that was killed")
    with _open(folder, ticking):
        pass
    packed = folder / (FIRST + ".gz")
    assert (gzip.decompress(packed.read_bytes()), packed.stat().st_size < len(before)) == (before, True)
    assert (stat.S_IMODE(packed.stat().st_mode), (folder / FIRST).exists()) == (0o600, False)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    assert compress_closed(folder) == ()


def test_compression_that_was_cut_short_is_done_again(folder: Path, ticking: Clock) -> None:
    """With both files there the plain one counts, and the next run makes the other anew."""
    grow(folder, ticking, runs=2)
    (folder / (FIRST + ".gz")).write_bytes(b"half")
    assert verify(folder).verdict is ChainVerdict.OK
    assert (compress_closed(folder), names(folder)) == ((FIRST,), [FIRST + ".gz", "audit.jsonl"])
    assert verify(folder).verdict is ChainVerdict.OK


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
def test_compression_that_finds_no_space_leaves_the_segment(tmp_path: Path, ticking: Clock) -> None:
    """On a full disk the run still ends well: the segment stays as it was, and nothing half lies about."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("no right to mount")
    try:
        folder = disk / "audit"
        with _open(folder, ticking, retention=Retention(compress=False)) as log:
            log.append_all([("note", {"noise": os.urandom(60).hex()}) for _ in range(300)])
            log.close_segment()
        (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free - 28 * 1024))
        with _open(folder, ticking) as log:
            log.append("note", {})
            before = names(folder)
        with pytest.raises(AuditError, match=r"cannot compress the closed segments in .*: no space left"):
            compress_closed(folder)
        assert (before, names(folder)) == ([FIRST, "audit.jsonl"], [FIRST, "audit.jsonl"])
        assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_another_file_under_the_closed_ones_name_stops_the_rotation(folder: Path, ticking: Clock) -> None:
    """Nothing is overwritten: the segment stays open, and the error says what is in the way."""
    log = _open(folder, ticking)
    log.append("note", {})
    (folder / FIRST).write_bytes(b"something else")
    with pytest.raises(AuditError, match=f"{FIRST} exists and is in the way of the segment to be closed") as caught:
        log.close_segment()
    (folder / FIRST).unlink()
    assert (caught.value.hint, log.append("note", {}).seq, verify(folder).verdict) == (BROKEN_HINT, 3, ChainVerdict.OK)


def _refusing(number: int) -> Callable[..., None]:
    def refuse(*_words: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def test_a_disk_without_hard_links_keeps_one_file(
    folder: Path, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file cannot have two names the log goes on in one; asking for a rotation says why there is none."""
    monkeypatch.setattr(os, "link", _refusing(errno.EPERM))
    with _open(folder, ticking, retention=Retention(segment_bytes=1000)) as log:
        for n in range(10):
            log.append("note", {"n": n, "pad": "x" * 300})
        with pytest.raises(AuditError, match=rf"{FIRST} cannot be linked: Operation not permitted"):
            log.close_segment()
        log.append("note", {})
    found = verify(folder, require_signed=True)
    assert (found.verdict, names(folder), len(list(read_records(folder, Query(event="note"))))) == (
        ChainVerdict.OK,
        ["audit.jsonl"],
        11,
    )


def test_a_rotation_that_fails_stops_the_append(folder: Path, ticking: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other failure is the run's: nothing is written, and the next append works when the cause is gone."""
    log = _open(folder, ticking, retention=Retention(segment_bytes=1000))
    log.append("note", {"pad": "x" * 1000})
    with monkeypatch.context() as patched:
        patched.setattr(os, "link", _refusing(errno.ENOSPC))
        with pytest.raises(AuditError, match=r"cannot write .*: no space left"):
            log.append("lost", {})
    log.append("note", {})
    events = [record.event for record in read_records(folder, Query())]
    assert (events, verify(folder, roots=True).verdict) == (
        ["chain_begun", "note", "checkpoint", "checkpoint", "segment_begun", "note"],
        ChainVerdict.OK,
    )


def test_what_kills_left_is_taken_up_and_cleared_away(folder: Path, ticking: Clock) -> None:
    """A closed name that is the active file's own is used by the next rotation; drafts that were left are deleted."""
    with _open(folder, ticking) as log:
        log.append("note", {})
        os.link(folder / "audit.jsonl", folder / FIRST)
        for name in (".audit.jsonl.99", ".audit.checkpoint.99"):
            (folder / name).write_bytes(b"left")
        assert (names(folder), verify(folder).verdict) == (["audit.jsonl"], ChainVerdict.OK)
        assert log.close_segment() == FIRST
    assert [path.name for path in folder.glob(".*")] == []
    assert (names(folder), verify(folder, roots=True).verdict) == ([FIRST + ".gz", "audit.jsonl"], ChainVerdict.OK)


def test_another_chain_in_the_active_ones_place_is_found(folder: Path, tmp_path: Path, ticking: Clock) -> None:
    """A file that begins with record 0 does not follow closed segments."""
    grow(folder, ticking, runs=2, sign_every=0)
    grow(tmp_path / "other", ticking, runs=1, sign_every=0)
    (tmp_path / "other" / "audit.jsonl").replace(folder / "audit.jsonl")
    found = verify(folder)
    assert (found.verdict, found.bad_seq, found.why) == (
        ChainVerdict.TAMPERED,
        6,
        "audit.jsonl begins with record 0, where record 6 is expected",
    )


@pytest.mark.parametrize("left", [b"", b'{"prev":"00'])
def test_an_emptied_first_segment_is_found(folder: Path, ticking: Clock, left: bytes) -> None:
    """A closed segment always has a first record."""
    grow(folder, ticking, runs=2)
    (folder / FIRST).write_bytes(left)
    found = verify(folder)
    assert (found.verdict, found.bad_seq, found.segment, found.why) == (
        ChainVerdict.TAMPERED,
        0,
        FIRST,
        f"{FIRST} has no first record: it was emptied or cut",
    )


def test_two_that_compress_at_once_do_it_once(folder: Path, ticking: Clock) -> None:
    """One of them puts its file in place; the other finds the segment compressed and leaves nothing behind."""
    with _open(folder, ticking, retention=Retention(compress=False)) as log:
        log.append_all([("note", {"n": n, "noise": os.urandom(200).hex()}) for n in range(5000)])
        log.close_segment()
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(compress_closed, [folder, folder]))
    assert (sorted(done), [path.name for path in folder.glob(".*")]) == ([(), (FIRST,)], [])
    assert verify(folder).verdict is ChainVerdict.OK


def test_what_does_not_unpack_to_the_same_is_not_put_in_place(
    folder: Path, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the packed file reads back as something else, the segment stays as it is."""
    grow(folder, ticking, runs=2)
    monkeypatch.setattr(gzip, "open", lambda *_words: io.BytesIO(b"other bytes"))
    with pytest.raises(AuditError, match=r"gz\.\d+ does not unpack to what was packed"):
        compress_closed(folder)
    assert sorted(path.name for path in folder.iterdir() if "jsonl" in path.name) == [FIRST, "audit.jsonl"]


def test_reading_goes_on_behind_what_is_dropped_meanwhile(folder: Path, ticking: Clock) -> None:
    """A reader in the first segment, while the first two are dropped, finishes that one and goes on in the third."""
    grow(folder, ticking, runs=3)
    reading = read_records(folder, Query())
    seen = [next(reading).seq]
    _drop_all(folder)
    seen += [record.seq for record in reading]
    assert (seen[:7], seen[7], seen[7:]) == (list(range(7)), 15, list(range(15, verify(folder).records)))


def test_a_segment_that_leads_nowhere_is_an_error(folder: Path, ticking: Clock) -> None:
    """A closed segment that is a link to nothing is neither read past nor taken for a drop."""
    grow(folder, ticking, runs=3)
    (folder / SECOND).unlink()
    (folder / SECOND).symlink_to(folder / "nowhere")
    with pytest.raises(AuditError, match=r"cannot read .*: no such file"):
        list(read_records(folder, Query()))
    with pytest.raises(AuditError, match=r"cannot read .*: no such file"):
        verify(folder)


class _Meddling(TrustedCheckpoints):
    """Has a segment vanish while the one before it is read."""

    def check_record(self, line: bytes, size: int, root: bytes | None, head: str) -> None:
        super().check_record(line, size, root, head)
        (self.folder / SECOND).unlink(missing_ok=True)

    folder = Path()


def test_a_look_at_files_that_move_is_not_believed(folder: Path, ticking: Clock) -> None:
    """What went wrong while files were dropped under it is looked at again, five times at most."""
    grow(folder, ticking, runs=3)
    meddling = _Meddling(keys=())
    meddling.folder = folder
    found, stands = verify_to(folder, meddling)
    assert (found.verdict, found.why, stands) == (
        ChainVerdict.TAMPERED,
        "the chain's files do not stay where they are",
        False,
    )
    bad = Verification(verdict=ChainVerdict.TAMPERED)
    looks = iter([(bad, False), (Verification(verdict=ChainVerdict.OK), True)])
    assert retry_until_stable(lambda: next(looks)).verdict is ChainVerdict.OK
    assert retry_until_stable(lambda: (bad, False)) == bad


def test_a_limit_may_end_with_a_closed_segment(folder: Path, ticking: Clock) -> None:
    """What is verified up to a length that was seen before a rotation ends where it was."""
    grow(folder, ticking, runs=3)
    size = (folder / FIRST).stat().st_size
    found, _stands = verify_to(folder, gather(folder, keys=(), anchors=()), limit=size)
    assert (found.records, found.segments) == (7, 1)


def test_a_first_record_that_says_nothing_is_not_skipped_over(folder: Path, ticking: Clock) -> None:
    """Where the active segment does not say where it begins, the chain is read from its start."""
    grow(folder, ticking, runs=2)
    path = folder / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"offset":', b'"offsat":', 1))
    found, _stands = verify_to(folder, gather(folder, keys=(), anchors=()), skip=True)
    assert (found.verdict, found.bad_seq, found.segments) == (ChainVerdict.TAMPERED, 7, 2)


@pytest.mark.parametrize("begin", ["never stood on it", "stood on it"])
def test_a_chain_without_its_active_segment_is_not_begun_anew(folder: Path, ticking: Clock, begin: str) -> None:
    """With closed segments there, a missing or emptied active one stops every writer and is found by verification."""
    grow(folder, ticking, runs=2, sign_every=0)
    log = ChainLog(folder, run="r", actor="a", clock=ticking, sign_every=0)
    if begin == "stood on it":
        log.append("note", {})
    (folder / "audit.jsonl").unlink()
    with pytest.raises(AuditError, match=r"is gone, and the segments before it are there|no such file"):
        log.append("note", {})
    found = verify(folder)
    assert (found.verdict, found.bad_seq, found.why) == (
        ChainVerdict.TAMPERED,
        6,
        "the segment that is appended to is gone",
    )
    (folder / "audit.jsonl").touch(mode=0o600)
    with pytest.raises(AuditError, match=r"has no first record, and segments before it|has become shorter"):
        log.append("note", {})
    with pytest.raises(AuditError, match=r"is broken from record 6 on: audit.jsonl has no first record"):
        require_intact(folder)


def test_an_active_segment_that_begins_wrongly_stops_the_writer(folder: Path, ticking: Clock) -> None:
    """A first record that does not say which segment it follows is nothing to append to."""
    grow(folder, ticking, runs=2, sign_every=0)
    path = folder / "audit.jsonl"
    log = ChainLog(folder, run="r", actor="a", clock=ticking, sign_every=0)
    path.write_bytes(path.read_bytes().replace(b'"offset":', b'"offsat":', 1))
    with pytest.raises(AuditError, match="does not begin as a segment does: record 6 does not say"):
        log.append("note", {})


def test_a_folder_of_segments_is_refused_or_skipped_like_a_file(folder: Path, ticking: Clock) -> None:
    """A long chain is read from its latest checkpoint on; where the active segment begins wrongly, from its start."""
    grow(folder, ticking, runs=3)
    require_intact(folder, whole_bytes=0)
    path = folder / FIRST
    path.write_bytes(path.read_bytes().replace(b'"n":3', b'"n":4'))
    require_intact(folder, whole_bytes=0)
    with pytest.raises(AuditError, match="is broken from record 4 on"):
        require_intact(folder)
    active = folder / "audit.jsonl"
    active.write_bytes(active.read_bytes().replace(b'"frontier":["', b'"frontier":["00', 1))
    with pytest.raises(AuditError, match="is broken from record 4 on"):
        require_intact(folder, whole_bytes=0)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["note", "many", "close", "sign", "pack", "reopen"]), max_size=25))
def test_any_sequence_of_steps_leaves_one_chain(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    """Whatever is appended, closed, signed and compressed in whatever order, the chain holds and nothing is missing."""
    folder = tmp_path_factory.mktemp("chain") / "audit"
    clock = lambda: datetime.fromisoformat("2026-11-22T16:00:00Z")  # noqa: E731
    log, notes = _open(folder, clock), 0
    for step in steps:
        if step == "note":
            log.append("note", {})
        elif step == "many":
            log.append_all([("note", {})] * 7)
        elif step == "close":
            log.close_segment()
        elif step == "sign":
            log.checkpoint()
        elif step == "pack":
            compress_closed(folder)
        else:
            log.close()
            log = _open(folder, clock)
        notes += {"note": 1, "many": 7}.get(step, 0)
    log.close()
    found = verify(folder, roots=True, require_signed=bool(notes))
    assert (found.verdict, len(list(read_records(folder, Query(event="note"))))) == (ChainVerdict.OK, notes)
    shutil.rmtree(folder)


def test_segments_put_together_are_the_chain_in_one_file(folder: Path, tmp_path: Path, ticking: Clock) -> None:
    """All segments one after the other verify as one file, as an exported copy does, and a writer goes on there."""
    grow(folder, ticking, compress=True)
    whole = b"".join(line + b"\n" for line in lines(folder))
    joined = tmp_path / "joined"
    shutil.copytree(folder, joined)
    for path in closed(joined):
        path.unlink()
    (joined / "audit.jsonl").write_bytes(whole)
    with _open(joined, ticking) as log:
        log.append("note", {})
        log.close_segment()
    found = verify(joined, roots=True, require_signed=True)
    assert (found.verdict, found.segments, found.records > verify(folder).records) == (ChainVerdict.OK, 2, True)


def test_files_that_are_looked_at_stay_open_under_a_rotation(folder: Path, ticking: Clock) -> None:
    """Who looked at the chain reads it as it was, though its active segment is closed and compressed meanwhile."""
    grow(folder, ticking, runs=2)
    before = lines(folder)
    with opened(folder) as files:
        with _open(folder, ticking) as log:
            log.close_segment()
        found: list[bytes] = []
        for segment in files.all:
            with segment.reading() as file:
                found += file.read().splitlines()
        assert (files.are_still_so(), found[: len(before)]) == (False, before)
