"""Before a run appends: a chain that was tampered with is refused as it stands, and a crash is not tampering."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from agentops.audit.chain import decode
from agentops.audit.log import open_log
from agentops.audit.proofs.checkpoints import read_public_keys
from agentops.audit.proofs.note import SigningKey
from agentops.audit.verify.full_check import verify
from agentops.audit.verify.startup_check import require_intact
from agentops.core.errors import AuditError, ExitCode

Clock = Callable[[], datetime]
LOG = "audit.jsonl"


@pytest.fixture
def signed(tmp_path: Path, ticking: Clock) -> Path:
    """Three closed runs of five records each, and a fourth that was killed after five."""
    folder = tmp_path / "signed"
    for run in ("r1", "r2", "r3"):
        with open_log(folder, run=run, actor="human:ana", clock=ticking) as log:
            log.append_all([("note", {"n": n}) for n in range(5)])
    killed = open_log(folder, run="r4", actor="human:ana", clock=ticking)
    killed.append_all([("note", {"n": n}) for n in range(5)])
    return folder


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _change(folder: Path, line: int) -> None:
    lines = (folder / LOG).read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b"human:", b"humam:")
    (folder / LOG).write_bytes(b"".join(lines))


def test_a_run_on_a_tampered_chain_appends_and_signs_nothing(signed: Path, ticking: Clock) -> None:
    """One changed record far from the end stops the next run before it writes a byte; it exits with 8."""
    _change(signed, 9)
    before = _contents(signed)
    with pytest.raises(AuditError) as caught:
        open_log(signed, run="r5", actor="human:ana", clock=ticking)
    error = caught.value
    assert (error.message, error.code, error.exit_code, _contents(signed)) == (
        f"the audit chain in {signed} is broken from record 9 on: record 9 was changed after record 10 was written",
        "audit-tampered",
        ExitCode.AUDIT_BROKEN,
        before,
    )
    assert error.hint == (
        "Look with 'agentops audit verify'. Keep the folder as evidence: move it away whole, keys included; "
        "then a new chain begins."
    )


def test_a_chain_that_is_moved_away_whole_makes_room_for_a_new_one(signed: Path, ticking: Clock) -> None:
    """What the hint says works: the next run begins a chain with a key of its own."""
    _change(signed, 9)
    (old,) = read_public_keys(signed)
    signed.rename(signed.with_name("evidence"))
    open_log(signed, run="r5", actor="human:ana", clock=ticking).close()
    assert (verify(signed).records, read_public_keys(signed) == (old,)) == (2, False)


def test_a_chain_signed_by_an_unknown_key_is_refused(signed: Path, ticking: Clock) -> None:
    """A list of public keys that was exchanged stops the run with a code of its own."""
    (old,) = read_public_keys(signed)
    (signed / "audit.pub").write_text(f"{SigningKey(name=old.name, seed=bytes(32)).public}\n")
    with pytest.raises(AuditError, match=r"is broken: .* no known key has signed it") as caught:
        open_log(signed, run="r5", actor="human:ana", clock=ticking)
    assert (caught.value.code, caught.value.exit_code) == ("audit-key-mismatch", ExitCode.AUDIT_BROKEN)


def test_a_torn_tail_before_a_tampered_chain_stays_where_it_is(signed: Path, ticking: Clock) -> None:
    """Nothing is recovered on a broken chain: the torn bytes are a part of the evidence."""
    _change(signed, 9)
    with (signed / LOG).open("ab") as file:
        file.write(b'{"prev":"77')
    before = _contents(signed)
    with pytest.raises(AuditError, match="from record 9 on"):
        open_log(signed, run="r5", actor="human:ana", clock=ticking)
    assert _contents(signed) == before


def test_what_is_too_long_for_a_torn_line_is_refused(chain: Path, ticking: Clock) -> None:
    """No crash leaves more behind the last line than a line can hold: that is no tail to recover."""
    with (chain / LOG).open("ab") as file:
        file.write(b"x" * (5 * 1024 * 1024))
    with pytest.raises(AuditError, match="is too long for a line"):
        open_log(chain, run="r2", actor="human:ana", clock=ticking, sign_every=0)


@pytest.mark.parametrize(
    ("line", "found"),
    [(9, False), (21, True)],
    ids=["before the latest checkpoint", "after it"],
)
def test_a_long_log_is_read_from_its_latest_checkpoint_on(signed: Path, line: int, found: bool) -> None:
    """Beyond the length that is read whole, what a signature does not cover yet is held to its links."""
    require_intact(signed, whole_bytes=0)
    assert decode((signed / LOG).read_bytes().splitlines()[18]).event == "checkpoint"
    _change(signed, line)
    if found:
        with pytest.raises(AuditError, match="is broken from record 21 on"):
            require_intact(signed, whole_bytes=0)
    else:
        require_intact(signed, whole_bytes=0)
    with pytest.raises(AuditError, match=f"is broken from record {line} on"):
        require_intact(signed)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("the record it ends at", "the latest checkpoint does not agree with the first 19 records"),
        ("cut before it", "vouches for 19 records and the log holds 15"),
        ("forged", "no known key has signed it"),
        ("gone", "from record 9 on"),
    ],
)
def test_a_long_log_must_stand_at_its_checkpoint_as_signed(signed: Path, case: str, why: str) -> None:
    """Where it does not, or there is no checkpoint, even a long log is read from its start."""
    note = signed / "audit.checkpoint"
    if case == "the record it ends at":
        _change(signed, 18)
    elif case == "cut before it":
        (signed / LOG).write_bytes(b"".join((signed / LOG).read_bytes().splitlines(keepends=True)[:15]))
    elif case == "forged":
        text = note.read_text().rpartition("\n\n")[0] + "\n"
        note.write_text(SigningKey(name=read_public_keys(signed)[0].name, seed=bytes(32)).sign(text))
    else:
        _change(signed, 9)
        note.unlink()
    with pytest.raises(AuditError, match=why):
        require_intact(signed, whole_bytes=0)


_WRITER = """
import sys
from pathlib import Path
from agentops.audit.log import open_log
from agentops.core.clock import utc_now
log = open_log(Path(sys.argv[1]), run="w", actor="human:ana", clock=utc_now, sign_every=20)
print("open", flush=True)
for n in range(400):
    log.append("note", {"n": n, "pad": "x" * 3000})
"""


@pytest.mark.parametrize("whole_bytes", [0, 32 * 1024 * 1024])
def test_a_chain_that_grows_meanwhile_is_no_false_alarm(signed: Path, whole_bytes: int) -> None:
    """While another process appends and signs, what was there when one looked is verified, again and again."""
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(signed)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        looked = 0
        while writer.poll() is None or not looked:
            require_intact(signed, whole_bytes=whole_bytes)
            looked += 1
    last = json.loads((signed / LOG).read_bytes().splitlines()[-1])
    assert (writer.returncode, last["payload"]["n"]) == (0, 399)
