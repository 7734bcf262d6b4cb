"""The tamper matrix of segments: what someone can do to whole files, against a plain, a signed and an anchored chain.

The table stands in ``docs/audit.md`` too; ``test_tamper.py`` holds the two together.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentops.audit.chain import as_json, decode, link
from agentops.audit.log import ChainLog, open_log
from agentops.audit.merkle import CompactRange
from agentops.audit.segments.retention import Retention, compress_closed
from agentops.audit.segments.segment import closing_facts, start_of
from agentops.audit.verify.full_check import verify
from agentops.audit.verify.verdict import ChainVerdict
from tests.audit.segmented import closed, grow

Clock = Callable[[], datetime]
MODES = ("plain", "signed", "anchored")
SEGMENT_TABLE = {
    "a closed segment deleted": "found found found",
    "the oldest segment deleted": "found found found",
    "two closed segments swapped": "found found found",
    "a closed segment cut": "found found found",
    "a closed segment joined to the next": "found found found",
    "a closed segment split in two": "found found found",
    "a compressed segment replaced by another": "found found found",
    "the active segment deleted": "found found found",
    "the active segment deleted, the closed one before it put in its place": "missed found found",
    "a record in a closed segment changed, all links recomputed": "missed found found",
    "the oldest segment deleted, with a record of its drop that nobody signed": "missed found found",
}


def _made(folder: Path, clock: Clock, mode: str, *, compress: bool = False) -> tuple[str, ...]:
    """Make a chain of four segments, and return what is known elsewhere."""
    grow(folder, clock, sign_every=0 if mode == "plain" else 1000, runs=4, compress=compress)
    return ((folder / "audit.checkpoint").read_text(),) if mode == "anchored" else ()


def _swap(one: Path, two: Path) -> None:
    held = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(held)


def _split(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]))
    begins = decode(lines[4].rstrip(b"\n")).seq
    path.with_name(f"audit-{begins:015d}.jsonl").write_bytes(b"".join(lines[4:]))


def _relink(folder: Path) -> None:
    """Change a record of the first segment, and make every link, head and root after it fit."""
    prev, tree, offset, before = "0" * 64, CompactRange(), 0, None
    for path in (*closed(folder), folder / "audit.jsonl"):
        done = []
        for line in path.read_bytes().splitlines():
            record = json.loads(line)
            if record["event"] == "segment_begun":
                here = {"first": tree.size, "offset": offset, "prev": prev}
                after = start_of(decode(line)).__class__(**here, frontier=tree.subtrees)
                assert before is not None
                record["payload"] |= closing_facts(before=before, after=after)
                record["payload"]["frontier"] = [item.hex() for item in tree.subtrees]
            if not done:
                before = start_of(decode(line)).__class__(first=tree.size, offset=offset, prev=prev)
            record["prev"] = prev
            if (record["seq"], record["event"]) == (3, "note"):
                record["payload"] = {"n": 77}
            done.append(as_json(record))
            prev = link(done[-1])
            tree.extend([bytes.fromhex(prev)])
            offset += len(done[-1]) + 1
        path.write_bytes(b"\n".join(done) + b"\n")


def _forge_drop(folder: Path, clock: Clock) -> None:
    says = decode(closed(folder)[1].read_bytes().splitlines()[0]).payload
    forged = {name: says[name] for name in ("closed", "size", "offset", "root")}
    ChainLog(folder, run="x", actor="human:eve", clock=clock, sign_every=0).append("segment_dropped", forged)
    closed(folder)[0].unlink()


def _tamper(case: str, folder: Path, clock: Clock) -> None:
    first, second, third = closed(folder)
    active = folder / "audit.jsonl"
    edits: dict[str, Callable[[], object]] = {
        "a closed segment deleted": second.unlink,
        "the oldest segment deleted": first.unlink,
        "two closed segments swapped": lambda: _swap(first, second),
        "a closed segment cut": lambda: second.write_bytes(
            b"".join(second.read_bytes().splitlines(keepends=True)[:-2])
        ),
        "a closed segment joined to the next": lambda: (
            second.write_bytes(second.read_bytes() + third.read_bytes()),
            third.unlink(),
        ),
        "a closed segment split in two": lambda: _split(second),
        "a compressed segment replaced by another": lambda: (
            second.with_name(second.name + ".gz").write_bytes(gzip.compress(first.read_bytes())),
            second.unlink(),
        ),
        "the active segment deleted": active.unlink,
        "the active segment deleted, the closed one before it put in its place": lambda: third.replace(active),
        "a record in a closed segment changed, all links recomputed": lambda: _relink(folder),
        "the oldest segment deleted, with a record of its drop that nobody signed": lambda: _forge_drop(folder, clock),
    }
    edits[case]()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", SEGMENT_TABLE)
def test_each_class_of_tampering_with_segments_is_found(tmp_path: Path, ticking: Clock, case: str, mode: str) -> None:
    """An untouched chain is ok in every mode; a tampered one is found, or honestly missed, as documented."""
    folder = tmp_path / "audit"
    anchors = _made(folder, ticking, mode)
    assert verify(folder, anchors=anchors, roots=True).intact
    _tamper(case, folder, ticking)
    found = verify(folder, anchors=anchors)
    assert ("missed" if found.intact else "found") == SEGMENT_TABLE[case].split()[MODES.index(mode)]


@pytest.mark.parametrize(
    ("case", "bad_seq", "segment", "why"),
    [
        (
            "a closed segment deleted",
            7,
            "audit-000000000000015.jsonl",
            "records 7 to 14 are gone: the segment that audit-000000000000015.jsonl follows is missing",
        ),
        (
            "two closed segments swapped",
            0,
            "audit-000000000000000.jsonl",
            "audit-000000000000000.jsonl begins with record 7: it stands under another segment's name",
        ),
        (
            "a closed segment cut",
            13,
            "audit-000000000000015.jsonl",
            "records 13 to 14 are gone: the segment that audit-000000000000015.jsonl follows is missing",
        ),
        (
            "a closed segment joined to the next",
            23,
            "audit.jsonl",
            "the first record of audit.jsonl does not say what the segment before it holds",
        ),
        (
            "a closed segment split in two",
            11,
            "audit-000000000000011.jsonl",
            "record 11 stands where a segment begins, and is no segment_begun",
        ),
        (
            "a compressed segment replaced by another",
            7,
            "audit-000000000000007.jsonl",
            "audit-000000000000007.jsonl begins with record 0: it stands under another segment's name",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_segment(
    tmp_path: Path, ticking: Clock, case: str, bad_seq: int, segment: str, why: str
) -> None:
    """The verdict names the first bad record, the file in which it stands or should, and what is wrong."""
    folder = tmp_path / "audit"
    _made(folder, ticking, "signed")
    _tamper(case, folder, ticking)
    found = verify(folder)
    assert (found.verdict, found.bad_seq, found.segment, found.offset, found.why) == (
        ChainVerdict.TAMPERED,
        bad_seq,
        segment,
        0,
        why,
    )


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"records":6', b'"records":5', "does not say what the segment before it holds"),
        (b'"size_bytes":', b'"size_bytos":', "does not say what the segment before it holds"),
        (b'"event":"segment_begun"', b'"event":"segment_begone"', "stands where a segment begins"),
        (b'"root":"', b'"root":"00', "does not lead to its root"),
        (b'"frontier":["', b'"frontier":["zz', "has no frontier of 6 records"),
        (b'"closed":{', b'"clothed":{', "does not say which segment it follows"),
    ],
)
def test_a_first_record_that_lies_is_found_without_signatures(
    tmp_path: Path, ticking: Clock, old: bytes, new: bytes, why: str
) -> None:
    """With every link after it made anew, what a segment's first record says is still compared with what was read."""
    folder = tmp_path / "audit"
    grow(folder, ticking, sign_every=0, runs=2)
    path = folder / "audit.jsonl"
    with open_log(folder, run="x", actor="a", clock=ticking, sign_every=0, retention=Retention(compress=False)) as log:
        log.append("note", {})
    lines = path.read_bytes().splitlines()
    assert old in lines[0]
    lines[0] = lines[0].replace(old, new)
    done = [lines[0]]
    for line in lines[1:]:
        record = json.loads(line)
        record["prev"] = link(done[-1])
        done.append(as_json(record))
    path.write_bytes(b"\n".join(done) + b"\n")
    found = verify(folder)
    assert (found.verdict, found.bad_seq, why in found.why) == (ChainVerdict.TAMPERED, 6, True)


@pytest.mark.slow
@pytest.mark.parametrize("compress", [False, True])
def test_every_flipped_byte_of_a_closed_segment_is_found(tmp_path: Path, ticking: Clock, compress: bool) -> None:
    """Each byte of the file in turn; of a compressed one, each that makes it unpack to anything else."""
    folder = tmp_path / "audit"
    grow(folder, ticking, runs=2, compress=compress)
    (path,) = closed(folder)
    whole = path.read_bytes()
    plain = gzip.decompress(whole) if compress else whole
    missed = []
    for at in range(len(whole)):
        altered = bytearray(whole)
        altered[at] ^= 1 << (at % 8)
        path.write_bytes(altered)
        if verify(folder).intact and (not compress or gzip.decompress(altered) != plain):
            missed.append(at)
    assert missed == []


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_edit_of_any_segment_is_found(tmp_path: Path, ticking: Clock, data: st.DataObject) -> None:
    """Whatever is cut, replaced or inserted in whichever file of a signed chain, verification is no longer ok."""
    folder = tmp_path / "audit"
    if not folder.exists():
        grow(folder, ticking, runs=4)
        last = closed(folder)[-1].read_bytes()
        compress_closed(folder)
        packed = closed(folder)[-1]
        packed.with_name(packed.name.removesuffix(".gz")).write_bytes(last)
        packed.unlink()
    path = data.draw(st.sampled_from([*closed(folder), folder / "audit.jsonl"]))
    original = path.read_bytes()
    start = data.draw(st.integers(0, len(original) - 1))
    end = data.draw(st.integers(start, len(original)))
    altered = original[:start] + data.draw(st.binary(max_size=40)) + original[end:]
    path.write_bytes(altered)
    intact = verify(folder).intact
    same = altered == original or (
        path.suffix == ".gz" and intact and gzip.decompress(altered) == gzip.decompress(original)
    )
    path.write_bytes(original)
    assert intact == same
