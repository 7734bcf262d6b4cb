"""Proofs hold for what is in the log, for nothing else, and with the public key alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agentops.audit.chain import decode
from agentops.audit.log import open_log
from agentops.audit.proofs.checkpoints import read_public_keys
from agentops.audit.proofs.note import PublicKey
from agentops.audit.proofs.proof import check_growth, check_record, prove_growth, prove_record
from agentops.core.errors import AuditError, UsageError

Clock = Callable[[], datetime]


def _run(folder: Path, clock: Clock, notes: int) -> str:
    with open_log(folder, run="r1", actor="human:ana", clock=clock) as log:
        log.append_all([("note", {"n": n, "text": "é"}) for n in range(notes)])
    return (folder / "audit.checkpoint").read_text()


@pytest.fixture
def folder(tmp_path: Path, ticking: Clock) -> Path:
    _run(tmp_path / "audit", ticking, 9)
    return tmp_path / "audit"


@pytest.fixture
def key(folder: Path) -> PublicKey:
    return read_public_keys(folder)[0]


def test_every_record_can_be_proved(folder: Path, key: PublicKey) -> None:
    """A proof survives JSON and gives the record back, for each record of the log."""
    records = [decode(line) for line in (folder / "audit.jsonl").read_bytes().splitlines()]
    found = [check_record(json.loads(json.dumps(prove_record(folder, n))), key) for n in range(len(records))]
    assert (found, len(found)) == (records, 11)


def _changed(proof: dict[str, Any], case: str) -> dict[str, Any]:
    other = {
        "record": {"record": proof["record"].replace('"n":2', '"n":7')},
        "number": {"record": proof["record"].replace('"seq":3', '"seq":4')},
        "no record": {"record": "{}"},
        "path": {"path": [*proof["path"][1:], proof["path"][0]]},
        "short path": {"path": proof["path"][:-1]},
        "no path": {"path": [3]},
        "hex": {"path": ["zz"]},
        "checkpoint": {"checkpoint": proof["checkpoint"].replace("\n11\n", "\n12\n")},
        "types": {"record": 3},
        "schema": {"schema": "agentops/audit-proof/v2"},
    }
    return {**proof, **other[case]}


@pytest.mark.parametrize(
    "case",
    ["record", "number", "no record", "path", "short path", "no path", "hex", "checkpoint", "types", "schema"],
)
def test_a_changed_proof_does_not_hold(folder: Path, key: PublicKey, case: str) -> None:
    """Another record, number, path or checkpoint proves nothing."""
    with pytest.raises(AuditError, match="the proof is not valid: "):
        check_record(_changed(prove_record(folder, 3), case), key)


def test_another_key_proves_nothing(folder: Path, tmp_path: Path, ticking: Clock) -> None:
    """A proof is worth what its key is worth: one of another log is refused."""
    _run(tmp_path / "other", ticking, 1)
    with pytest.raises(AuditError, match="no known key has signed it"):
        check_record(prove_record(folder, 3), read_public_keys(tmp_path / "other")[0])


def test_what_is_not_signed_cannot_be_proved(folder: Path, chain: Path) -> None:
    """A record beyond the latest checkpoint, and a chain without one, are the caller's mistakes."""
    with pytest.raises(UsageError, match="record 11 is not under the latest checkpoint, which signs records 0 to 10"):
        prove_record(folder, 11)
    with pytest.raises(UsageError, match="nothing is signed"):
        prove_record(chain.parent / "nowhere", 0)


def test_a_log_that_was_changed_gives_no_proof(folder: Path) -> None:
    """The log must agree with its checkpoint before anything is proved from it."""
    path = folder / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"n":2', b'"n":7'))
    with pytest.raises(AuditError, match="does not agree with its checkpoint"):
        prove_record(folder, 0)
    (folder / "audit.checkpoint").write_text("nonsense")
    with pytest.raises(AuditError, match="is not a signed note"):
        prove_record(folder, 0)


def test_growth_can_be_proved(folder: Path, key: PublicKey, ticking: Clock) -> None:
    """An older checkpoint and a newer one are proved to be of one log that only grew, or was left as it was."""
    older = (folder / "audit.checkpoint").read_text()
    same = check_growth(prove_growth(folder, older), key)
    newer = _run(folder, ticking, 5)
    old, new = check_growth(json.loads(json.dumps(prove_growth(folder, older))), key)
    assert ([point.size for point in same], old.size, new.size) == ([11, 11], 11, 17)
    swapped = {**prove_growth(folder, older), "older": newer, "newer": older}
    with pytest.raises(AuditError, match="does not continue"):
        check_growth(swapped, key)
    with pytest.raises(AuditError, match="the signature by"):
        check_growth({**prove_growth(folder, older), "older": older.replace("\n11\n", "\n10\n")}, key)
    (folder / "audit.checkpoint").write_text(older)
    with pytest.raises(UsageError, match="signs 17 records, the latest only 11"):
        prove_growth(folder, newer)
    with pytest.raises(UsageError, match="the older checkpoint is not a signed note"):
        prove_growth(folder, "x")
