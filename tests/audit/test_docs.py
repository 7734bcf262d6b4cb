"""The specification's test vectors are true of the program."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agentops.audit.chain import GENESIS_PREV, decode, encode, link
from agentops.audit.log import open_log
from agentops.audit.segments.retention import Retention, compress_closed
from agentops.audit.verify.full_check import verify
from agentops.audit.verify.verdict import ChainVerdict
from tests.audit.segmented import closed, grow

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
VECTORS = re.findall(r"```json\n(\{\"prev\".*?)\n```\n```text\n([0-9a-f]{64})\n```", PAGE)


def test_the_documented_lines_have_the_documented_links(tmp_path: Path) -> None:
    """Each line decodes, encodes back to itself, has its link, and together they are a chain with that head."""
    lines = [line.encode("ascii") for line, _ in VECTORS]
    links = [expected for _, expected in VECTORS]
    assert len(lines) == 4
    assert [link(line) for line in lines] == links
    assert [encode(decode(line)) for line in lines] == lines
    assert [decode(line).prev for line in lines] == [GENESIS_PREV, *links[:-1]]
    (tmp_path / "audit.jsonl").write_bytes(lines[3] + b"\n")
    (tmp_path / "audit-000000000000000.jsonl").write_bytes(b"\n".join(lines[:3]) + b"\n")
    found = verify(tmp_path, roots=True)
    assert (found.verdict, found.records, found.segments, found.head) == (ChainVerdict.OK, 4, 2, links[-1])


@pytest.fixture
def signed(tmp_path: Path, ticking: Callable[[], datetime]) -> Path:
    """A closed, signed chain with an unsigned record after it."""
    folder = tmp_path / "audit"
    with open_log(folder, run="r1", actor="human:ana", clock=ticking) as log:
        log.append_all([("note", {"n": n}) for n in range(20)])
    open_log(folder, run="r2", actor="human:ana", clock=ticking).append("note", {"n": 20})
    return folder


def _run_script(folder: Path) -> tuple[int, str]:
    (script,) = re.findall(r"```python\n(import base64.*?)```", PAGE, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout or done.stderr).strip().splitlines()[-1]


def test_the_documented_script_verifies_a_chain(signed: Path) -> None:
    """The script in the docs, without agentops, comes to the same end."""
    code, said = _run_script(signed)
    assert (code, said.split(" by ")[0]) == (0, "ok: 23 records, 0 of them dropped, 22 signed")


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "ok: 25 records, 0 of them dropped, 25 signed"), (5, "ok: 28 records, 15 of them dropped, 28 signed")],
)
def test_the_documented_script_reads_segments(
    tmp_path: Path, ticking: Callable[[], datetime], days: int, said: str
) -> None:
    """Plain and compressed segments are one chain to the script too, and a drop is known by its record."""
    folder = tmp_path / "audit"
    grow(folder, ticking, runs=3)
    compress_closed(folder)
    later = datetime(2026, 12, 22, tzinfo=UTC)
    retention = Retention(compress=False, retention_days=days)
    if days:
        with open_log(folder, run="d", actor="a", clock=lambda: later, retention=retention):
            pass
    with open_log(folder, run="e", actor="a", clock=lambda: later, retention=Retention(compress=False)) as log:
        log.append("note", {})
    code, last = _run_script(folder)
    assert (code, last.split(" by ")[0]) == (0, said)


def test_the_documented_script_misses_no_segment(tmp_path: Path, ticking: Callable[[], datetime]) -> None:
    """A segment that was deleted by hand fails the script, the oldest too."""
    folder = tmp_path / "audit"
    grow(folder, ticking, runs=3)
    first, second = closed(folder)
    held = first.read_bytes()
    first.unlink()
    gone = _run_script(folder)
    first.write_bytes(held)
    second.unlink()
    assert (gone, _run_script(folder)) == (
        (1, "AssertionError: the beginning is gone, and no signed record says that it was dropped"),
        (1, "AssertionError: record 7"),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"n":3', b'"n":4', "AssertionError: record 5"),
        (b"\n", b"", "AssertionError: record 1"),
        (b'"seq":22,', b'"seq":23,', "AssertionError: record 22"),
    ],
)
def test_the_documented_script_finds_edits(signed: Path, old: bytes, new: bytes, said: str) -> None:
    """The script in the docs finds what agentops finds."""
    path = signed / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    code, last = _run_script(signed)
    assert (code, last.startswith(said) or "JSONDecodeError" in last) == (1, True)


def test_the_documented_script_finds_a_cut_end(signed: Path) -> None:
    """Fewer records than were signed fail the script."""
    path = signed / "audit.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-3]))
    assert _run_script(signed) == (1, "AssertionError: the end was cut off")
