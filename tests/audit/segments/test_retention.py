"""Retention: nothing is dropped unless that was asked for, and never without a signed record that says so first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agentops.audit.chain import decode, link
from agentops.audit.log import ChainLog, open_log
from agentops.audit.proofs.checkpoints import read_public_keys
from agentops.audit.proofs.proof import check_growth, check_record, prove_growth, prove_record
from agentops.audit.segments.files import BROKEN_HINT
from agentops.audit.segments.retention import Retention, expired_segments
from agentops.audit.verify.full_check import verify
from agentops.audit.verify.verdict import ChainVerdict, DroppedRecords
from agentops.audit.verify.verifier import fault_in
from agentops.core.errors import AuditError, UsageError
from tests.audit.segmented import closed, grow, lines, names

Clock = Callable[[], datetime]
START = datetime(2026, 11, 22, 16, 0, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audit"


def _later(days: float) -> Clock:
    return lambda: START + timedelta(days=days)


def _drop(folder: Path, *, days: float = 10, keep: int = 5, sign_every: int = 1000) -> tuple[str, ...]:
    retention = Retention(retention_days=keep, compress=False)
    with open_log(
        folder, run="d", actor="human:ana", clock=_later(days), sign_every=sign_every, retention=retention
    ) as log:
        return log.drop_expired()


def test_nothing_is_dropped_by_default(folder: Path, ticking: Clock) -> None:
    """Without retention every segment stays, however old it is."""
    grow(folder, ticking)
    before = names(folder)
    with open_log(folder, run="d", actor="human:ana", clock=_later(36_000)) as log:
        dropped = log.drop_expired()
    assert (dropped, [name.removesuffix(".gz") for name in names(folder)]) == ((), before)
    assert expired_segments(folder, now=_later(36_000)(), retention_days=0, fault_in=fault_in) == ()


@pytest.mark.parametrize("compress", [False, True])
def test_a_dropped_segment_leaves_a_signed_record(folder: Path, ticking: Clock, compress: bool) -> None:
    """The record names the segment, its records, head and root, and stands under a checkpoint before the file goes."""
    grow(folder, ticking, compress=compress)
    every = lines(folder)
    leaves = [link(line) for line in every]
    dropped = _drop(folder)
    first, second = (decode(line) for line in lines(folder) if b'"event":"segment_dropped"' in line)
    notes = [decode(every[seq]).payload["checkpoint"] for seq in (7, 15)]
    assert dropped == ("audit-000000000000000.jsonl", "audit-000000000000007.jsonl")
    assert (first.payload["closed"], first.payload["checkpoint"]) == (
        {
            "name": dropped[0],
            "first": 0,
            "records": 7,
            "size_bytes": sum(len(line) + 1 for line in every[:7]),
            "head": leaves[6],
        },
        notes[0],
    )
    assert second.payload == {
        "closed": {
            "name": dropped[1],
            "first": 7,
            "records": 8,
            "size_bytes": sum(len(line) + 1 for line in every[7:15]),
            "head": leaves[14],
        },
        "size": 15,
        "offset": sum(len(line) + 1 for line in every[:15]),
        "root": decode(every[15]).payload["root"],
        "closed_at": decode(every[15]).time,
        "retention_days": 5,
        "checkpoint": notes[1],
    }
    assert (names(folder), verify(folder, roots=True).dropped) == (
        ["audit.jsonl"],
        DroppedRecords(records=15, time="2026-12-02T16:00:00.000Z", seq=second.seq, checkpoint=second.seq + 1),
    )


def test_what_was_dropped_is_part_of_an_ok(folder: Path, ticking: Clock) -> None:
    """Verification is ok and says what is gone, since when and under which checkpoint."""
    grow(folder, ticking)
    before = len(lines(folder))
    _drop(folder)
    found = verify(folder, require_signed=True)
    assert (found.verdict, found.records, found.bad_seq, str(found.dropped)) == (
        ChainVerdict.OK,
        before + 3,
        None,
        f"records 0 to 14 were dropped by retention at 2026-12-02T16:00:00.000Z, as record {before + 1} says "
        f"under the checkpoint of {before + 2} records",
    )


def test_an_unsigned_chain_drops_too(folder: Path, ticking: Clock) -> None:
    """Without signatures there is a record and no checkpoint, and the sentence does not speak of one."""
    grow(folder, ticking, sign_every=0)
    _drop(folder, sign_every=0)
    found = verify(folder, roots=True)
    assert (found.verdict, str(found.dropped)) == (
        ChainVerdict.OK,
        "records 0 to 11 were dropped by retention at 2026-12-02T16:00:00.000Z, as record 19 says",
    )


def test_only_what_is_old_enough_goes(folder: Path, ticking: Clock) -> None:
    """A segment goes by when it was closed; the active one never does."""
    grow(folder, ticking, runs=2)
    with open_log(folder, run="x", actor="a", clock=_later(7), retention=Retention(compress=False)) as log:
        log.close_segment()
    assert [_drop(folder, days=days, keep=5) for days in (4.9, 5.1, 11.9, 12.1)] == [
        (),
        ("audit-000000000000000.jsonl",),
        (),
        ("audit-000000000000007.jsonl",),
    ]
    assert (names(folder), verify(folder, roots=True).verdict) == (["audit.jsonl"], ChainVerdict.OK)


def test_a_run_drops_at_its_end(folder: Path, ticking: Clock) -> None:
    """With retention set, closing a log is enough; a later rotation and drop carry the tree on."""
    grow(folder, ticking)
    for days in (10, 20, 30):
        retention = Retention(retention_days=5, segment_bytes=4000, compress=days != 20)
        with open_log(folder, run=f"d{days}", actor="a", clock=_later(days), retention=retention) as log:
            for n in range(30):
                log.append("note", {"n": n, "pad": "x" * 100})
        found = verify(folder, roots=True, require_signed=True)
        assert (found.verdict, found.dropped is not None) == (ChainVerdict.OK, True)


def test_proofs_of_what_is_kept_need_nothing_of_what_was_dropped(folder: Path, ticking: Clock) -> None:
    """Every kept record is proved with the public key alone, growth too from the drop on; what is gone is not."""
    grow(folder, ticking, runs=4)
    anchor = (folder / "audit.checkpoint").read_text()
    _drop(folder)
    (key,) = read_public_keys(folder)
    kept = lines(folder)
    total = verify(folder).records
    found = [check_record(prove_record(folder, seq), key).seq for seq in range(total - len(kept), total)]
    assert (total - len(kept), found) == (23, list(range(23, total)))
    older, newer = check_growth(prove_growth(folder, anchor), key)
    assert (older.size < newer.size, newer.size) == (True, total)
    with pytest.raises(UsageError, match="dropped"):
        prove_record(folder, 22)


def test_an_anchor_of_what_is_gone_compares_with_nothing(folder: Path, ticking: Clock) -> None:
    """An anchor from the very end of the dropped part still fits; an earlier one is ``unanchored``, not ok."""
    grow(folder, ticking, runs=1)
    early = (folder / "audit.checkpoint").read_text()
    with open_log(folder, run="c", actor="a", clock=ticking, retention=Retention(compress=False)) as log:
        log.close_segment()
    exact = decode((folder / "audit.jsonl").read_bytes().splitlines()[0]).payload["checkpoint"]
    grow(folder, ticking, runs=1)
    _drop(folder)
    assert verify(folder, anchors=(exact,), roots=True).verdict is ChainVerdict.OK
    found = verify(folder, anchors=(early,))
    assert (found.verdict, found.why) == (
        ChainVerdict.UNANCHORED,
        "the anchor is of 7 records, and the first 8 are gone: it cannot be compared with what is left",
    )


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        ("changed", "record 3 was changed after record 4 was written"),
        ("cut", "audit-000000000000000.jsonl ends with record 4, and not as the segment after it says"),
        ("packed badly", "audit-000000000000000.jsonl.gz cannot be unpacked"),
        ("begins wrongly", "record 7 does not say which segment it follows"),
    ],
)
def test_what_does_not_hold_is_not_dropped(folder: Path, ticking: Clock, harm: str, why: str) -> None:
    """Evidence of tampering outlives its retention: nothing is deleted and the run stops with exit code 8."""
    grow(folder, ticking)
    first, second = closed(folder)
    retention = Retention(retention_days=5, compress=False)
    log = open_log(folder, run="d", actor="human:ana", clock=_later(10), retention=retention)
    data = first.read_bytes()
    if harm == "changed":
        first.write_bytes(data.replace(b'"n":2', b'"n":7'))
    elif harm == "cut":
        first.write_bytes(b"".join(data.splitlines(keepends=True)[:5]))
    elif harm == "packed badly":
        first.unlink()
        first.with_name(first.name + ".gz").write_bytes(b"\x1f\x8b\x08" + bytes(40))
    else:
        second.write_bytes(second.read_bytes().replace(b'"offset":', b'"offsat":', 1))
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(AuditError) as caught:
        log.drop_expired()
    assert caught.value.message.startswith(f"{first.name} is not dropped, because the chain is broken: {why}")
    assert (caught.value.hint, sorted(path.name for path in folder.iterdir())) == (BROKEN_HINT, before)


def test_a_missing_segment_without_a_record_is_found(folder: Path, ticking: Clock) -> None:
    """Deleting the oldest segment by hand is no retention."""
    grow(folder, ticking)
    closed(folder)[0].unlink()
    found = verify(folder)
    assert (found.verdict, found.bad_seq, found.offset, found.segment, found.why) == (
        ChainVerdict.TAMPERED,
        0,
        0,
        "audit-000000000000007.jsonl",
        "records 0 to 6 are gone, and no record says that they were dropped",
    )


def test_a_drop_that_is_not_signed_counts_for_nothing(folder: Path, ticking: Clock) -> None:
    """A forged record of a drop is believed only under a checkpoint, and only with the right root and head."""
    grow(folder, ticking)
    every = [decode(line) for line in lines(folder)]
    says = every[7].payload
    forged = {name: says[name] for name in ("closed", "size", "offset", "root")}
    log = open_log(folder, run="d", actor="human:ana", clock=ticking, sign_every=0)
    log.append("segment_dropped", forged | {"root": "00" * 32})
    log.append("segment_dropped", {"closed": "nonsense"})
    closed(folder)[0].unlink()
    assert verify(folder).why == "records 0 to 6 are gone, and no record says that they were dropped"
    unasked = ChainLog(folder, run="d", actor="human:ana", clock=ticking, sign_every=0)
    unasked.append("segment_dropped", forged)
    assert verify(folder).why == (
        f"records 0 to 6 are gone, and record {len(every) + 2}, which says that they were dropped, is not signed"
    )


def test_an_old_checkpoint_before_the_drop_is_an_old_copy_put_back(folder: Path, ticking: Clock) -> None:
    """When the latest checkpoint speaks only of what is gone, someone put it back."""
    grow(folder, ticking, runs=1)
    old = (folder / "audit.checkpoint").read_text()
    with open_log(folder, run="c", actor="a", clock=ticking, retention=Retention(compress=False)) as log:
        log.close_segment()
    _drop(folder)
    (folder / "audit.checkpoint").write_text(old)
    found = verify(folder)
    assert (found.verdict, found.why) == (
        ChainVerdict.TAMPERED,
        "the latest checkpoint is of 7 records, and the first 8 are gone: it cannot be compared with what is left",
    )
