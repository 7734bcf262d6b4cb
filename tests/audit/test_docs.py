"""The specification's test vectors are true of the program."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from agentops.audit.chain import GENESIS_PREV, decode, encode, link
from agentops.audit.log import open_log
from agentops.audit.verify import Verdict, verify

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
VECTORS = re.findall(r"```json\n(\{\"prev\".*?)\n```\n```text\n([0-9a-f]{64})\n```", PAGE)


def test_the_documented_lines_have_the_documented_links(tmp_path: Path) -> None:
    """Each line decodes, encodes back to itself, has its link, and together they are a chain with that head."""
    lines = [line.encode("ascii") for line, _ in VECTORS]
    links = [expected for _, expected in VECTORS]
    assert len(lines) == 3
    assert [link(line) for line in lines] == links
    assert [encode(decode(line)) for line in lines] == lines
    assert [decode(line).prev for line in lines] == [GENESIS_PREV, *links[:-1]]
    (tmp_path / "audit.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    found = verify(tmp_path)
    assert (found.verdict, found.records, found.head) == (Verdict.OK, 3, links[-1])


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
    paths = [str(folder / name) for name in ("audit.jsonl", "audit.checkpoint", "audit.pub")]
    done = subprocess.run([sys.executable, "-c", script, *paths], capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout or done.stderr).strip().splitlines()[-1]


def test_the_documented_script_verifies_a_chain(signed: Path) -> None:
    """The script in the docs, without agentops, comes to the same end."""
    code, said = _run_script(signed)
    assert (code, said.split(" by ")[0]) == (0, "ok: 23 records, 22 signed")


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
