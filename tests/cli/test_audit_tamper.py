"""The tamper matrix through the command line: its ``anchored`` column for every kind of place."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def _matrix() -> Any:
    """The classes of tampering, as ``tests/audit`` runs them against the library."""
    name = "agentops_test_tamper"
    if name not in sys.modules:
        path = Path(__file__).parents[1] / "audit" / "test_tamper.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.mark.parametrize("case", _matrix().TABLE)
def test_every_class_of_tampering_is_found_with_any_kind_of_anchor(
    cli: Cli, home: Path, tmp_path: Path, s3: Any, case: str
) -> None:
    """An anchor in a file, a folder, a git repository or under Object Lock shows each of the twelve classes."""
    ticks = count()

    def clock() -> datetime:
        return datetime(2026, 11, 22, 16, tzinfo=UTC) + timedelta(seconds=next(ticks))

    home.mkdir()
    _matrix()._made(home, clock, "signed")
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "repo")], check=True)
    places = (str(tmp_path / "file"), f"{tmp_path}/folder/", f"git:{tmp_path}/repo", "s3://locked/anchors")
    for place in places:
        assert cli("audit", "anchor", "--to", place).code == 0
    untouched = [cli("audit", "verify", "--anchor", place).code for place in places]
    path = home / "audit" / "audit.jsonl"
    before = path.read_bytes()
    _matrix()._tamper(case, home / "audit", clock)
    if case == "the last record changed":  # that one was written by the command line, under a run id of its own
        head, _, tail = before.rpartition(b'"run":"2')
        path.write_bytes(head + b'"run":"3' + tail)
    assert path.read_bytes() != before
    tampered = [cli("audit", "verify", "--anchor", place).code for place in places]
    assert (untouched, tampered) == ([0] * 4, [8] * 4)
