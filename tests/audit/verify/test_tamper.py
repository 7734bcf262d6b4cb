"""The tamper matrix: twelve classes of tampering against a plain chain, a signed one, and one with an anchor elsewhere.

The same table stands in ``docs/audit.md``; a test holds the two together.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentops.audit.chain import decode, encode, link
from agentops.audit.log import open_log
from agentops.audit.verify.full_check import verify
from agentops.core.audit import AuditRecord
from tests.audit.verify.test_tamper_segments import SEGMENT_TABLE

Clock = Callable[[], datetime]
MODES = ("plain", "signed", "anchored")
LOG, CHECKPOINT = "audit.jsonl", "audit.checkpoint"


def _lines(folder: Path) -> list[bytes]:
    return (folder / LOG).read_bytes().splitlines(keepends=True)


def _put(folder: Path, lines: list[bytes]) -> None:
    (folder / LOG).write_bytes(b"".join(lines))


def _relinked(lines: list[bytes]) -> list[bytes]:
    """Every line with the number and link that it needs where it now stands."""
    prev, done = "0" * 64, []
    for seq, line in enumerate(lines):
        old = decode(line.rstrip(b"\n"))
        record = AuditRecord(
            prev=prev, seq=seq, time=old.time, run=old.run, actor=old.actor, event=old.event, payload=old.payload
        )
        done.append(encode(record) + b"\n")
        prev = link(done[-1][:-1])
    return done


def _edited(lines: list[bytes], at: int = 3) -> list[bytes]:
    return [*lines[:at], lines[at].replace(b'"n":', b'"n":7'), *lines[at + 1 :]]


def _unsigned(lines: list[bytes]) -> list[bytes]:
    return [line for line in lines if b'"event":"checkpoint"' not in line]


def _rechain_and_drop(folder: Path) -> None:
    _put(folder, _relinked(_unsigned(_edited(_lines(folder)))))
    (folder / CHECKPOINT).unlink(missing_ok=True)


def _resign(folder: Path, clock: Clock) -> None:
    _rechain_and_drop(folder)
    signs = 1000 if (folder / "audit.key").exists() else 0
    with open_log(folder, run="r1", actor="human:ana", clock=clock, sign_every=signs) as log:
        log.append("note", {"n": 99})


def _roll_back(folder: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(folder.parent / "older", folder)


def _tamper(case: str, folder: Path, clock: Clock) -> None:
    a = _lines(folder)
    edits: dict[str, Callable[[], list[bytes]]] = {
        "a record changed": lambda: _edited(a),
        "a record removed": lambda: [*a[:3], *a[4:]],
        "two records swapped": lambda: [*a[:3], a[4], a[3], *a[5:]],
        "a record repeated": lambda: [*a[:4], a[3], *a[4:]],
        "a record inserted": lambda: [*a[:3], a[3].replace(b'"n":', b'"n":8'), *a[3:]],
        "the last record changed": lambda: [*a[:-1], a[-1].replace(b'"run":"r', b'"run":"q')],
        "the end cut off": lambda: a[:-2],
        "a record changed, all links recomputed": lambda: _relinked(_edited(a)),
        "the file emptied": list,
    }
    if case in edits:
        _put(folder, edits[case]())
    elif case == "the whole folder put back from an old copy":
        _roll_back(folder)
    elif case == "the same, and every checkpoint removed":
        _rechain_and_drop(folder)
    else:
        _resign(folder, clock)


TABLE = {
    "a record changed": "found found found",
    "a record removed": "found found found",
    "two records swapped": "found found found",
    "a record repeated": "found found found",
    "a record inserted": "found found found",
    "the last record changed": "missed found found",
    "the end cut off": "missed found found",
    "the file emptied": "found found found",
    "a record changed, all links recomputed": "missed found found",
    "the same, and every checkpoint removed": "missed missed found",
    "the same, and signed again with the stolen key": "missed missed found",
    "the whole folder put back from an old copy": "missed missed found",
}


def _made(parent: Path, clock: Clock, mode: str) -> tuple[Path, tuple[str, ...]]:
    """Return a chain of two runs, with a copy from after the first beside it, and what is known elsewhere."""
    folder, signs = parent / "audit", 0 if mode == "plain" else 1000
    for run in ("r1", "r2"):
        with open_log(folder, run=run, actor="human:ana", clock=clock, sign_every=signs) as log:
            log.append_all([("note", {"n": n}) for n in range(5)])
        if run == "r1":
            shutil.copytree(folder, parent / "older")
    return folder, ((folder / CHECKPOINT).read_text(),) if mode == "anchored" else ()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", TABLE)
def test_each_class_of_tampering_is_found_where_the_table_says(
    tmp_path: Path, ticking: Clock, case: str, mode: str
) -> None:
    """An untouched chain is ok in every mode; a tampered one is found, or honestly missed, as documented."""
    folder, anchors = _made(tmp_path, ticking, mode)
    assert verify(folder, anchors=anchors).intact
    _tamper(case, folder, ticking)
    found = "missed" if verify(folder, anchors=anchors).intact else "found"
    assert found == TABLE[case].split()[MODES.index(mode)]


def test_the_documented_table_is_this_one() -> None:
    """``docs/audit.md`` promises exactly what the tests here and those of segments have seen."""
    page = (Path(__file__).parents[3] / "docs" / "audit.md").read_text()
    rows = re.findall(r"^\| (.+?) \| (found|missed) \| (found|missed) \| (found|missed) \|$", page, re.MULTILINE)
    assert {case: " ".join(found) for case, *found in rows} == TABLE | SEGMENT_TABLE


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_edit_of_a_signed_log_is_found(tmp_path: Path, ticking: Clock, data: st.DataObject) -> None:
    """Whatever is cut, replaced or inserted, the last record included, verification is no longer ok."""
    if not (tmp_path / "audit").exists():
        _made(tmp_path, ticking, "signed")
    folder = tmp_path / "audit"
    original = (folder / LOG).read_bytes()
    start = data.draw(st.integers(0, len(original) - 1))
    end = data.draw(st.integers(start, len(original)))
    altered = original[:start] + data.draw(st.binary(max_size=40)) + original[end:]
    (folder / LOG).write_bytes(altered)
    intact = verify(folder).intact
    (folder / LOG).write_bytes(original)
    assert intact == (altered == original)
