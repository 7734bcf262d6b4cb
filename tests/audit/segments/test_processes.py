"""Many processes append while segments are closed, compressed and verified under them, and some are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agentops.audit.chain import decode
from agentops.audit.log import open_log
from agentops.audit.read import Query, read_records
from agentops.audit.segments.segment import closed_segments
from agentops.audit.verify.full_check import verify
from agentops.audit.verify.verdict import ChainVerdict
from agentops.core.clock import utc_now
from tests.audit.segmented import lines

_WORKER = """
import sys
from pathlib import Path
from agentops.audit.segments.retention import Retention
from agentops.audit.log import open_log
from agentops.core.clock import utc_now
retention = Retention(segment_bytes=100_000)
with open_log(Path(sys.argv[1]), run=sys.argv[2], actor="a", clock=utc_now, sign_every=150, retention=retention) as log:
    for n in range(int(sys.argv[3])):
        print(log.append("note", {"n": n, "pad": "x" * 500}).seq, flush=True)
"""


def _spawn(folder: Path, name: str, appends: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WORKER, str(folder), name, str(appends)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("living", "appends", "killed"),
    [(4, 150, 3), pytest.param(50, 200, 10, marks=[pytest.mark.slow, pytest.mark.timeout(900)])],
)
def test_rotation_under_processes_and_kills_loses_and_forks_nothing(
    tmp_path: Path, living: int, appends: int, killed: int
) -> None:
    """Every acknowledged record is there under its number, in one chain, and a reader never saw it otherwise."""
    folder = tmp_path / "audit"
    workers = [_spawn(folder, f"p{n}", appends) for n in range(living)]
    doomed = [_spawn(folder, f"k{n}", 100_000) for n in range(killed)]
    heard: list[list[int]] = []
    for worker in doomed:
        assert worker.stdout is not None
        heard.append([int(worker.stdout.readline()) for _ in range(20)])
        worker.send_signal(signal.SIGKILL)
    for n, worker in enumerate(doomed):
        heard[n] += [int(seq) for seq in worker.communicate()[0].split("\n")[:-1]]
    meanwhile = []
    acknowledged = {f"k{n}": seqs for n, seqs in enumerate(heard)}
    for n, worker in enumerate(workers):
        if n % 5 == 0:
            meanwhile.append(verify(folder).verdict)
            sum(1 for _ in read_records(folder, Query(event="none")))
        acknowledged[f"p{n}"] = [int(seq) for seq in worker.communicate()[0].split()]
    with open_log(folder, run="last", actor="a", clock=utc_now) as log:
        log.append("note", {})  # so that what a killed one wrote last is signed too
    records = {record.seq: record.run for record in map(decode, lines(folder))}
    assert [worker.returncode for worker in workers] == [0] * living
    assert [len(acknowledged[f"p{n}"]) for n in range(living)] == [appends] * living
    assert {seq: run for run, seqs in acknowledged.items() for seq in seqs}.items() <= records.items()
    assert set(meanwhile) <= {ChainVerdict.OK, ChainVerdict.INCOMPLETE_TAIL}
    assert (verify(folder, roots=True, require_signed=True).verdict, len(closed_segments(folder)) > 3) == ("ok", True)
