"""Every option that writes a file: what is there and is no earlier result of the same kind stays as it is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.core.errors import UsageError
from agentops.store.plans import load_plan, save_plan
from agentops.store.results import write_result

Cli = Callable[..., Any]
pytestmark = pytest.mark.timeout(120)
_DRY = ("fix", "k8s:shop/Deployment/checkout", "--sandbox=bad-image-tag", "--no-model", "--dry-run", "-o", "json")


def _text(path: Path) -> None:
    path.write_text("notes of mine\n")


def _other_json(path: Path) -> None:
    path.write_text('{"schema": "somebody/else/v1"}\n')


def _own_of_another_kind(path: Path) -> None:
    path.write_text('{"schema": "agentops/audit-growth/v1"}\n')


def _link(path: Path) -> None:
    (path.parent / "target").write_text('{"schema": "agentops/plan/v1"}')
    path.symlink_to(path.parent / "target")


_THERE = {
    "text": _text,
    "JSON of others": _other_json,
    "a result of another kind": _own_of_another_kind,
    "an empty file": Path.touch,
    "a folder": Path.mkdir,
    "a link": _link,
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("kind", _THERE)
def test_a_plan_replaces_nothing_but_a_plan(cli: Cli, home: Path, tmp_path: Path, kind: str) -> None:
    """Refused before anything is looked at: no run, no record, and the file is as it was."""
    path = tmp_path / "out.json"
    _THERE[kind](path)
    before = path.read_bytes() if path.is_file() else path.lstat().st_mode
    done = cli(*_DRY, "--out", str(path))
    assert (done.code, done.document["errors"][0]["code"], (home / "incidents").exists()) == (2, "file-exists", False)
    assert (path.read_bytes() if path.is_file() else path.lstat().st_mode) == before


def test_an_earlier_plan_is_replaced(cli: Cli, tmp_path: Path) -> None:
    """The same command twice: the newer plan is there, without a question."""
    path = tmp_path / "plan.json"
    digests = []
    for _ in range(2):
        assert cli(*_DRY, "--out", str(path)).code == 0
        digests.append(load_plan(path).digest)
    assert len(set(digests)) == 2


def test_do_refuses_before_a_model_is_asked(cli: Cli, tmp_path: Path) -> None:
    """A request with --out at somebody's file costs nothing."""
    path = tmp_path / "notes"
    _text(path)
    done = cli("do", "scale checkout", "--sandbox=bad-image-tag", "--out", str(path), "-o", "json")
    assert (done.code, path.read_text()) == (2, "notes of mine\n")


def test_an_approval_replaces_nothing_but_an_approval(cli: Cli, plans: ModuleType, tmp_path: Path) -> None:
    """``approve --out`` at the plan itself, or at a text: refused before anybody is asked."""
    plan = tmp_path / "plan.json"
    save_plan(plan, plans.plan())
    before = plan.read_bytes()
    done = cli("approve", str(plan), "--out", str(plan), "-o", "json")
    assert (done.code, done.document["errors"][0]["code"], plan.read_bytes() == before) == (2, "file-exists", True)


def test_a_proof_replaces_nothing_but_a_proof(cli: Cli, tmp_path: Path) -> None:
    """``audit prove --to``: twice into one file, and never into another one."""
    assert cli("triage", "--sandbox=bad-image-tag").code == 0
    proof, notes = tmp_path / "proof.json", tmp_path / "notes"
    _text(notes)
    codes = [cli("audit", "prove", "1", "--to", str(path)).code for path in (proof, proof, notes)]
    assert (codes, notes.read_text(), json.loads(proof.read_text())["schema"]) == (
        [0, 0, 2],
        "notes of mine\n",
        "agentops/audit-proof/v1",
    )


def test_an_anchor_replaces_nothing_but_an_anchor(cli: Cli, tmp_path: Path) -> None:
    """``audit anchor --to FILE``."""
    assert cli("triage", "--sandbox=bad-image-tag").code == 0
    notes = tmp_path / "notes"
    _text(notes)
    assert (cli("audit", "anchor", "--to", str(notes)).code, notes.read_text()) == (2, "notes of mine\n")


def test_who_comes_between_the_look_and_the_write_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is made after the look is in the way all the same."""
    path = tmp_path / "out.json"
    monkeypatch.setattr(Path, "lstat", lambda _self: _missing_and_made(path))
    with pytest.raises(UsageError, match="it is not replaced"):
        write_result(path, {"schema": "agentops/plan/v1"}, "a plan")
    monkeypatch.undo()
    assert path.read_text() == "notes of mine\n"


def _missing_and_made(path: Path) -> os.stat_result:
    _text(path)
    raise FileNotFoundError
