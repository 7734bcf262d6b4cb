"""Verification: a whole chain holds, and every alteration is found, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentops.audit.chain import MAX_LINE_BYTES, link
from agentops.audit.verify.full_check import verify
from agentops.audit.verify.verdict import ChainVerdict, Verification
from agentops.core.errors import AuditError


def _lines(folder: Path) -> list[bytes]:
    return (folder / "audit.jsonl").read_bytes().splitlines(keepends=True)


def _write(folder: Path, lines: list[bytes]) -> int:
    """Write the lines and return the size."""
    data = b"".join(lines)
    (folder / "audit.jsonl").write_bytes(data)
    return len(data)


def test_a_whole_chain_holds(chain: Path) -> None:
    """An unaltered chain is ok, with its length, size and head."""
    lines = _lines(chain)
    assert verify(chain) == Verification(
        verdict=ChainVerdict.OK,
        records=6,
        size_bytes=len(b"".join(lines)),
        head=link(lines[-1].rstrip(b"\n")),
        segments=1,
    )


def test_no_chain_is_not_an_empty_chain(tmp_path: Path) -> None:
    """A folder without a log is absent; a log without a record is empty, which no chain ever is."""
    absent = verify(tmp_path)
    (tmp_path / "audit.jsonl").touch()
    empty = verify(tmp_path)
    assert (absent.verdict, empty.verdict, empty.intact) == (ChainVerdict.ABSENT, ChainVerdict.EMPTY, False)
    assert (absent.why, empty.why) == (
        f"there is no chain in {tmp_path}",
        f"{tmp_path / 'audit.jsonl'} is empty; a chain has a first record from the start",
    )


def test_a_torn_tail_is_not_tampering(chain: Path) -> None:
    """Bytes after the last newline are an incomplete tail; the records before it hold."""
    size = _write(chain, [*_lines(chain), b'{"prev":'])
    found = verify(chain)
    assert (found.verdict, found.records, found.offset) == (ChainVerdict.INCOMPLETE_TAIL, 6, size - 8)


@pytest.mark.parametrize(
    ("case", "bad_seq", "why"),
    [
        ("modify", 2, "record 2 was changed after record 3 was written"),
        ("delete", 2, "record 2 is expected here and 3 stands: records were removed, added or moved"),
        ("swap", 2, "record 2 is expected here and 3 stands: records were removed, added or moved"),
        ("duplicate", 3, "record 3 is expected here and 2 stands: records were removed, added or moved"),
        ("insert", 2, "not JSON: Expecting value at byte 0 of the line"),
        ("cut head", 0, "record 0 is expected here and 1 stands: records were removed, added or moved"),
        ("prev of the first", 0, "record 0 does not begin with 64 zeros as prev"),
        ("prev", 3, "record 3 does not continue record 2: one of them was changed"),
        ("prev of the last", 5, "record 5 does not continue record 4: one of them was changed"),
        ("last", 5, "the last record: the form has no number like 1.5"),
    ],
)
def test_an_alteration_is_found_where_it_is(chain: Path, case: str, bad_seq: int, why: str) -> None:
    """Each kind of alteration names the first bad record, the byte where it begins, and what is wrong."""
    a = _lines(chain)
    altered = {
        "modify": [*a[:2], a[2].replace(b'"n":1', b'"n":7'), *a[3:]],
        "delete": [*a[:2], *a[3:]],
        "swap": [*a[:2], a[3], a[2], *a[4:]],
        "duplicate": [*a[:3], a[2], *a[3:]],
        "insert": [*a[:2], b"x\n", *a[2:]],
        "cut head": a[1:],
        "prev of the first": [a[0].replace(b"000", b"100", 1), *a[1:]],
        "prev": [*a[:3], a[3][:9] + b"0" * 64 + a[3][73:], *a[4:]],
        "prev of the last": [*a[:5], a[5][:9] + b"0" * 64 + a[5][73:]],
        "last": [*a[:5], a[5].replace(b'"n":4', b'"n":1.5')],
    }[case]
    _write(chain, altered)
    found = verify(chain)
    assert (found.verdict, found.bad_seq, found.why) == (ChainVerdict.TAMPERED, bad_seq, why)
    assert (found.offset, found.records) == (len(b"".join(altered[:bad_seq])), bad_seq)


def test_every_flipped_byte_before_the_last_record_is_found(chain: Path) -> None:
    """Each byte before the last record, flipped, is found; what vouches for the last one is a signature."""
    data = (chain / "audit.jsonl").read_bytes()
    last = data.rstrip(b"\n").rfind(b"\n") + 1
    missed = []
    for at in range(last):
        altered = bytearray(data)
        altered[at] ^= 1
        (chain / "audit.jsonl").write_bytes(altered)
        if verify(chain).verdict is not ChainVerdict.TAMPERED:
            missed.append(at)
    assert missed == []


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_random_edits_are_found(chain: Path, data: st.DataObject) -> None:
    """Any cut, replacement or insertion before the last record's beginning is found."""
    original = (chain / "audit.jsonl").read_bytes()
    last = original.rstrip(b"\n").rfind(b"\n") + 1
    start = data.draw(st.integers(0, last - 1))
    end = data.draw(st.integers(start, last))
    altered = original[:start] + data.draw(st.binary(max_size=50)) + original[end:]
    (chain / "audit.jsonl").write_bytes(altered)
    found = verify(chain)
    (chain / "audit.jsonl").write_bytes(original)
    assert (found.verdict is ChainVerdict.OK) == (altered == original)


def test_a_line_without_end_is_read_in_constant_memory(chain: Path) -> None:
    """A line longer than any record may be stops verification there and is tampering, not a torn tail."""
    size = _write(chain, _lines(chain))
    with (chain / "audit.jsonl").open("ab") as file:
        file.write(b"x" * (MAX_LINE_BYTES + 2))
    found = verify(chain)
    assert (found.verdict, found.bad_seq, found.offset) == (ChainVerdict.TAMPERED, 6, size)


def test_lines_may_cross_the_chunks_that_are_read(chain: Path) -> None:
    """A chain whose lines are longer than a read's chunk verifies like any other, and its edits are placed exactly."""
    from agentops.audit.log import open_log
    from agentops.core.clock import utc_now

    with open_log(chain, run="r2", actor="human:ana", clock=utc_now, sign_every=0) as log:
        for n in range(5):
            log.append("note", {"n": n, "pad": "x" * 700_000})
    assert (verify(chain).verdict, verify(chain).records) == (ChainVerdict.OK, 11)
    lines = _lines(chain)
    lines[8] = lines[8].replace(b'"n":2', b'"n":3')
    _write(chain, lines)
    found = verify(chain)
    assert (found.bad_seq, found.offset) == (8, len(b"".join(lines[:8])))


def test_a_later_version_of_the_form_still_verifies(chain: Path) -> None:
    """A record of a later form is held to its links like any other."""
    lines = _lines(chain)
    lines[5] = lines[5].replace(b'"v":1,', b'"v":2,"new":[],')
    _write(chain, lines)
    assert verify(chain).verdict is ChainVerdict.OK


def test_a_log_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A log that is a folder is an AuditError, not a verdict."""
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(AuditError, match="cannot read"):
        verify(tmp_path)
