"""A process is killed before each single call to the system while it rotates, compresses and drops; nothing is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from agentops.audit.chain import decode
from agentops.audit.log import open_log
from agentops.audit.segments.retention import Retention
from agentops.audit.verify.full_check import verify
from agentops.audit.verify.verdict import ChainVerdict
from tests.audit.segmented import lines

Clock = Callable[[], datetime]

# The process dies before call number N of those that change files; the names are the system's, not ours.
_CHILD = """
import os, signal, sys
folder, last, work = sys.argv[1], int(sys.argv[2]), sys.argv[3]
armed, calls = False, 0
def counted(call):
    def stand_in(*words, **more):
        global calls
        if armed:
            calls += 1
            if calls == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return call(*words, **more)
    return stand_in
for name in ("write", "fsync", "fdatasync", "link", "rename", "replace", "unlink", "ftruncate", "open"):
    setattr(os, name, counted(getattr(os, name)))
from datetime import datetime, timedelta, timezone
from pathlib import Path
from agentops.audit.segments.retention import Retention, compress_closed
from agentops.audit.log import open_log
later = datetime(2026, 11, 22, 17, tzinfo=timezone.utc)
sign_every = int(sys.argv[4])
if work == "drop":
    later += timedelta(days=10)
retention = Retention(compress=False, retention_days=5 if work == "drop" else 0)
who = {"run": "k", "actor": "human:ana", "clock": lambda: later}
log = open_log(Path(folder), **who, sign_every=sign_every, retention=retention)
print(log.append("before", {}).seq, flush=True)
armed = True
if work == "close":
    log.close_segment()
elif work == "compress":
    compress_closed(Path(folder))
else:
    log.drop_expired()
print(log.append("after", {}).seq, flush=True)
armed = False
print("done", calls, flush=True)
"""


def _chain(folder: Path, clock: Clock, sign_every: int) -> None:
    for run in range(3):
        retention = Retention(compress=False)
        with open_log(
            folder, run=f"r{run}", actor="human:ana", clock=clock, sign_every=sign_every, retention=retention
        ) as log:
            log.append_all([("note", {"n": n}) for n in range(3)])
            if run < 2:
                log.close_segment()


def _killed_at(folder: Path, step: int, work: str, sign_every: int) -> list[str]:
    command = [sys.executable, "-c", _CHILD, str(folder), str(step), work, str(sign_every)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.stdout.split()


def _ten_days_later() -> datetime:
    return datetime.fromisoformat("2026-12-02T17:00:01+00:00")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("sign_every", [0, 1000])
@pytest.mark.parametrize("work", ["close", "compress", "drop"])
def test_a_kill_before_any_step_leaves_a_chain(tmp_path: Path, ticking: Clock, work: str, sign_every: int) -> None:
    """After each kill the chain verifies as it stands, the next run goes on and finishes, and no record is missing."""
    step = 0
    while True:
        step += 1
        folder = tmp_path / f"{work}-{step}"
        _chain(folder, ticking, sign_every)
        before = lines(folder)
        said = _killed_at(folder, step, work, sign_every)
        stood = verify(folder, roots=True)
        assert stood.verdict in (ChainVerdict.OK, ChainVerdict.INCOMPLETE_TAIL), (step, stood)
        acknowledged = [int(word) for word in said[:2] if word.isdigit()]
        retention = Retention(compress=True, retention_days=5 if work == "drop" else 0)
        clock = _ten_days_later if work == "drop" else ticking
        with open_log(
            folder, run="n", actor="human:ana", clock=clock, sign_every=sign_every, retention=retention
        ) as log:
            log.append("next", {})
            if work == "close":
                log.close_segment()
        found = verify(folder, roots=True, require_signed=bool(sign_every))
        assert found.verdict is ChainVerdict.OK, (step, found)
        left = {decode(line).seq: decode(line).event for line in lines(folder)}
        gone = found.dropped.records if found.dropped else 0
        assert [left[seq] for seq in acknowledged] == ["before", "after"][: len(acknowledged)]
        assert (sorted(left) == list(range(gone, found.records)), gone > 0) == (True, work == "drop")
        assert set(before) - {line for seq, line in enumerate(before) if seq < gone} <= set(lines(folder))
        assert [path.name for path in folder.glob(".*")] == []
        if said[-2:-1] == ["done"]:
            break
    assert step == int(said[-1]) + 1


def test_kills_at_some_steps_of_a_rotation(tmp_path: Path, ticking: Clock) -> None:
    """The quick form of the test above: each tenth step of closing a signed segment."""
    seen = []
    for step in range(1, 70, 10):
        folder = tmp_path / str(step)
        _chain(folder, ticking, 1000)
        _killed_at(folder, step, "close", 1000)
        seen.append(verify(folder).verdict)
        with open_log(folder, run="n", actor="human:ana", clock=ticking) as log:
            log.append("next", {})
        seen.append(verify(folder, roots=True, require_signed=True).verdict)
    assert set(seen) == {ChainVerdict.OK}
