"""The tamper matrix through the command line: its ``anchored`` column for every kind of place."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.audit.verify import test_tamper as records
from tests.audit.verify import test_tamper_segments as segments

Cli = Callable[..., Any]


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """A clock that moves on by one second each time it is read."""
    ticks = count()
    return lambda: datetime(2026, 11, 22, 16, tzinfo=UTC) + timedelta(seconds=next(ticks))


@pytest.fixture
def places(tmp_path: Path, s3: Any) -> tuple[str, ...]:
    """A place of each kind."""
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "repo")], check=True)
    return (str(tmp_path / "file"), f"{tmp_path}/folder/", f"git:{tmp_path}/repo", "s3://locked/anchors")


def _anchored(cli: Cli, places: tuple[str, ...]) -> list[int]:
    for place in places:
        assert cli("audit", "anchor", "--to", place).code == 0
    return [cli("audit", "verify", "--anchor", place).code for place in places]


@pytest.mark.parametrize("case", records.TABLE)
def test_every_class_of_tampering_is_found_with_any_kind_of_anchor(
    cli: Cli, home: Path, clock: Any, places: tuple[str, ...], case: str
) -> None:
    """An anchor in a file, a folder, a git repository or under Object Lock shows each of the twelve classes."""
    home.mkdir()
    records._made(home, clock, "signed")
    untouched = _anchored(cli, places)
    path = home / "audit" / "audit.jsonl"
    before = path.read_bytes()
    records._tamper(case, home / "audit", clock)
    if case == "the last record changed":  # that one was written by the command line, under a run id of its own
        head, _, tail = before.rpartition(b'"run":"2')
        path.write_bytes(head + b'"run":"3' + tail)
    assert path.read_bytes() != before
    tampered = [cli("audit", "verify", "--anchor", place).code for place in places]
    assert (untouched, tampered) == ([0] * 4, [8] * 4)


@pytest.mark.parametrize("case", segments.SEGMENT_TABLE)
def test_every_class_of_tampering_with_segments_is_found_with_any_kind_of_anchor(
    cli: Cli, home: Path, clock: Any, places: tuple[str, ...], case: str
) -> None:
    """The same holds of the eleven things that can be done to whole files of the chain."""
    home.mkdir()
    segments._made(home / "audit", clock, "signed")
    untouched = _anchored(cli, places)
    for packed in (home / "audit").glob("*.gz"):  # the matrix works on plain files; a run compresses closed ones
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    segments._tamper(case, home / "audit", clock)
    tampered = [cli("audit", "verify", "--anchor", place).code for place in places]
    assert (untouched, tampered) == ([0] * 4, [8] * 4)
